"""Noise of the sensors: Gaussian, in each pixel by itself, by scikit-image and, for depth, by us.

Severity is the standard deviation: in per cent of full scale for colour and infrared, in
millimetres for depth. A pixel without a depth stays without one.
"""

import numpy as np

from unmask.transforms.corruptions import each
from unmask.types import Image, Images, Modality

MODALITIES = (Modality.RGB, Modality.DEPTH, Modality.INFRARED, Modality.THERMAL)
UNIT = "{} % of full scale, mm of depth"
LEVELS = (2.0, 5.0, 10.0, 20.0)
IN_MILLIMETRES = True


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Pictures with noise of the standard deviation ``level``."""
    from skimage.util import random_noise  # slow to import

    def disturb(picture: Image, modality: Modality, rng: np.random.Generator) -> Image:
        if modality is Modality.DEPTH:
            noise = np.float32(level) * rng.standard_normal(picture.shape, dtype=np.float32)
            return np.where(picture > 0, np.maximum(picture + noise, 1), np.float32(0))
        variance = (level / 100) ** 2
        noisy = np.asarray(random_noise(picture, mode="gaussian", rng=rng, var=variance))  # type: ignore[no-untyped-call]
        if modality is Modality.RGB:
            return np.asarray(np.rint(noisy * 255), np.uint8)
        return np.asarray(noisy, np.float32)

    return each(images, MODALITIES, rng, disturb)
