"""The depth sensor tells coarse steps: a face becomes a stack of terraces.

Stereo and structured light do so: their steps are those of the disparity, which grow with the
distance; within the depth of one face they are about equal.
"""

import numpy as np

from unmask.transforms.corruptions import each
from unmask.types import Image, Images, Modality

MODALITIES = (Modality.DEPTH,)
UNIT = "steps of {} mm"
LEVELS = (2.0, 5.0, 10.0, 20.0)
IN_MILLIMETRES = True


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Depth in multiples of ``level`` mm; holes stay holes, and nothing else becomes one."""

    def step(picture: Image, _: Modality, rng: np.random.Generator) -> Image:
        coarse = np.maximum(np.rint(picture / np.float32(level)), 1) * np.float32(level)
        return np.where(picture > 0, coarse, np.float32(0))

    return each(images, MODALITIES, rng, step)
