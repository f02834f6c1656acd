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
    ALL_SETS,
    RATES,
    SENSORS,
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
        ConfigError: a folder without results, a model that learned otherwise than its column says,
            a sensor, fold or seed that a system lacks, or systems on different sets.
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
        mixed=tuple(text for name, found in systems.items() for text in _mixed(name, found)),
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
    for one in ALL_SETS:
        missing = [name for name in one.protocols if name not in expected]
        if 0 < len(missing) < len(one.protocols):
            raise ConfigError(
                f"there are results of some folds of {one.title.lower()}, but none of "
                f"{', '.join(missing)}; its mean is over all of {', '.join(one.protocols)}"
            )
    sets = tuple(one for one in ALL_SETS if one.protocols[0] in expected)
    if len({one.same for one in sets}) > 1:
        raise ConfigError(
            f"sets are {', '.join(one.title for one in sets)}: benchmarks and what is built like "
            "them, of which a mean says nothing; make a table of each"
        )
    return sets


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
    """What each protocol taught and judged: the same for every system, sensor and seed."""
    first: dict[str, Run] = {}
    for run in runs:
        other = first.setdefault(run.source.protocol, run)
        both = f"{run.source.folder} and {other.source.folder} are both of {run.source.protocol}"
        if other.presentations != run.presentations:
            raise ConfigError(
                f"{both}, but judge different presentations; compare systems on the same data"
            )
        if other.learned != run.learned:
            raise ConfigError(
                f"{both}, but their models learned from {run.learned} and {other.learned} "
                "presentations; compare systems on the same data"
            )
    return tuple(
        Judged(
            protocol=name,
            learned=first[name].learned,
            bona_fide=first[name].bona_fide,
            attacks=first[name].attacks,
            datasets=first[name].datasets,
        )
        for name in PROTOCOLS
        if name in first
    )


def _mixed(name: str, runs: Runs) -> list[str]:
    """In what the trainings of one system differ, setting by setting."""
    trained = {place: run.source.origin.recipe for place, run in runs.items()}
    if all(set(recipe) == {"backbone"} for recipe in trained.values()):
        return [f"{name}: the settings of its trainings are not told"]
    found = []
    for setting in sorted({setting for recipe in trained.values() for setting in recipe}):
        places: dict[str, list[str]] = {}
        for (protocol, _, seed), recipe in trained.items():
            value = str(recipe.get(setting, "not told"))
            places.setdefault(value, []).append(f"{protocol} (seed {seed})")
        if len(places) > 1:
            told = "; ".join(
                f"{value} in {', '.join(dict.fromkeys(of))}" for value, of in places.items()
            )
            found.append(f"{name}, {setting}: {told}")
    return found
