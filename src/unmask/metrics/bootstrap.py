"""Presentations of one person stand or fall together: the bootstrap draws people.

A draw takes a person with everything they present, bona fide and attacks. Of n people it draws
n - 1, with replacement, which makes the variance of the draws that of a mean, where drawing n would
make it (n - 1) / n of that (Rao and Wu, "Resampling inference with complex survey data", JASA 1988,
with no stratum rescaled). A figure of a draw is the figure of the presentations, each weighted with
how often its person was drawn. A presentation without a subject stands for itself.

A person is whose face is shown. That one attacker presents the faces of several people, or one
person several of them, is not in the draws.

Axes: R draws, N presentations, V distinct scores.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.special import expit, logit

from unmask.metrics.scores import Scores, per_presentation
from unmask.types import Label

Floats = npt.NDArray[np.float64]

Person = tuple[str, str, str]
"""Data set, subject, and the presentation where the subject is not known."""

PERSON = (
    "dataset",
    "subject",
    pl.when(pl.col("subject") == "").then("presentation").otherwise(pl.lit("")).alias("alone"),
)
"""What makes a ``Person`` of the columns of scores."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A system's figure less that of another, with its interval."""

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
    person: tuple[Person, ...]
    """N times."""
    threshold: float

    @classmethod
    def of(cls, scores: Scores, threshold: float) -> Judged:
        """Presentations that got a response."""
        table = per_presentation(scores).table.filter(pl.col("score").is_not_nan())
        return cls(
            score=table["score"].to_numpy(),
            bona_fide=(table["label"] == Label.BONA_FIDE.name.lower()).to_numpy(),
            person=tuple(table.select(*PERSON).iter_rows()),
            threshold=threshold,
        )


def resampled(count: int, draws: int, rng: np.random.Generator) -> Floats:
    """(R, count) how often each of ``count`` things is among count - 1 drawn with replacement."""
    if count == 1:
        return np.ones((draws, 1))
    return rng.multinomial(count - 1, np.full(count, 1 / count), draws).astype(np.float64)


def deviation(drawn: Floats) -> float:
    """Standard deviation of draws; 0 where they differ in nothing but their last bits."""
    return float(drawn.std(ddof=1)) if drawn.size > 1 and np.ptp(drawn) > 1e-12 else 0.0


def in_odds(value: float, reach: float) -> tuple[float, float]:
    """Ends of an interval of a share that has ``reach`` to either side, on the scale of log odds.

    There the draws of an AUC close to 1 are symmetric, and the ends stay within 0 and 1.
    """
    odds, wide = logit(value), reach / (value * (1 - value))
    return float(expit(odds - wide)), float(expit(odds + wide))


def unseen(people: int, error: float) -> float:
    """The highest rate that may hide behind so many people, none of whom show it.

    The two-sided bound of Clopper and Pearson for no error, which is wrong as often as ``error``.
    """
    return float(1 - (error / 2) ** (1 / people))


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
