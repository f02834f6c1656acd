"""Refined prompt learning (RPL): prompts of a picture and of texts, gathered block by block.

    V_0 = LN(softmax(Q K' / sqrt(D)) K W),  K = LN(raw patches of the picture)
    entering picture block l < J:  V_l = out(V_l-1) + a_l V_0 + P_l(T_l)
    entering text block l < J:     T_l = out(T_l-1) + dT_l,  T_0 learned, dT_l = 0 at first

out is what became of the prompts in the block before (nothing before the first); from block J on
prompts go their way alone. P_l is a map of low rank. With ``replace`` there is no out and dT_l
starts at random, as in deep prompt tuning. T_l are the same for both texts, as no token of the text
tower looks at a later one.

Even prompts of zeros would change what a frozen tower attends to. So its own tokens see them
through a gate per block and head, zero at first, while prompts look at everything as usual:

    own tokens:  softmax(q k_own' / sqrt(d)) v_own + tanh(g) softmax(q k_V' / sqrt(d)) v_V

Axes: N pictures, P patches, D features of a picture token, D' of a text token, E of the common
space, n prompts, J blocks with prompts, h heads, d features of a head, 2 classes.

Paper: FMM-RPL (Frontiers of Computer Science, DOI 10.1007/s11704-026-50892-9) says that prompts
from the original picture and random text prompts are accumulated; the formulas are inferred. Gate:
Zhang et al., "LLaMA-Adapter", ICLR 2024, equations 4 to 6; P_l: Khattak et al., "MaPLe", CVPR 2023,
section 3.3; replace: Jia et al., "Visual Prompt Tuning", ECCV 2022, equations 6 to 8.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.layers.clip_tokens import tokenize_short
from unmask.layers.remembered import Remembered
from unmask.layers.text_encoder import TextEncoder
from unmask.layers.transformer import Look, Step, look_up


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptSizes:
    """Sizes of the prompts of both towers."""

    prompts: int
    """n, in each tower."""
    depth: int
    """J."""
    update: Literal["accumulate", "replace"]
    """Whether prompts keep what became of them in the block before."""
    dim: int
    """D."""
    text_dim: int
    """D'."""
    vocabulary: int
    """Tokens of the text tower."""
    coupling: int
    """Rank of P_l; 0: text prompts do not reach the picture."""
    source: Literal["image", "learned"]
    """Where V_0 comes from; ``learned`` is the same for all pictures."""


class RefinedTexts(nn.Module):
    """Features of the two class texts, bona fide first, and the prompts that stand before them."""

    tokens: Tensor
    """(2, L) int64, up to the end of the longer text."""
    end: Tensor
    """(2,) int64: where each text ends."""

    def __init__(self, sizes: PromptSizes, words: tuple[str, str]) -> None:
        super().__init__()
        self.sizes = sizes
        tokens, end = tokenize_short(words, context=sizes.prompts, vocabulary=sizes.vocabulary)
        self.register_buffer("tokens", tokens, persistent=False)
        self.register_buffer("end", end, persistent=False)
        shape = sizes.prompts, sizes.text_dim
        self.first = nn.Parameter(0.02 * torch.randn(shape))
        std = 0.0 if sizes.update == "accumulate" else 0.02
        self.later = nn.ParameterList(std * torch.randn(shape) for _ in range(sizes.depth - 1))
        self._known: Remembered[tuple[Tensor, list[Tensor]]] = Remembered()

    def forward(self, tower: TextEncoder) -> tuple[Tensor, list[Tensor]]:
        """Features (2, E) of length 1, and the J prompts T_l, (n, D') each.

        No picture changes them: in evaluation without gradient they are made once.
        """
        weights = [*tower.parameters(), *self.parameters(), self.tokens]
        return self._known.get(lambda: self._made(tower), weights)

    def _made(self, tower: TextEncoder) -> tuple[Tensor, list[Tensor]]:
        told: list[Tensor] = []

        def enter(i: int, x: Tensor) -> Tensor:
            """(2, n, D') before block i."""
            if 0 < i < self.sizes.depth:
                later = self.later[i - 1]
                x = x + later if self.sizes.update == "accumulate" else later.expand_as(x)
            if i < self.sizes.depth:
                told.append(x[0])
            return x

        with torch.autocast(self.tokens.device.type, enabled=False):
            feature = tower.read(self.tokens, self.end, self.first, prompts=enter)
        return F.normalize(feature.float(), dim=-1), told


class VisualPrompts(nn.Module):
    """The prompts of a picture, from its raw patches and from the text prompts."""

    def __init__(self, sizes: PromptSizes) -> None:
        super().__init__()
        self.sizes = sizes
        if sizes.source == "image":
            self.pool = PromptPool(sizes.dim, prompts=sizes.prompts)
        else:
            self.first = nn.Parameter(torch.randn(sizes.prompts, sizes.dim))
        self.share = nn.ParameterList(torch.ones(sizes.dim) for _ in range(sizes.depth))
        self.couple = nn.ModuleList(
            nn.Sequential(
                nn.Linear(sizes.text_dim, sizes.coupling, bias=False),
                nn.Linear(sizes.coupling, sizes.dim, bias=False),
            )
            for _ in range(sizes.depth if sizes.coupling else 0)
        )

    def forward(self, patches: Tensor, told: Sequence[Tensor]) -> Step:
        """Raw patches (N, P, D) and J text prompts (n, D') -> the step before each block."""
        first = self.pool(patches) if self.sizes.source == "image" else self.first
        first = F.layer_norm(first, first.shape[-1:]).expand(patches.shape[0], -1, -1)  # (N, n, D)

        def enter(i: int, x: Tensor) -> Tensor:
            """(N, n, D) before block i; (N, 0, D) before the first."""
            if i >= self.sizes.depth:
                return x
            new: Tensor = self.share[i] * first
            if self.sizes.coupling:
                new = new + self.couple[i](told[i])
            return x + new if i and self.sizes.update == "accumulate" else new

        return enter


class PromptPool(nn.Module):
    """Learned queries that look at the patches of a picture; nothing is learned through these."""

    def __init__(self, dim: int, *, prompts: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(dim)
        self.query = nn.Parameter(torch.randn(prompts, dim))
        self.value = nn.Linear(dim, dim)

    def forward(self, patches: Tensor) -> Tensor:
        """Raw patches (N, P, D) -> (N, n, D)."""
        x = self.norm(patches.detach())
        weight = (self.query @ x.transpose(1, 2) / math.sqrt(x.shape[2])).softmax(
            dim=-1
        )  # (N, n, P)
        prompts: Tensor = self.value(weight @ x)
        return prompts


class PromptGates(nn.Module):
    """How much of the prompts the own tokens of a tower see, by block and head."""

    def __init__(self, depth: int, heads: int) -> None:
        super().__init__()
        self.strength = nn.Parameter(torch.zeros(depth, heads))

    def forward(self, own: int) -> Callable[[int], Look]:
        """How each block attends, where prompts come after so many own tokens."""
        opening = self.strength.tanh()  # (blocks, h)
        return lambda i: partial(look_through, own=own, opening=opening[i])


def look_through(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, *, own: int, opening: Tensor
) -> Tensor:
    """As ``look_up``, (N, h, S, d) each, but own tokens see prompts through a gate, (h,)."""
    assert mask is None
    seen = look_up(q[:, :, :own], k[:, :, :own], v[:, :, :own], None)  # (N, h, own, d)
    told = look_up(q[:, :, :own], k[:, :, own:], v[:, :, own:], None)
    prompts = look_up(q[:, :, own:], k, v, None)  # (N, h, n, d)
    gated = seen + opening[:, None, None].to(told.dtype) * told
    return torch.cat([gated, prompts], dim=2)
