"""How sure a difference between two systems is, from scores of the same presentations.

A figure of a system is its mean over protocols, each being the mean over its seeds. The bootstrap
draws anew, all at once,

- people: the subjects of the judged sets, with everything they present, bona fide and attacks; the
  same draw for both systems, all protocols, all seeds (a presentation without a subject stands for
  itself);
- seeds: within each protocol, pairs of runs of the two systems with one seed.

Of n it draws n - 1 (``metrics.bootstrap`` says why): drawing n would give a variance that is a
third too small with three seeds. People and seeds are crossed, for which such draws err on the wide
side (Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 2007). The interval is the
difference found, plus and minus the standard deviation of the draws times the quantile of Student's
t, whose degrees of freedom are the pairs of runs less one per protocol, or the people less one
where those are fewer: quantiles of the draws themselves would be too close together with so few
seeds. With one seed per protocol the interval covers people alone, and they alone count.

Protocols are not drawn: the interval is about these, and says nothing about another site. Nor does
it cover other training or dev data (thresholds stay as they were found), other settings of a
system, or that several systems are compared. Runs of one seed under two protocols count as
independent, although they share their first weights.

Axes: R draws, P people, S seeds.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np
from scipy.stats import t

from unmask.metrics.bootstrap import (
    Difference,
    Floats,
    Judged,
    Person,
    resampled,
    weighted_auc,
    weighted_hter,
)

DRAWS = 2000
CONFIDENCE = 0.95
FIGURES = ("hter", "auc")
"""What is compared; their order in ``draws_of``."""
_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True)
class Spread:
    """A mean over protocols and seeds, and how far the seeds are apart."""

    mean: float
    std: float | None
    """Over seeds of the mean over protocols, ddof 1; None with one seed."""


def spread(values: Sequence[Sequence[float]]) -> Spread:
    """Of values[protocol][seed]."""
    over_protocols = [fmean(of_seed) for of_seed in zip(*values, strict=True)]
    std = stdev(over_protocols) if len(over_protocols) > 1 else None
    return Spread(mean=fmean(over_protocols), std=std)


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


def difference(
    ours: Floats, theirs: Floats, found: float, *, people: int, seed: int = 0
) -> Difference:
    """The interval around a difference, from draws of one figure (protocols, S, R) of each.

    ``people`` is how many were drawn.
    """
    rng = np.random.default_rng((seed, 1))
    protocols, seeds, draws = ours.shape
    apart = ours - theirs  # (protocols, S, R)
    chosen = np.stack([resampled(seeds, draws, rng).T for _ in range(protocols)])
    means = (apart * chosen).sum(axis=1) / chosen.sum(axis=1)  # (protocols, R)
    error = float(np.nanstd(means.mean(axis=0), ddof=1))
    freedom = min(protocols * (seeds - 1) or people, max(1, people - 1))
    reach = error * float(t.ppf((1 + CONFIDENCE) / 2, freedom))
    return Difference(value=found, low=found - reach, high=found + reach)


def _figures(run: Judged, weight: Floats) -> Floats:
    """HTER and AUC (2, R) of presentations with weights (R, N), a part of the draws at a time."""
    parts = np.array_split(weight, max(1, weight.size // _AT_ONCE))
    pairs = [(weighted_hter(run, part), weighted_auc(run, part)) for part in parts]
    return np.concatenate([np.stack(pair) for pair in pairs], axis=1)
