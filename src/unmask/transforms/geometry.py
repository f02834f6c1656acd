"""One geometry for all modalities of a presentation, so that their pixels stay aligned.

Pictures are averaged when they shrink and interpolated when they grow or turn; depth takes the
nearest pixel instead, as the mean of a face and a hole, or of a face and a wall, is a surface
that does not exist. What lies outside a picture repeats its edge; in depth it is a hole.
"""

from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from unmask.config import ChangeConfig
from unmask.types import Image, Images, Modality

Matrix = npt.NDArray[np.float64]


def resize(images: Images, side: int) -> dict[Modality, Image]:
    """Every picture as a square of ``side`` pixels; a picture of that size is left as it is."""
    return {modality: _resize(picture, modality, side) for modality, picture in images.items()}


def draw_affine(rng: np.random.Generator, augment: ChangeConfig, side: int) -> Matrix:
    """A random (2, 3) map from output pixels to input pixels: mirror, turn, zoom and shift."""
    mirror = -1.0 if rng.random() < augment.flip else 1.0
    angle = np.deg2rad(rng.uniform(-augment.rotate, augment.rotate))
    zoom = 1 + rng.uniform(-augment.scale, augment.scale)
    shift = rng.uniform(-augment.shift, augment.shift, size=2) * side
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([mirror, 1.0]) / zoom  # (2, 2)
    centre = np.full(2, (side - 1) / 2)
    return np.column_stack([linear, centre - linear @ (centre + shift)])  # (2, 3)


def warp(images: Images, matrix: Matrix) -> dict[Modality, Image]:
    """Apply one map from output pixels to input pixels to every picture."""
    return {modality: _warp(picture, modality, matrix) for modality, picture in images.items()}


def _resize(picture: Image, modality: Modality, side: int) -> Image:
    height, width = picture.shape[:2]
    if (height, width) == (side, side):
        return picture
    if modality is Modality.DEPTH:
        method = cv2.INTER_NEAREST_EXACT
    else:
        method = cv2.INTER_AREA if min(height, width) > side else cv2.INTER_LINEAR
    return cast(Image, cv2.resize(picture, (side, side), interpolation=method))


def _warp(picture: Image, modality: Modality, matrix: Matrix) -> Image:
    height, width = picture.shape[:2]
    is_depth = modality is Modality.DEPTH
    method = cv2.INTER_NEAREST if is_depth else cv2.INTER_LINEAR
    outside = cv2.BORDER_CONSTANT if is_depth else cv2.BORDER_REPLICATE
    warped = cv2.warpAffine(
        picture, matrix, (width, height), flags=method | cv2.WARP_INVERSE_MAP, borderMode=outside
    )
    return cast(Image, warped)
