"""What lenses and sensors do to a whole picture: average over pixels, blur, smear, shift.

Axes: P samples per side, H pixels per side.
"""

from __future__ import annotations

import cv2
import numpy as np

from unmask.sim.body.heads import Floats


def shrink(picture: Floats, side: int) -> Floats:
    """Mean over the samples of each pixel: (P, P, ...) -> (H, H, ...)."""
    return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA), np.float32)


def nearest(picture: Floats, side: int) -> Floats:
    """One sample of each pixel: (P, P) -> (H, H)."""
    small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_NEAREST)
    return np.asarray(small, np.float32)


def blur(picture: Floats, sigma: float) -> Floats:
    """Gaussian blur, ``sigma`` in pixels."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)


def smear(picture: Floats, length: float, angle: float) -> Floats:
    """Straight motion of ``length`` pixels (at most 4) during the exposure."""
    kernel = np.zeros((7, 7), np.float32)
    for t in np.linspace(-0.5, 0.5, 9):
        x, y = 3 + t * length * np.cos(angle), 3 + t * length * np.sin(angle)
        column, row = int(x), int(y)
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            weight = (1 - abs(x - column - dx)) * (1 - abs(y - row - dy))
            kernel[row + dy, column + dx] += weight
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.float32)


def shift(
    picture: Floats, offset: tuple[float, float], *, whole: bool, lean: float = 0.0
) -> Floats:
    """Move by a fraction of a pixel, edges repeated; ``whole`` mixes no neighbours.

    Each row is moved ``lean`` pixels further than the one above, as motion does under a rolling
    shutter; the middle row stays.
    """
    middle = (picture.shape[0] - 1) / 2
    matrix = np.array([[1, lean, offset[0] - lean * middle], [0, 1, offset[1]]], np.float32)
    how = cv2.INTER_NEAREST if whole else cv2.INTER_LINEAR
    size = (picture.shape[1], picture.shape[0])
    moved = cv2.warpAffine(picture, matrix, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)
