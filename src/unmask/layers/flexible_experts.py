"""Flexible-modality experts (FMM): a few bottlenecks beside an MLP, chosen for each picture.

    p = softmax(W [mean of patches; e_m] + c N(0, 1 / E^2)),  noise in training alone
    w = the top k of p, made to sum to 1, zero for the others
    A(U) = W_up dropout([w_e q(O_e(z_e)) for each e; q(O_s(z_s))]) + b,  z = q(U W_down)

q is QuickGELU. O_e is what an expert does on the grid of patches: 3x3 convolution, central
difference, a gate that sees frequencies, dilated convolution. O_s is the 3x3 convolution of the
shared expert, which every picture has. e_m is a vector of the sensor; in training some pictures are
told that it is unknown. Every expert runs for every picture and those not chosen weigh zero: no
picture is dropped, and none depends on the others of its batch.

The class token goes through the same operators as a picture of one pixel: it lies on the canvas of
the patches, so far below them that no window sees both. Prompt tokens, which come after the
patches, get nothing. Convolutions start as the identity and W_up at zero, so at first nothing is
added at all.

Axes: N pictures, S = 1 + P + prompts tokens, P patches on a G x G grid, D features, r narrowed
ones, E experts, e and s of them, k chosen, T what is routed: pictures or tokens, d features of e_m,
H = G + gap + 1 rows of the canvas: patches, zeros, and the class token at the left of the last.

Paper: FMM-RPL (Frontiers of Computer Science, DOI 10.1007/s11704-026-50892-9) names the module and
its purpose; all else is inferred. Bottlenecks: Jie and Deng, "Convolutional Bypasses Are Better
Vision Transformer Adapters", 2022; noise: Riquelme et al., "Scaling Vision with Sparse Mixture of
Experts", NeurIPS 2021, section 2; frequencies: Liu et al., "FM-CLIP", ACM MM 2024.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.layers.central_difference import CentralDifferenceConv2d
from unmask.layers.cosine_transform import CosineTransform
from unmask.layers.quick_gelu import quick_gelu
from unmask.types import Routing

Kind = Literal["convolution", "central_difference", "frequency", "dilated"]
"""What an expert does on the grid of patches."""
SHARED: tuple[Kind] = ("convolution",)
"""What the expert does that every picture has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpertSizes:
    """Sizes of the experts of one block, and of their gate."""

    dim: int
    """D."""
    grid: int
    """G."""
    narrow: int
    """r, of each expert."""
    kinds: tuple[Kind, ...]
    """One per expert that a gate chooses."""
    shared: bool
    """There is an expert that every picture has."""
    top_k: int
    """k."""
    per_token: bool
    """Each token is routed by itself, and not the picture as a whole."""
    modality_dim: int
    """d; 0 where the gate is not told the sensor."""
    noise: float
    """c."""
    theta: float
    """Share of the central difference."""
    dilation: int
    """Patches from tap to tap of the dilated convolution."""
    domain: Literal["literal", "idct"]
    """What the gate of frequencies multiplies: the places, or the frequencies."""
    dropout: float
    """Before the widening."""


class FlexibleExperts(nn.Module):
    """Narrow, choose, operate, weigh, widen: all experts in one matrix product each way."""

    def __init__(self, sizes: ExpertSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.routed = len(sizes.kinds)  # E
        kinds: tuple[Kind, ...] = (*sizes.kinds, *SHARED) if sizes.shared else sizes.kinds
        self.down = nn.Linear(sizes.dim, len(kinds) * sizes.narrow)
        self.operators = nn.ModuleList(operator(kind, sizes) for kind in kinds)
        self.dropout = nn.Dropout(sizes.dropout)
        self.up = nn.Linear(len(kinds) * sizes.narrow, sizes.dim)
        if self.routed:
            self.gate = Gate(sizes)
        for part in self.down.weight.chunk(len(kinds)):  # each expert as if it stood alone
            nn.init.xavier_uniform_(part)
        for parameter in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(parameter)

    def forward(
        self, x: Tensor, sensor: Tensor | None, valid: Tensor
    ) -> tuple[Tensor, Routing | None]:
        """What to add to (N, S, D), and what the gate did.

        ``sensor`` is (N, d), what is known of who took each picture, where the gate is told;
        ``valid``, (N,) bool, is False for pictures that are not there.
        """
        own = 1 + self.sizes.grid**2
        tokens = x[:, :own]  # (N, 1 + P, D)
        answer = self._operated(quick_gelu(self.down(tokens)))  # (N, E or E + 1, r, 1 + P)
        routing = None
        if self.routed:
            share, routing = self.gate(tokens, sensor, valid)  # (N, 1 or 1 + P, E)
            weight = F.pad(share, (0, len(self.operators) - self.routed), value=1.0)
            answer = answer * weight.transpose(1, 2)[:, :, None].to(answer.dtype)
        answer = self.dropout(answer).flatten(1, 2).transpose(1, 2)  # (N, 1 + P, (E + 1) r)
        answer = answer.contiguous()  # so that widening is one product, its bias included
        added: Tensor = self.up(answer)  # (N, 1 + P, D)
        return F.pad(added, (0, 0, 0, x.shape[1] - own)), routing

    def _operated(self, z: Tensor) -> Tensor:
        """Each expert on its own part of (N, 1 + P, (E + 1) r) -> (N, E + 1, r, 1 + P)."""
        grid, gap = self.sizes.grid, self.sizes.dilation
        z = z.transpose(1, 2)  # (N, (E + 1) r, 1 + P)
        empty = z.new_zeros(()).expand(*z.shape[:2], gap * grid)
        lines = [z[..., 1:], empty, z[..., :1], empty[..., : grid - 1]]
        canvas = torch.cat(lines, dim=2).reshape(*z.shape[:2], -1, grid)  # (N, (E + 1) r, H, G)
        parts = canvas.chunk(len(self.operators), dim=1)
        answers = [operate(part) for operate, part in zip(self.operators, parts, strict=True)]
        read = torch.stack(answers, dim=1).flatten(3)  # (N, E + 1, r, H G)
        pixel = (grid + gap) * grid
        return quick_gelu(torch.cat([read[..., pixel, None], read[..., : grid**2]], dim=3))


class Gate(nn.Module):
    """Which experts a picture, or each of its tokens, gets."""

    def __init__(self, sizes: ExpertSizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.score = nn.Linear(sizes.dim + sizes.modality_dim, len(sizes.kinds), bias=False)
        nn.init.normal_(self.score.weight, std=0.02)

    def forward(
        self, tokens: Tensor, sensor: Tensor | None, valid: Tensor
    ) -> tuple[Tensor, Routing]:
        """Tokens (N, 1 + P, D) -> weights (N, 1 or 1 + P, E) of all experts, and who was chosen."""
        count = len(self.sizes.kinds)
        seen = tokens if self.sizes.per_token else tokens[:, 1:].mean(dim=1, keepdim=True)
        if sensor is not None:
            seen = torch.cat([seen, sensor[:, None].expand(-1, seen.shape[1], -1)], dim=-1)
        with torch.autocast(seen.device.type, enabled=False):  # small differences decide routing
            score = self.score(seen.float())  # (N, 1 or 1 + P, E)
            if self.training:
                score = score + self.sizes.noise / count * torch.randn_like(score)
            best, expert = score.topk(self.sizes.top_k, dim=-1)  # (N, 1 or 1 + P, k)
            weight = torch.zeros_like(score).scatter(-1, expert, best.softmax(dim=-1))
            log_prob = score.log_softmax(dim=-1)
            routing = Routing(
                prob=log_prob.exp().flatten(0, 1),
                expert=expert.flatten(0, 1),
                valid=valid.repeat_interleave(seen.shape[1]),
                num_experts=count,
                log_sum=(score - log_prob)[..., :1].flatten(0, 1),
                kinds=self.sizes.kinds,
            )
        return weight, routing


class Sensors(nn.Module):
    """A learned vector for each sensor, and one for an unknown sensor."""

    def __init__(self, modalities: int, dim: int, *, unknown: float) -> None:
        """``unknown`` is the share of pictures of which training hides the sensor."""
        super().__init__()
        self.unknown = unknown
        self.table = nn.Embedding(modalities + 1, dim)  # the last row is of the unknown one

    def forward(self, modality: Tensor) -> Tensor:
        """(N,) int64 from 0 to M, where M stands for a sensor that nobody knows -> (N, d)."""
        if self.training:
            hidden = torch.rand(modality.shape, device=modality.device) < self.unknown
            modality = modality.masked_fill(hidden, self.table.num_embeddings - 1)
        vector: Tensor = self.table(modality)
        return vector


def operator(kind: Kind, sizes: ExpertSizes) -> nn.Module:
    """Maps (N, r, H, G) to the same shape; convolutions start as the identity (1 - theta of it)."""
    narrow = sizes.narrow
    if kind == "frequency":
        return FrequencyGate(narrow, grid=sizes.grid, domain=sizes.domain)
    apart = sizes.dilation if kind == "dilated" else 1
    convolution = (
        CentralDifferenceConv2d(narrow, narrow, theta=sizes.theta)
        if kind == "central_difference"
        else nn.Conv2d(narrow, narrow, kernel_size=3, padding=apart, dilation=apart)
    )
    nn.init.dirac_(convolution.weight)
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)
    return convolution


class FrequencyGate(nn.Module):
    """g = sigmoid(Conv1(q(Conv1(DCT(x))))), times x or, with ``idct``, times DCT(x), and back."""

    def __init__(self, dim: int, *, grid: int, domain: Literal["literal", "idct"]) -> None:
        super().__init__()
        self.grid = grid
        self.domain = domain
        self.transform = CosineTransform(grid)
        self.inner = nn.Conv2d(dim, dim, kernel_size=1)
        self.outer = nn.Conv2d(dim, dim, kernel_size=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, r, H, G) -> the same; what is below the first G rows is its own frequency."""
        frequencies = self._of_patches(self.transform, x)
        gate: Tensor = self.outer(quick_gelu(self.inner(frequencies))).sigmoid()  # (N, r, H, G)
        if self.domain == "literal":
            return gate * x
        return self._of_patches(self.transform.inverse, gate * frequencies)

    def _of_patches(self, change: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """(N, r, H, G), of which the first G rows are changed."""
        return torch.cat([change(x[:, :, : self.grid]), x[:, :, self.grid :]], dim=2)
