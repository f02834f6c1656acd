"""Which text belongs to which picture, where several pictures may have the very same text.

    L = 1/2 mean_i -log p(t_i | i)  +  1/2 mean_t mean_{i of t} -log p(i | t)

p is a softmax of similarities over the *different* texts of the batch, or over its pictures. So a
text is never its own negative, and neither are two pictures that share one.

Axes: B pictures, U different texts.

Paper: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision",
ICML 2021, figure 3; several positives: Khosla et al., "Supervised Contrastive Learning", NeurIPS
2020, equation 2.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def contrastive_loss(similarity: Tensor, text: Tensor) -> Tensor:
    """(B, U) scaled cosines and (B,) int64, the column of each picture's text -> scalar.

    Every text belongs to at least one picture.
    """
    similarity = similarity.float()
    belongs = F.one_hot(text, similarity.shape[1]).T.to(similarity.dtype)  # (U, B)
    share = belongs / belongs.sum(dim=1, keepdim=True)
    to_text = F.cross_entropy(similarity, text)
    to_picture = F.cross_entropy(similarity.T, share)
    return (to_text + to_picture) / 2
