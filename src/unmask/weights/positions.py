"""Positions that were learned on one grid of patches, for another grid."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def resample(position: Tensor, rows: int, modalities: int = 1) -> tuple[Tensor, tuple[str, ...]]:
    """Positions (1 + M * P, D) -> (``rows``, D), ``rows`` = 1 + P', and what was done, in words.

    Those of several modalities are averaged. The grid is resampled bicubically, with a wider kernel
    where it shrinks; the row of the class token stays as it is. What is no square grid comes back
    unchanged, and then fits nowhere.
    """
    count, rest = divmod(position.shape[0] - 1, modalities)
    old, new = math.isqrt(max(count, 0)), math.isqrt(rows - 1)
    if rest or count < 1 or old**2 != count or new**2 != rows - 1:
        return position, ()
    done: list[str] = []
    patches = position[1:]  # (M * P, D)
    if modalities > 1:
        done.append(f"positions: mean of {modalities} modalities")
        patches = patches.reshape(modalities, count, -1).mean(dim=0)  # (P, D)
    if old != new:
        done.append(f"positions: {old} x {old} -> {new} x {new}")
        grid = patches.T.reshape(1, -1, old, old)  # (1, D, G, G)
        grid = F.interpolate(grid, size=(new, new), mode="bicubic", antialias=True)
        patches = grid.flatten(2)[0].T  # (P', D)
    return torch.cat([position[:1], patches]), tuple(done)
