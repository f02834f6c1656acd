"""Cross-modal spoofing enhancers (CMS): two streams beside the blocks of a tower.

    spatial:    SE(F) = W_up q(Conv3x3(q(F W_down))),               F_spa = SE(F) + F
    frequency:  g = sigmoid(Conv1x1(GELU(Conv1x1(DCT(F))))),        F_frq = g F
    exchange:   M_m = sigmoid(Conv3x3(F_frq,m)),                    e_m = M_m F_frq,m
                F_E,m = F_frq,m + e_m + (1 - M_m) mean over partners n of e_n
    addition:   A = SE(F) + R(F + F_E),                             R = 0 at first

F is what the attention or MLP reads, after its norm; q is QuickGELU. A gate of frequencies times a
map of places is the formula as printed (``literal``); with ``idct`` the gate weighs frequencies,
which then go back to places. Partners are the other sensors that are there; in training each is
left out at random, for all blocks of a step alike, so that a picture learns to do without. The
class token passes by the frequency stream. As SE starts at zero as well, nothing is added at first.

Axes: N pictures, B presentations, M modalities, S = 1 + P tokens (or more, which get nothing), P
patches on a G x G grid, D features, r narrowed ones.

Paper: Liu et al., "FM-CLIP: Flexible Modal CLIP for Face Anti-Spoofing", ACM MM 2024, CMS-Enhancer.
Inferred: e_m, the mean over partners, one channel in M, the bottlenecks' width, what F is, R.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.apart import Apart
from unmask.layers.convolutional_adapter import ConvolutionalAdapter
from unmask.layers.cosine_transform import CosineTransform
from unmask.layers.image_encoder import Features, ImageEncoder
from unmask.layers.transformer import init_weights, require_positive
from unmask.layers.vision_language import VisionLanguageConfig

Domain = Literal["literal", "idct"]
"""What the gate of frequencies multiplies: the places, as printed, or the frequencies."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CmsConfig(VisionLanguageConfig):
    """Sizes of both towers, and the enhancers beside the blocks of the picture tower."""

    down_dim: int = 8
    """Channels inside a bottleneck."""
    dropout: float = 0.1
    """Of the spatial stream, before it widens."""
    domain: Domain = "literal"
    """What the gate of frequencies multiplies: the places, as printed, or the frequencies, which
    are then transformed back."""
    position: Literal["mlp", "both"] = "mlp"
    """Beside the MLP of each block, or beside its attention, too."""
    share_across_layers: bool = False
    """One enhancer stands at every place; else each has its own."""
    recombine: Literal["scale", "projection"] = "scale"
    """The streams join through a scale per channel, or through a bottleneck."""
    partner_drop: float = 0.5
    """Share of partners that a picture does without in training."""

    def __post_init__(self) -> None:
        VisionLanguageConfig.__post_init__(self)
        require_positive("down_dim", self.down_dim)
        for field in ("dropout", "partner_drop"):
            if not 0 <= getattr(self, field) <= 1:
                raise ConfigError(f"{field} is {getattr(self, field)}; it must be from 0 to 1")


class Enhancers(nn.Module):
    """All enhancers of a tower, which itself is the caller's.

    Where nobody reads the patches that leave the tower, those of the last block have no frequency
    stream: it would be in vain.
    """

    def __init__(self, config: CmsConfig, *, patches_read: bool) -> None:
        super().__init__()
        self.partner_drop = config.partner_drop
        self.beside_attention = config.position == "both"
        per_block = 2 if self.beside_attention else 1
        count, last = config.depth * per_block, (config.depth - 1) * per_block
        self.places = nn.ModuleList(
            Enhancer(config, frequency=config.share_across_layers or patches_read or place < last)
            for place in range(1 if config.share_across_layers else count)
        )

    def forward(self, tower: ImageEncoder, apart: Apart, image: Tensor) -> Features:
        """What the enhanced tower says of the pictures of (B, M, 3, H, W)."""
        drop = self.partner_drop if self.training else 0.0
        partners = partner_weights(apart.present, drop=drop)  # (B, M, M)
        each = itertools.cycle(self.places)  # a shared one comes up again and again
        x = tower.pre_norm(tower.embed(apart.pictures(image)))  # (N, S, D)
        for block in tower.blocks.each():
            attended = block.attend(x, None)
            if self.beside_attention:
                attended = attended + next(each)(block.norm1(x), apart, partners)
            x = block.think(attended) + next(each)(block.norm2(attended), apart, partners)
        x = tower.projection(tower.norm(x))  # (N, S, E)
        return Features(class_token=x[:, 0], patches=x[:, 1:], prompts=x[:, :0])


def partner_weights(present: Tensor, *, drop: float) -> Tensor:
    """(B, M) bool -> (B, M, M): what picture m takes of picture n's; a row sums to 1, or is zero.

    ``drop`` is the probability that a partner is left out, each by itself.
    """
    count = present.shape[1]
    others = ~torch.eye(count, dtype=torch.bool, device=present.device)
    kept = present[:, None, :] & others  # (B, M, M)
    if drop:
        kept = kept & (torch.rand(kept.shape, device=kept.device) >= drop)
    weight = kept.float()
    return weight / weight.sum(dim=2, keepdim=True).clamp(min=1)


class Enhancer(nn.Module):
    """What to add beside one attention or MLP."""

    def __init__(self, config: CmsConfig, *, frequency: bool) -> None:
        super().__init__()
        self.spatial = ConvolutionalAdapter(
            config.dim, down_dim=config.down_dim, grid=config.grid, dropout=config.dropout
        )
        self.crossing = CrossModalStream(config) if frequency else None

    def forward(self, x: Tensor, apart: Apart, partners: Tensor) -> Tensor:
        """(N, S, D) and (B, M, M) -> (N, S, D), zero for tokens behind the patches."""
        added: Tensor = self.spatial(x)
        return added if self.crossing is None else added + self.crossing(x, apart, partners)


class CrossModalStream(nn.Module):
    """Frequencies, their exchange between sensors, and how they join the tokens: R(F + F_E)."""

    def __init__(self, config: CmsConfig) -> None:
        super().__init__()
        dim, narrow = config.dim, config.down_dim
        self.grid = config.grid
        self.frequency = FrequencyStream(
            dim, down_dim=narrow, grid=config.grid, domain=config.domain
        )
        self.exchange = Exchange(dim)
        self.join = Scale(dim) if config.recombine == "scale" else Projection(dim, narrow)

    def forward(self, x: Tensor, apart: Apart, partners: Tensor) -> Tensor:
        """(N, S, D) and (B, M, M) -> (N, S, D), zero for tokens behind the patches."""
        own = x[:, : 1 + self.grid**2]  # (N, 1 + P, D)
        places = own[:, 1:].mT.reshape(x.shape[0], -1, self.grid, self.grid)  # (N, D, G, G)
        enriched = self.exchange(self.frequency(places), apart, partners)  # (N, D, G, G)
        streams = own + F.pad(enriched.flatten(2).mT, (0, 0, 1, 0))
        return F.pad(self.join(streams), (0, 0, 0, x.shape[1] - own.shape[1]))


class FrequencyStream(nn.Module):
    """A gate that sees frequencies."""

    def __init__(self, dim: int, *, down_dim: int, grid: int, domain: Domain) -> None:
        super().__init__()
        self.domain = domain
        self.transform = CosineTransform(grid)
        self.down = nn.Conv2d(dim, down_dim, kernel_size=1)
        self.up = nn.Conv2d(down_dim, dim, kernel_size=1)
        self.apply(init_weights)

    def forward(self, x: Tensor) -> Tensor:
        """(N, D, G, G) -> (N, D, G, G)."""
        frequencies: Tensor = self.transform(x)
        gate: Tensor = self.up(F.gelu(self.down(frequencies))).sigmoid()  # (N, D, G, G)
        if self.domain == "literal":
            return gate * x
        places: Tensor = self.transform.inverse(gate * frequencies)
        return places


class Exchange(nn.Module):
    """Each picture keeps what it is sure of, and takes the rest from its partners."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gate = nn.Conv2d(dim, 1, kernel_size=3, padding=1)
        self.apply(init_weights)

    def forward(self, x: Tensor, apart: Apart, partners: Tensor) -> Tensor:
        """(N, D, G, G) and (B, M, M) -> (N, D, G, G)."""
        sure: Tensor = self.gate(x).sigmoid()  # (N, 1, G, G)
        own = sure * x  # (N, D, G, G)
        offered = apart.together(own)  # (B, M, D, G, G)
        taken = apart.pick(torch.einsum("bmn,bndgh->bmdgh", partners.to(own.dtype), offered))
        return x + own + (1 - sure) * taken


class Scale(nn.Module):
    """A factor per channel."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        """(N, S, D) -> (N, S, D)."""
        return self.factor * x


class Projection(nn.Sequential):
    """A bottleneck: (N, S, D) -> (N, S, D)."""

    def __init__(self, dim: int, down_dim: int) -> None:
        down, up = nn.Linear(dim, down_dim), nn.Linear(down_dim, dim)
        nn.init.xavier_uniform_(down.weight)
        for parameter in (down.bias, up.weight, up.bias):
            nn.init.zeros_(parameter)
        super().__init__(down, up)
