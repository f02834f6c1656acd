"""The same rates for every value of a column, such as sex, site or the modalities that were shown.

Each group is judged at the one threshold of the report. The worst group comes first: the one whose
higher rate, BPCER or APCER of its worst PAI species, is highest. Whether its BPCER differs from
that of all others by more than chance is told by the exact test of Fisher (1922), times the number
of groups (Bonferroni); presentations count as independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import fisher_exact

from unmask.errors import DatasetError
from unmask.metrics import rates
from unmask.metrics.rates import Rate
from unmask.metrics.scores import Scores, parts


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRates:
    """One group."""

    name: str
    """Empty where the column is."""
    bpcer: Rate
    worst: str
    """PAI species with the highest APCER; empty without attacks."""
    apcer: Rate
    """Of that species."""
    apcer_pooled: Rate
    """Not ISO."""
    no_response: Rate

    @property
    def highest(self) -> float:
        """The higher of both rates; -1 where the group has neither."""
        values = (self.bpcer.value, self.apcer.value)
        return max((value for value in values if not math.isnan(value)), default=-1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """All groups of one column."""

    column: str
    groups: tuple[GroupRates, ...]
    """The worst first."""
    worst_bpcer: str
    """The group with the highest BPCER; empty where fewer than two have bona fide responses."""
    p_value: float
    """That so large a difference of its BPCER from that of all others is chance; 1 without."""


def by_column(scores: Scores, column: str, threshold: float) -> Groups:
    """Rates of all groups; rows are presentations.

    Raises:
        DatasetError: there is no such column.
    """
    if column not in scores.table.columns:
        raise DatasetError(
            f"{scores.source} has no column {column!r} to group by; it has: "
            + ", ".join(scores.table.columns)
        )
    found = [_rates(name, part, threshold) for name, part in parts(scores, column).items()]
    worst, p_value = _worst_bpcer(found)
    return Groups(
        column=column,
        groups=tuple(sorted(found, key=lambda group: (-group.highest, group.name))),
        worst_bpcer=worst,
        p_value=p_value,
    )


def _rates(name: str, scores: Scores, threshold: float) -> GroupRates:
    worst, apcer = rates.apcer_worst(scores, threshold) if scores.attacks else ("", Rate(0, 0))
    silent = scores.bona_fide.silent + scores.pooled.silent
    return GroupRates(
        name=name,
        bpcer=rates.bpcer(scores, threshold),
        worst=worst,
        apcer=apcer,
        apcer_pooled=rates.apcer_pooled(scores, threshold),
        no_response=Rate(silent, len(scores)),
    )


def _worst_bpcer(groups: list[GroupRates]) -> tuple[str, float]:
    tested = [group for group in groups if group.bpcer.trials]
    if len(tested) < 2:
        return "", 1.0
    worst = max(tested, key=lambda group: (group.bpcer.value, group.bpcer.trials))
    others = [group.bpcer for group in tested if group is not worst]
    table = [
        [worst.bpcer.errors, worst.bpcer.trials - worst.bpcer.errors],
        [sum(r.errors for r in others), sum(r.trials - r.errors for r in others)],
    ]
    return worst.name, min(1.0, float(fisher_exact(table).pvalue) * len(tested))
