"""A bottleneck beside an MLP, with a convolution that sees neighbouring patches.

    A(x) = W_up dropout(q(Conv3x3(q(x W_down)))),  q = QuickGELU

Patches lie on their grid; the class token goes through the same convolution as a picture of one
pixel. Prompt tokens, which come after the patches, have no place on the grid: nothing is added to
them. The convolution starts as the identity and W_up at zero, so at first nothing is added at all.

Axes: N pictures, S = 1 + P + prompts tokens, P patches on a G x G grid, D features, r narrowed
ones.

Paper: Jie and Deng, "Convolutional Bypasses Are Better Vision Transformer Adapters", 2022, with
the QuickGELU of CLIP.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.layers.quick_gelu import quick_gelu


class ConvolutionalAdapter(nn.Module):
    """What to add to the tokens of one block."""

    def __init__(self, dim: int, *, down_dim: int, grid: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.grid = grid
        self.down = nn.Linear(dim, down_dim)
        self.conv = nn.Conv2d(down_dim, down_dim, kernel_size=3, padding=1)
        self.dropout = nn.Dropout(dropout)
        self.up = nn.Linear(down_dim, dim)
        nn.init.xavier_uniform_(self.down.weight)
        nn.init.zeros_(self.down.bias)
        nn.init.dirac_(self.conv.weight)
        for parameter in (self.conv.bias, self.up.weight, self.up.bias):
            assert parameter is not None
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        """(N, S, D) -> (N, S, D), zero for prompt tokens."""
        own = 1 + self.grid**2
        z = quick_gelu(self.down(x[:, :own])).transpose(1, 2)  # (N, r, 1 + P)
        first = self.conv(z[:, :, :1, None]).flatten(2)  # (N, r, 1)
        grid = z[:, :, 1:].reshape(*z.shape[:2], self.grid, self.grid)
        patches = self.conv(grid).flatten(2)  # (N, r, P)
        z = quick_gelu(torch.cat([first, patches], dim=2)).transpose(1, 2)  # (N, 1 + P, r)
        return F.pad(self.up(self.dropout(z)), (0, 0, 0, x.shape[1] - own))
