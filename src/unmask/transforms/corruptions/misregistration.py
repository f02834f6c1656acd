"""The sensors are not aligned: what one sees here, another sees some pixels away.

Colour stays where it is. Depth and infrared (or thermal) are moved, each by the same length, at 60
degrees to each other in a direction that is drawn: so any two of colour, depth and infrared are
``level`` pixels apart. A pixel is about a millimetre of the face.
"""

import numpy as np

from unmask.transforms.corruptions import pixels
from unmask.transforms.geometry import warp
from unmask.types import Images, Modality

MODALITIES = (Modality.RGB, Modality.DEPTH, Modality.INFRARED, Modality.THERMAL)
UNIT = "{} px between sensors"
LEVELS = (2.0, 5.0, 10.0, 20.0)
SENSORS = 2

DEGREES = {Modality.DEPTH: 0.0, Modality.INFRARED: 60.0, Modality.THERMAL: -60.0}
"""Of each sensor that is moved, from the direction that is drawn."""


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Pictures ``level`` pixels apart, of a crop of the usual width."""
    drawn = rng.uniform(0, 2 * np.pi)
    moved = dict(images)
    for modality in images.keys() & DEGREES.keys():
        angle, length = drawn + np.deg2rad(DEGREES[modality]), pixels(level, images[modality])
        shift = length * np.array([np.cos(angle), np.sin(angle)])
        moved |= warp({modality: images[modality]}, np.column_stack([np.eye(2), shift]))
    return moved
