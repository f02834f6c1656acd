"""Intervals of AUC, EER and HTER of one system, from draws of people, whatever their number.

What ``bootstrap`` says of draws holds here. For speed, what people did is counted once, in a table
of people by score. That is exact up to ``PEOPLE`` people and twice ``LEVELS`` distinct scores.
Beyond, people are drawn in ``PEOPLE`` groups made at random, and scores between neighbouring
quantiles of either class count as ties. Figures themselves are always those of all scores; an
interval reaches from them as far as Student's t, with one degree of freedom less than there are
groups, times the standard deviation of the draws: for AUC on the scale of log odds.

Axes: R draws, N presentations, G groups of people, V scores or bins of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import t

from unmask.metrics.bootstrap import Floats, deviation, in_odds, resampled, unseen
from unmask.metrics.checks import BONA_FIDE
from unmask.metrics.scores import Scores

CONFIDENCE = 0.95
DRAWS = 2000
SEED = 0
PEOPLE = 1000
LEVELS = 1024
_AT_ONCE = 4_000_000

Ints = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Who is drawn."""

    named: int
    """Distinct subjects."""
    nameless: int
    """Presentations without a subject, each of them a person of its own."""
    groups: int
    """Of people, drawn together; as many as there are people, up to ``PEOPLE``."""
    draws: int = DRAWS
    seed: int = SEED


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tally:
    """How many presentations each group of people has in each bin of scores."""

    bona_fide: Floats
    """(G, V), bins ascending."""
    attack: Floats
    """(G, V)"""

    @classmethod
    def of(cls, score: Floats, bona_fide: npt.NDArray[np.bool_], group: Ints, groups: int) -> Self:
        """Count the responses among ``score`` (N,), which may be NaN."""
        answered = ~np.isnan(score)
        edge = _edges(score[answered & bona_fide], score[answered & ~bona_fide])  # (V,)

        def counted(rows: npt.NDArray[np.bool_]) -> Floats:
            place = np.searchsorted(edge, score[rows], side="right") - 1
            place += edge.size * group[rows].astype(np.int64)
            found = np.bincount(place, minlength=groups * edge.size)
            return found.reshape(groups, edge.size).astype(np.float64)

        return cls(bona_fide=counted(answered & bona_fide), attack=counted(answered & ~bona_fide))

    def auc(self, weight: Floats) -> Floats:
        """(R,) for weights (R, G); NaN where a draw has nothing of one class."""
        genuine, attack = weight @ self.bona_fide, weight @ self.attack  # (R, V)
        below = np.cumsum(attack, axis=1) - attack / 2  # a tie counts half
        with np.errstate(invalid="ignore"):
            share = (genuine * below).sum(axis=1)
            return np.asarray(share / genuine.sum(axis=1) / attack.sum(axis=1))

    def eer(self, weight: Floats) -> Floats:
        """(R,) mean of pooled APCER and BPCER at the bin where they differ least."""
        apcer = _share_after(weight @ self.attack)  # (R, V + 1)
        bpcer = 1 - _share_after(weight @ self.bona_fide)  # (R, V + 1)
        best = np.abs(apcer - bpcer).argmin(axis=1)[:, None]
        return np.asarray(np.take_along_axis(apcer + bpcer, best, axis=1)[:, 0] / 2)


def _share_after(count: Floats) -> Floats:
    """(R, V + 1) share of each row that is in a bin or above it; 0 at the end."""
    total = count.sum(axis=1, keepdims=True)
    before = np.cumsum(count, axis=1)
    with np.errstate(invalid="ignore"):
        return np.concatenate([np.ones_like(total), 1 - before / total], axis=1)


def _edges(genuine: Floats, attack: Floats) -> Floats:
    """Lower ends of bins: every distinct score, or quantiles of both classes."""
    found = []
    for scores in (genuine, attack):
        distinct = np.unique(scores)
        if distinct.size > LEVELS:
            levels = np.linspace(0, 1, LEVELS)
            distinct = np.unique(np.quantile(scores, levels, method="inverted_cdf"))
        found.append(distinct)
    lowest = min(scores.min() for scores in (genuine, attack) if scores.size)
    return np.unique(np.concatenate([*found, [lowest]]))


class Bootstrap:
    """Draws of the people of one set of scores, the same for every figure that is asked for."""

    def __init__(self, scores: Scores) -> None:
        self._score = scores.table["score"].to_numpy()  # (N,)
        self._bona_fide = (scores.table["label"] == BONA_FIDE).to_numpy()  # (N,)
        rng = np.random.default_rng(SEED)
        self._group, self.people = _grouped(scores.table, rng)  # (N,)
        self._weight = resampled(self.people.groups, DRAWS, rng)  # (R, G)
        self._tally = Tally.of(self._score, self._bona_fide, self._group, self.people.groups)

    def auc(self, value: float) -> Estimate:
        """AUC with its interval."""
        reach = self._reach(self._in_parts(self._tally.auc))
        if reach and 0 < value < 1:
            return Estimate(value, *in_odds(value, reach))
        return self._around(value, reach)

    def eer(self, value: float) -> Estimate:
        """EER with its interval."""
        return self._around(value, self._reach(self._in_parts(self._tally.eer)))

    def hter(self, value: float, threshold: float) -> Estimate:
        """HTER at a threshold that stays as it is."""
        answered, accepted = ~np.isnan(self._score), self._score >= threshold  # (N,)
        apcer = self._rate(answered & ~self._bona_fide, accepted)
        bpcer = self._rate(answered & self._bona_fide, ~accepted)
        return self._around(value, self._reach((apcer + bpcer) / 2))

    def _rate(self, part: npt.NDArray[np.bool_], wrong: npt.NDArray[np.bool_]) -> Floats:
        """(R,) share of errors in a part of the presentations."""
        errors, trials = (
            self._weight @ np.bincount(self._group[rows], minlength=self.people.groups)
            for rows in (part & wrong, part)
        )
        with np.errstate(invalid="ignore"):
            return np.asarray(errors / trials)

    def _in_parts(self, figure: Callable[[Floats], Floats]) -> Floats:
        """A figure of every draw, some draws at a time."""
        parts = -(-self._weight.shape[0] * self._tally.attack.shape[1] // _AT_ONCE)
        return np.concatenate([figure(part) for part in np.array_split(self._weight, parts)])

    def _reach(self, drawn: Floats) -> float:
        """How far an interval goes to either side; 0 where no draw differs."""
        few = t(max(1, self.people.groups - 1))
        return float(few.ppf((1 + CONFIDENCE) / 2)) * deviation(drawn[~np.isnan(drawn)])

    def _around(self, value: float, reach: float) -> Estimate:
        reach = reach or self._unseen()
        return Estimate(value, max(0.0, value - reach), min(1.0, value + reach))

    def _unseen(self) -> float:
        """The highest rate that may hide behind the people of the smaller class, who show none."""
        classes = (self._bona_fide, ~self._bona_fide)
        fewest = min(np.unique(self._group[rows]).size for rows in classes)
        return unseen(fewest, 1 - CONFIDENCE)


def _grouped(table: pl.DataFrame, rng: np.random.Generator) -> tuple[Ints, People]:
    """The group (N,) of whoever presents, and how many there are."""
    subject, identity = table["subject"], table["subject"]
    if table.select(pl.col("dataset").n_unique()).item() > 1:
        identity = table.select(pl.concat_str("dataset", "subject", separator="\t")).to_series()
    names = identity.filter(subject != "").unique(maintain_order=True)
    code = identity.cast(pl.Enum(names), strict=False).to_physical()  # null without a subject
    person = code.fill_null(0).to_numpy().astype(np.int32)  # (N,)
    nameless = code.null_count()
    person[code.is_null().to_numpy()] = len(names) + np.arange(nameless)
    group, groups = in_groups(person, len(names) + nameless, rng)
    return group, People(named=len(names), nameless=nameless, groups=groups)


def in_groups(person: Ints, people: int, rng: np.random.Generator) -> tuple[Ints, int]:
    """People's numbers (N,) and how many; beyond ``PEOPLE``, those of groups made at random."""
    if people <= PEOPLE:
        return person, people
    return rng.permutation(people).astype(np.int32)[person] % PEOPLE, PEOPLE
