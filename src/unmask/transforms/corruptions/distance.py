"""The person is farther away: fewer pixels, less of the lamp's light, noisier depth.

Pictures are averaged to so many times fewer pixels across and enlarged again. Infrared falls with
the square of the distance, as a lamp beside the lens does, and keeps 256 levels. Depth grows and
takes the nearest pixel; its noise grows as that of a structured-light sensor, whose standard
deviation is 1.2 + 1.9 (z - 0.4)^2 mm at z metres (Nguyen, Izadi and Lovell, Modeling Kinect Sensor
Noise for Improved 3D Reconstruction and Tracking, 2012). A camera that exposes longer, or a model
that is shown its own crop of the distant face, would lose less light.
"""

from typing import cast

import cv2
import numpy as np

from unmask.transforms.corruptions import each, eight_bit
from unmask.types import Image, Images, Modality

MODALITIES = (Modality.RGB, Modality.DEPTH, Modality.INFRARED, Modality.THERMAL)
UNIT = "{} times as far"
LEVELS = (1.5, 2.0, 3.0, 4.0)
IN_MILLIMETRES = True


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Pictures from ``level`` times as far away, cut to the same face."""

    def recede(picture: Image, modality: Modality, rng: np.random.Generator) -> Image:
        height, width = picture.shape[:2]
        small = max(1, round(width / level)), max(1, round(height / level))
        if modality is Modality.DEPTH:
            fewer = cv2.resize(picture, small, interpolation=cv2.INTER_NEAREST_EXACT)
            farther = _farther(cast(Image, fewer), level, rng)
            return cast(
                Image, cv2.resize(farther, (width, height), interpolation=cv2.INTER_NEAREST)
            )
        fewer = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
        coarse = cast(Image, cv2.resize(fewer, (width, height), interpolation=cv2.INTER_LINEAR))
        if modality is Modality.INFRARED:
            return eight_bit(np.asarray(coarse / level**2, np.float32))
        return coarse

    return each(images, MODALITIES, rng, recede)


def _farther(depth: Image, times: float, rng: np.random.Generator) -> Image:
    seen = depth > 0
    if not seen.any():
        return depth
    near = float(np.median(depth[seen]))
    added = max(_noise_mm(times * near) ** 2 - _noise_mm(near) ** 2, 0) ** 0.5
    noise = np.float32(added) * rng.standard_normal(depth.shape, dtype=np.float32)
    moved = np.maximum(depth + np.float32((times - 1) * near) + noise, 1)
    return np.where(seen, moved, np.float32(0))


def _noise_mm(depth_mm: float) -> float:
    """Standard deviation of a depth of so many millimetres."""
    return 1.2 + 1.9 * (depth_mm / 1000 - 0.4) ** 2
