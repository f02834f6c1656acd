"""FM-CLIP: frozen CLIP with CMS-Enhancers, learned prompts, and patches that texts align.

1. Each sensor's picture goes through the picture tower by itself. Beside the MLP of every block, a
   spatial and a frequency stream add what tells attacks; the pictures of one presentation exchange
   what the frequency stream found.
2. The text tower reads learned context before the name of each class.
3. Global: the class token is compared with both texts. Local: the texts re-weight the patches
   (LGPA), whose mean is compared with them as well.
4. A sensor's logit is the mean of both; several sensors answer with the mean of their logits.

Axes: B presentations, M modalities, H W pixels, N pictures that are there, P patches, E features of
the common space.

Paper: Liu et al., "FM-CLIP: Flexible Modal CLIP for Face Anti-Spoofing", ACM MM 2024. Its loss is
``losses.each_modality`` with ``local`` 1.

Differs: known are the formulas of both streams, of the gate and of the supplement for two sensors,
of the prompts, of LGPA and of the loss. Inferred: 16 tokens of context and the names of the classes
(those of its authors' benchmark; tiny has others); the place in the block and what is read there
(the input of the MLP, after its norm); the widths; one module per block; the gate's single channel;
the mean over the partners of three sensors, and that they are left out at random in training; how
the streams join, by a factor per channel that starts at zero; how patches are pooled; that both
levels make the score, by their logits; the mean over sensors. Image features of an untrained model
are exactly those of the frozen CLIP.

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality and the
two texts, which are made once.
    tiny: 2,956,695 parameters, 0.500 GFLOPs
    tiny_test: 59,595 parameters, 0.0042 GFLOPs
    base: 150,041,645 parameters, 109.5 GFLOPs
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from unmask.layers.clip import Clip
from unmask.layers.cms import CmsConfig, Enhancers
from unmask.layers.patch_alignment import Pooling, local_feature
from unmask.layers.transformer import require_positive
from unmask.layers.vision_language import TINY, TINY_TEST, ClassTexts, Score, answer
from unmask.types import Output


@dataclass(frozen=True, kw_only=True, slots=True)
class Config(CmsConfig):
    """Sizes of both towers, of the enhancers and of the prompts."""

    context: int = 16
    """Learned tokens before the name of a class, shared by both classes."""
    pooling: Pooling = "mean"
    """Patches that make the local feature: all, or the quarter that leans most to a class."""
    score: Score = "both"
    """What makes the score: class token and patches, or the class token alone; both are trained."""

    def __post_init__(self) -> None:
        CmsConfig.__post_init__(self)
        require_positive("context", self.context)


VARIANTS = {
    "tiny": Config(**TINY),
    "tiny_test": Config(**TINY_TEST, down_dim=4),
    "base": Config(),
}
BACKBONES = {"tiny": "shipped:clip_tiny"}


class FMClip(nn.Module):
    """Both towers, enhancers beside one of them and context before the other."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.backbone = Clip(config.clip)
        self.enhancers = Enhancers(config, patches_read=True)
        self.texts = ClassTexts(config, config.names, context=config.context)
        self.backbone.requires_grad_(not config.frozen_backbone)

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) float32 and (B, M) bool -> Output."""
        apart = self.config.apart(present)
        features = self.enhancers(self.backbone.image, apart, image)
        texts = self.texts(self.backbone.text)  # (2, E)
        scale = self.backbone.logit_scale.exp()
        local = local_feature(features.patches, texts, pooling=self.config.pooling)  # (N, E)
        levels = [features.class_token, local]
        return answer(apart, levels, texts, scale, score=self.config.score)


Model = FMClip
