"""A picture encoder per modality, all of which start from one, and who may look at whom.

    x_m <- block_mi(x_m) for each branch m;  x <- exchange_i(x);  y_m = LN_m(x_m)

Each branch is an ``ImageEncoder`` with weights of its own; they walk through their blocks in step,
so that an exchange after any block can let the class token of one look at the others. The branch of
a modality that nobody in a batch has is not run; see ``layers.presence``.

Axes: B presentations, M modalities of the model, m of them with tokens, P patches, S = 1 + P tokens
of a modality (class token first), D features.

Paper: Liu et al., "FM-ViT: Flexible Modal Vision Transformers for Face Anti-Spoofing", TIFS 2023
(branches); Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021 (one of them).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal, cast

import torch
from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.image_encoder import ImageEncoder, ImageEncoderConfig
from unmask.layers.presence import Presence
from unmask.layers.transformer import Step
from unmask.layers.vit import TowerConfig
from unmask.types import Modality, Output


@dataclass(frozen=True, kw_only=True, slots=True)
class BranchesConfig(TowerConfig):
    """Sizes of each branch, and which there are."""

    modalities: tuple[Modality, ...] = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)
    """Modalities the model is built for, in the order of the M axis."""
    absent: Literal["drop", "mask"] = "drop"
    """Branches of modalities that nobody in a batch has: not run, or run and their result hidden.
    The scores are the same."""
    partner_drop: float = 0.5
    """In training, how probably one modality may not look at another of the same presentation, so
    that each learns to judge alone."""

    def __post_init__(self) -> None:
        names = [str(modality) for modality in self.modalities]
        if not names or len(set(names)) < len(names):
            raise ConfigError(f"modalities are {names}; name at least one, and each only once")
        if not 0 <= self.partner_drop <= 1:
            raise ConfigError(f"partner_drop is {self.partner_drop}; it must be from 0 to 1")
        TowerConfig.__post_init__(self)

    @property
    def branch(self) -> ImageEncoderConfig:
        """Sizes of one."""
        sizes = {field.name: getattr(self, field.name) for field in fields(TowerConfig)}
        return ImageEncoderConfig(**sizes)

    def presence(self, present: Tensor) -> Presence:
        """Which branches a batch needs: (B, M) bool."""
        return Presence.of(present, drop=self.absent == "drop")


class Branches(nn.ModuleList):
    """The encoders, in the order of the M axis."""

    def __init__(self, config: BranchesConfig) -> None:
        super().__init__(ImageEncoder(config.branch) for _ in config.modalities)
        self.depth = config.depth

    def each(self) -> Iterator[ImageEncoder]:
        """The encoders as what they are."""
        return (cast("ImageEncoder", encoder) for encoder in self)

    def forward(self, image: Tensor, presence: Presence, exchange: Step | None = None) -> Tensor:
        """(B, M, 3, H, W) -> tokens (B, m, S, D) after the final norms.

        ``exchange`` gets the number of a block and the tokens as they left it, and returns those
        that go on.
        """
        every = list(self.each())
        used = [every[m] for m in presence.columns]
        x = _stack(
            encoder.pre_norm(encoder.embed(image[:, m]))
            for m, encoder in zip(presence.columns, used, strict=True)
        )
        for i in range(self.depth):
            x = _stack(encoder.blocks[i](x[:, k], None) for k, encoder in enumerate(used))
            x = x if exchange is None else exchange(i, x)
        return _stack(encoder.norm(x[:, k]) for k, encoder in enumerate(used))


def partners(presence: Presence, *, drop: float) -> Tensor:
    """Whom each modality may look at, (B, m, m) bool: itself, and all others that are there.

    Of the others, each is left out with probability ``drop``, independently in both directions.
    """
    there = presence.present[:, presence.columns]  # (B, m)
    itself = torch.eye(there.shape[1], dtype=torch.bool, device=there.device)
    partner = there[:, None].expand(-1, there.shape[1], -1)
    if drop:
        partner = partner & (torch.rand(partner.shape, device=there.device) >= drop)
    return partner | itself


def answer(presence: Presence, feature: Tensor, logit: Tensor) -> Output:
    """Features (B, m, D) and logits (B, m) of the modalities -> those of the presentation, too.

    Both are means over the modalities that are there (inferred).
    """
    logit, feature = logit.float(), feature.float()
    each = logit[:, :, None, None]  # (B, m, 1, 1)
    return Output(
        logit=presence.mean(each).squeeze(1),
        feature=presence.mean(feature[:, :, None]),
        modality_logit=presence.spread(each)[:, :, 0, 0],
    )


def _stack(tokens: Iterator[Tensor]) -> Tensor:
    """So many of (B, S, D) -> (B, m, S, D)."""
    return torch.stack(list(tokens), dim=1)
