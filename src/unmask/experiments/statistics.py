"""How sure a difference between two systems is, from scores of the same presentations.

A figure of a system is its mean over protocols, each being the mean over its seeds. The bootstrap
draws anew, all at once,

- people: the subjects of the judged sets, with everything they present, bona fide and attacks; the
  same draw for both systems, all protocols, all seeds (a presentation without a subject stands for
  itself);
- seeds: within each protocol, pairs of runs of the two systems with one seed.

Of n it draws n - 1, with replacement, which makes the variance of the draws that of a mean, where
drawing n would make it (n - 1) / n of that: a third less with three seeds (Rao and Wu, "Resampling
inference with complex survey data", JASA 1988, with no stratum rescaled). People and seeds are
crossed, for which such draws err on the wide side (Owen, "The pigeonhole bootstrap", Annals of
Applied Statistics 2007). The interval is the difference found, plus and minus the standard
deviation of the draws times the quantile of Student's t, whose degrees of freedom are the pairs of
runs less one per protocol: quantiles of the draws themselves would be too close together with so
few seeds. With one seed per protocol the interval covers people alone.

A person is whose face is shown. That one attacker presents the faces of several people, or one
person several of them, is not in the draws. Protocols are not drawn either: the interval is about
these, and says nothing about another site. Nor does it cover other training or dev data (thresholds
stay as they were found), other settings of a system, or that several systems are compared. Runs of
one seed under two protocols count as independent, although they share their first weights.

Axes: R draws, N presentations, P people, S seeds, V distinct scores.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import norm, t

from unmask.metrics.scores import Scores, per_presentation
from unmask.types import Label

DRAWS = 2000
CONFIDENCE = 0.95
FIGURES = ("hter", "auc")
"""What is compared; their order in ``draws_of``."""
_AT_ONCE = 2_000_000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """A mean over protocols and seeds, and how far the seeds are apart."""

    mean: float
    std: float | None
    """Over seeds of the mean over protocols, ddof 1; None with one seed."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A system's figure less that of the reference, with its interval."""

    value: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """Whether the interval excludes zero; one without a width says nothing."""
        return self.low < self.high and (self.low > 0 or self.high < 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """The responses of one run to the judged set."""

    score: Floats
    """(N,)"""
    bona_fide: npt.NDArray[np.bool_]
    """(N,)"""
    person: tuple[tuple[str, str, str], ...]
    """N times: data set, subject, and the presentation where the subject is not known."""
    threshold: float

    @classmethod
    def of(cls, scores: Scores, threshold: float) -> Judged:
        """Presentations that got a response."""
        table = per_presentation(scores).table.filter(pl.col("score").is_not_nan())
        alone = pl.when(pl.col("subject") == "").then("presentation").otherwise(pl.lit(""))
        return cls(
            score=table["score"].to_numpy(),
            bona_fide=(table["label"] == Label.BONA_FIDE.name.lower()).to_numpy(),
            person=tuple(table.select("dataset", "subject", alone).iter_rows()),
            threshold=threshold,
        )


def spread(values: Sequence[Sequence[float]]) -> Spread:
    """Of values[protocol][seed]."""
    over_protocols = [fmean(of_seed) for of_seed in zip(*values, strict=True)]
    std = stdev(over_protocols) if len(over_protocols) > 1 else None
    return Spread(mean=fmean(over_protocols), std=std)


Person = tuple[str, str, str]


def people_of(runs: Sequence[Sequence[Judged]]) -> set[Person]:
    """All who got a response in one of the runs."""
    return {person for of_seed in runs for run in of_seed for person in run.person}


def draws_of(
    runs: Sequence[Sequence[Judged]],
    draws: int = DRAWS,
    seed: int = 0,
    others: Collection[Person] = (),
) -> Floats:
    """HTER and AUC of runs[protocol][seed] under every draw of people: (2, protocols, S, R).

    Draws of one number, and of the same people, are the same for every system; ``others`` are
    people who got a response from other systems alone, and are drawn too.
    """
    people = sorted(people_of(runs).union(others))
    place = {person: number for number, person in enumerate(people)}
    weight = resampled(len(people), draws, np.random.default_rng((seed, 0)))  # (R, P)
    return np.array(
        [
            [_figures(run, weight[:, [place[person] for person in run.person]]) for run in of_seed]
            for of_seed in runs
        ]
    ).transpose(2, 0, 1, 3)


def difference(ours: Floats, theirs: Floats, found: float, seed: int = 0) -> Difference:
    """The interval around a difference, from draws of one figure (protocols, S, R) of each."""
    rng = np.random.default_rng((seed, 1))
    protocols, seeds, draws = ours.shape
    apart = ours - theirs  # (protocols, S, R)
    chosen = np.stack([resampled(seeds, draws, rng).T for _ in range(protocols)])
    means = (apart * chosen).sum(axis=1) / chosen.sum(axis=1)  # (protocols, R)
    error = float(np.nanstd(means.mean(axis=0), ddof=1))
    tail = (1 + CONFIDENCE) / 2
    freedom = protocols * (seeds - 1)
    reach = error * float(t.ppf(tail, freedom) if freedom else norm.ppf(tail))
    return Difference(value=found, low=found - reach, high=found + reach)


def resampled(count: int, draws: int, rng: np.random.Generator) -> Floats:
    """(R, count) how often each of ``count`` things is among count - 1 drawn with replacement."""
    if count == 1:
        return np.ones((draws, 1))
    return rng.multinomial(count - 1, np.full(count, 1 / count), draws).astype(np.float64)


def _figures(run: Judged, weight: Floats) -> Floats:
    """HTER and AUC (2, R) of presentations with weights (R, N), a part of the draws at a time."""
    parts = np.array_split(weight, max(1, weight.size // _AT_ONCE))
    pairs = [(weighted_hter(run, part), weighted_auc(run, part)) for part in parts]
    return np.concatenate([np.stack(pair) for pair in pairs], axis=1)


def weighted_hter(run: Judged, weight: Floats) -> Floats:
    """(R,) for weights (R, N); NaN where a draw has nothing of one class."""
    accepted = run.score >= run.threshold  # (N,)
    genuine, attack = run.bona_fide, ~run.bona_fide
    with np.errstate(invalid="ignore"):
        apcer = weight @ (attack & accepted) / (weight @ attack)
        bpcer = weight @ (genuine & ~accepted) / (weight @ genuine)
    return np.asarray((apcer + bpcer) / 2)


def weighted_auc(run: Judged, weight: Floats) -> Floats:
    """(R,) for weights (R, N); NaN where a draw has nothing of one class."""
    order = np.argsort(run.score, kind="stable")
    _, starts = np.unique(run.score[order], return_index=True)  # (V,)
    ordered, genuine = weight[:, order], run.bona_fide[order]
    of_genuine = np.add.reduceat(ordered * genuine, starts, axis=1)  # (R, V)
    of_attack = np.add.reduceat(ordered * ~genuine, starts, axis=1)  # (R, V)
    below = np.cumsum(of_attack, axis=1) - of_attack / 2  # a tie counts half
    with np.errstate(invalid="ignore"):
        share = (of_genuine * below).sum(axis=1)
        return np.asarray(share / of_genuine.sum(axis=1) / of_attack.sum(axis=1))
