"""Linear probes: what can be read off features by a plane, and by nothing cleverer.

    minimise over w, b:  sum_i c_i log(1 + exp(-y_i (w x_i + b))) + |w|^2 / (2 C)

with y = 1 or -1; for more than two classes the softmax takes the place of the sigmoid. The weights
c make every class count the same, so that zero is the threshold of equal errors. The strength C of
the regularisation is chosen where the probe learns: for each of ``STRENGTHS``, people are parted
into ``FOLDS`` groups, each is predicted by a probe that learned from the others, and the lowest
mean loss wins, all classes counting the same; of equal ones the smaller C.

Source: Alain and Bengio, "Understanding intermediate layers using linear classifier probes", ICLR
workshop 2017. The solver is that of scikit-learn.

Axes: N pictures, D features.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.utils.class_weight import compute_sample_weight

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Values of C to choose from, for features of mean 0 and standard deviation 1."""
FOLDS = 5

Floats = npt.NDArray[np.float64]


def fit_probe(x: Floats, target: npt.NDArray[Any], person: Sequence[Hashable]) -> Any:
    """Learn classes (N,) from features (N, D); people (N,) are never on both sides of a fold.

    Every class needs ``FOLDS`` people. Returns the LogisticRegression, fitted to all.
    """
    number = {who: place for place, who in enumerate(dict.fromkeys(person))}
    groups = np.array([number[who] for who in person])
    parts = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0).split(x, target, groups)
    folds = list(parts)
    losses = [_loss(x, target, folds, strength) for strength in STRENGTHS]
    return _probe(STRENGTHS[int(np.argmin(losses))]).fit(x, target)


def _loss(x: Floats, target: npt.NDArray[Any], folds: Sequence[Any], strength: float) -> float:
    """Mean loss of people who are held out."""
    classes = np.unique(target)
    probability = np.zeros((target.size, classes.size))
    for learns, held_out in folds:
        probe = _probe(strength).fit(x[learns], target[learns])
        probability[held_out] = probe.predict_proba(x[held_out])
    weight = compute_sample_weight("balanced", target)
    return float(log_loss(target, probability, sample_weight=weight, labels=classes))


def _probe(strength: float) -> Any:
    return LogisticRegression(C=strength, class_weight="balanced", max_iter=5000)
