"""CLIP as it is, or with the plainest of what can be learned: the baselines of the CLIP family.

1. Each sensor's picture goes through the frozen picture tower by itself.
2. Its class token is compared with a text for bona fide and one for attacks; several sensors answer
   with the mean of their logits.
3. ``learned`` says what training changes: nothing (zero-shot), a linear head in place of the texts,
   context tokens before the class names, or a convolutional adapter beside every MLP.

Axes: B presentations, M modalities, H W pixels, N pictures that are there, S tokens, D features of a
token, E features of the common space.

Paper: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
ICML 2021 (zero-shot and linear probe); Zhou et al., "Learning to Prompt for Vision-Language Models",
IJCV 2022 (context); Jie and Deng, "Convolutional Bypasses Are Better Vision Transformer Adapters",
2022 (adapter), as in the public benchmark of FM-CLIP's authors.

Differs: the linear head is one logit on the class token's feature, shared by the sensors; the mean
over sensors is ours (inferred). An adapter starts at zero, so an untrained model with fixed words is
exactly the frozen CLIP.

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality.
    tiny: 0 parameters, 0 GFLOPs
    tiny_test: 0 parameters, 0 GFLOPs
    base: 0 parameters, 0 GFLOPs
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from unmask.layers.clip import Clip
from unmask.layers.convolutional_adapter import ConvolutionalAdapter
from unmask.layers.transformer import require_positive
from unmask.layers.vision_language import TINY, TINY_TEST, ClassTexts, VisionLanguageConfig, answer
from unmask.types import Output


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(VisionLanguageConfig):
    """Sizes of both towers, and what is learned."""

    learned: Literal["nothing", "linear", "prompts", "adapter"] = "nothing"
    """Nothing: zero-shot; a head; the context of the class names; or adapters beside the MLPs."""
    context: int = 16
    """Learned tokens before the name of a class, where prompts are learned."""
    down_dim: int = 8
    """Channels of an adapter."""
    dropout: float = 0.1
    """Of an adapter, before it widens."""

    def __post_init__(self) -> None:
        VisionLanguageConfig.__post_init__(self)
        for field in ("context", "down_dim"):
            require_positive(field, getattr(self, field))


NAMES = ("live", "fake")
SENTENCES = ("this is an image of a live face", "this is an image of a fake face")

VARIANTS = {
    "tiny": Config(**TINY),
    "tiny_test": Config(**TINY_TEST),
    "base": Config(),
}
BACKBONES = {"tiny": "shipped:clip_tiny"}


class ClipDetector(nn.Module):
    """Both towers, and at most one thing that is learned."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.backbone = Clip(config.clip)
        learned = config.learned
        self.texts = ClassTexts(
            config,
            NAMES if learned == "prompts" else SENTENCES,
            context=config.context if learned == "prompts" else 0,
        )
        self.adapters = nn.ModuleList(
            ConvolutionalAdapter(
                config.dim, down_dim=config.down_dim, grid=config.grid, dropout=config.dropout
            )
            for _ in range(config.depth if learned == "adapter" else 0)
        )
        self.backbone.requires_grad_(not config.frozen_backbone)
