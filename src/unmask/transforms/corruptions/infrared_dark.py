"""The infrared lamp is too weak: less light, the same noise, and 256 levels for what is left.

An EV, or stop, is half the light. The noise that a sensor adds when it is read does not fall with
the light; its standard deviation is taken as one level of 255.
"""

import numpy as np

from unmask.transforms.corruptions import each, eight_bit
from unmask.types import Image, Images, Modality

MODALITIES = (Modality.INFRARED,)
UNIT = "{} EV less light"
LEVELS = (1.0, 2.0, 4.0, 6.0)

READ_NOISE = 1 / 255
"""Standard deviation, in full scales."""


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Infrared at ``2 ** -level`` of its light."""

    def darken(picture: Image, _: Modality, rng: np.random.Generator) -> Image:
        noise = READ_NOISE * rng.standard_normal(picture.shape, dtype=np.float32)
        return eight_bit(picture * np.float32(2**-level) + noise)

    return each(images, MODALITIES, rng, darken)
