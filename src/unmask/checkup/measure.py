"""What is measured of each picture, many rows at a time in several processes.

Nothing is judged here: every file becomes a line of numbers, and every pair of sensors of a row
another, so that the checks on them are small and quick and need no picture.

Axes: H W pixels.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import imagehash
import numpy as np
import numpy.typing as npt
import PIL.Image

from unmask.capture.images import DepthUnit, read_image
from unmask.errors import DatasetError
from unmask.processes import in_order
from unmask.types import Image, Modality

Plane = npt.NDArray[np.float32]
Job = tuple[str, Mapping[Modality, Path], DepthUnit]
"""Key of a row, its files, and what a depth value means."""
BATCH = 16
"""Rows that a process measures before it reports."""
HASH_SIDE = 16
"""The perceptual hash has so many bits squared: 256."""
THUMBNAIL = 64
"""Side in pixels of what is compared between sensors."""
BLUR = 2.0
"""Standard deviation in pixels of the thumbnail; what a blur takes away is detail."""
LUMINANCE = np.array((0.299, 0.587, 0.114), np.float32)
"""Weights of red, green and blue in the grey that image programs write."""
DARK = 0.02
"""Of the brightest pixel: what is below it is taken for the surround, or a hole."""
LEAST_PIXELS = 200
"""Of the thumbnail, where two sensors both show something."""
CLIPPED = {Modality.RGB: 254.5, Modality.INFRARED: 0.998, Modality.THERMAL: 0.998}
"""From this level on a pixel is at the top of its scale."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One picture in numbers; where it cannot be read, only why."""

    key: str
    modality: str
    path: str
    fault: str = ""
    """What the reader says; the numbers below are then 0."""
    stored: str = ""
    """8-bit grey, 16-bit grey, colour, or nothing; asked only where a picture of the row fails."""
    size: str = ""
    """Width x height in pixels."""
    digest: str = ""
    """Equal for equal pixels."""
    hash: bytes = b""
    """Perceptual hash, of RGB alone."""
    low: float = 0.0
    """Level that 1 % of the pixels stay below (of depth: of those that have one)."""
    middle: float = 0.0
    """Median level (of depth: of the pixels that have one)."""
    high: float = 0.0
    """Level that 99 % of the pixels stay below."""
    clipped: float = 0.0
    """Share of pixels at the top of the scale, in every channel."""
    filled: float = 1.0
    """Share of pixels above 0."""
    colour: float = 0.0
    """Mean difference between the channels of RGB, of 255."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Likeness:
    """How alike two sensors of one row are: 1 for copies, also of another brightness.

    0 where there is too little to compare.
    """

    key: str
    first: str
    second: str
    whole: float
    """Largest correlation of the pictures, over the channels of RGB and their grey."""
    detail: float
    """The same after the blurred picture is taken away."""


Measured = tuple[list[Seen], list[Likeness]]


def measure(jobs: Sequence[Job], workers: int) -> Iterator[Measured]:
    """Numbers of every row, in their order, a batch at a time."""
    batches = [jobs[at : at + BATCH] for at in range(0, len(jobs), BATCH)]
    return in_order(measure_batch, batches, workers=workers)


def measure_batch(jobs: Sequence[Job]) -> Measured:
    """Numbers of some rows."""
    seen: list[Seen] = []
    likenesses: list[Likeness] = []
    for key, paths, depth in jobs:
        pictures, row = {}, []
        for modality, path in paths.items():
            try:
                pictures[modality] = read_image(path, modality, depth=depth)
            except DatasetError as error:
                row.append(Seen(key=key, modality=modality, path=str(path), fault=str(error)))
            else:
                row.append(see(key, modality, path, pictures[modality]))
        if any(picture.fault for picture in row):
            row = [replace(picture, stored=_stored(Path(picture.path))) for picture in row]
        seen += row
        likenesses += compare(key, pictures)
    return seen, likenesses


def _stored(path: Path) -> str:
    """How a file is stored, whatever its column says."""
    ways: tuple[tuple[str, Modality, DepthUnit], ...] = (
        ("8-bit grey", Modality.DEPTH, "relative"),
        ("16-bit grey", Modality.DEPTH, "millimetres"),
        ("colour", Modality.RGB, "relative"),
    )
    return next((name for name, modality, unit in ways if _reads(path, modality, unit)), "")


def _reads(path: Path, modality: Modality, depth: DepthUnit) -> bool:
    try:
        read_image(path, modality, depth=depth)
    except DatasetError:
        return False
    return True


def see(key: str, modality: Modality, path: Path, picture: Image) -> Seen:
    """One picture in numbers."""
    filled = picture > 0
    level = picture[filled] if modality is Modality.DEPTH and filled.any() else picture
    low, middle, high = np.percentile(level, (1, 50, 99))
    rgb = modality is Modality.RGB
    top = picture.min(axis=-1) if rgb else picture
    return Seen(
        key=key,
        modality=modality,
        path=str(path),
        size=f"{picture.shape[1]}x{picture.shape[0]}",
        digest=hashlib.blake2b(picture.tobytes(), digest_size=16).hexdigest(),
        hash=perceptual_hash(picture) if rgb else b"",
        low=float(low),
        middle=float(middle),
        high=float(high),
        clipped=float((top >= CLIPPED.get(modality, np.inf)).mean()),
        filled=float(filled.mean()),
        colour=float(np.ptp(picture, axis=-1).mean()) if rgb else 0.0,
    )


def perceptual_hash(picture: Image) -> bytes:
    """256 bits that small changes (another scale, compression, brightness) hardly touch."""
    found = imagehash.phash(PIL.Image.fromarray(picture), hash_size=HASH_SIDE)
    return np.packbits(found.hash).tobytes()


def compare(key: str, pictures: Mapping[Modality, Image]) -> list[Likeness]:
    """Every pair of sensors of one row, where both show something: black surrounds are alike."""
    planes = {modality: _planes(picture) for modality, picture in pictures.items()}
    found = []
    for first, second in itertools.combinations(planes, 2):
        both = _inside(planes[first][0]) & _inside(planes[second][0])  # (H, W)
        pairs = list(itertools.product(planes[first], planes[second]))
        whole = max(_correlation(a[both], b[both]) for a, b in pairs)
        detail = max(_correlation(_detail(a)[both], _detail(b)[both]) for a, b in pairs)
        found.append(Likeness(key=key, first=first, second=second, whole=whole, detail=detail))
    return found


def _planes(picture: Image) -> list[Plane]:
    """Thumbnails: grey and the channels of RGB, or the one picture."""
    size = (THUMBNAIL, THUMBNAIL)
    resized = cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    small: Plane = np.asarray(resized, np.float32)  # (h, w) or (h, w, 3)
    if small.ndim == 2:
        return [small]
    return [small @ LUMINANCE, *(small[..., channel] for channel in range(3))]


def _inside(plane: Plane) -> npt.NDArray[np.bool_]:
    """Pixels that show something, away from the outline of what they show."""
    shown = (plane > DARK * plane.max()).astype(np.uint8)
    reach = 2 * round(2 * BLUR) + 1
    inner = cv2.erode(shown, np.ones((reach, reach), np.uint8))
    return inner.astype(np.bool_)


def _detail(plane: Plane) -> Plane:
    return plane - cv2.GaussianBlur(plane, (0, 0), BLUR)


def _correlation(first: npt.NDArray[np.float32], second: npt.NDArray[np.float32]) -> float:
    """0 where one of them is constant, or where too few pixels are left."""
    if first.size < LEAST_PIXELS:
        return 0.0
    a, b = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((a * a).sum(dtype=float) * (b * b).sum(dtype=float)))
    return abs(float((a * b).sum(dtype=float))) / scale if scale > 1e-9 else 0.0
