"""What holds at every threshold: error curves, the area under them, where they cross.

A curve has one point per gap between neighbouring scores, as rates change nowhere else. All of it
is sorting and searching, O(n log n) in the number of scores.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from unmask.metrics.rates import Rate, bpcer, hter
from unmask.metrics.scores import Group, Scores, check_classes
from unmask.metrics.thresholds import operating_point, threshold_at_apcer


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """APCER against BPCER; the threshold rises along the arrays, from accept all to reject all."""

    threshold: npt.NDArray[np.float64]
    """(V + 1,) highest threshold with these rates; infinity at the end."""
    apcer: npt.NDArray[np.float64]
    """(V + 1,) falls from 1 to 0."""
    bpcer: npt.NDArray[np.float64]
    """(V + 1,) rises from 0 to 1."""


def curve(bona_fide: Group, attacks: Group) -> Curve:
    """The error curve of bona fide scores against one PAI species, or all attacks pooled.

    As (apcer, 1 - bpcer) it is the ROC curve, on normal-deviate axes the DET curve.
    """
    genuine, attack = bona_fide.score, attacks.score
    edge = np.unique(np.concatenate([genuine, attack, [np.inf]]))  # (V + 1,)
    accepted = attack.size - np.searchsorted(attack, edge, side="left")
    rejected = np.searchsorted(genuine, edge, side="left")
    return Curve(threshold=edge, apcer=accepted / attack.size, bpcer=rejected / genuine.size)


def auc(scores: Scores) -> float:
    """Probability that bona fide scores above attack, a tie counting half. Not ISO."""
    check_classes(scores)
    genuine, attack = scores.bona_fide.score, scores.pooled.score
    below = np.searchsorted(attack, genuine, side="left").sum(dtype=np.int64)
    not_above = np.searchsorted(attack, genuine, side="right").sum(dtype=np.int64)
    return int(below + not_above) / (2 * genuine.size * attack.size)


def eer(scores: Scores) -> float:
    """Mean of pooled APCER and BPCER where they differ least. Not ISO."""
    return hter(scores, operating_point(scores, "eer").threshold)


def bpcer_at_apcer(scores: Scores, limit: Fraction) -> Rate:
    """BPCER at the lowest threshold where every species' APCER is at most ``limit``.

    BPCER10, BPCER20 and BPCER100 are those at 1/10, 1/20 and 1/100.
    """
    check_classes(scores)
    return bpcer(scores, threshold_at_apcer(scores, limit))
