"""Random changes of light and sensor, drawn for each modality on its own.

RGB: exposure, contrast, gamma, colour cast, blur, noise. Infrared and thermal: strength of the
illuminator, gamma, noise. Depth: noise, a slightly wrong scale, holes; its offset needs no change,
as normalisation removes the distance. Strength 1 spans about what two cameras in two rooms differ
by; every draw comes from the generator that is passed in.
"""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

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
    cast = np.exp(strength * rng.normal(0, 0.06, size=3))
    level = np.linspace(0, 1, 256)[:, None]  # (256, 1)
    curve = ((level**gamma - 0.5) * contrast + 0.5) * exposure * cast  # (256, 3)
    table = np.clip(np.rint(curve * 255), 0, 255).astype(np.uint8)
    changed = cv2.LUT(picture, table.reshape(1, 256, 3))
    if rng.random() < 0.3:
        changed = cv2.GaussianBlur(changed, (0, 0), strength * rng.uniform(0.3, 1.0))
    if rng.random() < 0.5:
        noise = _noise(rng, picture.shape, strength * rng.uniform(0, 6))
        changed = np.clip(np.rint(changed + noise), 0, 255)
    return np.asarray(changed, np.uint8)


def _change_intensity(picture: Image, rng: np.random.Generator, strength: float) -> Image:
    """(H, W) float32 in [0, 1] -> the same."""
    gain, gamma = np.exp(strength * rng.normal(0, [0.25, 0.15]))
    noise = _noise(rng, picture.shape, strength * rng.uniform(0, 0.02))
    changed = np.power(picture, np.float32(gamma)) * np.float32(gain) + noise
    return np.clip(changed.astype(np.float32), 0, 1)


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
    middle = np.float32(np.median(picture[valid]))
    stretch = np.float32(np.exp(strength * rng.normal(0, 0.03)))
    noise = _noise(rng, picture.shape, strength * rng.uniform(0, 2))
    changed = np.maximum((picture - middle) * stretch + middle + noise, 1)  # 0 would be a hole
    valid &= rng.random(picture.shape, dtype=np.float32) >= strength * rng.uniform(0, 0.01)
    height, width = picture.shape
    for _ in range(rng.integers(0, 3)):
        tall, wide = rng.uniform(0, 0.12, size=2) * min(strength, 2)
        top, left = rng.uniform(0, 1, size=2)
        rows = slice(int(top * height), int((top + tall) * height))
        valid[rows, int(left * width) : int((left + wide) * width)] = False
    return np.where(valid, changed, 0).astype(np.float32)


def _noise(rng: np.random.Generator, shape: tuple[int, ...], sigma: float) -> Array:
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(sigma)


_CHANGES: dict[Modality, Callable[[Image, np.random.Generator, float], Image]] = {
    Modality.RGB: _change_colour,
    Modality.DEPTH: _change_depth,
    Modality.INFRARED: _change_intensity,
    Modality.THERMAL: _change_intensity,
}
