"""Random changes of light and sensor, drawn for each modality on its own.

RGB: exposure, contrast, gamma, colour cast, blur, noise. Infrared and thermal: strength of the
illuminator, gamma, noise. Depth: noise, a slightly wrong scale, holes; its offset needs no change,
as normalisation removes the distance. Strength 1 spans about what two cameras in two rooms differ
by; every draw comes from the generator that is passed in.
"""

import math
from collections.abc import Callable
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from unmask.types import Image, Images, Modality

Array = npt.NDArray[np.float32]


def photometric(
    images: Images, rng: np.random.Generator, *, strength: float, depth: str = "millimetres"
) -> dict[Modality, Image]:
    """Change the light of each picture; strength 0 returns every picture as it is.

    Relative ``depth`` (grey levels from 0 to 255) is changed as infrared is.
    """
    if strength == 0:
        return dict(images)
    changes = _CHANGES if depth == "millimetres" else {**_CHANGES, Modality.DEPTH: _change_grey}
    return {modality: changes[modality](p, rng, strength) for modality, p in images.items()}


def _change_colour(picture: Image, rng: np.random.Generator, strength: float) -> Image:
    """(H, W, 3) uint8 -> the same, through one curve of 256 levels per channel."""
    exposure, contrast, gamma = np.exp(strength * rng.normal(0, [0.2, 0.15, 0.2]))
    tint = np.exp(strength * rng.normal(0, 0.06, size=3))
    level = np.linspace(0, 1, 256)[:, None]  # (256, 1)
    curve = ((level**gamma - 0.5) * contrast + 0.5) * exposure * tint  # (256, 3)
    table = np.clip(np.rint(curve * 255), 0, 255).astype(np.uint8)
    changed = cv2.LUT(picture, table.reshape(1, 256, 3))
    if rng.random() < 0.3:
        changed = cv2.GaussianBlur(changed, (0, 0), strength * rng.uniform(0.3, 1.0))
    if rng.random() < 0.5:
        levels = np.rint(_NORMAL * (strength * rng.uniform(0, 6))).astype(np.int16)  # (N,)
        noise = levels[_places(rng, picture.shape)]
        changed = cv2.add(changed, noise, dtype=cv2.CV_8U)  # stops at 0 and 255
    return np.asarray(changed, np.uint8)


def _change_intensity(picture: Image, rng: np.random.Generator, strength: float) -> Image:
    """(H, W) float32 in [0, 1] -> the same."""
    gain, gamma = np.exp(strength * rng.normal(0, [0.25, 0.15]))
    changed = cast(Array, cv2.pow(np.asarray(picture, np.float32), gamma))
    changed *= np.float32(gain)
    changed += _noise(rng, picture.shape, strength * rng.uniform(0, 0.02))
    return np.clip(changed, 0, 1, out=changed)


def _change_grey(picture: Image, rng: np.random.Generator, strength: float) -> Image:
    """(H, W) float32 in [0, 255] -> the same."""
    levels = np.float32(255)
    share = picture.astype(np.float32) / levels
    return (_change_intensity(share, rng, strength) * levels).astype(np.float32)


def _change_depth(picture: Image, rng: np.random.Generator, strength: float) -> Image:
    """(H, W) float32, 0 = hole -> the same; holes stay holes and some are added."""
    valid = picture > 0
    if not valid.any():
        return picture
    middle = np.float32(np.median(_some(picture, valid)))
    stretch = np.float32(np.exp(strength * rng.normal(0, 0.03)))
    changed = (picture - middle) * stretch
    changed += middle
    changed += _noise(rng, picture.shape, strength * rng.uniform(0, 2))
    np.maximum(changed, 1, out=changed)  # 0 would be a hole
    valid &= _places(rng, picture.shape) >= _NORMAL.size * strength * rng.uniform(0, 0.01)
    height, width = picture.shape
    for _ in range(rng.integers(0, 3)):
        tall, wide = rng.uniform(0, 0.12, size=2) * min(strength, 2)
        top, left = rng.uniform(0, 1, size=2)
        rows = slice(int(top * height), int((top + tall) * height))
        valid[rows, int(left * width) : int((left + wide) * width)] = False
    return np.where(valid, changed, 0).astype(np.float32)


def _some(picture: Image, valid: npt.NDArray[np.bool_]) -> Image:
    """Valid pixels, of every fourth row and column unless there are none: enough for a middle."""
    thin = (slice(None, None, 4), slice(None, None, 4))
    known = picture[thin][valid[thin]]
    return known if known.size else picture[valid]


def _noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> Array:
    """Gaussian, drawn from quantiles: a third of the time that exact draws take."""
    return (_NORMAL * np.float32(sigma))[_places(rng, shape)]


def _places(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.uint16]:
    """Uniform whole numbers from 0 to 65,535."""
    return np.frombuffer(rng.bytes(2 * math.prod(shape)), np.uint16).reshape(shape)


_NORMAL: Array = ndtri((np.arange(2**16) + 0.5) / 2**16).astype(np.float32)
"""Quantiles of the normal distribution, up to 4.2 standard deviations."""


_CHANGES: dict[Modality, Callable[[Image, np.random.Generator, float], Image]] = {
    Modality.RGB: _change_colour,
    Modality.DEPTH: _change_depth,
    Modality.INFRARED: _change_intensity,
    Modality.THERMAL: _change_intensity,
}
