"""The depth sensor sees nothing in places: patches of holes, as on hair, glass and dark cloth.

The patches are where smooth noise is lowest, so that those of a level lie within those of the next.
"""

import cv2
import numpy as np

from unmask.transforms.corruptions import each, pixels
from unmask.types import Image, Images, Modality

MODALITIES = (Modality.DEPTH,)
UNIT = "{} % of the seen pixels lost"
LEVELS = (5.0, 15.0, 30.0, 60.0)

PATCH = 7.0
"""Standard deviation that smooths the noise, in pixels of a crop of the usual width."""


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Depth with ``level`` % of its pixels turned to holes."""

    def pierce(picture: Image, _: Modality, rng: np.random.Generator) -> Image:
        field = cv2.GaussianBlur(rng.standard_normal(picture.shape), (0, 0), pixels(PATCH, picture))
        seen = picture > 0
        if not seen.any():
            return picture
        lost = field < np.quantile(field[seen], level / 100)
        return np.where(lost, np.float32(0), picture)

    return each(images, MODALITIES, rng, pierce)
