"""A vision transformer per modality and one attention layer across them: the conventional design.

1. Each modality has an encoder of its own: patch embedding, class token, positions, blocks.
2. After the last blocks, one layer that all modalities share lets the tokens of those that are
   there attend to each other.
3. A head, shared or one per modality, reads the class token of each modality beside the mean of its
   patches. A presentation scores with the mean logit of the modalities that are there.

Axes: B presentations, M modalities, m of them with tokens, H W pixels, S tokens of a modality, D
features of a token.

Paper: none has just this; figure (a) of Zhang et al., "Flexible Modality Mixture of Experts with
Refined Prompt Learning for Flexible Face Anti-Spoofing", Frontiers of Computer Science, draws it as
what is usual. Attention over channels: Yu et al., "Flexible-Modal Face Anti-Spoofing: A Benchmark",
CVPR Workshops 2023.

Differs: known is what the figure shows: dedicated encoders, a shared cross-modal attention layer.
Inferred is the rest: one transformer block as the layer (``attention``), the features read, the
head (``head``), partners hidden at random in training (``partner_drop``, after the benchmark's
dropping of modalities), the mean over modalities. The benchmark shares one encoder, mixes channels
of RGB alone, and joins what comes of it by a 3x3 convolution with batch normalisation; here the
channels of each modality are mixed, and a linear map joins them. The layer starts silent, so
untrained each branch is exactly the encoder it starts from. Everything learns.

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality.
    tiny: 4,083,073 parameters, 0.476 GFLOPs
    tiny_test: 109,441 parameters, 0.0049 GFLOPs
    base: 264,485,377 parameters, 114.8 GFLOPs
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from unmask.layers.branches import Branches, BranchesConfig, answer, partners
from unmask.layers.cross_modal_attention import ChannelCrossAttention, TokenCrossAttention
from unmask.types import Output


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(BranchesConfig):
    """Sizes of the branches, and what joins them."""

    attention: Literal["tokens", "class_tokens", "channels"] = "tokens"
    """The shared layer attends to all tokens of all modalities, to their class tokens, or to their
    channels."""
    head: Literal["shared", "per_modality"] = "shared"
    """One head for all modalities, or one for each."""


VARIANTS = {
    "tiny": Config(image_size=112, dim=128, depth=6, heads=4),
    "tiny_test": Config(image_size=32, patch_size=8, dim=32, depth=2, heads=2),
    "base": Config(),
}
BACKBONES = {"tiny": "shipped:vit_tiny"}


class BranchPerModality(nn.Module):
    """Branches, the layer that joins them, heads."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.backbone = Branches(config)
        self.joint = (
            ChannelCrossAttention(config)
            if config.attention == "channels"
            else TokenCrossAttention(config, class_tokens=config.attention == "class_tokens")
        )
        count = 1 if config.head == "shared" else len(config.modalities)
        heads = [nn.Linear(2 * config.dim, 1) for _ in range(count)]
        for head in heads:
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)
        self.heads = nn.ModuleList(heads)

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) float32 and (B, M) bool -> Output."""
        presence = self.config.presence(present)
        partner = partners(presence, drop=self.config.partner_drop if self.training else 0.0)

        def exchange(i: int, x: Tensor) -> Tensor:
            return self.joint(x, partner) if i == self.config.depth - 1 else x

        x = self.backbone(presence.hide(image), presence, exchange)  # (B, m, S, D)
        feature = torch.cat([x[:, :, 0], x[:, :, 1:].mean(dim=2)], dim=2)  # (B, m, 2 D)
        logit = [self._head(m)(feature[:, k]) for k, m in enumerate(presence.columns)]
        return answer(presence, feature, torch.cat(logit, dim=1))

    def _head(self, modality: int) -> nn.Module:
        """The head of a modality, by its index on the M axis."""
        return self.heads[modality if self.config.head == "per_modality" else 0]


Model = BranchPerModality
