"""Frames are matched by name, ordered as text, and thinned as published."""

from pathlib import Path
from typing import get_args

import pytest

from unmask.capture import images
from unmask.config.pictures import Frames
from unmask.datasets.videos import (
    FRAMES,
    SUFFIXES,
    frames_of,
    in_one_place,
    judged,
    mismatch,
    samples_of,
)
from unmask.errors import DatasetError
from unmask.types import Label, Modality, Sample

RGB, DEPTH = Modality.RGB, Modality.DEPTH
SENSORS = {RGB: ("color", "profile"), DEPTH: ("depth",)}


def video(name: str) -> Sample:
    return Sample(key=name, presentation=name, paths={}, label=Label.BONA_FIDE)


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def surf(count: int) -> list[str]:
    """Frames 1, 11, 21, ... as CASIA-SURF numbers them, in the order of their names."""
    return sorted(str(10 * i + 1) for i in range(count))


def frames(names: list[str], *, name: str = "v") -> list[Sample]:
    return [
        Sample(
            key=f"{name}/{frame}",
            presentation=name,
            paths={RGB: Path(frame), DEPTH: Path(frame)},
            label=Label.BONA_FIDE,
            attributes={"frame": frame},
        )
        for frame in names
    ]


def chosen(samples: list[Sample], rule: Frames) -> list[str]:
    return [sample.attributes["frame"] for sample in judged(samples, rule)]


def test_frames_are_matched_by_name_whatever_the_suffix(tmp_path: Path) -> None:
    touch(tmp_path, "profile/0002.jpg", "profile/0001.JPG", "depth/0002.png", "depth/notes.txt")
    assert frames_of(tmp_path, SENSORS) == {
        "0001": {RGB: tmp_path / "profile" / "0001.JPG"},
        "0002": {RGB: tmp_path / "profile" / "0002.jpg", DEPTH: tmp_path / "depth" / "0002.png"},
    }


def test_hidden_files_such_as_macos_leaves_are_no_frames(tmp_path: Path) -> None:
    touch(tmp_path, "color/1.jpg", "color/._1.jpg", "depth/1.png", "depth/._1.png")
    assert list(frames_of(tmp_path, SENSORS)) == ["1"]


def test_frames_may_be_any_file_that_is_read_as_a_picture() -> None:
    assert set(SUFFIXES) == set(images.SUFFIXES)


def test_a_video_without_pictures_is_left_out_and_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    touch(tmp_path, "a/color/1.jpg", "b/notes.txt")
    videos = [(tmp_path / name, video(name)) for name in "ab"]
    (sample,) = samples_of(videos, SENSORS, root=tmp_path, tree="a tree")
    assert (sample.key, sample.presentation) == ("a/1", "a")
    assert "1 video folders have no picture and are left out" in caplog.text
    with pytest.raises(DatasetError, match="expected is a tree"):
        samples_of(videos[1:], SENSORS, root=tmp_path, tree="a tree")


def test_of_two_releases_below_one_root_one_is_read_and_the_other_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def videos(base: Path) -> list[tuple[Path, Sample]]:
        return [(folder, video(folder.name)) for folder in sorted(base.glob("v*"))]

    touch(tmp_path, "whole/v1/color/1.jpg", "crop/v1/color/1.jpg")
    assert in_one_place(tmp_path, ("", "none"), videos) == []
    (found,) = in_one_place(tmp_path, ("", "whole", "crop"), videos)
    assert found[0] == tmp_path / "whole" / "v1"
    assert f"{tmp_path / 'crop'} has videos of this data set too" in caplog.text
    assert f"{tmp_path / 'whole'} are read" in caplog.text


def test_two_folders_of_one_video_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "a/color/1.jpg", "b/color/1.jpg")
    videos = [(tmp_path / name, video("same")) for name in "ab"]
    with pytest.raises(DatasetError, match="are the same video"):
        samples_of(videos, SENSORS, root=tmp_path, tree="")


def test_first_and_last_are_those_of_the_sorted_names() -> None:
    assert chosen(frames(surf(20)), "first_and_last") == ["1", "91"]
    assert chosen(frames(surf(1)), "first_and_last") == ["1"]


def test_three_are_the_frames_of_a_public_list() -> None:
    """CLKJ_AS0005/real of MMDG's S-train.txt has the frames 131, 181 and 51."""
    assert chosen(frames(surf(20)), "three") == ["131", "181", "51"]
    cefa = [f"{i:04d}" for i in range(1, 101)]
    assert chosen(frames(cefa), "three") == ["0026", "0051", "0076"]  # as in C-train.txt
    assert chosen(frames(surf(3)), "three") == ["1"]


def test_all_keeps_all_and_each_rule_is_told() -> None:
    for rule in ("all", "first_and_last", "three"):
        assert {s.attributes["frames"] for s in judged(frames(surf(9)), rule)} == {rule}  # type: ignore[arg-type]
    assert chosen(frames(surf(9)), "all") == [s.attributes["frame"] for s in frames(surf(9))]


def test_each_presentation_is_thinned_by_itself_and_by_whole_frames() -> None:
    one, other = frames(surf(8), name="one"), frames(surf(8), name="other")
    blind = Sample(
        key="one/0",
        presentation="one",
        paths={RGB: Path("0")},
        label=Label.BONA_FIDE,
        attributes={"frame": "0"},
    )
    mixed = [s for pair in zip([blind, *one], [*other, other[0]], strict=True) for s in pair]
    picked = [(s.presentation, s.attributes["frame"]) for s in judged(mixed[:-1], "first_and_last")]
    assert picked == [("one", "1"), ("one", "71"), ("other", "1"), ("other", "71")]


def test_frames_that_lack_a_sensor_are_counted(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    touch(tmp_path, "v/color/1.jpg", "v/color/2.jpg", "v/depth/1.jpg", "w/color/1.jpg")
    videos = [(tmp_path / name, video(name)) for name in "vw"]
    samples_of(videos, SENSORS, root=tmp_path, tree="tree")
    assert "2 of 3 frames lack a sensor that others have: v/2" in caplog.text
    caplog.clear()
    touch(tmp_path, "v/depth/2.jpg", "w/depth/1.jpg")
    samples_of(videos, SENSORS, root=tmp_path, tree="tree")
    assert not caplog.text


def test_a_wrong_root_is_named_with_the_folders_that_were_looked_for(tmp_path: Path) -> None:
    message = str(mismatch(tmp_path, "<root>/a", ("", "Data", "SURF/Data")))
    assert f"looked in {tmp_path / 'Data'}, {tmp_path / 'SURF/Data'} too" in message
    assert "expected is <root>/a" in message
    assert f"there is no folder {tmp_path / 'b'}" in str(mismatch(tmp_path / "b", "<root>/a"))


def test_every_rule_of_the_settings_is_told_in_words() -> None:
    assert set(FRAMES) == {*get_args(Frames), "listed"}
