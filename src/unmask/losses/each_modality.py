"""Cross-entropy of each modality's own answers: every sensor must tell by itself.

    L = sum over levels l of  w_l  mean over present (b, m) of  CE(logit_bml, t_b),  w_global = 1

with the softened target t of ``losses.cross_entropy``. Levels are the global feature of a picture
and that of its patches, where a model has both.

Axes: B presentations, M modalities, L levels.

Paper: Liu et al., "FM-CLIP: Flexible Modal CLIP for Face Anti-Spoofing", ACM MM 2024 (class token
and patches weigh the same).
"""

import torch.nn.functional as F

from unmask.losses import Loss
from unmask.types import Batch, Label, Output

LEVELS = ("global", "local")


def each_modality_cross_entropy(
    output: Output, batch: Batch, *, label_smoothing: float, local: float
) -> Loss:
    """``local`` is the weight of the patches; parts have none."""
    assert output.modality_logit is not None
    logit = output.modality_logit[..., None] if output.levels is None else output.levels.logit
    bona_fide = (batch.label == Label.BONA_FIDE).to(logit.dtype)  # (B,)
    target = label_smoothing + (1 - 2 * label_smoothing) * bona_fide
    each = F.binary_cross_entropy_with_logits(
        logit, target[:, None, None].expand_as(logit), reduction="none"
    )  # (B, M, L)
    here = batch.present[..., None]
    level = (each * here).sum(dim=(0, 1)) / here.sum().clamp(min=1)  # (L,)
    total, parts = level[0], {LEVELS[0]: level[0].detach()}
    for name, value in zip(LEVELS[1:], level[1:], strict=False):
        total = total + local * value
        parts[name] = value.detach()
    return Loss(total=total, parts=parts)
