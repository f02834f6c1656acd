"""Raw frames of depth, infrared and thermal sensors to physical units, as settings declare them.

Numbers come from 8- or 16-bit pictures, float TIFF or a NumPy array (.npy). Depth becomes float32
millimetres; what is no distance (0, negative, infinite, NaN, beyond the 65 m that 16 bits hold) is
a hole, 0. Infrared and thermal become a share of full scale, which is that of the bits that the
sensor fills. No unit is guessed: where the numbers cannot be what was declared, that is an error.

MAD normalisation: ``255 (x - median + 3 MAD) / (6 MAD)``, clipped, of the face alone, MAD being the
median distance from the median; levels 0 and 1, a dead field, are left out of both medians. So do
the published baselines of WMCA (George et al., IEEE TIFS 2020), on the box of the face, here on the
crop.

Axes: H W pixels.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from unmask.capture.images import MOST_PIXELS, SIXTEEN_BIT, decode, single_channel
from unmask.config import DepthConfig, IntensityConfig
from unmask.errors import DatasetError
from unmask.types import Image

Array = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.generic]

LEAST_MM, MOST_MM = 10, 65535
"""What the middle distance of a frame can be: outside, it is the unit that is wrong."""
DEVIATIONS = 3
"""Median absolute deviations on either side of the median that 8 bits span."""


def read_depth(path: Path, config: DepthConfig) -> Array:
    """(H, W) millimetres, 0 for holes; with ``relative``, levels from 0 to 255.

    Raises:
        DatasetError: the file is missing, broken, or cannot be what the settings say.
    """
    numbers = read_numbers(path)
    levels = config.unit in ("grey", "relative")
    if (numbers.dtype == np.uint8) != levels:
        raise DatasetError(
            f"{path} holds {numbers.dtype} numbers, and depth.unit is {config.unit}; 8-bit depth "
            "is grey (with depth.grey_mm) or relative, any other is millimetres, metres or z16"
        )
    if config.unit == "relative":
        return numbers.astype(np.float32)
    depth = _millimetres(numbers.astype(np.float32), config)
    known = depth[depth > 0]
    middle = float(np.median(known)) if known.size else LEAST_MM
    if not LEAST_MM <= middle <= MOST_MM:
        raise DatasetError(
            f"{path} has a middle distance of {middle:.4g} mm if depth.unit is {config.unit}; "
            "choose the unit or the scale that the sensor writes"
        )
    return np.where(depth <= MOST_MM, depth, np.float32(0))


def _millimetres(numbers: Array, config: DepthConfig) -> Array:
    if config.unit == "grey":
        first, last = config.grey_mm
        depth = first + (numbers - 1) * np.float32((last - first) / 254)
        return np.where(numbers > 0, depth, 0).astype(np.float32)
    step = {"millimetres": 1.0, "metres": 1000.0, "z16": config.scale_mm}[config.unit]
    known = np.isfinite(numbers) & (numbers > 0)
    return np.where(known, numbers, np.float32(0)) * np.float32(step)


def read_intensity(path: Path, config: IntensityConfig) -> tuple[Array, float]:
    """(H, W) share of full scale, and the share that one level is (0 for fractions in a file).

    Raises:
        DatasetError: the file is missing, broken, or has more than the declared bits.
    """
    numbers = read_numbers(path)
    if not np.issubdtype(numbers.dtype, np.unsignedinteger):
        return _fractions(path, numbers), 0.0
    bits = config.bits or 8 * numbers.dtype.itemsize
    full = 2**bits - 1
    highest = int(numbers.max())
    if highest > full:
        raise DatasetError(
            f"{path} has the value {highest}, but {bits} bits reach to {full}; correct the setting "
            "bits of this sensor, or leave it out"
        )
    return numbers.astype(np.float32) / np.float32(full), 1 / full


def _fractions(path: Path, numbers: Numbers) -> Array:
    share = np.nan_to_num(numbers.astype(np.float32), nan=0.0, posinf=np.inf, neginf=-np.inf)
    if numbers.dtype.kind != "f" or share.min() < 0 or share.max() > 1:
        raise DatasetError(
            f"{path} holds {numbers.dtype} numbers from {share.min():.6g} to {share.max():.6g}; "
            "infrared and thermal are 8- or 16-bit whole numbers, or fractions from 0 to 1"
        )
    return share


def read_numbers(path: Path) -> Numbers:
    """What a file with one channel holds, as it is: (H, W).

    Raises:
        DatasetError: it is missing, broken, too large, or has several channels that differ.
    """
    if path.suffix.lower() == ".npy":
        return _array(path)
    picture = decode(path)
    if picture.mode in SIXTEEN_BIT:
        return np.asarray(picture).astype(np.uint16)
    if picture.mode in ("I", "F"):
        return np.asarray(picture)
    grey = single_channel(picture)
    if grey is None:
        raise DatasetError(
            f"{path} is of mode {picture.mode}; a frame of depth, infrared or thermal has one "
            "channel of 8 or 16 bits or of fractions, or three equal ones"
        )
    return grey


def _array(path: Path) -> Numbers:
    try:
        numbers: Numbers = np.load(path, mmap_mode="r", allow_pickle=False)  # the header alone
    except FileNotFoundError as error:
        raise DatasetError(f"no array {path}; check the path") from error
    except Exception as error:  # damaged bytes raise whatever they please
        why = " ".join(str(error).split())
        raise DatasetError(f"cannot read {path}: {why}; write the array again") from error
    if numbers.ndim != 2 or not 0 < numbers.size <= MOST_PIXELS or numbers.dtype.kind not in "uif":
        raise DatasetError(
            f"{path} holds {numbers.dtype} numbers of shape {numbers.shape}; a frame has a height "
            f"and a width, and at most {MOST_PIXELS:,} pixels"
        )
    return np.array(numbers)


def clip_to_face(depth: Array, window_mm: float) -> Array:
    """Depth at most so far before and behind the middle of the face; holes stay holes."""
    middle = face_distance(depth)
    if not middle:
        return depth
    near, far = max(1.0, middle - window_mm), middle + window_mm
    return np.where(depth > 0, np.clip(depth, near, far), 0).astype(np.float32)


def face_distance(depth: Array) -> float:
    """Median of what is known in the central half of a face crop, else anywhere; 0: nothing is."""
    height, width = depth.shape
    centre = depth[height // 4 : height - height // 4, width // 4 : width - width // 4]
    for part in (centre, depth):
        if (part > 0).any():
            return float(np.median(part[part > 0]))
    return 0.0


def mad_range(face: Image, level: float) -> tuple[float, float] | None:
    """The values that become 0 and 255; None where the face is flat. ``level`` is one step."""
    known = face[face > level]
    if not known.size:
        return None
    median = float(np.median(known))
    reach = DEVIATIONS * float(np.median(np.abs(known - np.float32(median))))
    return (median - reach, median + reach) if reach > 0 else None


def spread(values: Image, low: float, high: float) -> npt.NDArray[np.uint8]:
    """Values between ``low`` and ``high`` as 8-bit levels; what is outside is clipped."""
    levels = (values.astype(np.float64) - low) / (high - low) * 255
    return np.clip(levels, 0, 255).astype(np.uint8)
