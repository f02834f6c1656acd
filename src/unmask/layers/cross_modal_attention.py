"""One layer, shared by all modalities, through which the tokens of a presentation see each other.

    tokens:    y = Block([x_1; ...; x_m]), each modality attending to all tokens of its partners
    channels:  y_i = x_i + sum over partners j != i of softmax(LN(x_j)' LN(x_i) / sqrt(S)) LN(x_i) W

In the second the softmax is over the channels of i: each channel of j chooses a mixture of them. A
modality is its own partner, so one sensor alone attends to itself; of channels, nothing is added
then. Both start silent: at first every token leaves as it came.

Axes: B presentations, m modalities with tokens, S tokens of a modality (class token first), s of
them that take part, D features.

Paper: Vaswani et al., "Attention Is All You Need", NeurIPS 2017; channels: Yu et al.,
"Flexible-Modal Face Anti-Spoofing: A Benchmark", CVPR Workshops 2023, as in its published code.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from unmask.layers.transformer import Block, TransformerConfig, init_weights


class TokenCrossAttention(nn.Module):
    """A transformer block over all tokens of all modalities, or over their class tokens."""

    def __init__(self, config: TransformerConfig, *, class_tokens: bool) -> None:
        super().__init__()
        self.class_tokens = class_tokens
        self.block = Block(
            config.dim,
            config.heads,
            config.mlp_ratio,
            activation=config.activation,
            norm_eps=config.norm_eps,
            recompute=config.recompute,
        )
        self.apply(init_weights)
        for last in (self.block.attention.out, self.block.mlp[-1]):
            for parameter in last.parameters():
                nn.init.zeros_(parameter)

    def forward(self, x: Tensor, partner: Tensor) -> Tensor:
        """Tokens (B, m, S, D) and partners (B, m, m) bool -> tokens."""
        count = 1 if self.class_tokens else x.shape[2]  # s
        own, rest = x[:, :, :count], x[:, :, count:]
        mask = partner.repeat_interleave(count, dim=1).repeat_interleave(count, dim=2)
        y = self.block(own.flatten(1, 2), mask[:, None])  # (B, m s, D)
        return torch.cat([y.unflatten(1, own.shape[1:3]), rest], dim=2)


class ChannelCrossAttention(nn.Module):
    """Channels of each modality, mixed anew for each partner."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.dim, eps=config.norm_eps)
        self.out = nn.Linear(config.dim, config.dim, bias=False)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor, partner: Tensor) -> Tensor:
        """Tokens (B, m, S, D) and partners (B, m, m) bool -> tokens."""
        z = self.norm(x)
        other = partner & ~torch.eye(x.shape[1], dtype=torch.bool, device=x.device)
        score = torch.einsum("bjsc,bisd->bijcd", z / math.sqrt(x.shape[2]), z)
        weight = score.softmax(dim=-1) * other[..., None, None]  # (B, m, m, D, D)
        y = torch.einsum("bijcd,bisd->bisc", weight, z)
        mixed: Tensor = x + self.out(y)
        return mixed
