"""Pre-norm transformer blocks with a gap after attention, for pictures and for text.

    x' = x + Attention(LN(x));  y = x' + MLP(LN(x'))

``Block.attend`` and ``Block.think`` are the two halves, so that an adapter can look at x'. A caller
walks through the blocks itself, or lets ``Blocks`` do so and gives it steps to take on the way.

With ``recompute`` the two halves keep nothing but their inputs in training: the backward pass
computes their insides anew. Gradients are the same; steps take up to a third longer.

Axes: B rows, S tokens, D features, h heads.

Paper: Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, equations 2 and 3; recompute:
Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from unmask.errors import ConfigError
from unmask.layers.quick_gelu import QuickGELU

Activation = Literal["gelu", "quick_gelu"]

Step = Callable[[int, Tensor], Tensor]
"""Something to do at the block of this number, counted from 0."""

Look = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]
"""How queries find values by keys, (B, h, S, d) each, under a mask: as ``look_up``, or else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TransformerConfig:
    """Sizes of a stack of blocks."""

    dim: int = 768
    depth: int = 12
    heads: int = 12
    mlp_ratio: int = 4
    activation: Activation = "gelu"
    """Of the MLPs; OpenAI's CLIP was trained with quick_gelu."""
    norm_eps: float = 1e-6
    """Added to the variance in every layer norm; 1e-5 in CLIP."""
    recompute: bool = False
    """In training, keep only what enters each half of a block: far less memory, longer steps."""

    def __post_init__(self) -> None:
        for field in ("dim", "depth", "heads", "mlp_ratio"):
            require_positive(field, getattr(self, field))
        require_multiple("dim", self.dim, "heads", self.heads)
        if not self.norm_eps > 0:
            raise ConfigError(f"norm_eps is {self.norm_eps}; it must be above 0")


def require_positive(name: str, value: int) -> None:
    """Refuse a size below 1."""
    if value < 1:
        raise ConfigError(f"{name} is {value}; it must be at least 1")


def require_multiple(name: str, value: int, of: str, divisor: int) -> None:
    """Refuse a size that another one does not divide."""
    if value % divisor:
        raise ConfigError(f"{name} is {value}; it must be a multiple of {of}, which is {divisor}")


class Blocks(nn.ModuleList):
    """The blocks, first to last."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(
            Block(
                config.dim,
                config.heads,
                config.mlp_ratio,
                activation=config.activation,
                norm_eps=config.norm_eps,
                recompute=config.recompute,
            )
            for _ in range(config.depth)
        )

    def each(self) -> Iterator[Block]:
        """The blocks as what they are."""
        return (cast("Block", block) for block in self)

    def forward(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        *,
        enter: Step | None = None,
        beside: Step | None = None,
        keep: Collection[int] = (),
        look: Callable[[int], Look] | None = None,
    ) -> tuple[Tensor, dict[int, Tensor]]:
        """Tokens (B, S, D) after the last block, and after each block whose number is in ``keep``.

        ``enter`` may exchange the tokens before a block, or change how many there are. ``beside``
        sees x' of a block and gives what is added to its result: an adapter beside the MLP.
        ``look`` says how the tokens of a block attend to each other, if not as usual.
        """
        kept: dict[int, Tensor] = {}
        for i, block in enumerate(self.each()):
            x = x if enter is None else enter(i, x)
            x = block.attend(x, mask, None if look is None else look(i))
            x = block.think(x) if beside is None else block.think(x) + beside(i, x)
            if i in keep:
                kept[i] = x
        return x, kept


class Block(nn.Module):
    """A pre-norm transformer block in two halves."""

    def __init__(
        self,
        dim: int,
        heads: int,
        mlp_ratio: int,
        *,
        activation: Activation = "gelu",
        norm_eps: float = 1e-6,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        self.recompute = recompute
        self.norm1 = nn.LayerNorm(dim, eps=norm_eps)
        self.attention = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=norm_eps)
        self.mlp = nn.Sequential(
            nn.Linear(dim, mlp_ratio * dim),
            nn.GELU() if activation == "gelu" else QuickGELU(),
            nn.Linear(mlp_ratio * dim, dim),
        )

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, S, D) -> (B, S, D); ``mask``, spread to (B, h, S, S), is True where one may look."""
        return self.think(self.attend(x, mask))

    def attend(self, x: Tensor, mask: Tensor | None, look: Look | None = None) -> Tensor:
        """First half: mix tokens."""
        return self._run(lambda y: y + self.attention(self.norm1(y), mask, look), x)

    def think(self, x: Tensor) -> Tensor:
        """Second half: each token by itself."""
        return self._run(lambda y: y + self.mlp(self.norm2(y)), x)

    def _run(self, half: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        if self.recompute and self.training and torch.is_grad_enabled():
            again = checkpoint(half, x, use_reentrant=False, preserve_rng_state=False)
            return cast("Tensor", again)
        return half(x)


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x: Tensor, mask: Tensor | None, look: Look | None = None) -> Tensor:
        """(B, S, D) -> (B, S, D)."""
        qkv = self.qkv(x).unflatten(-1, (3, self.heads, -1))  # (B, S, 3, h, D / h)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B, h, S, D / h)
        y = (look or look_up)(q, k, v, mask)  # (B, h, S, D / h)
        joined: Tensor = self.out(y.transpose(1, 2).flatten(2))  # (B, S, D)
        return joined


def look_up(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None) -> Tensor:
    """softmax(q k' / sqrt(d)) v over the last two axes, (B, h, S, d) each.

    For bf16 on a CPU, PyTorch's own kernel is as slow as for float32 (2.13 on AVX-512). There the
    formula as it stands takes half its time forward and a quarter of it backward, but keeps h S^2
    weights of each row for the backward pass; ``recompute`` spares those, too.
    """
    if q.device.type != "cpu" or q.dtype != torch.bfloat16:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    score = (q / math.sqrt(q.shape[-1])) @ k.transpose(-2, -1)  # (B, h, S, S)
    if mask is not None:
        score = score + torch.zeros_like(mask, dtype=score.dtype).masked_fill(~mask, -torch.inf)
    return score.softmax(dim=-1) @ v


def init_weights(module: nn.Module) -> None:
    """Xavier for a linear map or a patch embedding, zero for its bias."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.xavier_uniform_(module.weight.view(module.weight.shape[0], -1))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
