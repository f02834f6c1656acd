"""Which of several systems are better, and which cannot be told apart, from one judged set.

The bootstrap draws people (see ``bootstrap``), the same for all systems, so that what is hard about
a person cancels out of a difference. Two systems are told apart when the interval of their
difference excludes zero. As every pair is looked at, intervals are wide enough for all of them at
once: the standard deviation of the draws of a difference times c, where c is the quantile, over
draws, of the largest deviation among all pairs in units of its standard deviation (Westfall and
Young, "Resampling-based multiple testing", 1993), taken from the normal distribution to Student's t
with one degree of freedom less than there are people. The interval of a single system uses the
quantile of that t. Where no draw differs from another, because two systems agree, or one of them is
always right and the other always wrong, the draws have no deviation; the interval then reaches as
far as the exact bound of a rate of which nobody has shown anything.

More people than ``intervals.PEOPLE`` are drawn in groups; ``intervals`` says how.

Thresholds stay as they were found: intervals cover other people, not another dev set, another
training or another camera.

Axes: R draws, K systems, N presentations, P people, S PAI species.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, t

from unmask.metrics.bootstrap import Difference, Floats, deviation, in_odds, resampled, unseen
from unmask.metrics.curves import share_above
from unmask.metrics.intervals import Tally, in_groups
from unmask.metrics.panel import Panel

Figure = Literal["acer", "hter", "auc"]
FIGURES: tuple[Figure, ...] = ("acer", "hter", "auc")
"""What systems can be ranked by; auc is better when high, the others when low."""
_AT_ONCE = 2_000

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The place of one system."""

    name: str
    figure: Difference
    """What it is ranked by, with its interval (less nothing)."""
    rank: int
    """From 1; equal figures share it."""
    best_rank: int
    """One more than there are systems that are clearly better."""
    worst_rank: int
    """As many as there are systems that are not clearly worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two systems, the one with the better figure first."""

    better: str
    worse: str
    difference: Difference
    """The figure of the first less that of the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """All systems in order, and what may be said of the order."""

    by: str
    confidence: float
    standings: tuple[Standing, ...]
    """The best first."""
    pairs: tuple[Pair, ...]
    groups: tuple[tuple[str, ...], ...]
    """Neighbours in the ranking of which no two are told apart; as long as they can be."""
    stretch: float
    """Standard deviations that a difference must exceed."""
    draws: int
    """Draws with both classes in them; others say nothing."""


def rank(
    panel: Panel,
    thresholds: Sequence[float],
    by: str,
    *,
    draws: int = 2000,
    confidence: float = 0.95,
    seed: int = 0,
) -> Ranking:
    """Rank the systems of a panel at a threshold each."""
    rng = np.random.default_rng(seed)
    group, groups = in_groups(panel.person, panel.people, rng)
    drawn = _drawn(replace(panel, person=group), thresholds, by, draws, rng)  # (K, R)
    found = _found(panel, thresholds, by)  # (K,)
    order = np.argsort(-found if by == "auc" else found, kind="stable").tolist()
    pairs = list(combinations(order, 2))
    spread = np.array([deviation(drawn[i] - drawn[j]) for i, j in pairs])
    few = t(max(1, groups - 1))
    widen = float(few.ppf((1 + confidence) / 2))
    stretch = float(few.isf(norm.sf(_largest(drawn, pairs, spread, confidence))))
    hidden = _unseen(panel, by, (1 - confidence) / len(pairs))
    compared = {
        (i, j): _around(found[i] - found[j], stretch * error or hidden)
        for (i, j), error in zip(pairs, spread, strict=True)
    }
    clear = {pair for pair, difference in compared.items() if difference.is_clear}
    return Ranking(
        by=by,
        confidence=confidence,
        standings=tuple(
            Standing(
                name=panel.names[k],
                figure=_alone(panel, by, float(found[k]), widen * deviation(drawn[k]), confidence),
                rank=1 + sum(bool(found[o] != found[k]) for o in order[: order.index(k)]),
                best_rank=1 + sum(worse == k for _, worse in clear),
                worst_rank=len(order) - sum(better == k for better, _ in clear),
            )
            for k in order
        ),
        pairs=tuple(
            Pair(better=panel.names[i], worse=panel.names[j], difference=compared[i, j])
            for i, j in pairs
        ),
        groups=tuple(tuple(panel.names[k] for k in group) for group in _groups(order, clear)),
        stretch=stretch,
        draws=drawn.shape[1],
    )


def _drawn(
    panel: Panel, thresholds: Sequence[float], by: str, draws: int, rng: np.random.Generator
) -> Floats:
    """Figures (K, R) of draws with both classes, a part of the draws at a time."""
    sizes = [min(_AT_ONCE, draws - start) for start in range(0, draws, _AT_ONCE)]
    parts = [figures(panel, thresholds, by, resampled(panel.people, r, rng)) for r in sizes]
    drawn = np.concatenate(parts, axis=1)
    return np.asarray(drawn[:, ~np.isnan(drawn).any(axis=0)])


def _found(panel: Panel, thresholds: Sequence[float], by: str) -> Floats:
    """The figure of every system (K,)."""
    if by != "auc":
        return np.asarray(figures(panel, thresholds, by, np.ones((1, panel.people)))[:, 0])
    answered = [~np.isnan(score) for score in panel.score]
    return np.array(
        [
            share_above(
                *(np.sort(score[part & there]) for part in (panel.bona_fide, ~panel.bona_fide))
            )
            for score, there in zip(panel.score, answered, strict=True)
        ]
    )


def figures(panel: Panel, thresholds: Sequence[float], by: str, weight: Floats) -> Floats:
    """The figure of every system (K, R) when people count as often as ``weight`` (R, P) says.

    NaN where a draw has nothing of one class.
    """
    one = {"auc": _auc, "hter": _hter, "acer": _acer}[by]
    return np.stack([one(panel, k, threshold, weight) for k, threshold in enumerate(thresholds)])


def _hter(panel: Panel, system: int, threshold: float, weight: Floats) -> Floats:
    attack = ~panel.bona_fide
    accepted = panel.score[system] >= threshold  # (N,); NaN is not accepted
    apcer = _rates(panel, system, weight, [(attack, accepted)])[:, 0]
    return np.asarray((apcer + _bpcer(panel, system, threshold, weight)) / 2)


def _acer(panel: Panel, system: int, threshold: float, weight: Floats) -> Floats:
    """With the worst of the PAI species that are in a draw."""
    accepted = panel.score[system] >= threshold  # (N,)
    names = np.unique(panel.species[~panel.bona_fide])
    apcer = _rates(panel, system, weight, [(panel.species == name, accepted) for name in names])
    worst = np.where(np.isnan(apcer), -np.inf, apcer).max(axis=1)
    worst[np.isinf(worst)] = np.nan
    return np.asarray((worst + _bpcer(panel, system, threshold, weight)) / 2)


def _bpcer(panel: Panel, system: int, threshold: float, weight: Floats) -> Floats:
    rejected = panel.score[system] < threshold  # (N,)
    return _rates(panel, system, weight, [(panel.bona_fide, rejected)])[:, 0]


def _rates(panel: Panel, system: int, weight: Floats, parts: Sequence[tuple[Mask, Mask]]) -> Floats:
    """(R, parts) share of errors among the responses of each part; NaN where there is none.

    A part is (who belongs to it, where an error would be), both (N,).
    """
    answered = ~np.isnan(panel.score[system])  # (N,)

    def of_people(rows: Mask) -> Floats:
        return np.bincount(panel.person[rows], minlength=panel.people).astype(np.float64)  # (P,)

    errors = weight @ np.stack([of_people(part & wrong) for part, wrong in parts], axis=1)
    trials = weight @ np.stack([of_people(part & answered) for part, _ in parts], axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(errors / trials)


def _auc(panel: Panel, system: int, threshold: float, weight: Floats) -> Floats:
    tally = Tally.of(panel.score[system], panel.bona_fide, panel.person, panel.people)
    return tally.auc(weight)


def _unseen(panel: Panel, by: str, error: float) -> float:
    """The highest rate that may hide behind the people of the smallest part, who show none."""
    attack = panel.species if by == "acer" else panel.species != ""
    parts = [panel.bona_fide, *(attack == name for name in np.unique(attack[~panel.bona_fide]))]
    fewest = min(np.unique(panel.person[part]).size for part in parts)
    return unseen(fewest, error)


def _alone(panel: Panel, by: str, value: float, reach: float, confidence: float) -> Difference:
    """The figure of one system; that of an AUC as in ``intervals``."""
    if by == "auc" and reach and 0 < value < 1:
        return Difference(value, *in_odds(value, reach))
    return _around(value, reach or _unseen(panel, by, 1 - confidence), within=(0.0, 1.0))


def _around(value: float, reach: float, within: tuple[float, float] = (-1.0, 1.0)) -> Difference:
    low, high = within
    return Difference(
        value=float(value), low=float(max(low, value - reach)), high=float(min(high, value + reach))
    )


def _largest(
    drawn: Floats, pairs: Sequence[tuple[int, int]], spread: Floats, confidence: float
) -> float:
    """The quantile over draws of the largest deviation of a pair, in its standard deviations."""
    largest = np.zeros(drawn.shape[1])  # (R,)
    for (i, j), error in zip(pairs, spread, strict=True):
        if error > 0:
            apart = drawn[i] - drawn[j]
            np.maximum(largest, np.abs(apart - apart.mean()) / error, out=largest)
    alone = float(norm.ppf((1 + confidence) / 2))
    return max(alone, float(np.quantile(largest, confidence))) if largest.size else alone


def _groups(order: Sequence[int], clear: set[tuple[int, int]]) -> list[list[int]]:
    """Longest runs of neighbours without a clear pair; single systems make none."""
    found: list[list[int]] = []
    end = 0
    for start in range(len(order)):
        stop = start + 1
        while stop < len(order) and not any(
            (order[i], order[stop]) in clear for i in range(start, stop)
        ):
            stop += 1
        if stop - start > 1 and stop > end:
            found.append(list(order[start:stop]))
            end = stop
    return found
