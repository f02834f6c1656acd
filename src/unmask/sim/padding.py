"""Picture files of one length, so that the size of a file says nothing about what it shows.

A print compresses better than a face. Space is filled with a comment (JPEG) or a private chunk that
readers skip (PNG): the pixels are untouched.
"""

from __future__ import annotations

import struct
import zlib

_MOST = 65533  # bytes of one JPEG comment
_CHUNK = b"paDd"  # ancillary, private, may be copied


def block_of(side: int, *, deep: bool) -> int:
    """Bytes that hardly any picture (side, side) needs more of, 8-bit or (``deep``) 16-bit."""
    return 1024 + int((1.4 if deep else 0.8) * side * side)


def padded(coded: bytes, block: int) -> bytes:
    """The same picture in a file whose length is the next multiple of ``block`` bytes."""
    png = coded.startswith(b"\x89PNG")
    least = 12 if png else 4  # what an empty chunk or comment takes
    missing = -len(coded) % block
    while missing and missing < least:
        missing += block
    if not missing:
        return coded
    return _fill_png(coded, missing) if png else _fill_jpeg(coded, missing)


def _fill_png(coded: bytes, missing: int) -> bytes:
    """A chunk before the last one (IEND, 12 bytes)."""
    body = _CHUNK + bytes(missing - 12)
    chunk = struct.pack(">I", missing - 12) + body + struct.pack(">I", zlib.crc32(body))
    return coded[:-12] + chunk + coded[-12:]


def _fill_jpeg(coded: bytes, missing: int) -> bytes:
    """Comments after the start of the image (2 bytes)."""
    comments = b""
    while missing:
        length = min(missing, _MOST + 2)
        if 0 < missing - length < 4:  # no room for the next one
            length -= 4
        comments += b"\xff\xfe" + struct.pack(">H", length - 2) + bytes(length - 4)
        missing -= length
    return coded[:2] + comments + coded[2:]
