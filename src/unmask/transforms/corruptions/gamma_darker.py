"""Tones too dark: colour and infrared through a gamma curve above 1, by scikit-image.

Black and white stay; what lies between is moved, as by a camera with another tone curve.
"""

from typing import cast

import numpy as np

from unmask.transforms.corruptions import each
from unmask.types import Image, Images, Modality

MODALITIES = (Modality.RGB, Modality.INFRARED, Modality.THERMAL)
UNIT = "exponent {}"
LEVELS = (1.5, 2.0, 3.0, 4.0)


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Shares of full scale to the power of ``level``."""
    from skimage.exposure import adjust_gamma  # slow to import

    def curve(picture: Image, _: Modality, rng: np.random.Generator) -> Image:
        changed = adjust_gamma(picture, level)  # type: ignore[no-untyped-call]
        return cast(Image, changed.astype(picture.dtype))

    return each(images, MODALITIES, rng, curve)
