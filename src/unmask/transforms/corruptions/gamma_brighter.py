"""Tones too bright: colour and infrared through a gamma curve below 1, by scikit-image.

Black and white stay; what lies between is moved, as by a camera with another tone curve.
"""

import numpy as np

from unmask.transforms.corruptions import toned
from unmask.types import Images, Modality

MODALITIES = (Modality.RGB, Modality.INFRARED, Modality.THERMAL)
UNIT = "exponent {}"
LEVELS = (0.67, 0.5, 0.33, 0.25)


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Shares of full scale to the power of ``level``."""
    return toned(images, MODALITIES, rng, exponent=level)
