"""From a folder to batches: nothing swapped, nothing invented, every draw repeatable."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from traceback import clear_frames

import numpy as np
import PIL.Image
import pytest
import torch
from torch.utils.data import DataLoader

from unmask.config import THREE, AugmentConfig
from unmask.data import BalancedSampler, Presentations, UnreadableError, collate
from unmask.datasets.manifest import index
from unmask.errors import DatasetError
from unmask.transforms.normalize import Preprocessing
from unmask.types import Label, Modality, Sample

PREPROCESSING = Preprocessing(image_size=32, crop_version="1")
RGB, DEPTH, INFRARED = THREE
COUNTS = {None: 50, "mask": 3, "print": 20, "replay": 7}


def presentations(
    samples: list[Sample], augment: AugmentConfig | None = None, seed: int = 0
) -> Presentations:
    return Presentations(
        samples, preprocessing=PREPROCESSING, modalities=THREE, augment=augment, seed=seed
    )


def some(counts: dict[str | None, int]) -> list[Sample]:
    """So many samples of each species (None: bona fide), mixed, without files."""
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    order = np.random.default_rng(0).permutation(len(kinds))
    return [
        Sample(
            key=f"k{i}",
            presentation=f"k{i}",
            paths={},
            label=Label.BONA_FIDE if kinds[n] is None else Label.ATTACK,
            pai_species=kinds[n],
        )
        for i, n in enumerate(order)
    ]


class TestReading:
    def test_a_batch_has_what_the_samples_say(self, squares: Path) -> None:
        samples = index(squares)[:5]
        data = presentations(samples)
        batch = collate([data[i] for i in range(5)])
        assert batch.image.shape == (5, 3, 3, 32, 32)
        assert batch.image.dtype == torch.float32
        assert batch.key == [sample.key for sample in samples]
        assert batch.label.tolist() == [int(sample.label) for sample in samples]
        assert batch.present.all()
        assert batch.modalities == THREE

    def test_each_picture_arrives_in_its_own_place(self, tmp_path: Path) -> None:
        pictures = {
            RGB: np.full((32, 32, 3), 102, np.uint8),
            DEPTH: np.full((32, 32), 600, np.uint16),
            INFRARED: np.full((32, 32), 51, np.uint8),
        }
        paths = {modality: tmp_path / f"{modality}.png" for modality in pictures}
        for modality, pixels in pictures.items():
            PIL.Image.fromarray(pixels).save(paths[modality])
        sample = replace(some({None: 1})[0], paths=paths)
        expected = {RGB: -0.2, DEPTH: 0.0, INFRARED: -0.6}
        for order in (THREE, THREE[::-1], (DEPTH, RGB, INFRARED)):
            data = Presentations([sample], preprocessing=PREPROCESSING, modalities=order)
            for m, modality in enumerate(order):
                assert torch.allclose(data[0].image[m], torch.tensor(expected[modality]))

    def test_an_absent_modality_is_zero_and_masked(self, squares: Path) -> None:
        whole = index(squares)[0]
        for hidden in THREE:
            paths = {m: path for m, path in whole.paths.items() if m is not hidden}
            item = presentations([replace(whole, paths=paths)])[0]
            complete = presentations([whole])[0]
            for m, modality in enumerate(THREE):
                assert item.present[m] == (modality is not hidden)
                if modality is hidden:
                    assert (item.image[m] == 0).all()
                else:
                    assert torch.equal(item.image[m], complete.image[m])

    def test_a_modality_that_the_model_does_not_know_is_never_read(self, squares: Path) -> None:
        whole = index(squares)[0]
        broken = replace(whole, paths={**whole.paths, Modality.THERMAL: Path("gone.png")})
        assert torch.equal(presentations([broken])[0].image, presentations([whole])[0].image)

    def test_pictures_that_do_not_match_in_size_are_named(
        self, squares: Path, tmp_path: Path
    ) -> None:
        whole = index(squares)[0]
        other = tmp_path / "small.png"
        PIL.Image.fromarray(np.full((20, 30), 500, np.uint16)).save(other)
        with pytest.raises(DatasetError, match=rf"40x40, {other} is 30x20"):
            presentations([replace(whole, paths={**whole.paths, DEPTH: other})])[0]

    @pytest.mark.parametrize("workers", [0, 1])
    def test_an_unreadable_file_is_one_line_from_any_process(
        self, workers: int, new_squares: Callable[..., Path]
    ) -> None:
        samples = index(new_squares())
        path = samples[3].paths[DEPTH]
        path.write_text("a note: why this is no picture: it is text\n")
        loader = DataLoader(
            presentations(samples), batch_size=6, num_workers=workers, collate_fn=collate
        )
        with pytest.raises(UnreadableError) as caught:
            list(loader)
        assert isinstance(caught.value, DatasetError)
        assert str(caught.value) == f"{path} is not an image; PNG and JPEG files are read"
        clear_frames(caught.tb)  # or the loader outlives the test, and torch waits 5 s for workers


class TestAugmentation:
    def test_a_draw_repeats_exactly_whatever_was_drawn_before(self, squares: Path) -> None:
        samples = index(squares)
        one, other = (presentations(samples, AugmentConfig(), seed=7) for _ in range(2))
        [other[0, 0, i] for i in range(10)]
        for draw in [(0, 0, 3), (5, 1, 3), (5, 2, 3)]:
            assert torch.equal(one[draw].image, other[draw].image)
            assert torch.equal(one[draw].present, other[draw].present)

    def test_step_position_and_seed_each_change_the_draw(self, squares: Path) -> None:
        samples = index(squares)
        augment = AugmentConfig(modality_dropout=0)
        base = presentations(samples, augment)[2, 2, 3].image
        assert not torch.equal(base, presentations(samples, augment)[3, 2, 3].image)
        assert not torch.equal(base, presentations(samples, augment)[2, 3, 3].image)
        assert not torch.equal(base, presentations(samples, augment, seed=1)[2, 2, 3].image)

    def test_with_all_settings_at_zero_nothing_changes(self, squares: Path) -> None:
        samples = index(squares)
        still = AugmentConfig(flip=0, shift=0, scale=0, rotate=0, photometric=0, modality_dropout=0)
        data = presentations(samples, still)
        assert torch.equal(data[4, 2, 3].image, data[3].image)

    def test_modalities_are_hidden_as_often_as_asked_and_one_always_stays(
        self, squares: Path
    ) -> None:
        data = presentations(index(squares), AugmentConfig(photometric=0, modality_dropout=0.5))
        items = [data[step, 0, 1] for step in range(400)]
        present = torch.stack([item.present for item in items])
        assert present.any(dim=1).all()
        # each is shown with 1/2, and with 1/8 * 1/3 more where all three would have been hidden
        assert (present.float().mean(dim=0) - (1 / 2 + 1 / 24)).abs().max() < 0.09
        for item in items[:40]:
            shown = (item.image != 0).flatten(1).any(dim=1)
            assert torch.equal(shown, item.present)

    def test_certain_dropout_leaves_exactly_one(self, squares: Path) -> None:
        data = presentations(index(squares), AugmentConfig(modality_dropout=1))
        present = torch.stack([data[step, 0, 1].present for step in range(60)])
        assert (present.sum(dim=1) == 1).all()
        assert present.any(dim=0).all(), "each is the one that stays at times"

    def test_what_was_not_captured_never_appears(self, squares: Path) -> None:
        whole = index(squares)[0]
        only_depth = replace(whole, paths={DEPTH: whole.paths[DEPTH]})
        data = presentations([only_depth], AugmentConfig(modality_dropout=0.9))
        for step in range(20):
            assert data[step, 0, 0].present.tolist() == [False, True, False]

    @pytest.mark.parametrize("threads", [2, 3])
    def test_threads_do_not_change_a_batch(self, squares: Path, threads: int) -> None:
        data = presentations(index(squares), augment=AugmentConfig(), seed=3)
        draws = [(step, position, position % 5) for step in (0, 1) for position in range(8)]
        alone = [data[draw] for draw in draws]
        before = torch.get_num_threads()
        torch.set_num_threads(threads)
        try:
            together = data.__getitems__(draws)
            bad = replace(data.samples[0], paths={RGB: Path("none.png")})
            with pytest.raises(UnreadableError, match=r"no image none\.png"):
                presentations([bad, *data.samples]).__getitems__([0, 1, 2])
        finally:
            torch.set_num_threads(before)
        for one, other in zip(alone, together, strict=True):
            assert torch.equal(one.image, other.image)
            assert one.sample is other.sample

    def test_workers_do_not_change_a_batch(self, squares: Path) -> None:
        samples = index(squares)
        batches = [
            list(
                DataLoader(
                    presentations(samples, AugmentConfig(), seed=3),
                    batch_sampler=BalancedSampler(samples, 6, 2, 5, 3),
                    num_workers=workers,
                    collate_fn=collate,
                )
            )
            for workers in (0, 2)
        ]
        for one, other in zip(*batches, strict=True):
            assert one.key == other.key
            assert torch.equal(one.image, other.image)
            assert torch.equal(one.present, other.present)


class TestBalancedSampler:
    def numbers(self, first: int, last: int, seed: int = 0, size: int = 10) -> list[list[int]]:
        batches = BalancedSampler(some(COUNTS), size, first, last, seed)
        assert len(batches) == last - first
        drawn = list(batches)
        for step, batch in zip(range(first, last), drawn, strict=True):
            assert [draw[:2] for draw in batch] == [(step, position) for position in range(size)]
        return [[number for _, _, number in batch] for batch in drawn]

    def test_a_batch_depends_on_its_step_alone(self) -> None:
        whole = self.numbers(0, 60)
        for first, last in [(0, 1), (17, 18), (30, 45), (59, 60)]:
            assert self.numbers(first, last) == whole[first:last]

    def test_the_seed_changes_the_order(self) -> None:
        assert self.numbers(0, 5, seed=0) != self.numbers(0, 5, seed=1)

    def test_half_is_bona_fide_and_the_species_take_turns(self) -> None:
        samples = some(COUNTS)
        seen: Counter[str | None] = Counter()
        for batch in self.numbers(0, 40):
            species = [samples[number].pai_species for number in batch]
            assert species[:5] == [None] * 5
            assert None not in species[5:]
            seen.update(species[5:])
            assert max(seen.values()) - min(seen[name] for name in ("mask", "print", "replay")) <= 1

    @pytest.mark.parametrize("size", [2, 3, 7])
    def test_an_odd_batch_is_full(self, size: int) -> None:
        assert all(len(batch) == size for batch in self.numbers(0, 9, size=size))

    def test_every_sample_is_shown_before_any_is_shown_again(self) -> None:
        samples = some(COUNTS)
        drawn = [number for batch in self.numbers(0, 60) for number in batch]
        for kind, count in COUNTS.items():
            of_kind = [number for number in drawn if samples[number].pai_species == kind]
            own = {i for i, sample in enumerate(samples) if sample.pai_species == kind}
            for start in range(0, len(of_kind) - count + 1, count):
                assert set(of_kind[start : start + count]) == own

    @pytest.mark.parametrize(
        ("counts", "missing"), [({None: 4}, "attack"), ({"print": 4}, "bona fide")]
    )
    def test_one_class_alone_is_refused(self, counts: dict[str | None, int], missing: str) -> None:
        with pytest.raises(DatasetError, match=f"none of 4 samples is {missing}"):
            BalancedSampler(some(counts), 4, 0, 1, 0)
