"""Pictures that somebody sorted by hand are understood, or refused with the tree that would be."""

from pathlib import Path

import pytest

from unmask.datasets.folder import index
from unmask.errors import DatasetError
from unmask.types import Label, Modality, Sample

RGB, DEPTH, INFRARED = Modality.RGB, Modality.DEPTH, Modality.INFRARED


def touch(root: Path, *names: str) -> list[Sample]:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return index(root)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        *((name, 1) for name in ("bona_fide", "Real", "live", "genuine")),
        *((name, 0) for name in ("attack", "attacks", "spoof", "Fake")),
    ],
)
def test_usual_names_of_both_classes_are_known(name: str, label: int, tmp_path: Path) -> None:
    (sample,) = touch(tmp_path, f"{name}/a.jpg")
    assert sample.label == Label(label)
    assert sample.pai_species == (None if label else "unknown")
    assert list(sample.paths) == [RGB]


def test_hidden_files_are_no_pictures_and_tiff_is_one(tmp_path: Path) -> None:
    (sample,) = touch(tmp_path, "real/a_rgb.jpg", "real/a_depth.tif", "real/._a_rgb.jpg")
    assert sample.paths == {
        RGB: tmp_path / "real" / "a_rgb.jpg",
        DEPTH: tmp_path / "real" / "a_depth.tif",
    }


@pytest.mark.parametrize(
    "names",
    [
        ("attack/print/rgb/7.png", "attack/print/depth/7.png", "attack/print/ir/7.png"),
        ("rgb/attack/print/7.png", "depth/attack/print/7.png", "infrared/attack/print/7.png"),
        ("attack/print/7_color.png", "attack/print/7_depth.png", "attack/print/7_nir.png"),
        ("attack/colour/print/7.jpg", "attack/depth/print/7.png", "attack/IR/print/7.bmp"),
    ],
)
def test_a_sensor_is_told_by_a_folder_at_any_level_or_by_the_name(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    (sample,) = touch(tmp_path, *names)
    assert sample.paths == dict(
        zip((RGB, DEPTH, INFRARED), (tmp_path / n for n in names), strict=True)
    )
    assert (sample.key, sample.pai_species) == ("attack/print/7", "print")


def test_folders_below_a_class_are_species_subject_and_video(tmp_path: Path) -> None:
    samples = touch(
        tmp_path,
        "train/attack/print/anna/monday/rgb/1.png",
        "train/attack/print/anna/monday/rgb/2.png",
        "val/real/bert/rgb/1.png",
        "val/real/bert/rgb/2.png",
        "test/real/clara/tuesday/1.png",
    )
    told = [(s.attributes["set"], s.pai_species, s.subject, s.presentation, s.key) for s in samples]
    monday, tuesday = "train/attack/print/anna/monday", "test/real/clara/tuesday"
    assert sorted(told) == [
        ("dev", None, "bert", "val/real/bert/1", "val/real/bert/1"),
        ("dev", None, "bert", "val/real/bert/2", "val/real/bert/2"),
        ("eval", None, "clara", tuesday, f"{tuesday}/1"),
        ("train", "print", "anna", monday, f"{monday}/1"),
        ("train", "print", "anna", monday, f"{monday}/2"),
    ]


def test_without_set_folders_no_set_is_told(tmp_path: Path) -> None:
    (sample,) = touch(tmp_path, "real/a.png")
    assert sample.attributes == {}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.png", "lies in no folder of a class"),
        ("people/a.png", "lies in no folder of a class"),
        ("train/people/a.png", "lies in no folder of a class"),
        ("real/a/b/c/d.png", "lies too deep"),
        ("attack/print/a/b/c/d.png", "lies too deep"),
    ],
)
def test_what_cannot_be_understood_is_named_with_the_tree(
    name: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=message) as caught:
        touch(tmp_path, "real/fine.png", name)
    assert str(tmp_path / name) in str(caught.value)
    assert "<root>/[train|dev|eval/]bona_fide/" in str(caught.value)


def test_two_pictures_of_one_sensor_and_place_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="are both the rgb of one capture"):
        touch(tmp_path, "real/1.png", "real/rgb/1.png")
