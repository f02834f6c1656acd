"""WMCA: two layouts of the same videos; names tell species, subject and label."""

import logging
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from unmask.capture.images import read_image
from unmask.datasets.wmca import SPECIES, index
from unmask.errors import DatasetError
from unmask.types import Label, Modality, Sample

RNG = np.random.default_rng(11)
VIDEOS = ("001_01_000_0_00", "002_01_003_2_81", "514_01_004_1_05", "010_02_011_3_05")
SENSORS = {
    "color": Modality.RGB,
    "depth": Modality.DEPTH,
    "ir": Modality.INFRARED,
    "thermal": Modality.THERMAL,
}


def draw_images(folder: Path, *, sensors: tuple[str, ...] = tuple(SENSORS)) -> None:
    for video in VIDEOS:
        for sensor in sensors:
            (folder / video / sensor).mkdir(parents=True)
            for frame in ("0012", "0024"):
                shape = (8, 8, 3) if sensor == "color" else (8, 8)
                pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
                Image.fromarray(pixels).save(folder / video / sensor / f"{frame}.jpg")


def write_hdf5(root: Path, kind: str, video: str, frames: dict[int, np.ndarray]) -> Path:
    file = root / f"WMCA_preprocessed_{kind}" / "WMCA" / "face-station" / "17.01.18"
    file.mkdir(parents=True, exist_ok=True)
    with h5py.File(file / f"{video}.hdf5", "w") as out:
        for number, array in frames.items():
            out.create_dataset(f"Frame_{number}/array", data=array)
    return file / f"{video}.hdf5"


def frames(channels: int, numbers: tuple[int, ...] = (0, 2, 12)) -> dict[int, np.ndarray]:
    return {n: RNG.integers(0, 256, (channels, 8, 8), dtype=np.uint8) for n in numbers}


def told(sample: Sample) -> tuple[str, str, Label, str | None, str]:
    return (
        sample.key,
        sample.presentation,
        sample.label,
        sample.pai_species,
        sample.subject,
    )


@pytest.mark.parametrize("below", ["R_CDIT", "WMCA-Image/R_CDIT", "IDIAP_WMCA/R_CDIT", "."])
def test_an_image_export_is_found_where_the_lists_put_it(tmp_path: Path, below: str) -> None:
    draw_images(tmp_path / below)
    samples = index(tmp_path)
    assert samples == index(tmp_path)
    assert [s.key for s in samples] == sorted(f"{v}/{f}" for v in VIDEOS for f in ("0012", "0024"))
    assert all(set(s.paths) == set(Modality) for s in samples)
    assert all(path.is_file() for s in samples for path in s.paths.values())


def test_the_name_of_a_video_tells_who_and_what(tmp_path: Path) -> None:
    draw_images(tmp_path / "R_CDIT")
    samples = {s.presentation: s for s in index(tmp_path)}
    assert told(samples["001_01_000_0_00"])[2:] == (Label.BONA_FIDE, None, "001")
    assert told(samples["002_01_003_2_81"])[2:] == (Label.ATTACK, "flexible_mask", "002")
    assert samples["514_01_004_1_05"].pai_species == "glasses"
    assert samples["010_02_011_3_05"].pai_species == "replay", "though type 3 is else print"
    assert samples["002_01_003_2_81"].attributes["presenter"] == "003"
    assert samples["002_01_003_2_81"].attributes["session"] == "01"


def test_every_instrument_has_one_species() -> None:
    assert set(SPECIES.values()) == {
        *("fake_head", "flexible_mask", "glasses", "paper_mask"),
        *("print", "replay", "rigid_mask"),
    }
    assert SPECIES["1", "02"] == SPECIES["2", "12"] == "rigid_mask"
    assert ("0", "00") not in SPECIES


def test_an_instrument_that_nobody_named_is_a_species_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "R_CDIT" / "001_01_002_2_55" / "color").mkdir(parents=True)
    (tmp_path / "R_CDIT" / "001_01_002_2_55" / "color" / "0012.jpg").touch()
    assert index(tmp_path)[0].pai_species == "type_2_pai_55"


def test_idiaps_files_hold_the_same_samples_as_images(tmp_path: Path) -> None:
    draw_images(tmp_path / "images" / "R_CDIT", sensors=("color",))
    for video in VIDEOS:
        write_hdf5(tmp_path / "hdf5", "RGB", video, frames(3, (12, 24)))
        write_hdf5(tmp_path / "hdf5", "CDIT", video, frames(4, (12, 24)))
    images, hdf5 = index(tmp_path / "images"), index(tmp_path / "hdf5")
    assert [told(s) for s in images] == [told(s) for s in hdf5]
    assert hdf5[0].attributes["date"] == "17.01.18"
    assert set(hdf5[0].paths) == set(Modality)


def test_each_sensor_is_read_from_its_channel(tmp_path: Path) -> None:
    colour, others = frames(3), frames(4)
    write_hdf5(tmp_path, "RGB", VIDEOS[0], colour)
    write_hdf5(tmp_path, "CDIT", VIDEOS[0], others)
    samples = index(tmp_path)
    assert [s.attributes["frame"] for s in samples] == ["0000", "0002", "0012"]
    paths = samples[2].paths
    assert np.array_equal(
        read_image(paths[Modality.RGB], Modality.RGB), colour[12].transpose(1, 2, 0)
    )
    depth = read_image(paths[Modality.DEPTH], Modality.DEPTH, depth="relative")
    assert np.array_equal(depth, others[12][1])
    for channel, modality in ((2, Modality.INFRARED), (3, Modality.THERMAL)):
        assert np.allclose(255 * read_image(paths[modality], modality), others[12][channel])


def test_colour_alone_is_read_where_the_rest_was_not_copied(tmp_path: Path) -> None:
    write_hdf5(tmp_path, "RGB", VIDEOS[0], frames(3))
    assert {frozenset(s.paths) for s in index(tmp_path)} == {frozenset({Modality.RGB})}


def test_frames_that_one_file_lacks_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_hdf5(tmp_path, "RGB", VIDEOS[0], frames(3, (1, 2)))
    write_hdf5(tmp_path, "CDIT", VIDEOS[0], frames(4, (2, 3)))
    with caplog.at_level(logging.WARNING, "unmask"):
        samples = index(tmp_path)
    assert [len(s.paths) for s in samples] == [1, 4, 3]
    assert "2 of 3 frames lack a sensor that others have: " in (caplog.text)


def test_the_two_mismatched_videos_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "R_CDIT" / "100_03_015_2_10" / "color").mkdir(parents=True)
    (tmp_path / "R_CDIT" / "100_03_015_2_10" / "color" / "0012.jpg").touch()
    with caplog.at_level(logging.WARNING, "unmask"):
        index(tmp_path)
    assert "known not to match in WMCA's 100_03_015_2_10" in caplog.text


def test_a_wrong_root_prints_the_tree(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(DatasetError) as caught:
        index(tmp_path)
    assert "R_CDIT/<002_01_003_2_81>/{color,depth,ir,thermal}/*.jpg" in str(caught.value)
    assert "WMCA_preprocessed_CDIT" in str(caught.value)


def test_a_corrupt_file_of_idiap_is_named(tmp_path: Path) -> None:
    file = write_hdf5(tmp_path, "RGB", VIDEOS[0], frames(3))
    file.write_bytes(file.read_bytes()[:500])
    with pytest.raises(DatasetError, match=f"cannot read {file} as HDF5"):
        index(tmp_path)
