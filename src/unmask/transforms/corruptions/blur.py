"""Out of focus: a Gaussian blur of colour and infrared, by OpenCV.

Depth stays as it is: its sensor, where it has a lens, answers with holes and noise instead.
"""

from typing import cast

import cv2
import numpy as np

from unmask.transforms.corruptions import each, pixels
from unmask.types import Image, Images, Modality

MODALITIES = (Modality.RGB, Modality.INFRARED, Modality.THERMAL)
UNIT = "{} px standard deviation"
LEVELS = (1.0, 2.0, 4.0, 8.0)


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Pictures blurred by ``level`` pixels, of a crop of the usual width."""

    def blur(picture: Image, _: Modality, rng: np.random.Generator) -> Image:
        return cast(Image, cv2.GaussianBlur(picture, (0, 0), pixels(level, picture)))

    return each(images, MODALITIES, rng, blur)
