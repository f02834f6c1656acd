"""Tones too dark: colour and infrared through a gamma curve above 1, by scikit-image.

Black and white stay; what lies between is moved, as by a camera with another tone curve.
"""

import numpy as np

from unmask.transforms.corruptions import toned
from unmask.types import Images, Modality

MODALITIES = (Modality.RGB, Modality.INFRARED, Modality.THERMAL)
UNIT = "exponent {}"
LEVELS = (1.5, 2.0, 3.0, 4.0)


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Shares of full scale to the power of ``level``."""
    return toned(images, MODALITIES, rng, exponent=level)
