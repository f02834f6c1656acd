"""CLIP: an image tower and a text tower that meet in one space.

    s = exp(logit_scale) * <image / |image|, text / |text|>

Axes: B pictures, N prompts, E features of the common space.

Paper: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
ICML 2021, figure 3.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers import image_encoder
from unmask.layers.image_encoder import ImageEncoder, ImageEncoderConfig
from unmask.layers.text_encoder import TextEncoder, TextEncoderConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class ClipConfig:
    """Sizes of both towers."""

    image: ImageEncoderConfig
    text: TextEncoderConfig = field(default_factory=TextEncoderConfig)

    def __post_init__(self) -> None:
        if self.image.projection != self.text.projection:
            raise ConfigError(
                f"the image tower projects to {self.image.projection} features and the text tower "
                f"to {self.text.projection}; both must be the same"
            )


def _image(patch_size: int) -> ImageEncoderConfig:
    return ImageEncoderConfig(
        patch_size=patch_size,
        activation="quick_gelu",
        norm_eps=1e-5,
        patch_bias=False,
        pre_norm=True,
        projection=512,
    )


SIZES = {
    "clip_tiny": ClipConfig(
        image=replace(image_encoder.SIZES["vit_tiny"], projection=128),
        text=TextEncoderConfig(
            dim=128, depth=4, heads=4, activation="gelu", vocabulary=6144, projection=128
        ),
    ),
    "clip_b16": ClipConfig(image=_image(16)),
    "clip_b32": ClipConfig(image=_image(32)),
}
"""The picture tower of clip_tiny is vit_tiny, and its vocabulary is the first part of CLIP's. The
others are as OpenAI trained them; most by others (LAION, say) have ``activation="gelu"``."""


class Clip(nn.Module):
    """Both towers and the temperature of their comparison."""

    def __init__(self, config: ClipConfig) -> None:
        super().__init__()
        self.config = config
        self.image = ImageEncoder(config.image)
        self.text = TextEncoder(config.text)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def forward(self, image: Tensor, tokens: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) and prompts (N, L) -> similarities (B, N)."""
        return self.compare(self.image(image).class_token, self.text(tokens))

    def compare(self, image: Tensor, text: Tensor) -> Tensor:
        """Features (..., E) and (N, E) -> scaled cosines (..., N)."""
        return self.logit_scale.exp() * F.normalize(image, dim=-1) @ F.normalize(text, dim=-1).T
