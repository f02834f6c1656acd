"""A frozen vision transformer with a plain bottleneck adapter beside the MLP of every block.

1. Patches of all present modalities are one sequence, as in ``vit``.
2. Beside the MLP of each block, every token is narrowed, passed through QuickGELU and widened.
3. The head reads the class token beside the mean of the patches.

Axes: B presentations, M modalities, H W pixels, S tokens, D features of a token.

Paper: Chen et al., "AdaptFormer: Adapting Vision Transformers for Scalable Visual Recognition",
NeurIPS 2022, equations 3 and 4; the bottleneck: Houlsby et al., "Parameter-Efficient Transfer
Learning for NLP", ICML 2019.

Differs: no scale, no norm before the narrowing, and QuickGELU with dropout before the widening
where AdaptFormer has ReLU. Those are of BIG-MoE, as are the width of the bottleneck, what is frozen
and the head, so that the two differ by experts, gate and prompts. That is the match of widths; the
match of trained weights has ``down_dim`` 416 in tiny and 159 in base. The widening starts at zero,
so an untrained model is exactly the plain transformer of its backbone.

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality.
    tiny: 1,308,593 parameters, 0.449 GFLOPs
    tiny_test: 32,969 parameters, 0.0037 GFLOPs
    base: 85,959,265 parameters, 113.7 GFLOPs
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.quick_gelu import quick_gelu
from unmask.layers.transformer import require_positive
from unmask.layers.vit import Backbone, BackboneConfig
from unmask.types import Output


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(BackboneConfig):
    """Sizes of the transformer and of its adapters."""

    frozen_backbone: bool = True
    """Patch embedding, blocks and final norm keep their weights."""
    down_dim: int = 8
    """Features between narrowing and widening."""
    dropout: float = 0.1
    """Of the narrowed features."""

    def __post_init__(self) -> None:
        BackboneConfig.__post_init__(self)
        require_positive("down_dim", self.down_dim)
        if not 0 <= self.dropout <= 1:
            raise ConfigError(f"dropout is {self.dropout}; it must be from 0 to 1")


VARIANTS = {
    "tiny": Config(image_size=112, dim=128, depth=6, heads=4),
    "tiny_test": Config(
        image_size=32,
        patch_size=8,
        dim=32,
        depth=2,
        heads=2,
        down_dim=4,
        frozen_backbone=False,
    ),
    "base": Config(),
}
BACKBONES = {"tiny": "shipped:vit_tiny"}


class ViTAdapter(nn.Module):
    """One sequence of tokens, an adapter for each block, one logit."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.backbone = Backbone(config)
        self.adapters = nn.ModuleList(Adapter(config) for _ in range(config.depth))
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
        x, _ = self.backbone.blocks(x, mask, beside=self._adapted)
        feature = self.backbone.read(x, presence)  # (B, 2 D)
        logit = self.head(feature).squeeze(-1)  # (B,)
        return Output(logit=logit.float(), feature=feature.float())

    def _adapted(self, i: int, x: Tensor) -> Tensor:
        """What the adapter of block i adds: (B, S, D) -> (B, S, D)."""
        added: Tensor = self.adapters[i](x)
        return added


class Adapter(nn.Module):
    """A bottleneck that starts silent."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.down = nn.Linear(config.dim, config.down_dim)
        self.dropout = nn.Dropout(config.dropout)
        self.up = nn.Linear(config.down_dim, config.dim)
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, S, D) -> (B, S, D)."""
        added: Tensor = self.up(self.dropout(quick_gelu(self.down(x))))
        return added


Model = ViTAdapter
