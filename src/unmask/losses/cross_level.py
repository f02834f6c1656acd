"""Supervised contrast over the levels and sensors of all presentations: one class, one place.

    L = mean over anchors i of  -1/|A_i| sum over a in A_i of log softmax_j(x_i x_j / T)_a,  j not i

Anchors are the features x (of length 1) of every present modality at every level: of the whole
picture and of its patches. A_i are all others with the same label, whatever their sensor and level;
an anchor without any counts for nothing.

Axes: B presentations, M modalities, L levels, E features, A = B M L anchors.

Paper: Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020, equation 2. FMM-RPL
(Frontiers of Computer Science, DOI 10.1007/s11704-026-50892-9) names a cross-level loss of local
patches and global features; that it is this one is inferred.
"""

import torch
from torch import Tensor

from unmask.losses import Loss
from unmask.types import Batch, Levels, Output


def cross_level_loss(output: Output, batch: Batch, *, weight: float, temperature: float) -> Loss:
    """The loss below by its weight, of models that tell their levels; the part has no weight.

    With weight 0 it is not computed.
    """
    if output.levels is None or not weight:
        return Loss(total=output.logit.new_zeros(()), parts={})
    value = supervised_contrast(output.levels, batch, temperature=temperature)
    return Loss(total=weight * value, parts={"cross_level": value.detach()})


def supervised_contrast(levels: Levels, batch: Batch, *, temperature: float) -> Tensor:
    """Scalar."""
    feature = levels.feature  # (B, M, L, E)
    shape = feature.shape[:3]
    here = batch.present[..., None].expand(shape).flatten()  # (A,)
    label = batch.label[:, None, None].expand(shape).flatten()  # (A,)
    x = feature.flatten(0, 2)  # (A, E)
    with torch.autocast(x.device.type, enabled=False):
        score = x.float() @ x.float().T / temperature  # (A, A)
    itself = torch.eye(here.shape[0], dtype=torch.bool, device=here.device)
    score = score.masked_fill(itself | ~here, torch.finfo(score.dtype).min)
    friend = (label[:, None] == label) & here & here[:, None] & ~itself  # (A, A)
    log_share = score - score.logsumexp(dim=1, keepdim=True)
    count = friend.sum(dim=1)  # (A,)
    each = -log_share.where(friend, 0.0).sum(dim=1) / count.clamp(min=1)  # (A,)
    return each.sum() / (count > 0).sum().clamp(min=1)
