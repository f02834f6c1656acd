"""Figures of one model's features: bona fide against attacks, and sensor against sensor.

Features are standardised with the mean and standard deviation of dev, over all sensors together.
Probes learn from dev and are judged on eval; Fisher ratio, silhouette and gap are those of eval.

An interval is the figure found, plus and minus the standard deviation of bootstrap draws times the
quantile of Student's t with one degree of freedom less than there are people, cut off where the
figure ends. People of eval are drawn, with every picture of theirs (``bootstrap.resampled``); the
probes stay as they are, so the interval covers neither other training, nor other dev data. People
and draws are the same for all models that are judged on the same presentations.

Axes: R draws (the first of them is everybody, once), P people, N pictures, D features.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations

import numpy as np
from scipy.stats import t
from sklearn.preprocessing import StandardScaler

from unmask.errors import DatasetError
from unmask.experiments.statistics import CONFIDENCE
from unmask.metrics.bootstrap import Judged, resampled, weighted_auc, weighted_hter
from unmask.metrics.features import Features, Mask, Person
from unmask.metrics.probes import FOLDS, fit_probe
from unmask.metrics.separability import (
    Estimate,
    Floats,
    SensorTrace,
    Separation,
    Transfer,
    balanced_accuracy,
    distances,
    fisher_ratio,
    gap,
    silhouette,
)
from unmask.types import Modality

ALL = "all"
"""The name of all sensors, each alone, in one set."""
DRAWS = 1000
COMPARED = 500
"""Silhouettes, whose cost is the square of it, and pictures have at most so many presentations."""
_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What ``measure`` finds; see ``metrics.separability.ModelSeparability``."""

    transfer: tuple[Transfer, ...]
    separation: tuple[Separation, ...]
    sensors: SensorTrace | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Space:
    """Standardised features of dev and of eval."""

    dev: Features
    judged: Features
    dev_x: Floats = field(init=False)
    """(N, D)"""
    x: Floats = field(init=False)
    """(N, D) of eval."""

    def __post_init__(self) -> None:
        scaler = StandardScaler().fit(self.dev.values.astype(np.float64))
        for name, features in (("dev_x", self.dev), ("x", self.judged)):
            object.__setattr__(self, name, scaler.transform(features.values.astype(np.float64)))


def measure(space: Space, sensors: Sequence[Modality]) -> Figures:
    """All figures of one model.

    Raises:
        DatasetError: too few people of a class, as one of the sensors shows them.
    """
    for split, features in (("dev", space.dev), ("eval", space.judged)):
        check_people(features, split, sensors)
    return _Measuring(space, sensors).figures()


def check_people(features: Features, split: str, sensors: Sequence[Modality]) -> None:
    """Refuse features of too few people to part them into folds, or to draw them.

    Raises:
        DatasetError: naming class, set and sensor.
    """
    for sensor in sensors:
        for name, wanted in (("bona fide", True), ("attack", False)):
            rows = (features.modality == sensor) & (features.bona_fide == wanted)
            people = len(set(features.where(rows).person))
            if people < FOLDS:
                raise DatasetError(
                    f"{split} has {name} presentations of {people} people with {sensor}; "
                    f"separability needs at least {FOLDS} of each class in dev and in eval, so "
                    "take a larger set"
                )


class _Measuring:
    """One model's features at work; every figure is of all draws, the first being everybody."""

    def __init__(self, space: Space, sensors: Sequence[Modality]) -> None:
        self.space = space
        self.sensors = sensors
        self.views = [*map(str, sensors), ALL] if len(sensors) > 1 else [str(sensors[0])]
        people = sorted(set(space.judged.person))
        self.place = {person: number for number, person in enumerate(people)}
        drawn = resampled(len(people), DRAWS, np.random.default_rng((0, 0)))
        self.weight = np.concatenate([np.ones((1, len(people))), drawn])  # (R, P)

    def figures(self) -> Figures:
        cells = [cell for view in self.views for cell in self._probed(view)]
        return Figures(
            transfer=tuple(
                Transfer(
                    fitted=cell.fitted,
                    judged=cell.judged,
                    strength=cell.strength,
                    auc=self._estimate(cell.auc, highest=1),
                    balanced_error=self._estimate(cell.error, highest=1),
                )
                for cell in cells
            ),
            separation=tuple(self._separation(view) for view in self.views),
            sensors=self._sensors(cells) if len(self.sensors) > 1 else None,
        )

    def _probed(self, fitted: str) -> Iterator[_Cell]:
        """A class probe fitted to one view of dev, judged on every view of eval."""
        rows = _rows(self.space.dev, fitted)
        part = self.space.dev.where(rows)
        probe = fit_probe(self.space.dev_x[rows], part.bona_fide, part.person)
        for view in self.views:
            rows = _rows(self.space.judged, view)
            part = self.space.judged.where(rows)
            run = Judged(
                score=probe.decision_function(self.space.x[rows]),
                bona_fide=part.bona_fide,
                person=part.person,
                threshold=0.0,
            )
            yield _Cell(
                fitted=fitted,
                judged=view,
                strength=probe.C,
                auc=self._draws(partial(weighted_auc, run), part.person),
                error=self._draws(partial(weighted_hter, run), part.person),
            )

    def _separation(self, view: str) -> Separation:
        judged, x = self.space.judged, self.space.x
        rows = _rows(judged, view)
        part = judged.where(rows)
        ratio = self._draws(partial(fisher_ratio, x[rows], part.bona_fide), part.person)
        rows &= judged.drawn(COMPARED)
        part = judged.where(rows)
        width = self._draws(partial(silhouette, distances(x[rows]), part.bona_fide), part.person)
        return Separation(
            shown=view,
            fisher=self._estimate(ratio),
            silhouette=self._estimate(width, lowest=-1, highest=1),
        )

    def _sensors(self, cells: Sequence[_Cell]) -> SensorTrace:
        dev, judged = self.space.dev, self.space.judged
        probe = fit_probe(self.space.dev_x, dev.modality, dev.person)
        named = probe.predict(self.space.x)
        right = self._draws(partial(balanced_accuracy, judged.modality, named), judged.person)
        gaps = {f"{a}-{b}": self._gap(a, b) for a, b in combinations(self.sensors, 2)}
        crossed = [c.auc for c in cells if c.fitted != c.judged and ALL not in (c.fitted, c.judged)]
        return SensorTrace(
            accuracy=self._estimate(right, highest=1),
            chance=1 / len(self.sensors),
            gaps={pair: self._estimate(values) for pair, values in gaps.items()},
            gap=self._estimate(np.mean(list(gaps.values()), axis=0)),
            transfer_auc=self._estimate(np.mean(crossed, axis=0), highest=1),
        )

    def _gap(self, one: Modality, other: Modality) -> Floats:
        rows = np.isin(self.space.judged.modality, (one, other))
        part = self.space.judged.where(rows)
        return self._draws(partial(gap, self.space.x[rows], part.modality == one), part.person)

    def _draws(self, figure: Callable[[Floats], Floats], person: Sequence[Person]) -> Floats:
        """(R,) a figure of weights (R, N) of the pictures of these N people, part by part."""
        places = [self.place[who] for who in person]
        parts = np.array_split(self.weight, 1 + self.weight.shape[0] * len(places) // _AT_ONCE)
        return np.concatenate([figure(part[:, places]) for part in parts])

    def _estimate(
        self, values: Floats, *, lowest: float = 0.0, highest: float = np.inf
    ) -> Estimate:
        tail = (1 + CONFIDENCE) / 2
        reach = float(np.nanstd(values[1:], ddof=1) * t.ppf(tail, len(self.place) - 1))
        found = float(values[0])
        low, high = max(found - reach, lowest), min(found + reach, highest)
        return Estimate(value=found, low=low, high=high)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """One class probe on one view of eval; see ``Transfer``."""

    fitted: str
    judged: str
    strength: float
    auc: Floats
    """(R,)"""
    error: Floats
    """(R,)"""


def _rows(features: Features, view: str) -> Mask:
    """(N,) the pictures of one sensor, or all."""
    return np.asarray((features.modality == view) | (view == ALL))
