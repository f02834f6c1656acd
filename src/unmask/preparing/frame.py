"""One raw frame to face crops: decode, align, find the face once, cut all sensors, write.

What ``unmask predict`` would give no response for is a failure here, for the same reason.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from unmask.capture.alignment import by_depth, by_homography, reproject
from unmask.capture.crop import PREFIX, Square, crop, face_square
from unmask.capture.detection import FaceDetector
from unmask.capture.frames import (
    clip_to_face,
    face_distance,
    mad_range,
    read_depth,
    read_intensity,
    spread,
)
from unmask.capture.images import read_image
from unmask.capture.quality import check_crop, check_found, check_sizes, check_square
from unmask.config import CalibrationConfig
from unmask.errors import DatasetError
from unmask.files import write_whole
from unmask.preparing.inputs import Frame
from unmask.preparing.recipe import INTENSITIES, Recipe, depth_words, intensity_words
from unmask.transforms.geometry import resize
from unmask.types import Image, Modality

UNREADABLE = "unreadable"
JPEG_QUALITY = 95

Levels = npt.NDArray[Any]
"""A picture as it is written: whole numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A frame that was not prepared, and why."""

    key: str
    code: str
    """One of few, to be counted."""
    reason: str
    """In words, with what was measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A frame that was prepared."""

    key: str
    files: Mapping[Modality, str]
    """Paths of the crops, relative to the folder."""
    columns: Mapping[str, Any]
    """What was found and done, for the manifest."""


@dataclass(slots=True, kw_only=True)
class _Seen:
    """Decoded pictures, aligned with the colour frame."""

    images: dict[Modality, Image]
    steps: dict[Modality, float] = field(default_factory=dict)
    """Of infrared and thermal: the share of full scale that one level is."""


class _RefusedError(Exception):
    """Ends the way of one frame."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def prepare_frame(frame: Frame, name: str, recipe: Recipe, out: Path) -> Made | Failure:
    """Write the crops of one frame as ``<modality>/<name>``; a frame that fails leaves nothing."""
    try:
        seen = _read(frame, recipe)
        square, columns = _place(seen, recipe)
        cut = crop(seen.images, square)
        columns["quality"] = _quality(cut, square, recipe)
        pictures = _finish(_Seen(images=cut, steps=seen.steps), columns, recipe)
    except DatasetError as error:
        return Failure(key=frame.key, code=UNREADABLE, reason=str(error))
    except _RefusedError as refused:
        return Failure(key=frame.key, code=refused.code, reason=str(refused))
    files = {}
    for modality, picture in pictures.items():
        suffix = recipe.config.colour if modality is Modality.RGB else "png"
        files[modality] = f"{modality}/{name}.{suffix}"
        _write(out / files[modality], picture)
    return Made(key=frame.key, files=files, columns=columns)


def _read(frame: Frame, recipe: Recipe) -> _Seen:
    """Every picture in its unit, where the colour camera would have it."""
    config = recipe.config
    seen = _Seen(images={})
    if Modality.RGB in frame.paths:
        seen.images[Modality.RGB] = read_image(frame.paths[Modality.RGB], Modality.RGB)
    elif not config.cropped:
        raise _RefusedError("no colour frame", "a face is looked for in the colour frame")
    if Modality.DEPTH in frame.paths:
        path = frame.paths[Modality.DEPTH]
        picture: Image = read_depth(path, config.depth)
        seen.images[Modality.DEPTH] = _moved(path, picture, Modality.DEPTH, seen, recipe)
    for modality in INTENSITIES:
        if modality in frame.paths:
            path = frame.paths[modality]
            picture, seen.steps[modality] = read_intensity(path, recipe.intensity(modality))
            seen.images[modality] = _moved(path, picture, modality, seen, recipe)
    refusal = check_sizes(seen.images)
    if refusal:
        raise _RefusedError(
            refusal.reason,
            f"{refusal}, or give the calibration of the sensor, such as --depth.calibration",
        )
    return seen


def _moved(path: Path, picture: Image, modality: Modality, seen: _Seen, recipe: Recipe) -> Image:
    """A sensor's picture as the colour camera would have it, if its calibration is given."""
    calibration = recipe.calibrations.get(modality)
    if calibration is None:
        return picture
    _check_size(path, picture, calibration.sensor_size, "sensor_size")
    colour = seen.images[Modality.RGB]
    _check_size("the colour frame", colour, calibration.colour_size, "colour_size")
    if calibration.homography:
        return by_homography(picture, modality, calibration)
    if modality is Modality.DEPTH:
        return reproject(picture.astype(np.float32), calibration)
    return by_depth(picture, _depth_for(modality, calibration, seen), calibration)


def _depth_for(
    modality: Modality, calibration: CalibrationConfig, seen: _Seen
) -> npt.NDArray[np.float32]:
    depth = seen.images.get(Modality.DEPTH)
    if depth is None or not depth.any():
        raise _RefusedError(
            "no depth to align by", f"{modality} is aligned by depth, and this frame has none"
        )
    _check_size("aligned depth", depth, calibration.colour_size, "colour_size")
    return depth.astype(np.float32)


def _check_size(what: Path | str, picture: Image, size: tuple[int, int], name: str) -> None:
    height, width = picture.shape[:2]
    if (width, height) != tuple(size):
        raise DatasetError(
            f"{what} is {width}x{height}, but {name} of the calibration is {size[0]}x{size[1]}; "
            "calibrate at the size that is recorded"
        )


@functools.cache
def _detector() -> FaceDetector:
    """One for each process."""
    return FaceDetector()


def _place(seen: _Seen, recipe: Recipe) -> tuple[Square, dict[str, Any]]:
    """The square that is cut from all pictures, and what the manifest says of it."""
    height, width = next(iter(seen.images.values())).shape[:2]
    columns: dict[str, Any] = {"frame_width": width, "frame_height": height}
    if recipe.config.cropped:
        if height != width:
            raise _RefusedError("not square", f"a face crop is square, this is {width}x{height}")
        return Square(left=0, top=0, side=width), columns
    colour = seen.images[Modality.RGB]
    faces = _detector().faces(colour)
    refusal = check_found(faces, colour)
    if refusal:
        raise _RefusedError(refusal.reason, str(refusal))
    square = face_square(faces[0].landmarks, recipe.rule)
    columns |= {
        "crop": PREFIX + recipe.rule.version,
        "crop_left": square.left,
        "crop_top": square.top,
        "crop_side": square.side,
        "crop_angle": round(square.angle, 3),
        "face_confidence": round(faces[0].confidence, 4),
    }
    return square, columns


def _quality(cut: Mapping[Modality, Image], square: Square, recipe: Recipe) -> str:
    """What is poor about the crop, if such are kept."""
    usual = Square(left=0, top=0, side=round(square.side / recipe.rule.margin))
    refusal = check_crop(cut)
    if not recipe.config.cropped:
        refusal = check_square(usual) or refusal
    if refusal and recipe.config.poor == "refuse":
        raise _RefusedError(refusal.reason, str(refusal))
    return str(refusal) if refusal else ""


def _finish(seen: _Seen, columns: dict[str, Any], recipe: Recipe) -> dict[Modality, Levels]:
    """The crops as they are written; what was done to depth and infrared goes into the columns."""
    ranges = {m: _range(seen, m, recipe) for m in INTENSITIES if m in seen.images}
    if Modality.DEPTH in seen.images:
        seen.images[Modality.DEPTH] = _depth(seen.images[Modality.DEPTH], columns, recipe)
    side = recipe.config.crop.side
    images: dict[Modality, Levels] = {**(resize(seen.images, side) if side else seen.images)}
    for modality, (low, high) in ranges.items():
        settings = recipe.intensity(modality)
        words = intensity_words(settings, recipe.calibrations.get(modality))
        columns[f"{modality}_decoding"] = words
        columns[f"{modality}_low"], columns[f"{modality}_high"] = round(low, 6), round(high, 6)
        if settings.normalise == "mad":
            images[modality] = spread(images[modality], low, high)
        else:
            eight = seen.steps[modality] == 1 / 255
            kind, full = (np.uint8, 255) if eight else (np.uint16, 65535)
            images[modality] = _whole(images[modality] * np.float32(full), kind)
    if Modality.DEPTH in images:
        grey = recipe.config.depth.unit == "relative"
        images[Modality.DEPTH] = _whole(images[Modality.DEPTH], np.uint8 if grey else np.uint16)
    return images


def _depth(picture: Image, columns: dict[str, Any], recipe: Recipe) -> Image:
    config = recipe.config.depth
    depth = picture.astype(np.float32)
    columns["depth_decoding"] = depth_words(config, recipe.calibrations.get(Modality.DEPTH))
    columns["depth_known"] = round(float((depth > 0).mean()), 4)
    if config.unit != "relative":
        columns["depth_face_mm"] = round(face_distance(depth), 1)
    return clip_to_face(depth, config.window_mm) if config.window_mm else depth


def _range(seen: _Seen, modality: Modality, recipe: Recipe) -> tuple[float, float]:
    """The shares of full scale that become the least and the greatest level."""
    if recipe.intensity(modality).normalise == "none":
        return 0.0, 1.0
    found = mad_range(seen.images[modality], seen.steps[modality])
    if found is None:
        raise _RefusedError(
            f"{modality} flat", "half of the face has one level: it cannot be MAD normalised"
        )
    return found


def _whole(levels: Levels, kind: type[np.unsignedinteger[Any]]) -> Levels:
    """The nearest whole numbers, as far as the kind reaches."""
    return np.rint(levels).clip(0, np.iinfo(kind).max).astype(kind)


def _write(path: Path, picture: Levels) -> None:
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if path.suffix == ".jpg" else []
    pixels = np.ascontiguousarray(picture[..., ::-1] if picture.ndim == 3 else picture)
    coded = cv2.imencode(path.suffix, pixels, options)[1]
    with write_whole(path) as temporary:
        temporary.write_bytes(coded.tobytes())
