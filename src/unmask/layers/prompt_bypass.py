"""Prompts for gates: a convolutional map that runs beside the blocks, or ordinary prompt tokens.

    P_0 = Conv[q(CDC(pictures)); r T_c; r T]
    P_{i+1} = P_i + Dropout(ECA(q([CDC(P_i); CDC(seen_i)])))

CDC is a central difference convolution, ECA channel attention, q QuickGELU, T_c a learned picture
for the set c of absent modalities, T one for all sets, seen_i what the gate of block i saw. Adam
moves every pixel of a learned picture by its rate at every step, and all pixels of a patch move the
prompt together; r < 1 makes them learn at that share of the rate (inferred).

Axes: B presentations, M modalities, H W pixels, G x G patches of one modality, C channels of the
prompt, I features that the gate sees, T prompt tokens, S other tokens, D features of a token.

Paper: Ma et al., "BIG-MoE: Bypass Isolated Gating MoE for Generalized Multimodal Face
Anti-Spoofing", ICASSP 2025, figure of the framework, parts (a) and (b); QuickGELU and dropout as in
its published code. ``PromptTokens`` are the conventional way: Jia et al., "Visual Prompt Tuning",
ECCV 2022, equation 5, with tokens for each set of absent modalities as in Lee et al., "Multimodal
Prompting with Missing Modalities for Visual Recognition", CVPR 2023. That the gate is told their
mean is inferred: BIG-MoE's prompts go there.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.layers.central_difference import CentralDifferenceConv2d
from unmask.layers.channel_attention import ChannelAttention
from unmask.layers.quick_gelu import quick_gelu
from unmask.layers.transformer import Block


class PromptGenerator(nn.Module):
    """What the sensors saw together, and which of them were absent, as one map.

    Row c of the table belongs to the set of absent modalities with ``absence_code`` c: row 0 when
    nothing is missing.
    """

    def __init__(
        self,
        modalities: int,
        *,
        image_size: int,
        patch_size: int,
        dim: int,
        theta: float,
        picture_rate: float = 1.0,
    ) -> None:
        """``picture_rate`` is r."""
        super().__init__()
        self.picture_rate = picture_rate
        self.content = CentralDifferenceConv2d(3 * modalities, 3, theta=theta)
        self.absent = nn.Embedding(2**modalities, 3 * image_size**2)
        self.task = nn.Parameter(torch.zeros(3, image_size, image_size))
        self.patches = nn.Conv2d(9, dim, kernel_size=patch_size, stride=patch_size)
        nn.init.zeros_(self.absent.weight)

    def forward(self, image: Tensor, present: Tensor) -> Tensor:
        """(B, M, 3, H, W), zero where absent, and (B, M) bool -> (B, C, G, G)."""
        content = quick_gelu(self.content(image.flatten(1, 2)))  # (B, 3, H, W)
        absent = self.absent(absence_code(present)).reshape(content.shape)
        task = self.task.expand_as(content)
        learned = self.picture_rate * torch.cat([absent, task], dim=1)  # (B, 6, H, W)
        prompt: Tensor = self.patches(torch.cat([content, learned], dim=1))
        return prompt


def absence_code(present: Tensor) -> Tensor:
    """(B, M) bool -> (B,) int64; bit i is set where modality i is absent."""
    bit = 2 ** torch.arange(present.shape[1], device=present.device)
    return (~present * bit).sum(dim=1)


class Cpb(nn.Module):
    """The bypass from block to block; each of its two branches gives half of the channels."""

    def __init__(self, dim: int, seen_dim: int, *, theta: float, dropout: float) -> None:
        super().__init__()
        self.carry = CentralDifferenceConv2d(dim, dim // 2, theta=theta)
        self.learn = CentralDifferenceConv2d(seen_dim, dim // 2, theta=theta)
        self.attention = ChannelAttention()
        self.dropout = nn.Dropout(dropout)

    def forward(self, prompt: Tensor, seen: Tensor) -> Tensor:
        """(B, C, G, G) and (B, I, G, G) -> (B, C, G, G)."""
        both = torch.cat([self.carry(prompt), self.learn(seen)], dim=1)  # (B, C, G, G)
        change: Tensor = self.dropout(self.attention(quick_gelu(both)))
        return prompt + change


class PromptTokens(nn.Module):
    """The prompt of one block: learned tokens that all others may attend to, for what is absent."""

    def __init__(self, modalities: int, tokens: int, dim: int) -> None:
        super().__init__()
        self.tokens = tokens
        self.table = nn.Embedding(2**modalities, tokens * dim)
        nn.init.normal_(self.table.weight, std=0.02)

    def forward(
        self, block: Block, x: Tensor, mask: Tensor | None, present: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The first half of a block with the tokens beside (B, S, D).

        Gives the (B, S, D) after it, and the mean of the tokens, (B, D, 1, 1), for the gate: the
        same at every position. What became of them goes no further; each block has its own.
        """
        tokens = self.table(absence_code(present)).unflatten(1, (self.tokens, -1))  # (B, T, D)
        if mask is not None:
            mask = F.pad(mask, (0, self.tokens), value=True)  # (B, 1, 1, S + T)
        x = block.attend(torch.cat([x, tokens.to(x.dtype)], dim=1), mask)
        told = x[:, -self.tokens :].mean(dim=1)  # (B, D)
        return x[:, : -self.tokens], told[..., None, None]
