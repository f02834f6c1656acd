"""CLIP's frozen picture tower with CMS-Enhancers beside its MLPs: the visual half of FM-CLIP alone.

1. Each sensor's picture goes through the tower by itself.
2. Beside the MLP of every block, a spatial stream (a convolutional bottleneck) and a frequency
   stream (a gate that sees the cosine transform of the patches) add what tells attacks; the
   pictures of one presentation exchange what the frequency stream found.
3. The class token is compared with a sentence for bona fide and one for attacks; several sensors
   answer with the mean of their logits.

Axes: B presentations, M modalities, H W pixels, N pictures that are there, E features of the common
space.

Paper: Liu et al., "FM-CLIP: Flexible Modal CLIP for Face Anti-Spoofing", ACM MM 2024: the row that
tables of its successors call CMS-Enhancer.

Differs: known are the formulas of both streams, of the gate and of the supplement, for two sensors.
Inferred: the sentences, of which tiny has others; the place in the block and what is read there
(the input of the MLP, after its norm); the widths; one module per block; the gate's single channel;
the mean over the partners of three sensors, and that they are left out at random in training; how
the streams join, by a factor per channel that starts at zero; the mean over sensors. The last block
has the spatial stream alone, as nobody reads its patches. An untrained model is exactly the frozen
CLIP.

Cost: parameters, and GFLOPs (two per multiply-add) for one presentation with every modality and the
two texts, which are made once.
    tiny: 2,951,182 parameters, 0.465 GFLOPs
    tiny_test: 58,726 parameters, 0.0039 GFLOPs
    base: 150,012,708 parameters, 108.1 GFLOPs
"""

from __future__ import annotations

from torch import Tensor, nn

from unmask.layers.clip import Clip
from unmask.layers.cms import CmsConfig, Enhancers
from unmask.layers.vision_language import TINY, TINY_TEST, ClassTexts, answer
from unmask.types import Output

Config = CmsConfig

VARIANTS = {
    "tiny": Config(**TINY),
    "tiny_test": Config(**TINY_TEST, down_dim=4),
    "base": Config(),
}
BACKBONES = {"tiny": "shipped:clip_tiny"}


class CmsEnhancer(nn.Module):
    """Both towers, and the enhancers beside one of them."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.backbone = Clip(config.clip)
        self.enhancers = Enhancers(config, patches_read=False)
        self.texts = ClassTexts(config, config.sentences)
        self.backbone.requires_grad_(not config.frozen_backbone)

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, M, 3, H, W) float32 and (B, M) bool -> Output."""
        apart = self.config.apart(present)
        feature = self.enhancers(self.backbone.image, apart, image).class_token  # (N, E)
        texts = self.texts(self.backbone.text)  # (2, E)
        return answer(apart, [feature], texts, self.backbone.logit_scale.exp())


Model = CmsEnhancer
