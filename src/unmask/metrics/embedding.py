"""A picture of features in two dimensions, by t-SNE: for the eye, and for no figure of a report.

t-SNE keeps neighbours together. How far clouds are apart and how large they are means little;
clouds that touch in the picture may be parted in the space of the features, and the other way
round.

Source: van der Maaten and Hinton, "Visualizing data using t-SNE", JMLR 2008; started from the first
two principal components: Kobak and Berens, "The art of using t-SNE for single-cell
transcriptomics", Nature Communications 2019. The implementation is that of scikit-learn.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn.manifold import TSNE

PERPLEXITY = 30.0
"""Neighbours that count; a third of the pictures where there are fewer than 90."""
SEED = 0


def perplexity(pictures: int) -> float:
    """Neighbours that count among so many pictures."""
    return min(PERPLEXITY, pictures / 3)


def embed(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Features (N, D) to places (N, 2); all in one where no two pictures differ."""
    if not np.ptp(x, axis=0).any():  # of which t-SNE makes no numbers, and dies
        return np.zeros((len(x), 2))
    tsne = TSNE(perplexity=perplexity(len(x)), init="pca", random_state=SEED)
    return np.asarray(tsne.fit_transform(x), np.float64)
