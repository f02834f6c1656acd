"""From samples on disk to batches: reading, augmentation, balance; every draw has its own seed.

Nothing here remembers: which samples make up step s, and how each of them is augmented, follows
from (seed, s) alone. So a run that is resumed, or read by more workers, sees the same batches.

Axes: B presentations, M modalities, H W pixels.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from unmask.capture.images import DepthUnit, read_image
from unmask.config import AugmentConfig
from unmask.errors import DatasetError
from unmask.transforms.geometry import draw_affine, resize, warp
from unmask.transforms.normalize import Preprocessing, stack
from unmask.transforms.photometric import photometric
from unmask.types import Batch, Image, Modality, Sample

LEAST_SIDE = 8
"""Pixels; smaller pictures are a mistake, and would be blown up in silence."""
MOST_THREADS = 4
"""That read pictures in one process, where torch has as many."""

Draw = tuple[int, int, int]
"""Step, position within its batch, index of the sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One presentation, ready for a batch."""

    image: Tensor
    """(M, 3, H, W) float32; an absent modality is all zero."""
    present: Tensor
    """(M,) bool."""
    sample: Sample
    modalities: tuple[Modality, ...]


class Presentations(Dataset[Item]):
    """Samples as normalised tensors; asked for by index, or by a ``Draw`` to augment them.

    Raises:
        UnreadableError: a file is missing or broken, or the pictures of a sample do not match.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        *,
        preprocessing: Preprocessing,
        modalities: tuple[Modality, ...],
        augment: AugmentConfig | None = None,
        seed: int = 0,
    ) -> None:
        self.samples = samples
        self.preprocessing = preprocessing
        self.modalities = modalities
        self.augment = augment
        self.seed = seed

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int | Draw) -> Item:
        if isinstance(index, int):
            sample = self.samples[index]
            images = self._read(sample, self._captured(sample))
        else:
            step, position, number = index
            sample = self.samples[number]
            images = self._augmented(sample, np.random.default_rng((self.seed, step, position)))
        image, present = stack(images, self.modalities, self.preprocessing)
        return Item(
            image=torch.from_numpy(image),
            present=torch.from_numpy(present),
            sample=sample,
            modalities=self.modalities,
        )

    def __getitems__(self, indices: Sequence[int | Draw]) -> list[Item]:
        """A batch for a loader, read by as many threads as torch has; they change no pixel."""
        threads = min(torch.get_num_threads(), MOST_THREADS)
        if threads == 1:
            return [self[index] for index in indices]
        return list(_readers(threads).map(self.__getitem__, indices))

    def _captured(self, sample: Sample) -> list[Modality]:
        return [modality for modality in self.modalities if modality in sample.paths]

    def _read(self, sample: Sample, modalities: Sequence[Modality]) -> dict[Modality, Image]:
        return read_images(sample, modalities, depth=self.preprocessing.depth)

    def _augmented(self, sample: Sample, rng: np.random.Generator) -> dict[Modality, Image]:
        if self.augment is None:
            return self._read(sample, self._captured(sample))
        shown = _drop(self._captured(sample), self.augment.modality_dropout, rng)
        side = self.preprocessing.image_size
        images = resize(self._read(sample, shown), side)
        images = warp(images, draw_affine(rng, self.augment, side))
        strength = self.augment.photometric
        return photometric(images, rng, strength=strength, depth=self.preprocessing.depth)


@functools.cache
def _readers(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="reader")


def read_images(
    sample: Sample, modalities: Sequence[Modality], *, depth: DepthUnit
) -> dict[Modality, Image]:
    """Decode pictures of one sample, which must be of one size.

    Raises:
        UnreadableError: a file is missing or broken, or the pictures do not match.
    """
    try:
        images = {m: read_image(sample.paths[m], m, depth=depth) for m in modalities}
    except DatasetError as error:
        raise UnreadableError(str(error)) from error
    if len({picture.shape[:2] for picture in images.values()}) > 1:
        raise UnreadableError(_sizes_differ(images, sample.paths))
    for modality, picture in images.items():
        if min(picture.shape[:2]) < LEAST_SIDE:
            raise UnreadableError(
                f"{sample.paths[modality]} is {picture.shape[1]}x{picture.shape[0]}; a face crop "
                f"has at least {LEAST_SIDE} pixels a side"
            )
    return images


def collate(items: Sequence[Item]) -> Batch:
    """Presentations as one batch, in their order."""
    return Batch(
        image=torch.stack([item.image for item in items]),
        present=torch.stack([item.present for item in items]),
        label=torch.tensor([item.sample.label for item in items], dtype=torch.int64),
        key=[item.sample.key for item in items],
        modalities=items[0].modalities,
    )


class BalancedSampler(Sampler[list[Draw]]):
    """Batches for the steps ``first_step`` to ``last_step`` (exclusive), balanced by construction.

    The first half of a batch is bona fide; the rest are attacks, the PAI species taking turns over
    all steps, so that none is ever ahead by more than one. Within bona fide and within a species,
    every sample is shown once before any is shown again, in an order that is shuffled each time.
    """

    def __init__(
        self, samples: Sequence[Sample], batch_size: int, first_step: int, last_step: int, seed: int
    ) -> None:
        self.steps = range(first_step, last_step)
        self.batch_size = batch_size
        self.bona_fide = Endless(_numbers(samples, None), (seed, 0))
        species = sorted({s.pai_species for s in samples if s.pai_species is not None})
        if not species:
            raise DatasetError(_one_class(samples, "attack"))
        self.species = [
            Endless(_numbers(samples, name), (seed, 1 + i)) for i, name in enumerate(species)
        ]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[list[Draw]]:
        half = self.batch_size // 2
        attacks = self.batch_size - half
        for step in self.steps:
            chosen = [self.bona_fide[step * half + i] for i in range(half)]
            chosen += [self._attack(step * attacks + i) for i in range(attacks)]
            yield [(step, position, number) for position, number in enumerate(chosen)]

    def _attack(self, turn: int) -> int:
        round_, species = divmod(turn, len(self.species))
        return self.species[species][round_]


class UnreadableError(DatasetError):
    """A sample that cannot be read, in one line, also when it comes from a worker process.

    torch makes the error anew in the main process, with the worker's traceback for its message; of
    that, what follows this class's name is kept.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message.rpartition(f"{type(self).__qualname__}: ")[2].strip())


class Endless:
    """Numbers in shuffled order, again and again; entry n does not depend on what was asked for."""

    def __init__(self, numbers: npt.NDArray[np.int64], seed: tuple[int, int]) -> None:
        self.numbers = numbers
        self.seed = seed
        self.current = -1
        self.order = numbers

    def __getitem__(self, n: int) -> int:
        pass_, place = divmod(n, len(self.numbers))
        if pass_ != self.current:
            self.order = np.random.default_rng((*self.seed, pass_)).permutation(self.numbers)
            self.current = pass_
        return int(self.order[place])


def _numbers(samples: Sequence[Sample], species: str | None) -> npt.NDArray[np.int64]:
    found = [i for i, sample in enumerate(samples) if sample.pai_species == species]
    if not found:
        raise DatasetError(_one_class(samples, "bona fide"))
    return np.array(found, np.int64)


def _one_class(samples: Sequence[Sample], missing: str) -> str:
    return f"none of {len(samples)} samples is {missing}; training needs bona fide and attacks"


def _drop(captured: list[Modality], probability: float, rng: np.random.Generator) -> list[Modality]:
    """Hide each modality with this probability; where all would go, one stays."""
    keep = rng.random(len(captured)) >= probability
    if captured and not keep.any():
        keep[rng.integers(len(captured))] = True
    return [modality for modality, kept in zip(captured, keep, strict=True) if kept]


def _sizes_differ(images: Mapping[Modality, Image], paths: Mapping[Modality, Path]) -> str:
    sizes = ", ".join(f"{paths[m]} is {p.shape[1]}x{p.shape[0]}" for m, p in images.items())
    return f"pictures of one presentation differ in size: {sizes}; align them first"
