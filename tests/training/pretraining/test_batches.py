"""A step's batch depends on seed and step; a mirrored picture has a mirrored caption."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from unmask.config import ChangeConfig, PretrainConfig
from unmask.errors import DatasetError
from unmask.layers import clip
from unmask.training.pretraining.batches import Captions, Turns, Views, by_modality, mirrored
from unmask.training.pretraining.pictures import Crops, divide, places
from unmask.transforms.normalize import Preprocessing

Configured = Callable[..., PretrainConfig]
STILL = ChangeConfig(flip=0.0, shift=0.0, scale=0.0, rotate=0.0, photometric=0.0)


def views(root: Path, configured: Configured, augment: ChangeConfig) -> Views:
    config = configured(root, method="clip")
    found = places(divide(config).train, config)
    captions = Captions(found, clip.SIZES["clip_tiny"].text)
    crops = Crops(found, Preprocessing(image_size=32, crop_version="1"))
    return Views(crops, captions, augment, seed=0)


def test_left_and_right_change_places_in_words() -> None:
    assert mirrored("turned left, lit from the right") == "turned right, lit from the left"
    assert mirrored("a bright leftover") == "a bright leftover"
    assert mirrored("Left of a man; RIGHT") == "Right of a man; LEFT"


def test_a_mirrored_picture_has_a_mirrored_caption(captioned: Path, configured: Configured) -> None:
    plain = views(captioned, configured, STILL)
    turned = views(captioned, configured, replace(STILL, flip=1.0))
    assert plain.captions is not None
    texts = {number: text for text, number in plain.captions.number.items()}
    for number in range(6):
        image, text = plain[number]
        still, same = plain[(5, 1, number)]
        other, changed = turned[(5, 1, number)]
        assert torch.equal(still, image)
        assert same == text
        assert texts[changed] == mirrored(texts[text]) != texts[text]
        assert (other - image.flip(2)).abs().max() < 0.02


def test_equal_captions_have_one_number(captioned: Path, configured: Configured) -> None:
    made = views(captioned, configured, STILL)
    assert made.captions is not None
    assert len(made.captions.tokens) == len(made.captions.number) == 3 * 3 * 2


def test_a_caption_that_is_too_long_is_found_by_its_row(
    captioned: Path, configured: Configured
) -> None:
    config = configured(captioned, method="clip")
    found = places(divide(config).train, config)
    odd = replace(found[4], caption="word " * 80)
    told = (
        rf"the row '{odd.key}' of the manifest, column caption_depth: the prompt 'word .* shorten"
    )
    with pytest.raises(DatasetError, match=told):
        Captions([*found[:4], odd, *found[5:]], clip.SIZES["clip_tiny"].text)


def test_groups_take_turns_and_show_all_before_any_again() -> None:
    groups = [list(range(10)), list(range(10, 30))]
    batches = list(Turns(groups, 5, first=0, last=8, seed=3))
    for step, batch in enumerate(batches):
        assert [(s, i) for s, i, _ in batch] == [(step, i) for i in range(5)]
        assert all((number >= 10) == bool(step % 2) for _, _, number in batch)
    shown = Counter(number for batch in batches for _, _, number in batch)
    assert shown == Counter(dict.fromkeys(range(10), 2) | dict.fromkeys(range(10, 30), 1))


def test_a_run_that_goes_on_sees_the_batches_it_would_have_seen() -> None:
    groups = [list(range(7)), list(range(7, 20))]
    whole = list(Turns(groups, 4, first=0, last=12, seed=1))
    assert list(Turns(groups, 4, first=5, last=12, seed=1)) == whole[5:]
    assert list(Turns(groups, 4, first=0, last=12, seed=2)) != whole


def test_groups_are_modalities(captioned: Path, configured: Configured) -> None:
    config = configured(captioned, method="clip")
    found = places(divide(config).train, config)
    groups = by_modality(found)
    assert sorted(number for group in groups for number in group) == list(range(len(found)))
    assert [len({found[number].modality for number in group}) for group in groups] == [1, 1, 1]
