"""Arrays of HDF5 and npz files to pictures in physical units, as ``read_image`` does with images.

Colour is (3, H, W), red first; anything else (H, W). Values are 8-bit levels, 16-bit levels (not of
colour) or fractions of the sensor's full scale in floating point. Depth in millimetres is 16-bit;
as grey levels (``data.depth=relative``) it is 8-bit or a fraction, and becomes 0 to 255.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from unmask.containers import Member, read
from unmask.errors import DatasetError
from unmask.types import Image, Modality

Array = npt.NDArray[Any]


def read_array(inside: Member, modality: Modality, *, relative: bool) -> Image:
    """A picture inside of a file, in the unit of its modality (see ``types.Images``).

    Raises:
        DatasetError: it cannot be read, or is not what this modality is stored as.
    """
    array = read(inside)
    axes = 3 if modality is Modality.RGB else 2
    if array.ndim != axes or not array.size or (axes == 3 and len(array) != 3):
        raise _unfit(inside, array, "(3, H, W) in colour, else (H, W), with pixels")
    if modality is Modality.RGB:
        levels = array if array.dtype == np.uint8 else np.rint(255 * _fractions(inside, array))
        return np.ascontiguousarray(levels.transpose(1, 2, 0), dtype=np.uint8)  # (H, W, 3)
    if modality is Modality.DEPTH:
        return _depth(inside, array, relative=relative)
    if array.dtype == np.uint16:
        return array.astype(np.float32) / np.float32(65535)  # (H, W)
    if array.dtype == np.uint8:
        return array.astype(np.float32) / np.float32(255)  # (H, W)
    return _fractions(inside, array)  # (H, W)


def _depth(inside: Member, array: Array, *, relative: bool) -> npt.NDArray[np.float32]:
    if not relative:
        if array.dtype == np.uint16:
            return array.astype(np.float32)  # (H, W)
        raise _unfit(
            inside, array, "16-bit where depth is in millimetres; else set data.depth=relative"
        )
    if array.dtype == np.uint8:
        return array.astype(np.float32)  # (H, W)
    return _fractions(inside, array) * np.float32(255)  # (H, W)


def _fractions(inside: Member, array: Array) -> npt.NDArray[np.float32]:
    if array.dtype.kind != "f":
        raise _unfit(inside, array, "8-bit levels or fractions from 0 to 1")
    if not (array.min() >= 0 and array.max() <= 1):  # so put that NaN fails it too
        raise DatasetError(
            f"{inside.address} has values from {array.min():.4g} to {array.max():.4g}; fractions "
            "are from 0 to 1; is it another channel, or in another unit?"
        )
    return array.astype(np.float32)


def _unfit(inside: Member, array: Array, allowed: str) -> DatasetError:
    shape = " x ".join(map(str, array.shape))
    return DatasetError(
        f"{inside.address} is an array of {shape or 'one number'}, {array.dtype}; pictures of its "
        f"kind are {allowed}"
    )
