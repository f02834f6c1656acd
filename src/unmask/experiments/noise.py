"""Gaussian noise on what a trained model is shown, always the same for the same picture.

The noise of a picture is drawn from a generator that its own pixels seed. So it depends neither on
the order nor on the batch, and every system of one input size meets the same noise. A sensor with
one channel has one noise, repeated as its pixels are; nothing is clipped.

Axes: B presentations, M modalities, H W pixels.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from unmask.types import Modality, Output

SEED = 0


class Noisy(nn.Module):
    """A model behind noise of one standard deviation, in units of the normalised input."""

    def __init__(self, model: nn.Module, modalities: Sequence[Modality], *, std: float) -> None:
        super().__init__()
        self.model = model
        self.modalities = tuple(modalities)
        self.std = std

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) and (B, M) bool -> Output; what is absent stays zero."""
        clean = image.cpu().numpy()
        noise = np.zeros_like(clean)
        for b, m in present.nonzero().tolist():
            noise[b, m] = self.std * noise_of(clean[b, m], self.modalities[m])
        output: Output = self.model(image + torch.from_numpy(noise).to(image.device), present)
        return output


def noise_of(picture: npt.NDArray[np.float32], modality: Modality) -> npt.NDArray[np.float32]:
    """Standard normal noise (3, H, W) for a picture (3, H, W)."""
    rng = np.random.default_rng((SEED, zlib.crc32(picture.tobytes())))
    channels = 3 if modality is Modality.RGB else 1
    noise = rng.standard_normal((channels, *picture.shape[1:]), dtype=np.float32)
    return np.broadcast_to(noise, picture.shape)
