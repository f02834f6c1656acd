"""Tables of an experiment: one for each group of protocols and condition, a row for each system."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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

Grid = list[list[Result]]
"""Results of one system and condition, [protocol][seed]."""


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
    """All systems under one condition, averaged over a group of protocols."""

    group: str
    protocols: tuple[str, ...]
    condition: str
    shown: tuple[str, ...]
    """Modalities that were not hidden; more than one set where systems know different ones."""
    noise_std: float
    rows: tuple[Row, ...]


def tables(config: EvidenceConfig, results: Sequence[Result], folder: Path) -> tuple[Table, ...]:
    """Average all results; ``folder`` is the one that their scores lie in."""
    found = {(r.system, r.protocol, r.seed, r.condition): r for r in results}
    groups = config.groups or {ALL: config.protocols}
    made = []
    for name, protocols in groups.items():
        for condition in config.judged:
            grids = {
                system: [
                    [found[system, protocol, seed, condition.name] for seed in config.seeds]
                    for protocol in protocols
                ]
                for system in config.systems
            }
            made.append(_table(name, tuple(protocols), grids, config.reference, folder))
    return tuple(made)


def _table(
    group: str, protocols: tuple[str, ...], grids: Mapping[str, Grid], reference: str, folder: Path
) -> Table:
    judged = {s: _judged(grid, folder) for s, grid in grids.items()} if reference else {}
    people = {person for runs in judged.values() for person in people_of(runs)}
    draws = {s: draws_of(runs, others=people) for s, runs in judged.items()}
    rows = []
    for system, grid in grids.items():
        metrics = {name: spread(_values(grid, name)) for name in METRICS}
        compared: dict[str, Difference] = {}
        if reference not in ("", system):
            pair = draws[system], draws[reference]
            compared = _differences(grid, grids[reference], *pair, people=len(people))
        runs = sum(map(len, grid))
        rows.append(Row(system=system, runs=runs, metrics=metrics, differences=compared))
    cells = [result for grid in grids.values() for of_seed in grid for result in of_seed]
    return Table(
        group=group,
        protocols=protocols,
        condition=cells[0].condition,
        shown=tuple(sorted({result.shown for result in cells})),
        noise_std=cells[0].noise_std,
        rows=tuple(rows),
    )


def _values(grid: Grid, metric: str) -> list[list[float]]:
    return [[result.metrics[metric] for result in of_seed] for of_seed in grid]


def _judged(grid: Grid, folder: Path) -> list[list[Judged]]:
    return [
        [Judged.of(read_scores(folder / r.scores / "eval.csv"), r.threshold) for r in of_seed]
        for of_seed in grid
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
        noise = f", noise of standard deviation {table.noise_std:g}" if table.noise_std else ""
        parts += [
            f"## {table.group}: {table.condition}",
            f"Shown: {' or '.join(table.shown)}{noise}. Protocols: {', '.join(table.protocols)}.",
            _rows(table, config.reference),
        ]
    return "\n\n".join(parts) + "\n"


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


def _rows(table: Table, reference: str) -> str:
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
