"""Refined prompt learning (RPL): prompts of a picture and of texts, gathered block by block.

    V_0 = LN(softmax(Q K' / sqrt(D)) K W),  K = LN(raw patches of the picture)
    entering picture block l < J:  V_l = out(V_l-1) + a_l V_0 + P_l(T_l)
    entering text block l < J:     T_l = out(T_l-1) + dT_l,  T_0 learned, dT_l = 0 at first

out is what became of the prompts in the block before (nothing before the first); from block J on
prompts go their way alone. P_l is a map of low rank. With ``replace`` there is no out and dT_l
starts at random, as in deep prompt tuning. T_l are the same for both texts, as no token of the text
tower looks at a later one. Texts may be told the picture: T_0 + M(V_0) in place of T_0, where M is
two narrow layers, zero at first; then each picture has texts of its own.

Even prompts of zeros would change what a frozen tower attends to. So its own tokens see them
through a gate per block and head, zero at first, while prompts look at everything as usual:

    own tokens:  softmax(q k_own' / sqrt(d)) v_own + tanh(g) softmax(q k_V' / sqrt(d)) v_V

Axes: N pictures, P patches, D features of a picture token, D' of a text token, E of the common
space, n prompts, J blocks with prompts, h heads, d features of a head, 2 classes.

Paper: FMM-RPL (Frontiers of Computer Science, DOI 10.1007/s11704-026-50892-9) says that prompts
from the original picture and random text prompts are accumulated; the formulas are inferred. Gate:
Zhang et al., "LLaMA-Adapter", ICLR 2024, equations 4 to 6; P_l: Khattak et al., "MaPLe", CVPR 2023,
section 3.3; replace: Jia et al., "Visual Prompt Tuning", ECCV 2022, equations 6 to 8; M: Zhou et
al., "Conditional Prompt Learning for Vision-Language Models", CVPR 2022, section 3.2.
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

    def forward(
        self, tower: TextEncoder, bias: Tensor | None = None
    ) -> tuple[Tensor, list[Tensor]]:
        """Features (2, E) of length 1, and the J prompts T_l, (n, D') each.

        No picture changes them: in evaluation without gradient they are made once. With ``bias``,
        (N, n, D'), which is added to T_0, all of them are of N pictures.
        """
        if bias is not None:
            return self._made(tower, bias)
        weights = [*tower.parameters(), *self.parameters(), self.tokens]
        return self._known.get(lambda: self._alike(tower), weights)

    def _alike(self, tower: TextEncoder) -> tuple[Tensor, list[Tensor]]:
        """As of one picture that changes nothing."""
        feature, told = self._made(tower, torch.zeros_like(self.first)[None])
        return feature[0], [prompts[0] for prompts in told]

    def _made(self, tower: TextEncoder, bias: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Features (N, 2, E) and J prompts (N, n, D') of N pictures."""
        told: list[Tensor] = []

        def enter(i: int, x: Tensor) -> Tensor:
            """(2 N, n, D') before block i, both texts of a picture one after the other."""
            if 0 < i < self.sizes.depth:
                later = self.later[i - 1]
                x = x + later if self.sizes.update == "accumulate" else later.expand_as(x)
            if i < self.sizes.depth:
                told.append(x[::2])
            return x

        count = bias.shape[0]
        with torch.autocast(self.tokens.device.type, enabled=False):
            context = (self.first + bias.float()).repeat_interleave(2, dim=0)  # (2 N, n, D')
            tokens, end = self.tokens.repeat(count, 1), self.end.repeat(count)
            feature = tower.read(tokens, end, context, prompts=enter)  # (2 N, E)
        return F.normalize(feature.float(), dim=-1).reshape(count, 2, -1), told


class TextBias(nn.Module):
    """M: what the prompts of a picture add to those of its texts."""

    def __init__(self, sizes: PromptSizes) -> None:
        super().__init__()
        narrow = max(8, sizes.text_dim // 16)
        self.inner = nn.Linear(sizes.dim, narrow)
        self.outer = nn.Linear(narrow, sizes.text_dim)
        for parameter in self.outer.parameters():
            nn.init.zeros_(parameter)

    def forward(self, drawn: Tensor) -> Tensor:
        """V_0 (N, n, D) -> (N, n, D')."""
        bias: Tensor = self.outer(self.inner(drawn).relu())
        return bias


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

    def draw(self, patches: Tensor) -> Tensor:
        """Raw patches (N, P, D) -> V_0, (N, n, D)."""
        first = self.pool(patches) if self.sizes.source == "image" else self.first
        return F.layer_norm(first, first.shape[-1:]).expand(patches.shape[0], -1, -1)

    def forward(self, drawn: Tensor, told: Sequence[Tensor]) -> Step:
        """V_0 (N, n, D) and J text prompts, (n, D') or (N, n, D') -> the step before each block."""

        def enter(i: int, x: Tensor) -> Tensor:
            """(N, n, D) before block i; (N, 0, D) before the first."""
            if i >= self.sizes.depth:
                return x
            new: Tensor = self.share[i] * drawn
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
    asked, prompts = q[:, :, :own], k[:, :, own:]
    seen = look_up(asked, k[:, :, :own], v[:, :, :own], None)  # (N, h, own, d)
    # few keys: the axis of the many queries comes last, where a softmax over the other is fast
    score = (prompts / math.sqrt(q.shape[-1])) @ asked.transpose(2, 3)  # (N, h, n, own)
    told = opening[:, None, None].to(v.dtype) * v[:, :, own:]  # (N, h, n, d)
    gated = seen + score.softmax(dim=2).transpose(2, 3) @ told
    theirs = look_up(q[:, :, own:], k, v, None)  # (N, h, n, d)
    # laid out token by token, as the map that joins the heads reads it
    return torch.cat([gated.transpose(1, 2), theirs.transpose(1, 2)], dim=1).transpose(1, 2)
