"""``unmask report --table flexible``: runs averaged over folds and seeds, systems side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean, stdev

from unmask.config import ReportConfig
from unmask.errors import ConfigError
from unmask.experiments.flexible_runs import PROTOCOLS, Run, read_runs
from unmask.experiments.statistics import spread
from unmask.files import write_text
from unmask.reporting.flexible import (
    RATES,
    SENSORS,
    SETS,
    FlexibleTable,
    Judged,
    Mean,
    Set,
    System,
    as_markdown,
)
from unmask.types import Modality

Runs = Mapping[tuple[str, Modality, int], Run]
"""Runs of one system, by protocol, sensor and seed."""


def flexible_table(config: ReportConfig) -> FlexibleTable:
    """Read the folders and average; writes Markdown to ``config.out``, where that is given.

    Raises:
        ConfigError: a folder without results, a sensor, fold or seed that a system lacks, or
            systems judged on different sets.
        DatasetError: a result or a score file has a fault.
    """
    table = compared(read_runs(config.folders))
    if config.out is not None:
        write_text(config.out, as_markdown(table))
    return table


def compared(runs: Sequence[Run]) -> FlexibleTable:
    """Systems in the order in which they come."""
    systems: dict[str, dict[tuple[str, Modality, int], Run]] = {}
    for run in runs:
        source = run.source
        place = (source.protocol, source.sensor, source.seed)
        systems.setdefault(source.system, {})[place] = run
    sets = _common_sets(systems)
    for name, found in systems.items():
        _check_whole(name, found, sets)
    return FlexibleTable(
        sets=sets,
        systems=tuple(_system(name, found, sets) for name, found in systems.items()),
        judged=_judged(runs),
        datasets=tuple(sorted({dataset for run in runs for dataset in run.datasets})),
        no_response=sum(run.no_response for run in runs),
    )


def _common_sets(systems: Mapping[str, Runs]) -> tuple[Set, ...]:
    """The sets that every system was judged on."""
    protocols = {name: {place[0] for place in found} for name, found in systems.items()}
    (first, expected), *others = protocols.items()
    for name, found in others:
        if found != expected:
            raise ConfigError(
                f"systems differ in sets: {first} was judged on {', '.join(sorted(expected))}, "
                f"{name} on {', '.join(sorted(found))}; give folders with the same sets for both"
            )
    for one in SETS:
        missing = [name for name in one.protocols if name not in expected]
        if 0 < len(missing) < len(one.protocols):
            raise ConfigError(
                f"there are results of some folds of {one.title.lower()}, but none of "
                f"{', '.join(missing)}; its mean is over all of {', '.join(one.protocols)}"
            )
    return tuple(one for one in SETS if one.protocols[0] in expected)


def _check_whole(name: str, runs: Runs, sets: Sequence[Set]) -> None:
    """Every set was judged with each sensor and with the same seeds."""
    for protocol in (protocol for one in sets for protocol in one.protocols):
        for sensor in SENSORS:
            for seed in _seeds(runs):
                if (protocol, sensor, seed) not in runs:
                    raise ConfigError(
                        f"system {name} has no results of {protocol} with {sensor} alone and seed "
                        f"{seed}; judge it so: unmask evaluate --modalities {sensor}, or unmask "
                        f"evidence with judged: [{{name: {sensor}, modalities: [{sensor}]}}]"
                    )


def _seeds(runs: Runs) -> tuple[int, ...]:
    return tuple(sorted({seed for _, _, seed in runs}))


def _system(name: str, runs: Runs, sets: Sequence[Set]) -> System:
    seeds = _seeds(runs)
    values = {
        (one.title, sensor, rate): [
            [runs[protocol, sensor, seed].rates[rate] for seed in seeds]
            for protocol in one.protocols
        ]
        for one in sets
        for sensor in SENSORS
        for rate in RATES
    }
    over_folds = [
        [fmean(of_seed) for of_seed in zip(*folds, strict=True)]
        for (_, _, rate), folds in values.items()
        if rate == "acer"
    ]
    acer = spread(over_folds)
    return System(
        name=name,
        seeds=seeds,
        rates={place: mean_of_folds(folds) for place, folds in values.items()},
        mean_acer=Mean(acer.mean, over_seeds=acer.std),
    )


def mean_of_folds(values: Sequence[Sequence[float]]) -> Mean:
    """Of values[fold][seed]."""
    found = spread(values)
    of_folds = [fmean(of_fold) for of_fold in values]
    over_folds = stdev(of_folds) if len(of_folds) > 1 else None
    return Mean(found.mean, over_folds=over_folds, over_seeds=found.std)


def _judged(runs: Sequence[Run]) -> tuple[Judged, ...]:
    """How much each protocol judged: the same presentations for every system, sensor and seed."""
    first: dict[str, Run] = {}
    for run in runs:
        other = first.setdefault(run.source.protocol, run)
        if other.presentations != run.presentations:
            raise ConfigError(
                f"{run.source.folder} and {other.source.folder} are both of "
                f"{run.source.protocol}, but judge different presentations; compare systems on the "
                "same data"
            )
    return tuple(
        Judged(protocol=name, bona_fide=first[name].bona_fide, attacks=first[name].attacks)
        for name in PROTOCOLS
        if name in first
    )
