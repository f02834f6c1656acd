"""The orthonormal cosine transform of square maps, and the way back.

    Y = C X C',  X = C' Y C,  C_uv = a_u cos(pi u (2 v + 1) / (2 G))

with a_0 = sqrt(1 / G) and every other a_u = sqrt(2 / G).

C C' = 1: lengths stay as they are, and Y_00 is G times the mean of X. Low frequencies come first.

Axes: G x G places of a map or its frequencies, u of them along one side, v places along one side.

Paper: Ahmed, Natarajan and Rao, "Discrete Cosine Transform", IEEE Transactions on Computers 1974,
equation 1, scaled to be orthonormal (DCT-II).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class CosineTransform(nn.Module):
    """Of the last two axes, for maps of one size."""

    matrix: Tensor
    """(G, G): a frequency per row."""

    def __init__(self, grid: int) -> None:
        super().__init__()
        self.register_buffer("matrix", cosines(grid), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Places (..., G, G) -> frequencies (..., G, G)."""
        return self.matrix @ x @ self.matrix.T

    def inverse(self, y: Tensor) -> Tensor:
        """Frequencies (..., G, G) -> places (..., G, G)."""
        return self.matrix.T @ y @ self.matrix


def cosines(size: int) -> Tensor:
    """The matrix C, (G, G) float32."""
    place = torch.arange(size, dtype=torch.float64)
    wave = torch.cos(math.pi / (2 * size) * place[:, None] * (2 * place + 1))  # (G, G)
    wave[0] /= math.sqrt(2)
    return (math.sqrt(2 / size) * wave).float()
