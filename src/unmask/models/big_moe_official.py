"""BIG-MoE as its authors published the code: for checkpoints that were trained with it.

1. Every modality is there in every batch: one that is absent is a picture of zeros, whose tokens
   take part. The pictures are put in the published order: RGB, infrared, depth, then any other.
2. Prompts: central difference convolution of all pictures, a learned picture for the set of absent
   modalities and one for all sets; a strided convolution turns them into prompt tokens. The set of
   absent modalities is told in training alone; in use the code says that none is.
3. Each block: u = LN(x); v = LN(u + MHSA(u)); x = v + MLP(v) + Z, where Z is 2 v for the class
   token and v plus the experts' answer for a patch.
4. Experts: at each patch position the features of the M modalities are narrowed and joined; a
   product-key gate, which sees [their summary; prompt], chooses single-neuron experts.
5. Bypass, between blocks: three central difference convolutions and channel attention make the
   prompt tokens anew, with no residual, and leave the grid transposed.
6. The head reads the class token, as no norm follows the last block. It has two logits, attack and
   bona fide; ``Output.logit`` is their difference, so its sigmoid is the published softmax, and
   ``model.head(output.feature)`` gives both.

Axes: B presentations, M modalities, H W pixels, P patches of one modality on a G x G grid,
S = 1 + M P tokens, D features of a token, r of a narrowed one, C features of a prompt token.

Paper: Ma, Yu, Lin, Xie, Shen, "BIG-MoE: Bypass Isolated Gating MoE for Generalized Multimodal Face
Anti-Spoofing", ICASSP 2025, arXiv 2412.18065; wired as in the published code, which differs from
the paper's figure. To train a new model, take ``big_moe``, which is wired as in the figure.

Differs: the pictures of the caller are never changed; hiding modalities in training is left to the
augmentation, which never hides all of them. The last block's experts and the last two bypasses
reach no logit; they are kept, since checkpoints have them and they shape the patches, but they do
not train, as no gradient would ever come to them. Experts and head start smaller than published,
where their noise drowns the backbone. The published loader divides by 128 what ours divides by
127.5.

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality.
    tiny_test: 104,297 parameters, 0.0078 GFLOPs
    base: 90,148,953 parameters, 114.4 GFLOPs
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

import torch
from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.central_difference import CentralDifferenceConv2d
from unmask.layers.channel_attention import ChannelAttention
from unmask.layers.fine_grained_experts import FineGrainedExperts
from unmask.layers.product_keys import ProductKeyRouter
from unmask.layers.prompt_bypass import PromptGenerator
from unmask.layers.quick_gelu import quick_gelu
from unmask.layers.transformer import Block, init_weights, require_multiple, require_positive
from unmask.types import Modality, Output, Routing

PUBLISHED_ORDER = (Modality.RGB, Modality.INFRARED, Modality.DEPTH, Modality.THERMAL)
"""Thermal was not published; it comes last, so that it moves no other."""

NORM_EPS = 1e-24
"""Of the gate's and the experts' RMS norm: published is x / max(|x|, 1e-12), which this is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Sizes; whatever else the published code fixes is fixed here."""

    modalities: tuple[Modality, ...] = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)
    """Modalities the model is built for, in the order of the M axis."""
    image_size: int = 224
    """Side of the square face crop, in pixels."""
    patch_size: int = 16
    """Side of a patch, in pixels."""
    dim: int = 768
    depth: int = 12
    heads: int = 12
    frozen_backbone: bool = True
    """Patch embedding and all blocks but the last keep their weights."""
    down_dim: int = 8
    """Features of one modality that gate and experts see at a position."""
    prompt_dim: int = 64
    """Features of a prompt token."""
    num_experts: int = 1600
    """A square, as experts have product keys."""
    expert_heads: int = 2
    """Independent choices at each position."""
    top_k: int = 2
    """Experts per choice."""
    theta: float = 0.7
    """Share of the central difference in each 3x3 convolution; 0 is a plain convolution."""
    dropout: float = 0.1
    """Of the experts' answer and of the bypass."""
    absent: Literal["drop", "mask", "zero"] = "zero"
    """Each word means zero here, as published: pictures of zeros, whose tokens take part."""

    def __post_init__(self) -> None:
        names = [str(modality) for modality in self.modalities]
        if not names or len(set(names)) < len(names):
            raise ConfigError(f"modalities are {names}; name at least one, and each only once")
        for field in ("image_size", "patch_size", "dim", "depth", "heads", "down_dim"):
            require_positive(field, getattr(self, field))
        for field in ("prompt_dim", "num_experts", "expert_heads", "top_k"):
            require_positive(field, getattr(self, field))
        require_multiple("image_size", self.image_size, "patch_size", self.patch_size)
        require_multiple("dim", self.dim, "heads", self.heads)
        side = math.isqrt(self.num_experts)
        if side**2 != self.num_experts or self.top_k > side:
            raise ConfigError(
                f"num_experts is {self.num_experts} and top_k {self.top_k}; num_experts must be a "
                f"square, such as {side**2} or {(side + 1) ** 2}, and top_k at most its root"
            )
        if self.expert_heads * self.top_k >= self.num_experts:
            raise ConfigError(
                f"expert_heads is {self.expert_heads} and top_k {self.top_k}; together they must "
                f"choose fewer than the {self.num_experts} experts that there are"
            )
        for field in ("theta", "dropout"):
            if not 0 <= getattr(self, field) <= 1:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be from 0 to 1")

    @property
    def grid(self) -> int:
        """Patches along one side of the crop."""
        return self.image_size // self.patch_size


VARIANTS = {
    "tiny_test": Config(
        image_size=32,
        patch_size=8,
        dim=32,
        depth=4,
        heads=2,
        down_dim=4,
        prompt_dim=8,
        num_experts=16,
        frozen_backbone=False,
    ),
    "base": Config(),
}


class BigMoEOfficial(nn.Module):
    """Two streams, tokens and prompts; parts have the names that ``big_moe`` gives to theirs."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        rank = [PUBLISHED_ORDER.index(modality) for modality in config.modalities]
        self.order = sorted(range(len(rank)), key=rank.__getitem__)
        """Places on the M axis of ``Config.modalities``, in the published order."""
        self.image = ImageTokens(config)
        self.prompt = PromptGenerator(
            len(config.modalities),
            image_size=config.image_size,
            patch_size=config.patch_size,
            dim=config.prompt_dim,
            theta=config.theta,
        )
        self.igma = nn.ModuleList(Igma(config) for _ in range(config.depth))
        self.cpb = nn.ModuleList(Cpb(config) for _ in range(config.depth))
        self.head = nn.Linear(config.dim, 2)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        for unread in (self.igma[-1], *self.cpb[-2:]):
            unread.requires_grad_(requires_grad=False)
        if config.frozen_backbone:
            self.image.freeze()

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) float32 and (B, M) bool -> Output."""
        routings: list[Routing] = []
        for x, _, routing in self.each_block(image, present):
            feature = x[:, 0]  # (B, D)
            routings.append(routing)
        attack, bona_fide = self.head(feature).float().unbind(dim=-1)  # (B,) each
        return Output(logit=bona_fide - attack, feature=feature.float(), routing=tuple(routings))

    def each_block(
        self, image: Tensor, present: Tensor
    ) -> Iterator[tuple[Tensor, Tensor, Routing]]:
        """Tokens (B, S, D) and prompt tokens (B, P, C) as they leave each block."""
        image, present = image[:, self.order], present[:, self.order]
        image = image.masked_fill(~present[:, :, None, None, None], 0.0)
        told = present if self.training else torch.ones_like(present)  # (B, M)
        prompt = self.prompt(image, told).flatten(2).transpose(1, 2)  # (B, P, C)
        x = self.image(image)  # (B, S, D)
        for i, block in enumerate(self.image.each_block()):
            u = block.norm1(x)
            v = block.norm2(u + block.attention(u, None))  # (B, S, D)
            answer, seen, routing = self.igma[i](v, prompt, present)  # (B, M P, D), (B, P, 2 r)
            x = v + block.mlp(v) + v + torch.cat([v[:, :1], answer], dim=1)
            prompt = self.cpb[i](prompt, seen)
            yield x, prompt, routing


class ImageTokens(nn.Module):
    """Patch embedding, class token, a position for each patch of each modality, and the blocks."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        side, tokens = config.patch_size, 1 + len(config.modalities) * config.grid**2
        self.patch_embed = nn.Conv2d(3, config.dim, kernel_size=side, stride=side)
        self.class_token = nn.Parameter(torch.zeros(config.dim))
        self.position = nn.Parameter(torch.empty(tokens, config.dim))
        self.blocks = nn.ModuleList(
            Block(config.dim, config.heads, mlp_ratio=4) for _ in range(config.depth)
        )
        nn.init.normal_(self.position, std=0.02)
        self.apply(init_weights)

    def forward(self, image: Tensor) -> Tensor:
        """(B, M, 3, H, W) in the published order -> tokens (B, S, D), modality by modality."""
        patches = self.patch_embed(image.flatten(0, 1)).flatten(2).transpose(1, 2)  # (B M, P, D)
        patches = patches.reshape(image.shape[0], -1, patches.shape[-1])  # (B, M P, D)
        first = self.class_token.to(patches.dtype).expand(image.shape[0], 1, -1)  # (B, 1, D)
        return torch.cat([first, patches], dim=1) + self.position

    def each_block(self) -> Iterator[Block]:
        """The blocks, first to last."""
        return (cast("Block", block) for block in self.blocks)

    def freeze(self) -> None:
        """Keep patch embedding and blocks; the last block, class token and positions learn."""
        for part in (self.patch_embed, *self.blocks[:-1]):
            part.requires_grad_(requires_grad=False)


class Igma(nn.Module):
    """Experts that see the features alone, and a gate that sees their summary and the prompt.

    One narrowing serves experts and gate; one choice of experts, all modalities of a position.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.narrow, count = config.down_dim, len(config.modalities)
        self.down = nn.Linear(config.dim, self.narrow)
        self.gate_feature = nn.Linear(count * self.narrow, self.narrow)
        self.gate_prompt = nn.Linear(config.prompt_dim, self.narrow)
        router = ProductKeyRouter(
            2 * self.narrow,
            num_experts=config.num_experts,
            heads=config.expert_heads,
            top_k=config.top_k,
            key_dim=self.narrow,
            key_std=0.02,
        )
        self.experts = FineGrainedExperts(count * self.narrow, router)
        self.experts.norm.eps = router.norm.eps = NORM_EPS
        self.dropout = nn.Dropout(config.dropout)
        self.up = nn.Linear(self.narrow, config.dim)

    def forward(self, v: Tensor, prompt: Tensor, present: Tensor) -> tuple[Tensor, Tensor, Routing]:
        """(B, S, D), (B, P, C) -> answer (B, M P, D), what the gate saw (B, P, 2 r)."""
        rows, patches, count = v.shape[0], prompt.shape[1], present.shape[1]
        narrowed = quick_gelu(self.down(v[:, 1:]))  # (B, M P, r)
        feature = (
            narrowed.reshape(rows, count, patches, -1).transpose(1, 2).flatten(2)
        )  # (B, P, M r)
        gate = torch.cat([self.gate_feature(feature), self.gate_prompt(prompt)], dim=-1)
        seen = quick_gelu(gate)  # (B, P, 2 r)
        valid = present.any(dim=1).repeat_interleave(patches)  # (B P,)
        y, routing = self.experts(feature.flatten(0, 1), seen.flatten(0, 1), valid)  # (B P, M r)
        y = self.dropout(y).reshape(rows, patches, count, -1).transpose(1, 2)  # (B, M, P, r)
        return quick_gelu(self.up(y.flatten(1, 2))), seen, routing


class Cpb(nn.Module):
    """Bypass: new prompt tokens from the old ones and from what the gate saw."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.grid, width, theta = config.grid, config.prompt_dim, config.theta
        self.carry = CentralDifferenceConv2d(width, width, theta=theta)
        self.learn = CentralDifferenceConv2d(2 * config.down_dim, width, theta=theta)
        self.attention = ChannelAttention()
        self.dropout = nn.Dropout(config.dropout)
        self.compose = CentralDifferenceConv2d(2 * width, width, theta=theta)

    def forward(self, prompt: Tensor, seen: Tensor) -> Tensor:
        """(B, P, C), (B, P, 2 r) -> (B, P, C), rows and columns of the grid exchanged."""
        carried = quick_gelu(self.carry(self._turned(prompt)))  # (B, C, G, G)
        learned = quick_gelu(self.learn(self._turned(seen)))  # (B, C, G, G)
        both = self.dropout(self.attention(torch.cat([carried, learned], dim=1)))
        return quick_gelu(self.compose(both)).flatten(2).transpose(1, 2)

    def _turned(self, x: Tensor) -> Tensor:
        """Tokens row by row (B, P, C) -> a map (B, C, column, row)."""
        return x.reshape(x.shape[0], self.grid, self.grid, -1).transpose(1, 3)


Model = BigMoEOfficial
