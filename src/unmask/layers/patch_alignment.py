"""Language-guided patch alignment (LGPA): texts draw patches towards what they resemble.

    S = f t',  g = softmax(S) t + f,  local = mean over patches of g

f are patches and t the texts of both classes, all of length 1. Instead of all patches, the quarter
may speak that leans most to one of the classes, |S_bona_fide - S_attack|.

Axes: N pictures, P patches, E features of the common space, 2 classes (bona fide, attack).

Paper: Liu et al., "FM-CLIP: Flexible Modal CLIP for Face Anti-Spoofing", ACM MM 2024. Inferred: f
has length 1, the softmax is over the classes with temperature 1, and both ways to pool.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Pooling = Literal["mean", "top_quarter"]
"""Which patches make the local feature."""


def local_feature(patches: Tensor, texts: Tensor, *, pooling: Pooling = "mean") -> Tensor:
    """Projected patches (N, P, E) and texts (2, E) or (N, 2, E) of length 1 -> (N, E)."""
    aligned, similarity = align(patches, texts)
    if pooling == "top_quarter":
        lean = (similarity[..., 0] - similarity[..., 1]).abs()  # (N, P)
        top = lean.topk(math.ceil(patches.shape[1] / 4), dim=1).indices  # (N, P / 4)
        aligned = aligned.gather(1, top[..., None].expand(-1, -1, aligned.shape[2]))
    return aligned.mean(dim=1)


def align(patches: Tensor, texts: Tensor) -> tuple[Tensor, Tensor]:
    """Aligned patches g, (N, P, E) float32, and their similarities S, (N, P, 2)."""
    with torch.autocast(patches.device.type, enabled=False):  # the temperature enlarges errors
        unit = F.normalize(patches.float(), dim=-1)  # (N, P, E)
        similarity = unit @ texts.float().mT  # (N, P, 2)
        return similarity.softmax(dim=-1) @ texts.float() + unit, similarity
