"""Cross-modal block of class tokens: each mines its own patches, then asks those of its partners.

    MMA:  r_i = q_i K_i' / sqrt(d);  s_i = mean over partners j of softmax(r_j)
          c_i <- c_i + W softmax(r_i where s_i is high) V_i
    MFA:  c_i <- c_i + U sum over partners j of softmax(q_i K_j' / sqrt(d)) V_j
    MLP:  c_i <- c_i + MLP(LN(c_i))

Class token c_i asks, patches answer, so the cost is linear in patches; the patches themselves go
through unchanged. A modality is its own partner, so one sensor alone is judged by its own patches.
MMA is mutual by s: all partners of a modality say where to look, at the same place in each picture.
High is either among the highest, or not below a multiple of the mean. All parameters are shared by
the modalities. W, U and the end of the MLP start at zero: at first nothing is exchanged.

Axes: B presentations, m modalities with tokens, P patches, S = 1 + P tokens of a modality (class
token first), D features, h heads of d features.

Paper: Liu et al., "FM-ViT: Flexible Modal Vision Transformers for Face Anti-Spoofing", TIFS 2023
(mutual and fusion attention, of which the abstract alone was read); Liu et al., "MA-ViT:
Modality-Agnostic Vision Transformers for Face Anti-Spoofing", IJCAI 2022 (mask by threshold).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from unmask.layers.transformer import init_weights


@dataclass(frozen=True, kw_only=True, slots=True)
class CrossModalSizes:
    """Sizes of one block, and how it looks."""

    dim: int
    """D."""
    heads: int
    """h."""
    mlp_ratio: int
    norm_eps: float
    mask: Literal["top", "threshold"]
    """Which patches MMA looks at: the highest, or those not below a multiple of the mean."""
    kept: float
    """Share of the patches that are the highest."""
    threshold: float
    """The multiple of the mean."""
    fusion: Literal["sum", "mean"]
    """What MFA makes of what the partners answer."""


class CrossModalBlock(nn.Module):
    """MMA, MFA and MLP of the class tokens."""

    def __init__(self, sizes: CrossModalSizes) -> None:
        super().__init__()
        self.mutual = MutualAttention(sizes)
        self.fusion = FusionAttention(sizes)
        self.norm = nn.LayerNorm(sizes.dim, eps=sizes.norm_eps)
        self.mlp = nn.Sequential(
            nn.Linear(sizes.dim, sizes.mlp_ratio * sizes.dim),
            nn.GELU(),
            nn.Linear(sizes.mlp_ratio * sizes.dim, sizes.dim),
        )
        self.apply(init_weights)
        for last in (self.mutual.out, self.fusion.out, self.mlp[-1]):
            for parameter in last.parameters():
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor, partner: Tensor) -> Tensor:
        """Tokens (B, m, S, D) and partners (B, m, m) bool -> tokens."""
        first, patches = x[:, :, 0], x[:, :, 1:]
        first = first + self.mutual(first, patches, partner)
        first = first + self.fusion(first, patches, partner)
        first = first + self.mlp(self.norm(first))  # (B, m, D)
        return torch.cat([first[:, :, None], patches], dim=2)


class ClassAttention(nn.Module):
    """Queries of class tokens, keys and values of patches."""

    def __init__(self, sizes: CrossModalSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.norm = nn.LayerNorm(sizes.dim, eps=sizes.norm_eps)
        self.query = nn.Linear(sizes.dim, sizes.dim)
        self.key_value = nn.Linear(sizes.dim, 2 * sizes.dim)
        self.out = nn.Linear(sizes.dim, sizes.dim)

    def project(self, first: Tensor, patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, m, D), (B, m, P, D) -> q / sqrt(d) (B, m, h, d), K and V (B, m, P, h, d) each."""
        heads = self.sizes.heads
        q = self.query(self.norm(first)).unflatten(-1, (heads, -1))
        k, v = self.key_value(self.norm(patches)).unflatten(-1, (2, heads, -1)).unbind(-3)
        return q / math.sqrt(q.shape[-1]), k, v


class MutualAttention(ClassAttention):
    """MMA: to its own patches, where all partners together find them informative."""

    def forward(self, first: Tensor, patches: Tensor, partner: Tensor) -> Tensor:
        """What to add to the class tokens: (B, m, D)."""
        q, k, v = self.project(first, patches)
        r = torch.einsum("bihd,biphd->bihp", q, k)
        weight = r.masked_fill(~self._informative(r, partner), -torch.inf).softmax(dim=-1)
        y = torch.einsum("bihp,biphd->bihd", weight, v)
        added: Tensor = self.out(y.flatten(2))
        return added

    def _informative(self, r: Tensor, partner: Tensor) -> Tensor:
        """Where s is high: (B, m, h, P) and (B, m, m) -> (B, m, h, P) bool; at least one patch."""
        with torch.autocast(r.device.type, enabled=False):  # small differences decide
            share = partner / partner.sum(dim=-1, keepdim=True)  # (B, m, m)
            s = torch.einsum("bij,bjhp->bihp", share, r.detach().float().softmax(dim=-1))
            if self.sizes.mask == "top":
                count = max(1, round(self.sizes.kept * s.shape[-1]))
                least = s.topk(count, dim=-1).values[..., -1:]
            else:
                level = self.sizes.threshold / s.shape[-1]  # as s sums to 1
                least = s.amax(dim=-1, keepdim=True).clamp(max=level)
            return s >= least


class FusionAttention(ClassAttention):
    """MFA: to the patches of each partner."""

    def forward(self, first: Tensor, patches: Tensor, partner: Tensor) -> Tensor:
        """What to add to the class tokens: (B, m, D)."""
        q, k, v = self.project(first, patches)
        weight = torch.einsum("bihd,bjphd->bijhp", q, k).softmax(dim=-1)
        weight = weight * partner[..., None, None]
        y = torch.einsum("bijhp,bjphd->bihd", weight, v)
        if self.sizes.fusion == "mean":
            y = y / partner.sum(dim=-1)[..., None, None]
        added: Tensor = self.out(y.flatten(2))
        return added
