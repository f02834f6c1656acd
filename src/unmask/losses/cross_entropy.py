"""Cross-entropy between the PAD score and the label.

    L = - mean over B of  t log(s) + (1 - t) log(1 - s),  s = sigmoid(logit),
    t = 1 - e for bona fide, e for attack

Axes: B presentations.

Paper: Szegedy et al., "Rethinking the Inception Architecture for Computer Vision", CVPR 2016,
section 7, for the softened target (there each side is moved by half of e).
"""

import torch.nn.functional as F

from unmask.losses import Loss
from unmask.types import Batch, Label, Output


def bona_fide_cross_entropy(output: Output, batch: Batch, *, label_smoothing: float) -> Loss:
    """Both labels weigh the same per presentation; ``label_smoothing`` is e."""
    bona_fide = (batch.label == Label.BONA_FIDE).to(output.logit.dtype)  # (B,)
    target = label_smoothing + (1 - 2 * label_smoothing) * bona_fide
    total = F.binary_cross_entropy_with_logits(output.logit, target)
    return Loss(total=total, parts={"cross_entropy": total.detach()})
