"""A small residual network per modality, their features side by side: the plain baseline.

1. Each modality has a branch of its own: a stem that halves the picture, then stages of residual
   3x3 convolutions, each stage at half the resolution of the one before.
2. A branch ends in the mean and the maximum over the picture; an absent modality gives zeros.
3. The head reads the features of all branches side by side.

Axes: B presentations, M modalities, H W pixels, C channels, D = 2 * C of the last stage.

Paper: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016 (the block).

Differs: group normalisation instead of batch normalisation, so that no presentation depends on the
others of its batch; two convolutions a stage; late fusion by concatenation (inferred: what "a plain
multi-branch network" of the field's tables usually is).

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality.
    tiny: 1,334,089 parameters, 0.165 GFLOPs
    tiny_test: 15,481 parameters, 0.0011 GFLOPs
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from unmask.layers.presence import Presence
from unmask.types import Modality, Output


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """Sizes of the branches."""

    modalities: tuple[Modality, ...] = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)
    image_size: int = 112
    """Side of the square face crop, in pixels."""
    widths: tuple[int, ...] = (24, 48, 96, 128)
    """Channels of the stages; each works at half the resolution of the one before."""
    groups: int = 8
    """Groups of channels that are normalised together; divides every width."""
    dropout: float = 0.2
    """Of the features before the head."""
    absent: Literal["drop", "mask"] = "drop"
    """Branches of modalities that nobody in a batch has: not run, or run and their result hidden.
    The scores are the same."""


VARIANTS = {
    "tiny": Config(),
    "tiny_test": Config(image_size=32, widths=(8, 16), groups=4),
}


class CNN(nn.Module):
    """One branch per modality, one logit."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.branches = nn.ModuleList(Branch(config) for _ in config.modalities)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(2 * config.widths[-1] * len(config.modalities), 1)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) float32 and (B, M) bool -> Output."""
        presence = Presence.of(present, drop=self.config.absent == "drop")
        image = presence.hide(image)
        seen = [self.branches[m](image[:, m]) for m in presence.columns]  # m of (B, D)
        feature = presence.spread(torch.stack(seen, dim=1)[:, :, None])  # (B, M, 1, D)
        feature = feature.flatten(1)  # (B, M * D)
        logit = self.head(self.dropout(feature)).squeeze(-1)  # (B,)
        return Output(logit=logit.float(), feature=feature.float())


class Branch(nn.Module):
    """Everything one modality goes through: (B, 3, H, W) -> (B, D)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        first = config.widths[0]
        self.stem = nn.Sequential(
            nn.Conv2d(3, first, 3, stride=2, padding=1, bias=False),
            nn.GroupNorm(config.groups, first),
            nn.ReLU(inplace=True),
        )
        before = (first, *config.widths[:-1])
        self.stages = nn.Sequential(
            *(Block(a, b, config.groups) for a, b in zip(before, config.widths, strict=True))
        )

    def forward(self, x: Tensor) -> Tensor:
        """Mean beside maximum over the picture."""
        x = self.stages(self.stem(x))  # (B, C, h, w)
        return torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], dim=1)  # (B, D)


class Block(nn.Module):
    """Two convolutions beside a shortcut: (B, C, h, w) -> (B, C', h / 2, w / 2)."""

    def __init__(self, before: int, after: int, groups: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False)
        self.norm1 = nn.GroupNorm(groups, after)
        self.deepen = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.norm2 = nn.GroupNorm(groups, after)
        self.shortcut = nn.Conv2d(before, after, 1, stride=2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """The published block, its second normalisation before the sum."""
        inner = torch.relu(self.norm1(self.narrow(x)))
        return torch.relu(self.norm2(self.deepen(inner)) + self.shortcut(x))


Model = CNN
