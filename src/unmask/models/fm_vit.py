"""FM-ViT: a vision transformer per modality, whose class tokens look at the patches of the others.

1. Each modality has an encoder of its own: patch embedding, class token, positions, blocks.
2. After a quarter, half, three quarters and the last of the blocks stands a cross-modal block that
   all modalities share: the class token of each attends to its own patches where all modalities
   find them informative (mutual attention), then to the patches of each modality (fusion
   attention), then goes through an MLP.
3. One head, shared by the modalities, reads each class token. A presentation scores with the mean
   logit of the modalities that are there.

Axes: B presentations, M modalities, m of them with tokens, H W pixels, S tokens of a modality, D
features of a token.

Paper: Liu et al., "FM-ViT: Flexible Modal Vision Transformers for Face Anti-Spoofing", TIFS 2023.

Differs: known is what the abstract says: a branch per modality, cross-modal blocks of mutual
attention to informative patches and fusion attention of each branch's own class token, any single
modality in use. Inferred is the rest, much of it after MA-ViT by the same authors: where the blocks
stand (``placement``), what is informative and in whose eyes (``mask``, ``kept``, ``threshold``),
that fusion adds one attention per partner (``fusion``), its MLP, layer norms before each step, the
shared head. Ours: partners hidden at random in training (``partner_drop``), outputs that start at
zero, so that untrained each branch is exactly the encoder it starts from, and the mean over
modalities. Everything learns.

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality.
    tiny: 4,942,977 parameters, 0.489 GFLOPs
    tiny_test: 130,689 parameters, 0.0043 GFLOPs
    base: 295,203,841 parameters, 116.7 GFLOPs
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.branches import Branches, BranchesConfig, answer, partners
from unmask.layers.mutual_attention import CrossModalBlock, CrossModalSizes
from unmask.types import Output


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(BranchesConfig):
    """Sizes of the branches, and of the blocks between them."""

    placement: Literal["every", "quarters", "last"] = "quarters"
    """Cross-modal blocks stand after every block, after each quarter of them (3, 6, 9 and 12 of
    12), or after the last."""
    mask: Literal["top", "threshold"] = "top"
    """Informative patches are the highest, or those not below a multiple of the mean."""
    kept: float = 0.5
    """Share of the patches that are the highest, where the mask is ``top``."""
    threshold: float = 1.0
    """The multiple of the mean, where the mask is ``threshold``."""
    fusion: Literal["sum", "mean"] = "sum"
    """What the partners answer is added up, or its mean taken: as large for one as for three."""

    def __post_init__(self) -> None:
        BranchesConfig.__post_init__(self)
        if not 0 < self.kept <= 1:
            raise ConfigError(f"kept is {self.kept}; it must be above 0 and at most 1")
        if self.threshold < 0:
            raise ConfigError(f"threshold is {self.threshold}; it must be at least 0")

    @property
    def places(self) -> list[int]:
        """Numbers of the blocks, counted from 0, after which a cross-modal block stands."""
        if self.placement == "quarters":
            return sorted({math.ceil(self.depth * k / 4) - 1 for k in (1, 2, 3, 4)})
        return list(range(self.depth))[0 if self.placement == "every" else -1 :]

    @property
    def cross_modal(self) -> CrossModalSizes:
        """Sizes of one cross-modal block."""
        return CrossModalSizes(
            dim=self.dim,
            heads=self.heads,
            mlp_ratio=self.mlp_ratio,
            norm_eps=self.norm_eps,
            mask=self.mask,
            kept=self.kept,
            threshold=self.threshold,
            fusion=self.fusion,
        )


VARIANTS = {
    "tiny": Config(image_size=112, dim=128, depth=6, heads=4),
    "tiny_test": Config(image_size=32, patch_size=8, dim=32, depth=2, heads=2),
    "base": Config(),
}
BACKBONES = {"tiny": "shipped:vit_tiny"}


class FMViT(nn.Module):
    """Branches, the blocks between them, a shared head."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.backbone = Branches(config)
        self.cross_modal = nn.ModuleDict(
            {str(i): CrossModalBlock(config.cross_modal) for i in config.places}
        )
        self.head = nn.Linear(config.dim, 1)
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) float32 and (B, M) bool -> Output."""
        presence = self.config.presence(present)
        partner = partners(presence, drop=self.config.partner_drop if self.training else 0.0)

        def exchange(i: int, x: Tensor) -> Tensor:
            return self.cross_modal[str(i)](x, partner) if str(i) in self.cross_modal else x

        x = self.backbone(presence.hide(image), presence, exchange)  # (B, m, S, D)
        feature = x[:, :, 0]  # (B, m, D)
        return answer(presence, feature, self.head(feature).squeeze(-1))


Model = FMViT
