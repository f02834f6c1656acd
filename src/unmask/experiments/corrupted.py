"""Presentations under every corruption, as model input: each picture is decoded once.

Axes: V variants, the first of them clean; M modalities, H W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from unmask.capture.quality import check_crop
from unmask.data import read_images
from unmask.transforms.corruptions import Corruption, generator
from unmask.transforms.normalize import Preprocessing, stack
from unmask.types import Images, Modality, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One corruption at one severity, or none."""

    corruption: Corruption | None = None
    severity: int = 0

    def of(self, sample: Sample, images: Images, *, seed: int) -> Images:
        """The pictures that it changes, changed."""
        if self.corruption is None:
            return {}
        touched = {m: p for m, p in images.items() if m in self.corruption.modalities}
        level = self.corruption.levels[self.severity - 1]
        rng = generator(seed, sample, self.corruption.name)
        return self.corruption.corrupt(touched, level, rng)

    def applies(self, shown: Sequence[Modality]) -> bool:
        """It changes something that a model sees through these sensors; the clean one always."""
        return self.corruption is None or self.corruption.applies(shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One sample in all its variants."""

    image: Tensor
    """(V, M, 3, H, W) float32; an absent modality is all zero."""
    present: Tensor
    """(M,) bool."""
    refused: Tensor
    """(V, M) bool: the quality checks of a detector would refuse this picture."""


class Corrupted(Dataset[Item]):
    """Samples in all variants; what is drawn depends on the seed, the sample and the corruption.

    Raises:
        UnreadableError: a file is missing or broken, or the pictures of a sample do not match.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        variants: Sequence[Variant],
        *,
        preprocessing: Preprocessing,
        modalities: tuple[Modality, ...],
        seed: int,
    ) -> None:
        assert variants[0].corruption is None
        self.samples = samples
        self.variants = variants
        self.preprocessing = preprocessing
        self.modalities = modalities
        self.seed = seed

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Item:
        sample = self.samples[index]
        captured = [modality for modality in self.modalities if modality in sample.paths]
        images = read_images(sample, captured, depth=self.preprocessing.depth)
        clean, present = stack(images, self.modalities, self.preprocessing)
        image = np.repeat(clean[None], len(self.variants), axis=0)  # (V, M, 3, H, W)
        refused = np.repeat(self._refused(images)[None], len(self.variants), axis=0)  # (V, M)
        for v, variant in enumerate(self.variants[1:], start=1):
            changed = variant.of(sample, images, seed=self.seed)
            input_, touched = stack(changed, self.modalities, self.preprocessing)
            image[v, touched] = input_[touched]
            refused[v, touched] = self._refused(changed)[touched]
        return Item(
            image=torch.from_numpy(image),
            present=torch.from_numpy(present),
            refused=torch.from_numpy(refused),
        )

    def _refused(self, images: Images) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """(M,) whether the picture of each sensor is refused."""
        found = [m in images and check_crop({m: images[m]}) is not None for m in self.modalities]
        return np.array(found)
