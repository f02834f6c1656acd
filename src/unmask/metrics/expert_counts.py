"""Counts of what routers chose, added up batch by batch, by group of presentations.

Only pairs of group and expert that occurred are kept: memory follows from the number of experts in
use, not from the number of presentations, and a layer of a million experts needs no table of them.

Axes: N positions, A groups that a position belongs to (one per axis), K choices of a position,
E experts, n distinct pairs of cell and expert. A cell is one half of a group: 2 * group + half.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import polars as pl

from unmask.metrics.routing import (
    FEATURED,
    Group,
    GroupUse,
    Layer,
    Numbers,
    RoutingReport,
    Shares,
    Spread,
    distances,
    spread,
    thinned,
)
from unmask.types import Modality, Sample, subset_name

AXES = ("modalities", "species", "site")
BONA_FIDE = "bona fide"
NOT_NAMED = "not named"


class ExpertCounts:
    """Choices of one layer, by cell and expert."""

    def __init__(self, num_experts: int, kinds: tuple[str, ...] = ()) -> None:
        self.num_experts = num_experts
        self.kinds = kinds
        self.key = np.zeros(0, np.int64)  # (n,) cell * E + expert, ascending
        self.choices = np.zeros(0, np.int64)  # (n,)
        self.weight = np.zeros(0, np.float64)  # (n,)

    def add(self, cell: Numbers, expert: Numbers, weight: Shares) -> None:
        """Count (N, A) cells of positions with their (N, K) chosen experts and weights."""
        key = cell[:, :, None] * self.num_experts + expert[:, None, :]  # (N, A, K)
        weights = np.broadcast_to(weight[:, None, :], key.shape)
        found, choices, summed = _totals(key.ravel(), np.ones(key.size, np.int64), weights.ravel())
        self.key, self.choices, self.weight = _totals(
            np.concatenate([self.key, found]),
            np.concatenate([self.choices, choices]),
            np.concatenate([self.weight, summed]),
        )

    def of(self, cells: Collection[int]) -> tuple[Numbers, Numbers, Shares]:
        """Experts (ascending), choices and weights of some cells together, (n,) each."""
        edges = [(cell * self.num_experts, (cell + 1) * self.num_experts) for cell in cells]
        rows = np.concatenate(
            [np.arange(*np.searchsorted(self.key, pair)) for pair in edges], dtype=np.int64
        )
        return _totals(self.key[rows] % self.num_experts, self.choices[rows], self.weight[rows])


class RoutingCounts:
    """Counts of all layers of a model, for the presentations of one set."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.half = _halves(samples)
        self.members: dict[tuple[str, str], set[tuple[str, str]]] = {}  # of each (axis, name)
        self.layers: list[ExpertCounts] = []
        self.shown = ""

    def join(
        self, samples: Sequence[Sample], shown: Sequence[Modality], *, axes: Sequence[str] = AXES
    ) -> dict[str, list[int]]:
        """Enter presentations into their groups; the cells (A,) of each that has what is shown.

        The first call says which presentations a layer's own figures, species and sites are about;
        further ones, with other sets of modalities and that axis alone, add groups to it.
        """
        self.shown = self.shown or subset_name(shown)
        seen = [sample for sample in samples if set(sample.paths) & set(shown)]
        named = {sample.key: [(a, _group(sample, a, shown)) for a in axes] for sample in seen}
        for group in sorted({group for groups in named.values() for group in groups}, key=_place):
            self.members.setdefault(group, set())
        for sample in seen:
            for group in named[sample.key]:
                self.members[group].add((sample.dataset, sample.presentation))
        number = {group: index for index, group in enumerate(self.members)}
        return {
            key: [2 * number[group] + self.half[key] for group in groups]
            for key, groups in named.items()
        }

    def layer(self, index: int, num_experts: int, kinds: tuple[str, ...] = ()) -> ExpertCounts:
        """The counts of a layer, whose experts may have names; layers come in their order."""
        if index == len(self.layers):
            self.layers.append(ExpertCounts(num_experts, kinds))
        return self.layers[index]

    def report(self, *, scores_sha256: str = "") -> RoutingReport:
        """Statistics of what was counted."""
        species = [m for (axis, _), m in self.members.items() if axis == "species"]
        members = sorted(self.members.items(), key=lambda item: AXES.index(item[0][0]))
        return RoutingReport(
            shown=self.shown,
            presentations=len(set().union(*species)),
            scores_sha256=scores_sha256,
            groups=tuple(
                Group(axis=axis, name=name, presentations=len(who)) for (axis, name), who in members
            ),
            layers=tuple(self._layer(counts) for counts in self.layers),
        )

    def table(self) -> pl.DataFrame:
        """Every expert that was used: choices and weight by layer, group and half."""
        names = list(self.members)
        parts = [_columns(layer, counts, names) for layer, counts in enumerate(self.layers)]
        return pl.concat(parts)

    def _cells(self, axis: str) -> list[list[int]]:
        """The two cells of each group along an axis."""
        numbers = [index for index, (own, _) in enumerate(self.members) if own == axis]
        return [[2 * number, 2 * number + 1] for number in numbers]

    def _layer(self, counts: ExpertCounts) -> Layer:
        expert, choices, weight = counts.of([c for pair in self._cells("species") for c in pair])
        share = _shares(weight)
        featured = _featured(expert, share, counts.num_experts)
        rank, curve = thinned(-np.sort(-share))
        return Layer(
            num_experts=counts.num_experts,
            kinds=counts.kinds,
            choices=int(choices.sum()),
            used=expert.size,
            by_weight=spread(share, counts.num_experts),
            by_choice=spread(_shares(choices), counts.num_experts),
            rank=rank,
            share=curve,
            featured=tuple(featured.tolist()),
            groups=tuple(
                _use(counts, cells, featured) for axis in AXES for cells in self._cells(axis)
            ),
            distance={axis: self._distance(counts, axis) for axis in AXES},
        )

    def _distance(self, counts: ExpertCounts, axis: str) -> tuple[tuple[float | None, ...], ...]:
        def half(cell: int) -> tuple[Numbers, Shares]:
            expert, _, weight = counts.of([cell])
            return expert, _shares(weight)

        return distances([(half(first), half(second)) for first, second in self._cells(axis)])


def _totals(key: Numbers, choices: Numbers, weight: Shares) -> tuple[Numbers, Numbers, Shares]:
    """Distinct keys, ascending, with the sums of their choices and weights."""
    found, place = np.unique(key, return_inverse=True)
    counted, summed = np.zeros(found.size, np.int64), np.zeros(found.size, np.float64)
    np.add.at(counted, place, choices)
    np.add.at(summed, place, weight)
    return found, counted, summed


def _use(counts: ExpertCounts, cells: Collection[int], featured: Numbers) -> GroupUse:
    expert, choices, weight = counts.of(cells)
    share = _shares(weight)
    own = dict(zip(expert.tolist(), share.tolist(), strict=True))
    nobody = Spread(entropy=0.0, effective=0.0, top1=0.0, top10=0.0)
    return GroupUse(
        choices=int(choices.sum()),
        used=expert.size,
        spread=spread(share, counts.num_experts) if expert.size else nobody,
        featured=tuple(own.get(e, 0.0) for e in featured.tolist()),
    )


def _featured(expert: Numbers, share: Shares, num_experts: int) -> Numbers:
    """All experts where they are few, else the most used ones; ties in the order of number."""
    if num_experts <= FEATURED:
        return np.arange(num_experts)
    return expert[np.argsort(-share, kind="stable")[:FEATURED]]


def _shares(amount: Numbers | Shares) -> Shares:
    total = amount.sum()
    return amount / total if total else amount.astype(np.float64)


def _columns(layer: int, counts: ExpertCounts, names: Sequence[tuple[str, str]]) -> pl.DataFrame:
    cell, expert = np.divmod(counts.key, counts.num_experts)
    axes, groups = (pl.Series([name[i] for name in names], dtype=pl.String) for i in (0, 1))
    return pl.DataFrame(
        {
            "layer": np.full(cell.size, layer, np.int32),
            "axis": axes.gather(cell // 2),
            "group": groups.gather(cell // 2),
            "half": (cell % 2).astype(np.int32),
            "expert": expert,
            "choices": counts.choices,
            "weight": counts.weight,
        }
    )


def _halves(samples: Sequence[Sample]) -> dict[str, int]:
    """The half, 0 or 1, of each key: every other data subject of those at one site with like PAIs.

    Where subjects have no names, presentations are parted.
    """
    known: dict[tuple[str, ...], list[Sample]] = {}
    for sample in samples:
        who = ("", sample.subject) if sample.subject else ("presentation", sample.presentation)
        known.setdefault((sample.dataset, *who), []).append(sample)

    def alike(unit: tuple[str, ...]) -> tuple[list[str], list[str], tuple[str, ...]]:
        own = known[unit]
        return sorted({s.site for s in own}), sorted({s.pai_species or "" for s in own}), unit

    return {
        sample.key: place % 2
        for place, unit in enumerate(sorted(known, key=alike))
        for sample in known[unit]
    }


def _place(group: tuple[str, str]) -> tuple[str, bool, str]:
    """Bona fide first, the rest by name."""
    axis, name = group
    return axis, name != BONA_FIDE, name


def _group(sample: Sample, axis: str, shown: Sequence[Modality]) -> str:
    found: Mapping[str, str] = {
        "modalities": subset_name(set(shown) & set(sample.paths)),
        "species": sample.pai_species or BONA_FIDE,
        "site": sample.site or NOT_NAMED,
    }
    return found[axis]
