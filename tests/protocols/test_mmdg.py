"""MMDG: sources learn, targets are judged, and who sets the threshold is said."""

import shutil
from collections.abc import Iterable
from typing import Any

import pytest

from unmask.config import THREE, DataConfig
from unmask.data import Presentations
from unmask.errors import ConfigError, DatasetError
from unmask.protocols import load_protocol, names
from unmask.transforms.normalize import Preprocessing
from unmask.types import Modality, Sample

NAMES = {"C": "casia_cefa", "P": "padisi", "S": "casia_surf", "W": "wmca"}
SPLITS = ("p1_cps_to_w", "p1_cpw_to_s", "p1_csw_to_p", "p1_psw_to_c", "p3_cw_to_ps", "p3_ps_to_cw")


def datasets(samples: Iterable[Sample]) -> set[str]:
    return {sample.dataset for sample in samples}


def test_there_are_four_splits_of_protocol_1_and_two_of_protocol_3() -> None:
    own = {name.removeprefix("mmdg/") for name in names() if name.startswith("mmdg/")}
    assert own == {*SPLITS, *(f"{split}_published" for split in SPLITS)}


@pytest.mark.parametrize("split", SPLITS)
def test_sources_learn_and_set_the_threshold_and_targets_are_judged(
    split: str, four_sets: Any
) -> None:
    _, sources, _, targets = split.upper().split("_")
    protocol = load_protocol(four_sets.ask(f"mmdg/{split}"), THREE)
    assert protocol.name == f"mmdg/{split}"
    assert protocol.threshold_from == "dev"
    assert datasets(protocol.train) == datasets(protocol.dev) == {NAMES[s] for s in sources}
    assert datasets(protocol.eval) == {NAMES[t] for t in targets}
    assert not datasets(protocol.train) & datasets(protocol.eval)


@pytest.mark.parametrize("split", ["p1_csw_to_p", "p3_cw_to_ps"])
def test_as_published_the_targets_alone_set_the_threshold(split: str, four_sets: Any) -> None:
    honest = load_protocol(four_sets.ask(f"mmdg/{split}"), THREE)
    published = load_protocol(four_sets.ask(f"mmdg/{split}_published"), THREE)
    assert published.threshold_from == "eval"
    assert published.train == honest.train
    assert published.dev == published.eval == honest.eval


def test_as_published_needs_no_val_list(four_sets: Any) -> None:
    for file in four_sets.lists.glob("*-val.txt"):
        file.unlink()
    protocol = load_protocol(four_sets.ask("mmdg/p1_csw_to_p_published"), THREE)
    assert len(protocol.eval) == 2
    with pytest.raises(DatasetError, match=r"has no C-val\.txt"):
        load_protocol(four_sets.ask("mmdg/p1_csw_to_p"), THREE)


def test_pictures_of_all_four_sets_are_read(four_sets: Any) -> None:
    preprocessing = Preprocessing(image_size=32, crop_version="1", depth="relative")
    protocol = load_protocol(four_sets.ask("mmdg/p3_cw_to_ps"), THREE)
    samples = [*protocol.train, *protocol.eval]
    pictures = Presentations(samples, preprocessing=preprocessing, modalities=THREE)
    assert datasets(samples) == set(NAMES.values())
    for item in (pictures[i] for i in range(len(samples))):
        assert item.present.all()
        assert item.image.isfinite().all()


def test_protocol_2_is_protocol_1_with_fewer_modalities(four_sets: Any) -> None:
    data = four_sets.ask("mmdg/p1_csw_to_p")
    whole = load_protocol(data, THREE)
    less = load_protocol(data, (Modality.RGB, Modality.INFRARED), to_train=False)
    assert [s.key for s in less.eval] == [s.key for s in whole.eval]
    assert less.modalities == (Modality.RGB, Modality.INFRARED)


def test_lines_that_stand_twice_count_once_and_are_told(
    four_sets: Any, caplog: pytest.LogCaptureFixture
) -> None:
    protocol = load_protocol(four_sets.ask("mmdg/p1_cpw_to_s"), THREE)
    assert len(protocol.eval) == 2
    assert "S-test.txt: 1 of 3 lines stand twice and count once" in caplog.text


def test_counts_that_differ_and_the_device_that_tells_the_label_are_told(
    four_sets: Any, caplog: pytest.LogCaptureFixture
) -> None:
    load_protocol(four_sets.ask("mmdg/p1_csw_to_p"), THREE)
    told = "C-train.txt: 1 bona fide and 1 attack lines; published: 1,200 and 3,600"
    assert told in caplog.text
    assert "in C (CASIA-SURF CeFA) the device tells bona fide from attack" in caplog.text


def test_folders_of_another_release_hold_the_same_frames(four_sets: Any) -> None:
    before = load_protocol(four_sets.ask("mmdg/p1_cps_to_w"), THREE)
    race = four_sets.root / "CeFA" / "CeFA-Race"
    for folder in list(race.rglob("profile")):
        folder.rename(folder.with_name("color"))
    race.rename(race.with_name("Ethnicity"))
    after = load_protocol(four_sets.ask("mmdg/p1_cps_to_w"), THREE)
    assert [s.key for s in before.train] == [s.key for s in after.train]


def test_without_lists_the_error_names_them(four_sets: Any) -> None:
    data = DataConfig(root=four_sets.root, protocol="mmdg/p1_cps_to_w", depth="relative")
    with pytest.raises(ConfigError, match=r"set data\.lists to the folder .* C-train\.txt, C-val"):
        load_protocol(data, THREE)


def test_a_data_set_that_is_not_there_is_named_with_the_tree(four_sets: Any) -> None:
    shutil.rmtree(four_sets.root / "WMCA-Image")
    with pytest.raises(DatasetError) as caught:
        load_protocol(four_sets.ask("mmdg/p1_cps_to_w"), THREE)
    message = str(caught.value)
    assert message.startswith("mmdg/p1_cps_to_w, data set W: ")
    assert "WMCA-Image/R_CDIT/" in message
    assert "PADISI-Face/" in message


def test_a_half_copied_data_set_is_counted(four_sets: Any) -> None:
    shutil.rmtree(four_sets.root / "CeFA" / "CeFA-Race" / "CA")
    with pytest.raises(
        DatasetError, match=r"1 of 2 listed frames are not below data\.root"
    ) as caught:
        load_protocol(four_sets.ask("mmdg/p1_cps_to_w"), THREE)
    assert "C-train.txt" in str(caught.value)
    assert "first: CeFA/CeFA-Race/CA/" in str(caught.value)


def test_a_list_that_turns_a_label_is_refused(four_sets: Any) -> None:
    file = four_sets.lists / "W-test.txt"
    file.write_text(file.read_text().replace(" 1", " x").replace(" 0", " 1").replace(" x", " 0"))
    with pytest.raises(DatasetError, match=r"W-test\.txt, line 1: .* is attack, but bona_fide by"):
        load_protocol(four_sets.ask("mmdg/p1_cps_to_w"), THREE)
