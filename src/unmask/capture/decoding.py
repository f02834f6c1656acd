"""The usual picture files, decoded by OpenCV, which is quicker than Pillow; others are left to it.

Usual is a PNG of grey (8 or 16 bits) or colour (8 bits) and nothing else to heed (palette,
transparency, a camera's orientation), and a JPEG of grey or colour without Exif. Both must be whole
before anything is decoded, as OpenCV fills what is missing with grey and says nothing: every chunk
of a PNG is there with the checksum that it states, and a JPEG ends with its end marker. The pixels
are those that Pillow gives.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from unmask.types import Image, Modality

Pixels = npt.NDArray[Any]

MOST_BYTES = 2**28
"""A larger file is not usual."""

_PNG, _PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
_PNG_KINDS = {(8, 0), (16, 0), (8, 2)}
"""Bits and type of colour: grey, grey, colour."""
_PNG_CHUNKS = {b"IHDR", b"IDAT", b"IEND", b"pHYs", b"tEXt", b"tIME", b"zTXt", b"iTXt"}
_JPEG, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
_JPEG_FRAMES = (0xC0, 0xC1, 0xC2)
"""Markers of a frame that is coded as nearly all are: sequential or progressive, Huffman."""
_JPEG_OTHER = {0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0), 0xEE}
"""Other frames, and Adobe's note that colour is stored otherwise."""


def decode_usual(path: Path, *, most_pixels: int) -> Pixels | None:
    """Grey (H, W) of 8 or 16 bits or colour (H, W, 3), red first; None for any file not usual."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        data = path.read_bytes()
    except (OSError, ValueError):
        return None
    size = _size_of_png(data) if data.startswith(_PNG) else _size_of_jpeg(data)
    if size is None or not 0 < size[0] * size[1] <= most_pixels:
        return None
    try:
        pixels: Pixels | None = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if pixels is None or pixels.shape[:2] != size:
        return None
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB) if pixels.ndim == 3 else pixels


def in_unit(pixels: Pixels, modality: Modality, *, relative: bool) -> Image | None:
    """A picture in the unit of its modality (see ``types.Images``); None where it cannot be."""
    sixteen = pixels.dtype == np.uint16
    if modality is Modality.RGB:
        if sixteen:
            return None
        return pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, axis=-1)
    if modality is Modality.DEPTH and relative == sixteen:
        return None
    grey = pixels if pixels.ndim == 2 else _one_of_equal(pixels)
    if grey is None:
        return None
    values = grey.astype(np.float32)
    if modality is not Modality.DEPTH:
        values /= np.float32(65535 if sixteen else 255)
    return values


def _one_of_equal(pixels: Pixels) -> Pixels | None:
    """The channel of which there are three."""
    red, green, blue = cv2.split(pixels)
    return red if np.array_equal(red, green) and np.array_equal(red, blue) else None


def _size_of_png(data: bytes) -> tuple[int, int] | None:
    """Height and width of a usual PNG that is whole."""
    if not data.endswith(_PNG_END) or data[12:16] != b"IHDR":
        return None
    width, height, bits, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    if (bits, colour) not in _PNG_KINDS or interlaced:
        return None
    place, whole = len(_PNG), memoryview(data)
    while place < len(data):
        length = int.from_bytes(data[place : place + 4])
        kind, end = data[place + 4 : place + 8], place + 8 + length
        if kind not in _PNG_CHUNKS or end + 4 > len(data):
            return None
        if zlib.crc32(whole[place + 4 : end]) != int.from_bytes(data[end : end + 4]):
            return None
        place = end + 4
    return height, width


def _size_of_jpeg(data: bytes) -> tuple[int, int] | None:
    """Height and width of a usual JPEG that has its end."""
    if not data.startswith(_JPEG) or not data.endswith(_JPEG_END):
        return None
    place = 2
    while place + 10 < len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker in _JPEG_OTHER or (marker == 0xE1 and data[place + 4 : place + 8] == b"Exif"):
            return None
        if marker in _JPEG_FRAMES:
            bits, height, width, channels = struct.unpack_from(">BHHB", data, place + 4)
            return (height, width) if bits == 8 and channels in (1, 3) else None
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
    return None
