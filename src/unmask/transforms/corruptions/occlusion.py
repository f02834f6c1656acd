"""Something is held before the face: one dull ellipse, in the same place for every sensor.

Place, shape, colour and infrared tone are drawn; it is nearer than all that it hides. It covers
exactly the stated share of the crop, and each level hides what the milder ones do.
"""

import numpy as np
import numpy.typing as npt

from unmask.transforms.corruptions import each
from unmask.types import Image, Images, Modality

MODALITIES = (Modality.RGB, Modality.DEPTH, Modality.INFRARED, Modality.THERMAL)
UNIT = "{} % of the crop hidden"
LEVELS = (5.0, 10.0, 20.0, 35.0)
IN_MILLIMETRES = True

BEFORE_MM = 30.0
"""How much nearer it is than the nearest that it hides."""


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Pictures with ``level`` % hidden."""
    place, angle, long = rng.normal(0, 0.12, 2), rng.uniform(0, np.pi), rng.uniform(1, 2)

    def hide(picture: Image, modality: Modality, rng: np.random.Generator) -> Image:
        hidden = _nearest_share(picture.shape[:2], place, angle, long, level / 100)
        covered = picture.copy()
        if modality is Modality.RGB:
            covered[hidden] = rng.integers(30, 200, 3)
        elif modality is Modality.DEPTH:
            seen = picture[hidden & (picture > 0)]
            covered[hidden] = max(seen.min() - BEFORE_MM, 1) if seen.size else 0
        else:
            covered[hidden] = rng.uniform(0.1, 0.6)
        return covered

    return each(images, MODALITIES, rng, hide)


def _nearest_share(
    shape: tuple[int, ...],
    place: npt.NDArray[np.float64],
    angle: float,
    long: float,
    share: float,
) -> npt.NDArray[np.bool_]:
    """(H, W) the pixels of an ellipse so large that it covers ``share`` of the picture."""
    height, width = shape
    y, x = np.mgrid[:height, :width]  # (H, W)
    right, down = (x + 0.5) / width - 0.5 - place[0], (y + 0.5) / height - 0.5 - place[1]
    along = right * np.cos(angle) + down * np.sin(angle)
    across = down * np.cos(angle) - right * np.sin(angle)
    distance = np.hypot(along / long, across)
    return np.asarray(distance <= np.quantile(distance, share))
