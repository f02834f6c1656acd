"""How far apart groups of features lie: Fisher ratio, silhouette, distance of centroids.

    Fisher ratio of two groups = |m_1 - m_0|^2 / (v_1 + v_0)
    gap of two groups          = |m_1 - m_0| / sqrt((v_1 + v_0) / 2) = sqrt(2 Fisher ratio)
    silhouette of a picture    = (b - a) / max(a, b)

with m the mean of a group and v its variance, summed over features; a is the mean distance of a
picture to the others of its group, b to those of the other group, and the silhouette of a set is
the mean over its pictures (0 for one that is alone in its group). None of them changes when all
features are rotated or scaled together. Of two groups of n pictures that chance has made, the
Fisher ratio is about 1 / n.

Every figure takes weights, how often a picture counts, for many draws at once: a picture that is
drawn twice is no neighbour of itself.

Source: Fisher, "The use of multiple measurements in taxonomic problems", 1936, over all features
rather than along one direction; Rousseeuw, "Silhouettes", 1987; centroids of modalities: Liang et
al., "Mind the gap", NeurIPS 2022, here in units of the spread within a modality.

Axes: R draws, N pictures, D features.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A linear probe for bona fide and attack, fitted to some pictures and judged on others."""

    fitted: str
    """Sensor, or all of them."""
    judged: str
    strength: float
    """C, chosen where it was fitted."""
    auc: Estimate
    balanced_error: Estimate
    """Mean of the two classes' error rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """How far apart bona fide and attacks lie, as some sensor shows them."""

    shown: str
    fisher: Estimate
    silhouette: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorTrace:
    """How much of the sensor is left in the features."""

    accuracy: Estimate
    """Mean over sensors of how often a linear probe names them rightly."""
    chance: float
    gaps: Mapping[str, Estimate]
    """Of each pair, such as rgb-depth."""
    gap: Estimate
    """Mean over the pairs."""
    transfer_auc: Estimate
    """Mean over all pairs of one sensor that a class probe was fitted to and another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSeparability:
    """All figures of one model."""

    name: str
    model: str
    """Family and variant."""
    checkpoint: str
    weights_sha256: str
    protocol: str
    """That the model was trained under."""
    features: int
    people: int
    """Judged."""
    pictures: int
    """Judged, over all sensors."""
    transfer: tuple[Transfer, ...]
    separation: tuple[Separation, ...]
    sensors: SensorTrace | None
    """None for a single sensor."""

    def probe(self, fitted: str, judged: str) -> Transfer:
        """The entry of the transfer matrix."""
        return next(t for t in self.transfer if (t.fitted, t.judged) == (fitted, judged))


def fisher_ratio(x: Floats, group: Mask, weight: Floats) -> Floats:
    """(R,) for features (N, D), two groups (N,) and weights (R, N); NaN where one is empty."""
    (mean_0, spread_0), (mean_1, spread_1) = (
        _moments(x[rows], weight[:, rows]) for rows in (~group, group)
    )
    apart = np.square(mean_1 - mean_0).sum(axis=1)  # (R,)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(apart / (spread_1 + spread_0))


def gap(x: Floats, group: Mask, weight: Floats) -> Floats:
    """(R,) distance of two centroids in units of the mean spread within the groups."""
    return np.asarray(np.sqrt(2 * fisher_ratio(x, group, weight)))


def silhouette(distance: Floats, group: Mask, weight: Floats) -> Floats:
    """(R,) for distances (N, N), two groups (N,), weights (R, N); NaN where a group is empty."""
    total = {g: weight[:, group == g].sum(axis=1) for g in (False, True)}  # (R,) each
    sums = np.zeros(weight.shape[0])
    with np.errstate(invalid="ignore", divide="ignore"):
        for own in (False, True):
            rows = group == own
            near = weight[:, rows] @ distance[np.ix_(rows, rows)]  # (R, n)
            far = weight[:, ~rows] @ distance[np.ix_(~rows, rows)]
            others = total[own][:, None] - weight[:, rows]
            a, b = near / others, far / total[not own][:, None]
            apart = np.where(others > 0, b - a, 0.0)
            width = np.where(apart == 0, 0.0, apart / np.maximum(a, b))
            sums += (width * weight[:, rows]).sum(axis=1)
        empty = (total[False] == 0) | (total[True] == 0)
        return np.asarray(np.where(empty, np.nan, sums / weight.sum(axis=1)))


def distances(x: Floats) -> Floats:
    """(N, N) Euclidean distances of features (N, D)."""
    return np.asarray(cdist(x, x))


def balanced_accuracy(
    target: npt.NDArray[Any], predicted: npt.NDArray[Any], weight: Floats
) -> Floats:
    """(R,) mean over the classes (N,) of the share that is predicted rightly."""
    right = target == predicted
    with np.errstate(invalid="ignore"):
        shares = [
            weight[:, rows] @ right[rows] / weight[:, rows].sum(axis=1)
            for rows in (target == name for name in np.unique(target))
        ]
    return np.asarray(np.mean(shares, axis=0))


def _moments(x: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Mean (R, D), and variance summed over features (R,), of features (n, D)."""
    centre = x.mean(axis=0) if x.size else np.zeros(x.shape[1])
    moved = x - centre  # so that no digits are lost where a mean is large
    with np.errstate(invalid="ignore"):
        share = weight / weight.sum(axis=1, keepdims=True)  # (R, n)
    mean = share @ moved
    spread = share @ np.square(moved).sum(axis=1) - np.square(mean).sum(axis=1)
    return mean + centre, spread
