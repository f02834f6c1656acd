"""How a mixture of experts spread its work: statistics of what its routers chose.

A *share* is the part of a layer's choices that went to one expert, each choice counting as much as
the weight that the router gave it, or (where it says so) each alike.

    entropy H = -sum_e share_e ln share_e; normalised: H / ln E, 0 for one expert, 1 for all alike
    effective number of experts = exp(H): as many experts in equal use would be as even
    distance of p and q = sqrt(JSD), the Jensen-Shannon divergence in bits: from 0 to 1

Two samples of one distribution differ by chance, and the more so the more experts there are. So the
data subjects of every group are parted into two halves, and the distance of two groups is the mean
over both pairs of halves that share nobody:

    D(A, B) = (d(A1, B2) + d(A2, B1)) / 2        D(A, A) = d(A1, A2)

Two groups are told apart by the router where D(A, B) is clearly above D(A, A) and D(B, B).

Source: perplexity as an effective number, Jost, "Entropy and diversity", Oikos 2006; the distance,
Endres and Schindelin, "A new metric for probability distributions", 2003.

Axes: E experts, n of them used, G groups along one axis (sets of modalities, species or sites).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]

FEATURED = 16
"""So many experts of a layer are looked at one by one: the most used ones, or all."""
CURVE_POINTS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """How evenly the experts of one layer are used."""

    entropy: float
    """Normalised: 1 if all experts have the same share, 0 if one has everything."""
    effective: float
    """Effective number of experts."""
    top1: float
    """Share of the most used expert."""
    top10: float
    """Share of the ten most used."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Presentations that have something in common."""

    axis: str
    """modalities, species or site."""
    name: str
    presentations: int

    @property
    def label(self) -> str:
        """The name where groups of all axes stand together."""
        return f"site {self.name}" if self.axis == "site" else self.name


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupUse:
    """What one layer chose for one group; its shares are weighted."""

    choices: int
    used: int
    """Experts chosen at least once."""
    spread: Spread
    featured: tuple[float, ...]
    """Shares of the layer's featured experts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """One mixture-of-experts layer; its groups are in the order of ``RoutingReport.groups``."""

    num_experts: int
    choices: int
    used: int
    by_weight: Spread
    by_choice: Spread
    """Each choice counting alike, whatever the router's weight."""
    rank: tuple[int, ...]
    """Places of experts in the order of their shares, from 1; thinned for drawing."""
    share: tuple[float, ...]
    """Weighted shares at these places."""
    featured: tuple[int, ...]
    """Experts looked at one by one: all, in their order, or the most used ones first."""
    groups: tuple[GroupUse, ...]
    distance: Mapping[str, tuple[tuple[float | None, ...], ...]]
    """By axis (G, G); on the diagonal two halves of one group; None where a half is empty."""
    kinds: tuple[str, ...] = ()
    """E names of what each expert does, where experts differ in that."""

    def name(self, expert: int) -> str:
        """What the expert of this number is called."""
        return f"{expert} {self.kinds[expert]}" if self.kinds else str(expert)

    @property
    def dead(self) -> int:
        """Experts that were never chosen."""
        return self.num_experts - self.used

    @property
    def dead_by_chance(self) -> float:
        """Experts that a perfectly even router would be expected to leave out."""
        return float(self.num_experts * np.exp(-self.choices / self.num_experts))


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingReport:
    """What the routers of a model chose for the judged set.

    A layer's own figures, species and sites are of presentations with the modalities ``shown``;
    along the axis of modalities the same presentations were shown with others, too.
    """

    shown: str
    """Set of modalities that the scores were made with."""
    presentations: int
    scores_sha256: str
    """Of the score file that was made by the same forward passes."""
    groups: tuple[Group, ...]
    layers: tuple[Layer, ...]

    def indices(self, axis: str) -> list[int]:
        """Which of the groups lie along an axis."""
        return [index for index, group in enumerate(self.groups) if group.axis == axis]

    @property
    def kinds(self) -> tuple[str, ...]:
        """What experts do, if the same ones with the same names stand in every layer."""
        first = self.layers[0]
        told = len(first.featured) == first.num_experts  # not only of the most used ones
        return first.kinds if told and all(x.kinds == first.kinds for x in self.layers) else ()

    @property
    def compared(self) -> tuple[str, ...]:
        """The axes along which there is more than one group."""
        axes = dict.fromkeys(group.axis for group in self.groups)
        return tuple(axis for axis in axes if len(self.indices(axis)) > 1)


def spread(share: Shares, num_experts: int) -> Spread:
    """Statistics of the shares (n,) of the experts that were used; they add up to 1."""
    entropy = -float(np.sum(share * np.log(share)))
    first = -np.sort(-share)[:10]
    return Spread(
        entropy=min(max(entropy / np.log(num_experts), 0.0), 1.0) if num_experts > 1 else 1.0,
        effective=float(np.exp(max(entropy, 0.0))),
        top1=float(first[0]),
        top10=float(first.sum()) if share.size > 10 else 1.0,
    )


def js_distance(first: tuple[Numbers, Shares], second: tuple[Numbers, Shares]) -> float:
    """Jensen-Shannon distance, 0 to 1, of two sets of (experts, ascending; their shares)."""
    (expert_p, all_p), (expert_q, all_q) = first, second
    _, at_p, at_q = np.intersect1d(expert_p, expert_q, assume_unique=True, return_indices=True)
    p, q = all_p[at_p], all_q[at_q]
    both = np.sum(p * np.log2(2 * p / (p + q)) + q * np.log2(2 * q / (p + q)))
    alone = (1 - p.sum()) + (1 - q.sum())  # an expert that only one has counts with its full share
    return float(np.sqrt(min(max((both + alone) / 2, 0.0), 1.0)))


def distances(
    halves: Sequence[tuple[tuple[Numbers, Shares], tuple[Numbers, Shares]]],
) -> tuple[tuple[float | None, ...], ...]:
    """D(A, B) of all pairs of G groups, each of them two halves of (experts, shares)."""

    def between(a: int, b: int) -> float | None:
        pairs = ((halves[a][0], halves[b][1]), (halves[a][1], halves[b][0]))
        found = [js_distance(one, other) for one, other in pairs if one[0].size and other[0].size]
        return sum(found) / len(found) if found else None

    rows = [[between(a, b) for b in range(a + 1)] for a in range(len(halves))]
    count = range(len(halves))
    return tuple(tuple(rows[max(a, b)][min(a, b)] for b in count) for a in count)


def within_and_between(distance: Sequence[Sequence[float | None]]) -> tuple[float, float]:
    """Mean D(A, A), and mean D(A, B) of different groups; NaN if there are not two groups.

    Groups too small to have a D(A, A) are left out of both, as chance moves them more than others.
    """
    values = np.array(distance, dtype=np.float64)  # (G, G); None becomes NaN
    known = ~np.isnan(values.diagonal())
    values = values[known][:, known]
    if len(values) < 2:
        return float("nan"), float("nan")
    others = values[~np.eye(len(values), dtype=bool)]
    return float(values.diagonal().mean()), float(others.mean())


def thinned(share: Shares) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Ranks and shares of a descending curve, dense where it is steep: at the most used experts."""
    steps = (np.linspace(1, share.size, CURVE_POINTS), np.geomspace(1, share.size, CURVE_POINTS))
    rank = np.unique(np.concatenate(steps).round().astype(np.int64))
    return tuple(rank.tolist()), tuple(share[rank - 1].tolist())
