"""The infrared lamp flashes out of step: some of the rows are exposed while it is off.

Sensors with a rolling shutter expose one row after the other, so that a flash that is too short or
too late leaves a band of rows to the light of the room. Where the band begins is drawn; what
reaches beyond the last row goes on at the first, as with the next flash.
"""

import numpy as np
from scipy.ndimage import gaussian_filter1d

from unmask.transforms.corruptions import each, eight_bit
from unmask.types import Image, Images, Modality

MODALITIES = (Modality.INFRARED,)
UNIT = "{} % of the rows unlit"
LEVELS = (25.0, 50.0, 75.0, 100.0)

ROOM = 0.05
"""Light of the room, in units of the lamp's."""
EDGE = 0.02
"""Standard deviation of the edge of the band, in heights of the picture."""


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Infrared with ``level`` % of its rows lit by the room alone."""

    def strobe(picture: Image, _: Modality, rng: np.random.Generator) -> Image:
        height = picture.shape[0]
        behind = (np.arange(height) / height - rng.random()) % 1  # (H,) since the band began
        lit = np.where(behind < level / 100, ROOM, 1.0)
        lit = gaussian_filter1d(lit, EDGE * height, mode="wrap")
        return eight_bit(picture * lit[:, None])

    return each(images, MODALITIES, rng, strobe)
