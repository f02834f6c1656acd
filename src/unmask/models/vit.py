"""A plain vision transformer over the patches of every modality that is present.

1. Each modality is cut into patches; all patches share their positions, and a learned vector says
   which modality they come from.
2. Class token and patches of all present modalities attend to each other in every block.
3. The head reads the class token beside the mean of the patches.

Axes: B presentations, M modalities, H W pixels, D features of a token.

Paper: Dosovitskiy et al., "An Image is Worth 16x16 Words", ICLR 2021.

Differs: several modalities in one sequence; the head also reads the mean of the patches, as that
of BIG-MoE does. With ``frozen_backbone`` a linear head learns, and beside it class token, positions
and modality vectors, as in ``vit_adapter`` and ``big_moe``: the three differ by what stands in
their blocks alone. Without it everything learns.

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality.
    tiny: 1,295,489 parameters, 0.445 GFLOPs
    tiny_test: 32,385 parameters, 0.0036 GFLOPs
    base: 85,802,497 parameters, 113.5 GFLOPs
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from unmask.layers.vit import Backbone, BackboneConfig
from unmask.types import Output


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(BackboneConfig):
    """Sizes of the transformer, and whether it learns."""

    frozen_backbone: bool = False
    """Patch embedding, blocks and final norm keep their weights."""


VARIANTS = {
    "tiny": Config(image_size=112, dim=128, depth=6, heads=4),
    "tiny_test": Config(image_size=32, patch_size=8, dim=32, depth=2, heads=2),
    "base": Config(),
}
BACKBONES = {"tiny": "shipped:vit_tiny"}


class ViT(nn.Module):
    """One sequence of tokens, one logit."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.head = nn.Linear(2 * config.dim, 1)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)
        if config.frozen_backbone:
            self.backbone.freeze()

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) float32 and (B, M) bool -> Output."""
        presence = self.config.presence(present)
        x = self.backbone.embed(presence.hide(image), presence)  # (B, S, D)
        mask = presence.attention_mask(self.backbone.patches)
        x, _ = self.backbone.blocks(x, mask)
        feature = self.backbone.read(x, presence)  # (B, 2 D)
        logit = self.head(feature).squeeze(-1)  # (B,)
        return Output(logit=logit.float(), feature=feature.float())


Model = ViT
