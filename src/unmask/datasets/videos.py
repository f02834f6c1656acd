"""Videos as folders: one folder of frames for each sensor, and which of the frames are judged.

    <video>/color/0001.jpg, <video>/depth/0001.jpg, <video>/ir/0001.jpg

Frames of several sensors belong together where their names are equal. Order is that of the names as
text, the same on every file system.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from unmask.config.pictures import Frames
from unmask.errors import DatasetError
from unmask.types import Modality, Sample

log = logging.getLogger("unmask")

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
"""Of pictures: those that ``capture.images`` reads."""

FRAMES = {
    "all": "all frames of a video",
    "first_and_last": "the first and the last frame of a video, by the names of their files sorted "
    "as text",
    "three": "three frames of a video, at the first, second and third quarter of those sorted by "
    "name as text",
    "listed": "the frames that the published lists name",
}
"""What the values of the attribute ``frames`` of a judged sample mean."""

SensorFolders = Mapping[Modality, Sequence[str]]
"""Names that the folder of each sensor may have."""

VideosOf = Callable[[Path], Iterable[tuple[Path, Sample]]]
"""Each video of a folder, with what its name tells."""


def frames_of(video: Path, sensors: SensorFolders) -> dict[str, dict[Modality, Path]]:
    """Each frame of a video by its name, in order, with the pictures of the sensors that saw it."""
    found: dict[str, dict[Modality, Path]] = {}
    for modality, names in sensors.items():
        for name in names:
            for picture in sorted(_pictures(video / name)):
                found.setdefault(picture.stem, {}).setdefault(modality, picture)
    return dict(sorted(found.items()))


def in_one_place(root: Path, below: Sequence[str], videos: VideosOf) -> list[tuple[Path, Sample]]:
    """Videos of the first folder that has any; one that has some too is told, and not read."""
    found: list[tuple[Path, Sample]] = []
    read = ""
    for place in below:
        if not found:
            found, read = list(videos(root / place)), place
        elif next(iter(videos(root / place)), None) is not None:
            log.warning(
                "%s has videos of this data set too; those of %s are read: to have the others, "
                "set data.root to their folder, or keep one release per root",
                *(root / place, root / read),
            )
    return found


def samples_of(
    videos: Iterable[tuple[Path, Sample]], sensors: SensorFolders, *, root: Path, tree: str
) -> list[Sample]:
    """Every frame of the videos, each told by a sample without pictures whose key names the video.

    Video folders without any picture are left out, and counted in one line of the log.

    Raises:
        DatasetError: no video has a frame (the message prints the ``tree`` that was expected), or
            two folders are the same video.
    """
    samples: list[Sample] = []
    empty: list[Path] = []
    known: dict[str, Path] = {}
    for folder, video in videos:
        if known.setdefault(video.key, folder) != folder:
            raise DatasetError(
                f"{known[video.key]} and {folder} are the same video; keep one release per root"
            )
        frames = frames_of(folder, sensors)
        if not frames:
            empty.append(folder)
        samples += [
            replace(
                video,
                key=f"{video.key}/{frame}",
                paths=paths,
                attributes={**video.attributes, "frame": frame},
            )
            for frame, paths in frames.items()
        ]
    if not samples:
        raise mismatch(root, tree)
    if empty:
        log.warning("%d video folders have no picture and are left out: %s", len(empty), empty[0])
    tell_of_lone(samples)
    return samples


def tell_of_lone(samples: Sequence[Sample]) -> None:
    """Log how many frames lack a sensor that others have, as in a copy that is not whole."""
    most = max(len(sample.paths) for sample in samples)
    lone = [sample.key for sample in samples if len(sample.paths) < most]
    if lone:
        log.warning(
            "%d of %d frames lack a sensor that others have: %s", len(lone), len(samples), lone[0]
        )


def mismatch(root: Path, tree: str, looked: Sequence[str] = ()) -> DatasetError:
    """What to say of a root that does not hold the data set, also not below ``looked``."""
    if not root.is_dir():
        return DatasetError(f"there is no folder {root}; expected is {tree}")
    places = ", ".join(str(root / below) for below in looked if below)
    below = f"; looked in {places} too" if places else ""
    return DatasetError(
        f"{root} does not hold this data set, or not whole{below}; expected is {tree}; is it the "
        "right folder?"
    )


def judged(samples: Sequence[Sample], rule: Frames) -> list[Sample]:
    """The frames of each presentation that are judged, with the rule as attribute ``frames``.

    ``first_and_last`` and ``three`` (those that begin the second, third and fourth quarter) choose
    among the frames that most sensors saw; a short video gives fewer.
    """
    videos: dict[str, list[Sample]] = {}
    for sample in samples:
        videos.setdefault(sample.presentation, []).append(sample)
    return [
        replace(sample, attributes={**sample.attributes, "frames": rule})
        for frames in videos.values()
        for sample in _chosen(frames, rule)
    ]


def _chosen(frames: Sequence[Sample], rule: Frames) -> Sequence[Sample]:
    if rule == "all":
        return frames
    most = max(len(sample.paths) for sample in frames)
    whole = [sample for sample in frames if len(sample.paths) == most]
    quarter, last = len(whole) // 4, len(whole) - 1
    places = (0, last) if rule == "first_and_last" else (quarter, 2 * quarter, 3 * quarter)
    return [whole[place] for place in sorted(set(places))]


def is_picture(name: str) -> bool:
    """By its ending; hidden files are none, such as those that macOS leaves: ._0001.jpg."""
    return name.lower().endswith(SUFFIXES) and not name.startswith(".")


def _pictures(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in entries if is_picture(entry.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
