"""A vision transformer over the patches of several modalities, which attend to each other.

    X = [class + position_0; patch_mp + position_p + modality_m];  y = LN(Blocks(LN_pre(X)))

LN_pre exists in CLIP alone. The caller walks through the blocks, or calls ``blocks`` as a whole.

Axes: B presentations, M modalities, m of them with tokens, P patches per modality, S = 1 + m * P
tokens (class token first, then modality by modality, row by row), D features.

Paper: Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, equations 1 to 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.presence import Presence
from unmask.layers.transformer import (
    Block,
    Blocks,
    TransformerConfig,
    init_weights,
    require_multiple,
    require_positive,
)
from unmask.types import Modality


@dataclass(frozen=True, kw_only=True, slots=True)
class TowerConfig(TransformerConfig):
    """Sizes of a transformer over patches."""

    image_size: int = 224
    """Side of the square face crop, in pixels."""
    patch_size: int = 16
    """Side of a patch, in pixels."""
    patch_bias: bool = True
    """The patch embedding adds a bias; not so in CLIP."""
    pre_norm: bool = False
    """A layer norm stands before the first block, as in CLIP."""

    def __post_init__(self) -> None:
        TransformerConfig.__post_init__(self)
        for field in ("image_size", "patch_size"):
            require_positive(field, getattr(self, field))
        require_multiple("image_size", self.image_size, "patch_size", self.patch_size)

    @property
    def grid(self) -> int:
        """Patches along one side of the crop."""
        return self.image_size // self.patch_size

    def patch_map(self) -> nn.Conv2d:
        """A new linear map of each patch of one picture."""
        side = self.patch_size
        return nn.Conv2d(3, self.dim, kernel_size=side, stride=side, bias=self.patch_bias)

    def first_norm(self) -> nn.Module:
        """What stands before the first block."""
        return nn.LayerNorm(self.dim, eps=self.norm_eps) if self.pre_norm else nn.Identity()


@dataclass(frozen=True, kw_only=True, slots=True)
class BackboneConfig(TowerConfig):
    """Sizes of the transformer over several modalities."""

    modalities: tuple[Modality, ...] = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)
    """Modalities the model is built for, in the order of the M axis."""
    patch_embed: Literal["shared", "per_modality"] = "shared"
    """One patch embedding for all modalities, or one for each."""
    absent: Literal["drop", "mask", "zero"] = "drop"
    """Leave out the tokens of modalities that no presentation of a batch has, or mask them all:
    scores are the same. zero, as in most published systems: they are pictures of zeros, whose
    tokens take part in everything."""

    def __post_init__(self) -> None:
        names = [str(modality) for modality in self.modalities]
        if not names or len(set(names)) < len(names):
            raise ConfigError(f"modalities are {names}; name at least one, and each only once")
        TowerConfig.__post_init__(self)

    def presence(self, present: Tensor) -> Presence:
        """Which tokens a batch has: (B, M) bool."""
        return Presence.of(present, drop=self.absent == "drop", zero=self.absent == "zero")


class Backbone(nn.Module):
    """Embedding, blocks and final norm; the caller walks through the blocks."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.config = config
        self.patches = config.grid**2
        self.patch_embed = PatchEmbed(config)
        self.class_token = nn.Parameter(torch.zeros(1, 1, config.dim))
        self.position = nn.Parameter(torch.empty(1 + self.patches, config.dim))
        self.modality = nn.Embedding(len(config.modalities), config.dim)
        self.pre_norm = config.first_norm()
        self.blocks = Blocks(config)
        self.norm = nn.LayerNorm(config.dim, eps=config.norm_eps)
        nn.init.normal_(self.position, std=0.02)
        nn.init.zeros_(self.modality.weight)  # leaves the features of a pretrained backbone alone
        self.apply(init_weights)

    def embed(self, image: Tensor, presence: Presence) -> Tensor:
        """(B, M, 3, H, W) -> tokens (B, S, D); all modalities share the positions."""
        x = self.patch_embed(image, presence.columns)  # (B, m, P, D)
        x = x + self.position[1:] + self.modality.weight[presence.columns, None]
        first = (self.class_token + self.position[0]).expand(image.shape[0], -1, -1)  # (B, 1, D)
        tokens: Tensor = self.pre_norm(torch.cat([first, x.flatten(1, 2)], dim=1))  # (B, S, D)
        return tokens

    def each_block(self) -> Iterator[Block]:
        """The blocks, first to last."""
        return self.blocks.each()

    def read(self, x: Tensor, presence: Presence) -> Tensor:
        """Tokens (B, S, D) -> feature (B, 2 D): class token, mean of the patches taking part."""
        x = self.norm(x)
        size = (x.shape[0], len(presence.columns), self.patches, x.shape[2])
        patches = x[:, 1:].reshape(size)  # (B, m, P, D)
        return torch.cat([x[:, 0], presence.mean(patches)], dim=1)

    def freeze(self) -> None:
        """Keep the pretrained weights; class token, positions and modality table go on learning."""
        for part in (self.patch_embed, self.pre_norm, self.blocks, self.norm):
            part.requires_grad_(requires_grad=False)


class PatchEmbed(nn.Module):
    """A linear map of each patch, shared or one per modality."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.shared = config.patch_embed == "shared"
        count = 1 if self.shared else len(config.modalities)
        self.maps = nn.ModuleList(config.patch_map() for _ in range(count))

    def forward(self, image: Tensor, columns: list[int]) -> Tensor:
        """(B, M, 3, H, W) -> (B, m, P, D)."""
        if self.shared:
            shown = image[:, columns]
            x: Tensor = self.maps[0](shown.flatten(0, 1)).unflatten(0, shown.shape[:2])
        else:
            x = torch.stack([self.maps[m](image[:, m]) for m in columns], dim=1)
        return x.flatten(3).transpose(2, 3)  # (B, m, D, H', W') -> (B, m, P, D)
