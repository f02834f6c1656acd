"""What single sensors told, out of folders of ``unmask evidence`` and of ``unmask evaluate``.

Rates are counted anew from the scores: the threshold at the EER of dev, seen through the same
sensor, and presentations as the unit.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from unmask.errors import ConfigError
from unmask.experiments.results import RULE, read_lines
from unmask.metrics.rates import Rate, apcer_pooled, bpcer
from unmask.metrics.scores import (
    Scores,
    check_classes,
    check_disjoint,
    per_presentation,
    read_scores,
)
from unmask.metrics.thresholds import operating_point
from unmask.reporting.flexible import SENSORS, SETS
from unmask.training.evaluation import NOTE, read_note
from unmask.types import Modality

PROTOCOLS = tuple(name for one in SETS for name in one.protocols)

log = logging.getLogger("unmask")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Scores of one trained system under one protocol, seen through one sensor."""

    system: str
    protocol: str
    sensor: Modality
    seed: int
    settings: str
    """Of the model, where a name does not fix them; one name stands for one model."""
    weights: str
    """Their hash, where the folder does not fix them; one model is judged with every sensor."""
    folder: Path
    """Holds dev.csv and eval.csv."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What these scores say."""

    source: Source
    apcer: Rate
    """Of all attacks together."""
    bpcer: Rate
    bona_fide: int
    """Judged, with and without a response."""
    attacks: int
    presentations: str
    """Hash of the names of the judged presentations."""
    datasets: tuple[str, ...]

    @property
    def rates(self) -> dict[str, float]:
        """As the table has them."""
        mean = (self.apcer.value + self.bpcer.value) / 2
        return {"apcer_pooled": self.apcer.value, "bpcer": self.bpcer.value, "acer": mean}

    @property
    def no_response(self) -> int:
        """Presentations that are in no rate."""
        return self.bona_fide + self.attacks - self.apcer.trials - self.bpcer.trials


def read_runs(folders: Sequence[Path]) -> tuple[Run, ...]:
    """Every run of the sets of the table that was judged with one sensor alone.

    Raises:
        ConfigError: a folder without results, one thing found twice, one name for two models, or
            sensors that two trainings judged.
        DatasetError: a result or a score file has a fault.
    """
    found: dict[tuple[str, str, Modality, int], Source] = {}
    models: dict[str, Source] = {}
    trained: dict[tuple[str, str, int], Source] = {}
    for folder in folders:
        for source in _sources(folder):
            place = (source.system, source.protocol, source.sensor, source.seed)
            other = found.setdefault(place, source)
            if other is not source:
                raise ConfigError(
                    f"{source.folder} and {other.folder} both hold {source.system} under "
                    f"{source.protocol} with {source.sensor} and seed {source.seed}; give one"
                )
            first = models.setdefault(source.system, source)
            if first.settings != source.settings:
                raise ConfigError(
                    f"{source.folder} and {first.folder} hold two models called {source.system}, "
                    "with other settings; compare those with unmask evidence, which names systems"
                )
            training = (source.system, source.protocol, source.seed)
            one = trained.setdefault(training, source)
            if one.weights != source.weights:
                raise ConfigError(
                    f"{source.folder} and {one.folder} are of {source.system} under "
                    f"{source.protocol} with seed {source.seed}, but of two trainings; judge one "
                    "trained model with every sensor"
                )
    return tuple(_counted(source) for source in found.values())


def _sources(folder: Path) -> list[Source]:
    """What of one folder belongs in the table."""
    if (folder / "results.jsonl").is_file():
        everything = list(_of_evidence(folder))
    elif (folder / NOTE).is_file():
        everything = [_of_evaluation(folder)]
    else:
        raise ConfigError(
            f"{folder} has no results.jsonl of unmask evidence and no {NOTE} of unmask evaluate; "
            "give the folder that one of them wrote to"
        )
    wanted = [source for source in everything if source and source.protocol in PROTOCOLS]
    if not wanted:
        raise ConfigError(
            f"{folder} has no results of this table: they are of {', '.join(PROTOCOLS)}, with one "
            f"sensor shown, of: {', '.join(SENSORS)}"
        )
    if len(wanted) < len(everything):
        left_out = len(everything) - len(wanted)
        log.info("%s: %d results with other sensors, noise or sets left out", folder, left_out)
    return wanted


def _of_evidence(folder: Path) -> Iterator[Source | None]:
    """None for a result with several sensors or noise, or for one that is there already."""
    seen = set()
    for result in read_lines(folder / "results.jsonl"):
        place = (result.system, result.protocol, result.seed, result.shown)
        if result.shown not in SENSORS or result.noise_std or place in seen:
            yield None
            continue
        seen.add(place)
        yield Source(
            system=result.system,
            protocol=result.protocol,
            sensor=Modality(result.shown),
            seed=result.seed,
            settings="",
            weights="",
            folder=folder / result.scores,
        )


def _of_evaluation(folder: Path) -> Source | None:
    note = read_note(folder)
    if note.shown not in SENSORS:
        return None
    return Source(
        system=note.model,
        protocol=note.protocol,
        sensor=Modality(note.shown),
        seed=note.seed,
        settings=json.dumps(note.settings, sort_keys=True),
        weights=note.weights_sha256,
        folder=folder,
    )


def _counted(source: Source) -> Run:
    dev, judged = (read_scores(source.folder / f"{split}.csv") for split in ("dev", "eval"))
    check_disjoint(dev, judged)
    dev, units = per_presentation(dev), per_presentation(judged)
    check_classes(units)
    threshold = operating_point(dev, RULE).threshold
    return Run(
        source=source,
        apcer=apcer_pooled(units, threshold),
        bpcer=bpcer(units, threshold),
        bona_fide=units.bona_fide.rows,
        attacks=units.pooled.rows,
        presentations=_hash(units),
        datasets=tuple(units.values("dataset")),
    )


def _hash(units: Scores) -> str:
    names = sorted(units.table.select("dataset", "presentation", "label").iter_rows())
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()
