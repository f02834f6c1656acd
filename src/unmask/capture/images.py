"""Image files to arrays in physical units, or one line that says why not.

RGB comes from PNG or JPEG, brought to 8 bits; depth from 16-bit single-channel PNG in millimetres
(0 = hole), or from 8-bit grey levels where the data set is said to have those; infrared and thermal
from 8- or 16-bit single-channel files, divided by the full scale of their type. The orientation
that a camera writes into EXIF is applied, and every file is decoded to its last pixel, so that a
truncated one is an error rather than a grey stripe. A file that declares a picture larger than
``MOST_PIXELS`` is refused by its header, before anything is decoded. Pictures inside of HDF5 and
npz files are addressed as ``unmask.containers`` says and read by ``unmask.capture.arrays``; usual
files are decoded by ``unmask.capture.decoding``, all others by Pillow, to the same pixels.
"""

import warnings
from pathlib import Path
from typing import Literal

import numpy as np
import PIL.Image
import PIL.ImageOps

from unmask.capture.arrays import read_array
from unmask.capture.decoding import decode_usual, in_unit
from unmask.containers import member
from unmask.errors import DatasetError
from unmask.types import Image, Modality

DepthUnit = Literal["millimetres", "relative"]

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff")
"""Files of a folder that count as images, in small or capital letters."""
MOST_PIXELS = 2**27
"""A picture with more is taken for a trap: 134 million, 400 megabytes of colour."""
SIXTEEN_BIT = ("I;16", "I;16L", "I;16B", "I;16N")
"""Pillow's names for 16-bit grey."""

_GREY = ("L",)
_COLOUR = ("RGB", "RGBA", "RGBX", "L", "LA", "P", "PA", "CMYK", "YCbCr")
_THREE_CHANNELS = ("RGB", "RGBA", "RGBX")


def read_image(path: Path, modality: Modality, *, depth: DepthUnit = "millimetres") -> Image:
    """Decode one file in the unit of its modality (see ``types.Images``).

    With ``depth="relative"`` a depth image has 8-bit grey levels, which stay 0 to 255 as float32.

    Raises:
        DatasetError: the file is missing, broken, or not what this modality is stored as.
    """
    inside = member(path)
    if inside is not None:
        return read_array(inside, modality, relative=depth == "relative")
    usual = decode_usual(path, most_pixels=MOST_PIXELS)
    if usual is not None:
        image = in_unit(usual, modality, relative=depth == "relative")
        if image is not None:
            return image
    picture = decode(path)  # which says what is wrong with a picture that is not as it must be
    if modality is Modality.RGB:
        return _colour(path, picture)
    if modality is Modality.DEPTH:
        return _millimetres(path, picture) if depth == "millimetres" else _levels(path, picture)
    return _intensity(path, picture, modality)


def decode(path: Path) -> PIL.Image.Image:
    """A picture file, decoded to its last pixel and turned as its camera noted.

    Raises:
        DatasetError: it is missing, broken, or declares more than ``MOST_PIXELS``.
    """
    try:
        with warnings.catch_warnings():  # a large photograph is welcome; a bomb is an error
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)
            picture = PIL.Image.open(path)
        with picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise PIL.Image.DecompressionBombError(f"{picture.width} x {picture.height}")
            picture.load()
            return PIL.ImageOps.exif_transpose(picture)
    except FileNotFoundError as error:
        raise DatasetError(f"no image {path}; check the path") from error
    except PIL.UnidentifiedImageError as error:
        raise DatasetError(f"{path} is not an image; PNG and JPEG files are read") from error
    except PIL.Image.DecompressionBombError as error:
        raise DatasetError(
            f"{path} declares a picture of more than {MOST_PIXELS:,} pixels ({error}); it was not "
            "decoded; make it smaller"
        ) from error
    except Exception as error:  # a damaged file makes Pillow's parsers raise almost anything
        why = " ".join(str(error).split())
        raise DatasetError(f"cannot read {path}: {why}; copy or export the file again") from error


def _colour(path: Path, picture: PIL.Image.Image) -> Image:
    if picture.mode not in _COLOUR:
        raise _unfit(path, picture, "a colour image is 8-bit RGB or grey")
    return np.asarray(picture.convert("RGB"), dtype=np.uint8)  # (H, W, 3)


def _millimetres(path: Path, picture: PIL.Image.Image) -> Image:
    if picture.mode in SIXTEEN_BIT:
        return np.asarray(picture).astype(np.float32)  # (H, W)
    raise _unfit(
        path,
        picture,
        "depth is a 16-bit single-channel PNG in millimetres; for 8-bit grey levels set "
        "data.depth=relative",
    )


def _levels(path: Path, picture: PIL.Image.Image) -> Image:
    grey = single_channel(picture)
    if grey is None:
        raise _unfit(
            path,
            picture,
            "relative depth is 8-bit grey; for 16-bit millimetres set data.depth=millimetres",
        )
    return grey.astype(np.float32)  # (H, W)


def _intensity(path: Path, picture: PIL.Image.Image, modality: Modality) -> Image:
    if picture.mode in SIXTEEN_BIT:
        return np.asarray(picture).astype(np.float32) / np.float32(65535)  # (H, W)
    grey = single_channel(picture)
    if grey is None:
        raise _unfit(
            path, picture, f"{modality} is 8- or 16-bit with one channel, or three equal ones"
        )
    return grey.astype(np.float32) / np.float32(255)  # (H, W)


def single_channel(picture: PIL.Image.Image) -> Image | None:
    """8-bit grey levels, also from a file whose three channels are equal; otherwise nothing."""
    if picture.mode in _GREY:
        return np.asarray(picture, dtype=np.uint8)
    if picture.mode in _THREE_CHANNELS:
        pixels = np.asarray(picture.convert("RGB"), dtype=np.uint8)
        if (pixels == pixels[..., :1]).all():
            return pixels[..., 0]
    return None


def _unfit(path: Path, picture: PIL.Image.Image, allowed: str) -> DatasetError:
    kind = {"L": "8-bit grey", "I;16": "16-bit grey", "1": "1-bit black and white"}.get(
        picture.mode, f"of mode {picture.mode}"
    )
    return DatasetError(f"{path} is {kind}; {allowed}")
