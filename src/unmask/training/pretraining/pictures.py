"""The pictures to pretrain on, one by one: read once, kept in memory as whole numbers.

Reading tens of thousands of small files costs more than encoding them, so a picture that was read
is kept at the size that the encoder sees, while there is room: 25 to 38 kB each at 112 pixels.

Axes: H W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from unmask.capture.images import read_image
from unmask.config import PretrainConfig
from unmask.datasets.manifest import Pictures, read_pictures
from unmask.errors import DatasetError
from unmask.transforms.geometry import resize
from unmask.transforms.normalize import Preprocessing
from unmask.types import Image, Modality

ROOM = 4 * 2**30
"""Bytes that all kept pictures of a run may take; what comes later is read again each time."""

FULL_SCALE = 65535
"""Of the 16 bits that infrared and thermal are kept in; depth is kept in whole millimetres."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One picture of one row."""

    key: str
    path: Path
    modality: Modality
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """The rows to learn from, and those to look at."""

    train: list[Pictures]
    held_out: list[Pictures]


def divide(config: PretrainConfig) -> Division:
    """Read the manifest; where no row names a set, all are learned from.

    Raises:
        DatasetError: a fault in the table, or no row is in one of the sets.
    """
    data = config.data
    rows = read_pictures(data.root, data.manifest)
    named = sorted({row.split for row in rows} - {""})
    if not named:
        return Division(train=rows, held_out=[])
    absent = [name for name in data.splits if not any(row.split == name for row in rows)]
    if absent:
        raise DatasetError(
            f"{data.root / data.manifest} has no row in the set {absent[0]!r}; it has: "
            f"{', '.join(named)}; choose among these with data.splits"
        )
    held_out = "dev" if "dev" not in data.splits else None
    return Division(
        train=[row for row in rows if row.split in data.splits],
        held_out=[row for row in rows if row.split == held_out],
    )


def places(rows: Sequence[Pictures], config: PretrainConfig) -> list[Place]:
    """The pictures that the method can use: for clip, those with a caption."""
    return [
        Place(key=row.key, path=row.paths[m], modality=m, caption=row.captions.get(m, ""))
        for row in rows
        for m in config.modalities
        if m in row.paths and (config.method == "mae" or m in row.captions)
    ]


def require_pictures(found: Sequence[Place], config: PretrainConfig) -> None:
    """Refuse to learn from nothing; every modality that was asked for must occur.

    Raises:
        DatasetError: says what is missing.
    """
    table = config.data.root / config.data.manifest
    captioned = " with a caption" if config.method == "clip" else ""
    remedy = (
        "fill the columns caption_rgb, caption_depth, ... (unmask simulate --captions true does)"
        if config.method == "clip"
        else "ask for others with modalities"
    )
    for modality in config.modalities:
        if not any(place.modality is modality for place in found):
            raise DatasetError(
                f"{table} has no picture of {modality}{captioned} in "
                f"{', '.join(config.data.splits)}; {remedy}"
            )


class Crops:
    """Pictures at the size of the encoder, by their number.

    Raises:
        DatasetError: a file is missing or broken.
    """

    def __init__(self, found: Sequence[Place], preprocessing: Preprocessing) -> None:
        self.places = found
        self.preprocessing = preprocessing
        self.kept: dict[int, npt.NDArray[np.uint8 | np.uint16]] = {}
        self.room = ROOM

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, number: int) -> dict[Modality, Image]:
        modality = self.places[number].modality
        stored = self.kept.get(number)
        if stored is None:
            stored = self._read(number)
            if stored.nbytes <= self.room:
                self.kept[number] = stored
                self.room -= stored.nbytes
        return {modality: _unpacked(stored, modality)}

    def _read(self, number: int) -> npt.NDArray[np.uint8 | np.uint16]:
        place, wanted = self.places[number], self.preprocessing
        picture = read_image(place.path, place.modality, depth=wanted.depth)
        small = resize({place.modality: picture}, wanted.image_size)[place.modality]
        if place.modality is Modality.RGB:
            return small.astype(np.uint8)
        scale = 1 if place.modality is Modality.DEPTH else FULL_SCALE
        return np.rint(small * scale).astype(np.uint16)


def _unpacked(stored: npt.NDArray[np.uint8 | np.uint16], modality: Modality) -> Image:
    """As ``types.Images`` has it."""
    if modality is Modality.RGB:
        return stored.astype(np.uint8, copy=False)
    values = stored.astype(np.float32)
    return values if modality is Modality.DEPTH else values / np.float32(FULL_SCALE)
