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
    image = np.zeros((len(modalities), 3, side, side), np.float32)  # (M, 3, H, W)
    present = np.array([modality in images for modality in modalities])  # (M,)
    resized = resize(images, side)
    for m, modality in enumerate(modalities):
        if present[m]:
            image[m] = normalize(resized[modality], modality, preprocessing)
    return image, present


def normalize(picture: Image, modality: Modality, preprocessing: Preprocessing) -> Array:
    """One decoded picture as (3, H, W); a single channel is repeated."""
    values = picture.astype(np.float32)
    if modality is Modality.RGB:
        return values.transpose(2, 0, 1) / np.float32(127.5) - 1  # (3, H, W)
    if modality is not Modality.DEPTH:
        channel = values * 2 - 1  # (H, W)
    elif preprocessing.depth == "relative":
        channel = values / np.float32(127.5) - 1
    else:
        channel = _nearness(values, preprocessing.depth_range_mm)
    return np.broadcast_to(channel, (3, *channel.shape))


def _nearness(depth: Array, range_mm: float) -> Array:
    valid = depth > 0  # (H, W)
    height, width = depth.shape
    centre = (slice(height // 4, height - height // 4), slice(width // 4, width - width // 4))
    known = depth[centre][valid[centre]]
    if known.size == 0:
        known = depth[valid]
    if known.size == 0:
        return np.full_like(depth, -1)
    near = np.clip((np.float32(np.median(known)) - depth) / np.float32(range_mm), -1, 1)
    return np.where(valid, near, np.float32(-1))  # (H, W)
