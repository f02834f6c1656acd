"""A vision transformer over the patches of several modalities, with a gap after attention.

    x' = x + Attention(LN(x));  y = x' + MLP(LN(x'))

``Block.attend`` and ``Block.think`` are the two halves, so that an adapter can look at x'.

Axes: B presentations, M modalities, m of them with tokens, P patches per modality, S = 1 + m * P
tokens (class token first, then modality by modality, row by row), D features, h heads.

Paper: Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021, equations 1 to 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.presence import Presence
from unmask.types import Modality


@dataclass(frozen=True, kw_only=True, slots=True)
class BackboneConfig:
    """Sizes of the transformer."""

    modalities: tuple[Modality, ...] = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)
    """Modalities the model is built for, in the order of the M axis."""
    image_size: int = 224
    """Side of the square face crop, in pixels."""
    patch_size: int = 16
    """Side of a patch, in pixels."""
    dim: int = 768
    depth: int = 12
    heads: int = 12
    mlp_ratio: int = 4
    patch_embed: Literal["shared", "per_modality"] = "shared"
    """One patch embedding for all modalities, or one for each."""
    absent: Literal["drop", "mask"] = "drop"
    """Leave out the tokens of modalities that no presentation of a batch has, or mask them all."""

    def __post_init__(self) -> None:
        names = [str(modality) for modality in self.modalities]
        if not names or len(set(names)) < len(names):
            raise ConfigError(f"modalities are {names}; name at least one, and each only once")
        for field in ("image_size", "patch_size", "dim", "depth", "heads", "mlp_ratio"):
            require_positive(field, getattr(self, field))
        require_multiple("image_size", self.image_size, "patch_size", self.patch_size)
        require_multiple("dim", self.dim, "heads", self.heads)

    @property
    def grid(self) -> int:
        """Patches along one side of the crop."""
        return self.image_size // self.patch_size


def require_positive(name: str, value: int) -> None:
    """Refuse a size below 1."""
    if value < 1:
        raise ConfigError(f"{name} is {value}; it must be at least 1")


def require_multiple(name: str, value: int, of: str, divisor: int) -> None:
    """Refuse a size that another one does not divide."""
    if value % divisor:
        raise ConfigError(f"{name} is {value}; it must be a multiple of {of}, which is {divisor}")


class Backbone(nn.Module):
    """Embedding, blocks and final norm; the caller walks through the blocks."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.patches = config.grid**2
        self.patch_embed = PatchEmbed(config)
        self.class_token = nn.Parameter(torch.zeros(1, 1, config.dim))
        self.position = nn.Parameter(torch.empty(1 + self.patches, config.dim))
        self.modality = nn.Embedding(len(config.modalities), config.dim)
        self.blocks = nn.ModuleList(
            Block(config.dim, config.heads, config.mlp_ratio) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(config.dim, eps=1e-6)
        nn.init.normal_(self.position, std=0.02)
        nn.init.zeros_(self.modality.weight)  # leaves the features of a pretrained backbone alone
        self.apply(_init)

    def embed(self, image: Tensor, presence: Presence) -> Tensor:
        """(B, M, 3, H, W) -> tokens (B, S, D); all modalities share the positions."""
        x = self.patch_embed(image, presence.columns)  # (B, m, P, D)
        x = x + self.position[1:] + self.modality.weight[presence.columns, None]
        first = (self.class_token + self.position[0]).expand(image.shape[0], -1, -1)  # (B, 1, D)
        return torch.cat([first, x.flatten(1, 2)], dim=1)

    def each_block(self) -> Iterator[Block]:
        """The blocks, first to last."""
        return (cast("Block", block) for block in self.blocks)

    def read(self, x: Tensor, presence: Presence) -> Tensor:
        """Tokens (B, S, D) -> feature (B, 2 D): class token, then mean of the present patches."""
        x = self.norm(x)
        size = (x.shape[0], len(presence.columns), self.patches, x.shape[2])
        patches = x[:, 1:].reshape(size)  # (B, m, P, D)
        return torch.cat([x[:, 0], presence.mean(patches)], dim=1)

    def freeze(self) -> None:
        """Keep the pretrained weights; class token, positions and modality table go on learning."""
        for part in (self.patch_embed, self.blocks, self.norm):
            part.requires_grad_(requires_grad=False)


class PatchEmbed(nn.Module):
    """A linear map of each patch, shared or one per modality."""

    def __init__(self, config: BackboneConfig) -> None:
        super().__init__()
        self.shared = config.patch_embed == "shared"
        count = 1 if self.shared else len(config.modalities)
        size = config.patch_size
        self.maps = nn.ModuleList(
            nn.Conv2d(3, config.dim, kernel_size=size, stride=size) for _ in range(count)
        )

    def forward(self, image: Tensor, columns: list[int]) -> Tensor:
        """(B, M, 3, H, W) -> (B, m, P, D)."""
        if self.shared:
            shown = image[:, columns]
            x: Tensor = self.maps[0](shown.flatten(0, 1)).unflatten(0, shown.shape[:2])
        else:
            x = torch.stack([self.maps[m](image[:, m]) for m in columns], dim=1)
        return x.flatten(3).transpose(2, 3)  # (B, m, D, H', W') -> (B, m, P, D)


class Block(nn.Module):
    """A pre-norm transformer block in two halves."""

    def __init__(self, dim: int, heads: int, mlp_ratio: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.attention = Attention(dim, heads)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = nn.Sequential(
            nn.Linear(dim, mlp_ratio * dim), nn.GELU(), nn.Linear(mlp_ratio * dim, dim)
        )

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, S, D) -> (B, S, D); ``mask`` (B, 1, 1, S) is True where attention may look."""
        return self.think(self.attend(x, mask))

    def attend(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """First half: mix tokens."""
        mixed: Tensor = self.attention(self.norm1(x), mask)
        return x + mixed

    def think(self, x: Tensor) -> Tensor:
        """Second half: each token by itself."""
        thought: Tensor = self.mlp(self.norm2(x))
        return x + thought


class Attention(nn.Module):
    """Multi-head self-attention."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """(B, S, D) -> (B, S, D)."""
        qkv = self.qkv(x).unflatten(-1, (3, self.heads, -1))  # (B, S, 3, h, D / h)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each (B, h, S, D / h)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # (B, h, S, D / h)
        joined: Tensor = self.out(y.transpose(1, 2).flatten(2))  # (B, S, D)
        return joined


def _init(module: nn.Module) -> None:
    """Xavier for every linear map; zero biases."""
    if isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.xavier_uniform_(module.weight.view(module.weight.shape[0], -1))
        if module.bias is not None:
            nn.init.zeros_(module.bias)
