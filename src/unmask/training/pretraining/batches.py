"""Batches of single pictures, of which step s depends on (seed, s) alone.

Axes: B pictures, U different captions, L tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from unmask.config import ChangeConfig
from unmask.data import Draw, Endless
from unmask.errors import ConfigError, DatasetError
from unmask.layers.clip_tokens import tokenize
from unmask.layers.text_encoder import TextEncoderConfig
from unmask.training.pretraining.pictures import Crops, Place
from unmask.transforms.geometry import draw_affine, warp
from unmask.transforms.normalize import normalize
from unmask.transforms.photometric import photometric

OTHER_SIDE = {
    written(word): written(other)
    for word, other in (("left", "right"), ("right", "left"))
    for written in (str.lower, str.capitalize, str.upper)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureBatch:
    """Pictures, and which caption each has."""

    image: Tensor
    """(B, 3, H, W) float32, normalised."""
    caption: Tensor
    """(B,) int64, numbers of ``Captions``; 0 where there are none."""

    def to(self, device: torch.device) -> PictureBatch:
        """The same on a device."""
        return PictureBatch(image=self.image.to(device), caption=self.caption.to(device))


class Captions:
    """The different captions of all pictures, and of their mirror images.

    Raises:
        DatasetError: one is too long.
    """

    def __init__(self, found: Sequence[Place], config: TextEncoderConfig) -> None:
        places: dict[str, Place] = {}
        for place in found:
            places.setdefault(place.caption, place)
        for text, place in list(places.items()):
            places.setdefault(mirrored(text), place)
        self.number = {text: number for number, text in enumerate(places)}
        rows = [_tokens(text, place, config) for text, place in places.items()]
        self.tokens = torch.cat(rows)  # (U, L)


def _tokens(text: str, place: Place, config: TextEncoderConfig) -> Tensor:
    """(1, L)."""
    try:
        return tokenize([text], vocabulary=config.vocabulary, length=config.length)
    except ConfigError as error:
        raise DatasetError(
            f"the row {place.key!r} of the manifest, column caption_{place.modality}: {error}"
        ) from error


def mirrored(caption: str) -> str:
    """What is true of the mirrored picture: left and right have changed places."""
    return re.sub(rf"\b({'|'.join(OTHER_SIDE)})\b", lambda word: OTHER_SIDE[word[1]], caption)


class Views(Dataset[tuple[Tensor, int]]):
    """Pictures as normalised tensors, with their captions; a ``Draw`` changes them at random."""

    def __init__(
        self, crops: Crops, captions: Captions | None, augment: ChangeConfig, *, seed: int
    ) -> None:
        self.crops = crops
        self.captions = captions
        self.augment = augment
        self.seed = seed

    def __getitem__(self, draw: int | Draw) -> tuple[Tensor, int]:
        step, position, number = (0, 0, draw) if isinstance(draw, int) else draw
        place, images = self.crops.places[number], self.crops[number]
        preprocessing, caption = self.crops.preprocessing, place.caption
        if not isinstance(draw, int):
            rng = np.random.default_rng((self.seed, step, position))
            matrix = draw_affine(rng, self.augment, preprocessing.image_size)
            images = warp(images, matrix)
            strength = self.augment.photometric
            images = photometric(images, rng, strength=strength, depth=preprocessing.depth)
            caption = mirrored(caption) if np.linalg.det(matrix[:, :2]) < 0 else caption
        pixels = normalize(images[place.modality], place.modality, preprocessing)  # (3, H, W)
        found = self.captions.number[caption] if self.captions else 0
        return torch.from_numpy(np.ascontiguousarray(pixels)), found


def collate(items: Sequence[tuple[Tensor, int]]) -> PictureBatch:
    """Views as one batch, in their order."""
    return PictureBatch(
        image=torch.stack([image for image, _ in items]),
        caption=torch.tensor([caption for _, caption in items], dtype=torch.int64),
    )


class Turns:
    """Batches for the steps ``first`` to ``last`` (exclusive); the groups of pictures take turns.

    Within a group every picture is shown once before any is shown again.
    """

    def __init__(
        self, groups: Sequence[Sequence[int]], batch_size: int, *, first: int, last: int, seed: int
    ) -> None:
        self.groups = [
            Endless(np.array(group, np.int64), (seed, i)) for i, group in enumerate(groups)
        ]
        self.batch_size = batch_size
        self.steps = range(first, last)

    def __iter__(self) -> Iterator[list[Draw]]:
        for step in self.steps:
            turn, group = divmod(step, len(self.groups))
            start = turn * self.batch_size
            yield [(step, i, self.groups[group][start + i]) for i in range(self.batch_size)]


def by_modality(found: Sequence[Place]) -> list[list[int]]:
    """Numbers of the pictures, one group for each modality that occurs."""
    kinds = list(dict.fromkeys(place.modality for place in found))
    return [[i for i, place in enumerate(found) if place.modality is kind] for kind in kinds]
