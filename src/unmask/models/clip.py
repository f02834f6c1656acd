"""CLIP as it is, or with the plainest of what can be learned: the baselines of the CLIP family.

1. Each sensor's picture goes through the frozen picture tower by itself.
2. Its class token is compared with a text for bona fide and one for attacks; several sensors answer
   with the mean of their logits.
3. ``learned`` says what training changes: nothing (zero-shot), a linear head in place of the texts,
   context tokens before the class names, or a convolutional adapter beside every MLP.

Axes: B presentations, M modalities, H W pixels, N pictures that are there, S tokens, D features of
a token, E features of the common space.

Paper: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
ICML 2021 (zero-shot and linear probe); Zhou et al., "Learning to Prompt for Vision-Language
Models", IJCV 2022 (context); Jie and Deng, "Convolutional Bypasses Are Better Vision Transformer
Adapters", 2022 (adapter), as in the public benchmark of FM-CLIP's authors.

Differs: known: that benchmark has one adapter for all blocks, beside the attention too; here each
block has its own, beside the MLP. The linear probe of CLIP reads the class token before the
projection, this head after it. Inferred: one head for all sensors, and the mean over them. An
adapter starts at zero, so an untrained model with fixed words is exactly the frozen CLIP.

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality and the
two texts, which are made once.
    tiny: 2,919,297 parameters, 0.485 GFLOPs
    tiny_test: 57,489 parameters, 0.0040 GFLOPs
    base: 149,628,929 parameters, 108.7 GFLOPs
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.apart import Apart
from unmask.layers.clip import Clip
from unmask.layers.convolutional_adapter import ConvolutionalAdapter
from unmask.layers.transformer import require_positive
from unmask.layers.vision_language import TINY, TINY_TEST, ClassTexts, VisionLanguageConfig, answer
from unmask.types import Output


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(VisionLanguageConfig):
    """Sizes of both towers, and what is learned."""

    learned: Literal["nothing", "linear", "prompts", "adapter"] = "prompts"
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
        if not 0 <= self.dropout <= 1:
            raise ConfigError(f"dropout is {self.dropout}; it must be from 0 to 1")


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
        self.backbone.requires_grad_(not config.frozen_backbone)
        self.adapters = nn.ModuleList(
            ConvolutionalAdapter(
                config.dim, down_dim=config.down_dim, grid=config.grid, dropout=config.dropout
            )
            for _ in range(config.depth if config.learned == "adapter" else 0)
        )
        self.head: nn.Linear | None = None
        self.texts: ClassTexts | None = None
        if config.learned == "linear":
            self.head = nn.Linear(config.projection, 1)
            nn.init.normal_(self.head.weight, std=0.02)
            nn.init.zeros_(self.head.bias)
            self.backbone.text.requires_grad_(requires_grad=False)  # nobody reads it
            self.backbone.logit_scale.requires_grad = False
        elif config.learned == "prompts":
            self.texts = ClassTexts(config, config.names, context=config.context)
        else:
            self.texts = ClassTexts(config, config.sentences)

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) float32 and (B, M) bool -> Output."""
        apart = self.config.apart(present)
        norms = [block.norm2 for block in self.backbone.image.blocks.each()]

        def adapted(i: int, x: Tensor) -> Tensor:
            """What is added beside the MLP of block i, by who sees what it sees: (N, S, D)."""
            added: Tensor = self.adapters[i](norms[i](x))
            return added

        beside = adapted if self.adapters else None
        x = self.backbone.image(apart.pictures(image), beside=beside).class_token  # (N, E)
        if self.texts is None:
            return self._read(apart, x)
        scale = self.backbone.logit_scale.exp()
        return answer(apart, [x], self.texts(self.backbone.text), scale)

    def _read(self, apart: Apart, x: Tensor) -> Output:
        """The answer of the linear head on features (N, E)."""
        assert self.head is not None
        logit = self.head(x).squeeze(-1).float()  # (N,)
        return Output(
            logit=apart.mean(logit),
            feature=apart.mean(x.float()),
            modality_logit=apart.together(logit),
        )


Model = ClipDetector
