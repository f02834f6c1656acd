"""Which frames belong together: by a manifest, by folders of sensors, or photographs alone."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unmask.config import PrepareConfig
from unmask.errors import ConfigError, DatasetError
from unmask.preparing.folder import names_of
from unmask.preparing.inputs import Frame, find_frames
from unmask.types import Modality

RGB, DEPTH, INFRARED = Modality.RGB, Modality.DEPTH, Modality.INFRARED


def touched(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return root


def found(root: Path, **changes: Any) -> list[Frame]:
    return find_frames(PrepareConfig(root=root, out=root / "out", **changes))


def written(root: Path, *rows: dict[str, str | None], name: str = "manifest.csv") -> Path:
    table = pl.DataFrame(list(rows))
    root.mkdir(exist_ok=True)
    if name.endswith(".csv"):
        table.write_csv(root / name)
    else:
        table.write_parquet(root / name)
    return root


def test_folders_of_sensors_are_matched_by_name(tmp_path: Path) -> None:
    touched(tmp_path, "rgb/v1/002.jpg", "rgb/v1/001.jpg", "depth/v1/001.png", "depth/v1/002.npy")
    touched(tmp_path, "rgb/v1/.hidden.jpg", "rgb/notes.txt", "other/v1/001.png")
    frames = found(tmp_path, label="attack", pai_species="print", subject="anna")
    assert [frame.key for frame in frames] == ["v1/001", "v1/002"]
    assert frames[1].paths == {
        RGB: tmp_path / "rgb/v1/002.jpg",
        DEPTH: tmp_path / "depth/v1/002.npy",
    }
    told = {"presentation": "v1", "label": "attack", "pai_species": "print", "subject": "anna"}
    assert told.items() <= frames[0].columns.items()


def test_a_frame_that_one_sensor_lacks_is_kept_to_fail(tmp_path: Path) -> None:
    touched(tmp_path, "rgb/1.png", "rgb/2.png", "depth/1.png", "depth/3.png")
    frames = {frame.key: frame for frame in found(tmp_path)}
    assert set(frames) == {"1", "2", "3"}
    assert not frames["2"].paths[DEPTH].exists()
    assert not frames["3"].paths[RGB].exists()
    assert frames["1"].columns["presentation"] == "1"


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    touched(tmp_path, "rgb/1.png", "rgb/1.jpg")
    with pytest.raises(ConfigError, match=r"1.jpg and 1.png; keep one"):
        found(tmp_path)


def test_photographs_are_colour_alone(tmp_path: Path) -> None:
    touched(tmp_path, "b.JPG", "a.png", "a.jpg", "readme.txt")
    frames = found(tmp_path)
    assert [frame.key for frame in frames] == ["a.jpg", "a.png", "b"]
    assert all(set(frame.paths) == {RGB} for frame in frames)


@pytest.mark.parametrize("name", ["manifest.csv", "manifest.parquet"])
def test_a_manifest_is_followed_and_its_columns_are_carried(name: str, tmp_path: Path) -> None:
    first = {"key": "p1", "rgb": "a/1.png", "infrared": None, "label": "bona_fide"}
    second = {"key": "p2", "rgb": "a/2.png", "infrared": "b/2.png", "label": "attack"}
    root = written(
        tmp_path,
        first | {"pai_species": None, "lamp": "1"},
        second | {"pai_species": "mask", "lamp": "007"},
        name=name,
    )
    one, two = found(root)
    assert one.paths == {RGB: root / "a/1.png"}
    assert two.paths == {RGB: root / "a/2.png", INFRARED: root / "b/2.png"}
    assert (one.columns["pai_species"], two.columns["lamp"]) == ("", "007")
    assert "rgb" not in two.columns


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"key": "p1"}, r"row 2: the key 'p1' is empty or not unique"),
        ({"key": ""}, r"row 2: the key '' is empty"),
        ({"label": "live"}, r"row 2 \('p2'\): label 'live'"),
        ({"pai_species": "print"}, r"row 2 \('p2'\): label 'bona_fide' with pai_species 'print'"),
        ({"rgb": "../x.png"}, r"row 2 \('p2'\): rgb '../x.png' leads outside"),
        ({"rgb": "/etc/x.png"}, r"row 2 \('p2'\): rgb '/etc/x.png' leads outside"),
    ],
)
def test_a_fault_of_the_manifest_names_its_row(
    cells: dict[str, str], message: str, tmp_path: Path
) -> None:
    row: dict[str, str | None] = {
        "key": "p1",
        "rgb": "1.png",
        "label": "bona_fide",
        "pai_species": "",
    }
    with pytest.raises(DatasetError, match=message):
        found(written(tmp_path, row, row | {"key": "p2"} | cells))


def test_a_manifest_without_keys_or_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="needed are rows with key and one of rgb"):
        found(written(tmp_path / "a", {"name": "p1", "rgb": "1.png"}))
    with pytest.raises(DatasetError, match="needed are rows with key and one of rgb"):
        found(written(tmp_path / "b", {"key": "p1", "label": "attack"}))
    touched(tmp_path, "manifest.parquet")
    with pytest.raises(DatasetError, match="cannot read"):
        found(tmp_path)
    with pytest.raises(DatasetError, match=r"no manifest .*frames.csv"):
        found(tmp_path, manifest="frames.csv")


def test_what_a_manifest_says_cannot_be_said_again(tmp_path: Path) -> None:
    root = written(tmp_path, {"key": "p1", "rgb": "1.png"})
    with pytest.raises(ConfigError, match="subject, split given, but"):
        found(root, subject="anna", split="train")


def test_a_folder_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no frames in"):
        found(tmp_path)
    with pytest.raises(ConfigError, match="no folder"):
        found(tmp_path / "nowhere")


def test_every_key_has_a_file_name_of_its_own() -> None:
    keys = ["p1", "A", "a", "x/1", "x_1", "", "..", "k" * 300, "gr\u00fcn", "p 1"]
    names = names_of(keys)
    assert names["p1"] == "p1"
    assert len({name.lower() for name in names.values()}) == len(keys)
    assert all(name.isascii() and "/" not in name and len(name) < 130 for name in names.values())
    assert not any(name.startswith(".") for name in names.values())
