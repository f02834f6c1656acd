"""What a report holds beyond one system's rates: groups, verification, repeats, another system.

All of it is asked for by name, but for the sets of modalities, which are groups wherever the judged
scores were made with several of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from unmask.config import CompareConfig, ReportConfig
from unmask.errors import ConfigError, DatasetError
from unmask.files import sha256
from unmask.metrics.groups import by_column
from unmask.metrics.intervals import Estimate
from unmask.metrics.ranking import FIGURES
from unmask.metrics.repeats import repeats
from unmask.metrics.scores import Scores, parts, per_presentation, read_scores
from unmask.metrics.system import whole_system
from unmask.reporting.comparison import Comparison, compare_scores, named, score_file
from unmask.reporting.records import Against, AgainstFigure, Report

THIS = "this system"

Pairs = Mapping[str, tuple[Scores, Scores]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The scores that a report is about."""

    dev: Scores
    evaluation: Scores
    pairs: Pairs
    """Dev and eval of every repeat that a column tells apart; empty without such a column."""


def read_judged(config: ReportConfig) -> Judged:
    """Read both files; of several repeats in them, the report is about the first."""
    assert config.dev is not None
    assert config.eval is not None
    column = config.repeat_column
    if not column:
        return Judged(dev=read_scores(config.dev), evaluation=read_scores(config.eval), pairs={})
    dev, evaluation = (
        parts(read_scores(path, apart=(column,)), column) for path in (config.dev, config.eval)
    )
    if dev.keys() != evaluation.keys() or len(dev) < 2 or "" in dev:
        raise DatasetError(
            f"column {column} has the values {_listed(dev)} in {config.dev} and "
            f"{_listed(evaluation)} in {config.eval}; repeats are two or more, the same in both"
        )
    pairs = {f"{column} {name}": (dev[name], evaluation[name]) for name in dev}
    first = next(iter(pairs.values()))
    return Judged(dev=first[0], evaluation=first[1], pairs=pairs)


def further(report: Report, judged: Judged, config: ReportConfig) -> Report:
    """Add to a report what ``config`` asks for.

    Raises:
        ConfigError: another system or repeats beside an oracle threshold.
        DatasetError: a column or folder that there is not, or scores that cannot be compared.
    """
    if report.overlap and (config.against or config.repeats or judged.pairs):
        raise ConfigError(
            "oracle_threshold judges what sets the threshold, and another system or repeats are "
            "judged at thresholds of their dev alone; leave against and repeats out"
        )
    frames = judged.evaluation
    scores = per_presentation(frames, config.aggregation)
    point = report.judgements[0].point
    columns = list(config.groups)
    if len(report.evaluation.modalities) > 1 and "modalities" not in columns:
        columns.append("modalities")
    system = None
    if config.verification_threshold is not None:
        limit, rule = config.verification_threshold, config.aggregation
        system = whole_system(frames, config.verification, limit, point.threshold, rule)
    pairs = _from_folders(config, judged) if config.repeats else judged.pairs
    return replace(
        report,
        groups=tuple(by_column(scores, column, point.threshold) for column in columns),
        system=system,
        repeats=repeats(pairs, config.rules[0], config.aggregation) if pairs else None,
        against=_against(config, judged) if config.against else None,
    )


def _from_folders(config: ReportConfig, judged: Judged) -> Pairs:
    """This pair of files and those of the folders."""
    pairs = {THIS: (judged.dev, judged.evaluation)}
    for name, folder in named([str(folder) for folder in config.repeats]).items():
        pairs[name] = _read(folder)
    return pairs


def _read(folder: Path) -> tuple[Scores, Scores]:
    return read_scores(score_file(folder, "dev")), read_scores(score_file(folder, "eval"))


def _against(config: ReportConfig, judged: Judged) -> Against:
    ((name, folder),) = named([config.against]).items()
    name = f"the other {name}" if name == THIS else name
    systems = {THIS: (judged.dev, judged.evaluation), name: _read(folder)}
    compared = {
        by: compare_scores(
            systems,
            CompareConfig(systems=tuple(systems), rule=config.rules[0], by=by),
            aggregation=config.aggregation,
        )
        for by in FIGURES
    }
    one = next(iter(compared.values()))
    path = score_file(folder, "eval")
    found = {system.name: system for system in one.systems}
    other = found[name]
    return Against(
        name=name,
        source=str(path),
        sha256=sha256(path),
        rule=config.rules[0],
        threshold=other.point.threshold,
        differences=tuple(_figure(made, by) for by, made in compared.items()),
        people=one.people,
        fewest_people=one.fewest_people,
        silent=(found[THIS].silent, other.silent),
        draws=one.ranking.draws,
    )


def _figure(made: Comparison, by: str) -> AgainstFigure:
    """This system less the other, whichever is the better one."""
    values = {standing.name == THIS: standing.figure.value for standing in made.ranking.standings}
    (pair,) = made.ranking.pairs
    found = pair.difference
    difference = Estimate(found.value, found.low, found.high)
    if pair.better != THIS:
        difference = Estimate(-found.value, -found.high, -found.low)
    return AgainstFigure(
        figure=by.upper(),
        this=values[True],
        other=values[False],
        difference=difference,
        told_apart=found.is_clear,
    )


def _listed(names: Mapping[str, Scores]) -> str:
    return ", ".join(repr(name) for name in names)
