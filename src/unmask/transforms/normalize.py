"""Decoded pictures to the numbers that a model sees: float32, three channels, -1 to 1.

RGB, infrared, thermal: ``(x - 0.5) / 0.5`` of full scale. Depth in millimetres: nearness to the
median of the valid pixels in the central half, ``(median - depth) / range``, clipped to [-1, 1], so
that nearer is larger and the distance of the person drops out; holes are -1, the farthest. Depth
in 8-bit grey levels counts as normalised by whoever made it and is only scaled, as RGB is.

Axes: M modalities, H W pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from unmask.errors import ConfigError
from unmask.transforms.geometry import resize
from unmask.types import Image, Images, Modality

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Preprocessing:
    """How pictures become model input; travels with every checkpoint."""

    image_size: int
    """Side of the square face crop that the model sees, in pixels."""
    crop_version: str
    """Which rule made the face crops (``capture.crop.CROP_VERSION``)."""
    depth: Literal["millimetres", "relative"] = "millimetres"
    """What a depth value means."""
    depth_range_mm: float = 150.0
    """Distance from the median that becomes -1 (behind) or 1 (before); a head is about as deep."""

    def __post_init__(self) -> None:
        if self.image_size < 1 or not self.depth_range_mm > 0:
            raise ConfigError(
                f"image_size is {self.image_size} and depth_range_mm {self.depth_range_mm}; "
                "both must be above 0"
            )


def stack(
    images: Images, modalities: Sequence[Modality], preprocessing: Preprocessing
) -> tuple[Array, npt.NDArray[np.bool_]]:
    """Resize and normalise what was captured; what was not is exactly zero and not present."""
    side = preprocessing.image_size
    image = np.empty((len(modalities), 3, side, side), np.float32)  # (M, 3, H, W)
    present = np.array([modality in images for modality in modalities])  # (M,)
    resized = resize(images, side)
    for m, modality in enumerate(modalities):
        if present[m]:
            _fill(image[m], resized[modality], modality, preprocessing)
        else:
            image[m] = 0
    return image, present


def normalize(picture: Image, modality: Modality, preprocessing: Preprocessing) -> Array:
    """One decoded picture as (3, H, W); a single channel is repeated."""
    out = np.empty((3, *picture.shape[:2]), np.float32)  # (3, H, W)
    _fill(out, picture, modality, preprocessing)
    return out


def _fill(out: Array, picture: Image, modality: Modality, preprocessing: Preprocessing) -> None:
    """Write a normalised picture to (3, H, W), without further copies of it."""
    if modality is Modality.RGB:
        for plane, levels in zip(out, cv2.split(picture), strict=True):
            cv2.LUT(levels, _LEVELS, dst=plane)
        return
    channel = out[0]  # (H, W)
    if modality is not Modality.DEPTH:
        np.multiply(picture, np.float32(2), out=channel)
        channel -= 1
    elif preprocessing.depth == "relative":
        np.divide(picture, np.float32(127.5), out=channel)
        channel -= 1
    else:
        _nearness(channel, picture, preprocessing.depth_range_mm)
    out[1:] = channel


def _nearness(out: Array, depth: Image, range_mm: float) -> None:
    valid = depth > 0  # (H, W)
    height, width = depth.shape
    centre = (slice(height // 4, height - height // 4), slice(width // 4, width - width // 4))
    known = depth[centre][valid[centre]]
    if known.size == 0:
        known = depth[valid]
    if known.size:
        np.subtract(np.float32(np.median(known)), depth, out=out)
        out /= np.float32(range_mm)
        np.minimum(out, 1, out=out)
        np.maximum(out, -1, out=out)
    np.copyto(out, np.float32(-1), where=~valid)


_LEVELS = np.arange(256, dtype=np.float32)[None] / np.float32(127.5) - 1  # (1, 256)
"""What each of 256 levels becomes."""
