"""Tables of an experiment: one for each group of protocols and condition, a row for each system."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from unmask.config import EvidenceConfig
from unmask.experiments.results import Result
from unmask.experiments.statistics import (
    FIGURES,
    Spread,
    difference,
    draws_of,
    people_of,
    spread,
)
from unmask.metrics.bootstrap import Difference, Floats, Judged
from unmask.metrics.scores import read_scores
from unmask.parsing import to_plain

METRICS = ("hter", "auc", "acer", "apcer_worst", "bpcer")
HEADER = ("system", "HTER %", "AUC %", "ACER %", "worst APCER %", "BPCER %")
ALL = "all protocols"

Grid = list[list[list[Result]]]
"""Results of one system, [condition][protocol][seed]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One system."""

    system: str
    runs: int
    metrics: Mapping[str, Spread]
    differences: Mapping[str, Difference]
    """HTER and AUC less those of the reference; none in its own row, or without a reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """All systems under one condition, or several, averaged over a group of protocols."""

    group: str
    protocols: tuple[str, ...]
    condition: str
    """Its name, or that of an average."""
    averaged: tuple[str, ...]
    """The conditions of an average; of one condition its own name."""
    shown: tuple[str, ...]
    """Modalities that were not hidden: several sets of an average, and where systems know
    different ones."""
    noise_std: tuple[float, ...]
    """That of every condition."""
    rows: tuple[Row, ...]


def tables(config: EvidenceConfig, results: Sequence[Result], folder: Path) -> tuple[Table, ...]:
    """Average all results; ``folder`` is the one that their scores lie in."""
    found = {(r.system, r.protocol, r.seed, r.condition): r for r in results}
    groups = config.groups or {ALL: config.protocols}
    conditions = {condition.name: (condition.name,) for condition in config.judged}
    noise = {condition.name: condition.noise_std for condition in config.judged}
    made = []
    for group, protocols in groups.items():
        for name, averaged in (conditions | config.averages).items():
            grids = {
                system: [
                    [[found[system, p, seed, one] for seed in config.seeds] for p in protocols]
                    for one in averaged
                ]
                for system in config.systems
            }
            made.append(
                Table(
                    group=group,
                    protocols=tuple(protocols),
                    condition=name,
                    averaged=tuple(averaged),
                    shown=tuple(sorted({r.shown for r in results if r.condition in averaged})),
                    noise_std=tuple(noise[one] for one in averaged),
                    rows=_rows(grids, config.reference, folder),
                )
            )
    return tuple(made)


def _rows(grids: Mapping[str, Grid], reference: str, folder: Path) -> tuple[Row, ...]:
    judged = {s: _judged(grid, folder) for s, grid in grids.items()} if reference else {}
    people = {person for of in judged.values() for runs in of for person in people_of(runs)}
    draws = {
        system: np.mean([draws_of(runs, others=people) for runs in of], axis=0)
        for system, of in judged.items()
    }
    rows = []
    for system, grid in grids.items():
        metrics = {name: spread(_values(grid, name)) for name in METRICS}
        compared: dict[str, Difference] = {}
        if reference not in ("", system):
            pair = draws[system], draws[reference]
            compared = _differences(grid, grids[reference], *pair, people=len(people))
        runs = sum(map(len, grid[0]))
        rows.append(Row(system=system, runs=runs, metrics=metrics, differences=compared))
    return tuple(rows)


def _values(grid: Grid, metric: str) -> list[list[float]]:
    """[protocol][seed], means over the conditions."""
    return [
        [fmean(r.metrics[metric] for r in of_run) for of_run in zip(*of_protocol, strict=True)]
        for of_protocol in zip(*grid, strict=True)
    ]


def _judged(grid: Grid, folder: Path) -> list[list[list[Judged]]]:
    return [
        [
            [Judged.of(read_scores(folder / r.scores / "eval.csv"), r.threshold) for r in of_seed]
            for of_seed in runs
        ]
        for runs in grid
    ]


def _differences(
    ours: Grid, theirs: Grid, our_draws: Floats, their_draws: Floats, *, people: int
) -> dict[str, Difference]:
    found: dict[str, Difference] = {}
    for number, name in enumerate(FIGURES):
        value = spread(_values(ours, name)).mean - spread(_values(theirs, name)).mean
        found[name] = difference(our_draws[number], their_draws[number], value, people=people)
    return found


def as_markdown(config: EvidenceConfig, made: Sequence[Table], note: str) -> str:
    """All tables as one page."""
    parts = ["# Evidence", note, _method(config)]
    for table in made:
        parts += [
            f"## {table.group}: {table.condition}",
            f"{_conditions(table)} Protocols: {', '.join(table.protocols)}.",
            _lines(table, config.reference),
        ]
    return "\n\n".join(parts) + "\n"


def _conditions(table: Table) -> str:
    """What systems were shown."""
    if len(table.averaged) > 1:
        return f"Mean of: {', '.join(table.averaged)}, each of which counts the same."
    (noise,) = table.noise_std
    text = f", noise of standard deviation {noise:g}" if noise else ""
    return f"Shown: {' or '.join(table.shown)}{text}."


def as_json(config: EvidenceConfig, made: Sequence[Table], note: str) -> str:
    """All tables for programs; figures from 0 to 1."""
    content = {"note": note, "method": _method(config), "tables": to_plain(list(made))}
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _method(config: EvidenceConfig) -> str:
    """How the figures came about, in one paragraph."""
    seeds = len(config.seeds)
    text = (
        f"Each system is trained under every protocol with {seeds} seed{'s' if seeds > 1 else ''}. "
        "Dev chooses the step that is kept and the threshold (EER, with the modalities that are "
        "shown, without noise). A figure is the mean over protocols and seeds, +- the standard "
        "deviation over seeds (ddof 1) of the mean over protocols."
    )
    if not config.reference:
        return text
    drawn = "people and seeds are drawn, protocols are not" if seeds > 1 else "people are drawn"
    return (
        f"{text} Differences are in percentage points, a system less {config.reference}, with a "
        f"95 % interval from a paired bootstrap: {drawn}. A star marks an interval without zero; "
        "it is not corrected for the number of comparisons."
    )


def _lines(table: Table, reference: str) -> str:
    header = [*HEADER]
    if reference:
        header += [f"HTER less {reference}'s", f"AUC less {reference}'s"]
    lines = [header, ["---", *["---:"] * (len(header) - 1)]]
    for row in table.rows:
        cells = [row.system, *(_spread(row.metrics[name]) for name in METRICS)]
        if reference:
            cells += [_difference(row.differences.get(name)) for name in FIGURES]
        lines.append(cells)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _spread(value: Spread) -> str:
    text = f"{100 * value.mean:.2f}"
    return text if value.std is None else f"{text} +- {100 * value.std:.2f}"


def _difference(value: Difference | None) -> str:
    if value is None:
        return ""
    star = " *" if value.is_clear else ""
    return f"{100 * value.value:+.2f} [{100 * value.low:+.2f}, {100 * value.high:+.2f}]{star}"
