"""What holds at every threshold: error curves, the area under them, where they cross.

A curve has one point per gap between neighbouring scores, as rates change nowhere else. All of it
is sorting and searching, O(n log n) in the number of scores.

Axes: V distinct scores.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from unmask.metrics.rates import Rate, bpcer, hter
from unmask.metrics.scores import Group, Scores, check_classes
from unmask.metrics.thresholds import (
    operating_point,
    threshold_at_apcer,
    threshold_at_pooled_apcer,
)

FAR = 4.9
"""Normal deviates up to which a thinned curve has points: shares from 5e-7 to 1 - 5e-7."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """APCER against BPCER; the threshold rises along the arrays, from accept all to reject all."""

    threshold: npt.NDArray[np.float64]
    """(V + 1,) highest threshold with these rates; infinity at the end."""
    apcer: npt.NDArray[np.float64]
    """(V + 1,) falls from 1 to 0."""
    bpcer: npt.NDArray[np.float64]
    """(V + 1,) rises from 0 to 1."""


def curve(bona_fide: Group, attacks: Group, most: int | None = None) -> Curve:
    """The error curve of bona fide scores against one PAI species, or all attacks pooled.

    As (apcer, 1 - bpcer) it is the ROC curve, on normal-deviate axes the DET curve. Where there are
    more than ``most`` scores, about as many points are picked, evenly on the axes of a DET curve.
    """
    genuine, attack = bona_fide.score, attacks.score
    if most is not None and genuine.size + attack.size > most:
        levels = ndtr(np.linspace(-FAR, FAR, most // 2))
        genuine, attack = (s[np.rint(levels * (s.size - 1)).astype(int)] for s in (genuine, attack))
    edge = np.append(np.unique(np.concatenate([genuine, attack])), np.inf)  # (V + 1,)
    genuine, attack = bona_fide.score, attacks.score
    accepted = attack.size - np.searchsorted(attack, edge, side="left")
    rejected = np.searchsorted(genuine, edge, side="left")
    return Curve(threshold=edge, apcer=accepted / attack.size, bpcer=rejected / genuine.size)


def auc(scores: Scores) -> float:
    """Probability that bona fide scores above attack, a tie counting half. Not ISO."""
    check_classes(scores)
    return share_above(scores.bona_fide.score, scores.pooled.score)


def share_above(mine: npt.NDArray[np.float64], theirs: npt.NDArray[np.float64]) -> float:
    """Share of pairs in which a score of ``mine`` is the higher one, a tie counting half.

    Both ascend (Mann and Whitney, 1947).
    """
    below = np.searchsorted(theirs, mine, side="left").sum(dtype=np.int64)
    not_above = np.searchsorted(theirs, mine, side="right").sum(dtype=np.int64)
    return int(below + not_above) / (2 * mine.size * theirs.size)


def eer(scores: Scores) -> float:
    """Mean of pooled APCER and BPCER where they differ least. Not ISO."""
    return hter(scores, operating_point(scores, "eer").threshold)


def bpcer_at_apcer(scores: Scores, limit: Fraction) -> Rate:
    """BPCER at the lowest threshold where every species' APCER is at most ``limit``.

    BPCER10, BPCER20 and BPCER100 are those at 1/10, 1/20 and 1/100.
    """
    check_classes(scores)
    return bpcer(scores, threshold_at_apcer(scores, limit))


def bpcer_at_pooled_apcer(scores: Scores, limit: Fraction) -> Rate | None:
    """BPCER at the lowest threshold where *pooled* APCER is at most ``limit``. Not ISO.

    1 - BPCER is the TPR at FPR <= limit of papers, bona fide being positive. None where fewer than
    1 / limit attacks got a response: such a limit would be read off between zero and one error.
    """
    check_classes(scores)
    if scores.pooled.score.size < 1 / limit:
        return None
    return bpcer(scores, threshold_at_pooled_apcer(scores, limit))
