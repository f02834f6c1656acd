"""What single sensors told, out of folders of ``unmask evidence`` and of ``unmask evaluate``.

Nothing is taken from the name of a folder: its card or note says under which protocol and from
which sensors the model learned, the score files say what was shown. Rates are counted anew from the
scores: the threshold at the EER of dev, seen through the same sensor, and presentations as the
unit.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from unmask.errors import CheckpointError, ConfigError, DatasetError
from unmask.experiments.results import RULE, Result, read_lines
from unmask.metrics.rates import Rate, apcer_pooled, bpcer
from unmask.metrics.scores import (
    Scores,
    check_classes,
    check_disjoint,
    per_presentation,
    read_scores,
)
from unmask.metrics.thresholds import operating_point
from unmask.reporting.flexible import ALL_SETS, SENSORS
from unmask.training.checkpoint import load_card
from unmask.training.evaluation import NOTE, read_note
from unmask.training.origin import Origin, origin_of
from unmask.types import Modality

PROTOCOLS = tuple(name for one in ALL_SETS for name in one.protocols)

log = logging.getLogger("unmask")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Scores of one trained system under one protocol, seen through one sensor."""

    system: str
    protocol: str
    sensor: Modality
    seed: int
    settings: str
    """Network and every field of its Config; one name stands for one model."""
    weights: str
    """Their hash; one model is judged with every sensor."""
    origin: Origin
    """What it learned from, and how."""
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
    """Hash of the names of the judged presentations and of their frames."""
    datasets: tuple[str, ...]
    """Of the judged; where their file names none, those that the model learned from."""

    @property
    def rates(self) -> dict[str, float]:
        """As the table has them."""
        mean = (self.apcer.value + self.bpcer.value) / 2
        return {"apcer_pooled": self.apcer.value, "bpcer": self.bpcer.value, "acer": mean}

    @property
    def learned(self) -> int:
        """Presentations that the model learned from."""
        return self.source.origin.presentations

    @property
    def no_response(self) -> int:
        """Presentations that are in no rate."""
        return self.bona_fide + self.attacks - self.apcer.trials - self.bpcer.trials


def read_runs(folders: Sequence[Path]) -> tuple[Run, ...]:
    """Every run of the sets of the table that was judged with one sensor alone.

    Raises:
        ConfigError: a folder without results, one thing found twice, one name for two models,
            sensors that two trainings judged, or a model that learned otherwise than its column
            says.
        DatasetError: a result or a score file has a fault.
    """
    sources = [source for folder in folders for source in _sources(folder)]
    for source in sources:
        _check_learned(source)
    _check_told_apart(sources)
    return tuple(_counted(source) for source in sources)


def _check_learned(source: Source) -> None:
    """From all three sensors, under the protocol that judges."""
    origin = source.origin
    if origin.protocol != source.protocol:
        raise ConfigError(
            f"{source.folder} judges {source.protocol} with a model that was trained under "
            f"{origin.protocol or 'a protocol that its card does not name'}, and may know the "
            f"judged people; train one under {source.protocol}"
        )
    if set(origin.modalities) != set(SENSORS):
        raise ConfigError(
            f"{source.folder} is of a model that was trained with {', '.join(origin.modalities)}; "
            f"this table is of models that learned from {', '.join(SENSORS)} together"
        )


def _check_told_apart(sources: Sequence[Source]) -> None:
    """One name is one model, and one training is judged with every sensor, each once."""
    found: dict[tuple[str, str, int, Modality], Source] = {}
    models: dict[str, Source] = {}
    trained: dict[tuple[str, str, int], Source] = {}
    for source in sources:
        other = found.setdefault((*_training(source), source.sensor), source)
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
        one = trained.setdefault(_training(source), source)
        if one.weights != source.weights:
            raise ConfigError(
                f"{source.folder} and {one.folder} are of {source.system} under "
                f"{source.protocol} with seed {source.seed}, but of two trainings; judge one "
                "trained model with every sensor"
            )


def _training(source: Source) -> tuple[str, str, int]:
    return source.system, source.protocol, source.seed


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
    wanted = [source for source in everything if source]
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
        wanted = result.shown in SENSORS and result.protocol in PROTOCOLS
        if not wanted or result.noise_std or place in seen:
            yield None
            continue
        seen.add(place)
        yield _of_result(result, folder)


def _of_result(result: Result, folder: Path) -> Source:
    """A line of results.jsonl, with what the card of its run says."""
    scores = folder / result.scores
    run = scores.parent.parent
    try:
        card = load_card(run)
        origin = origin_of(run, card)
    except CheckpointError as error:
        raise DatasetError(
            f"{run} has no card.json and config.yaml that can be read, so what {result.system} "
            "learned from is not known; copy the whole folder of unmask evidence"
        ) from error
    if card.seed != result.seed:
        raise DatasetError(
            f"{folder / 'results.jsonl'} says seed {result.seed} where {run / 'card.json'} says "
            f"{card.seed}; start unmask evidence again, which writes results.jsonl anew"
        )
    return Source(
        system=result.system,
        protocol=result.protocol,
        sensor=Modality(result.shown),
        seed=result.seed,
        settings=json.dumps([card.model, card.settings], sort_keys=True),
        weights=card.weights_sha256,
        origin=origin,
        folder=scores,
    )


def _of_evaluation(folder: Path) -> Source | None:
    note = read_note(folder)
    if note.shown not in SENSORS or note.protocol not in PROTOCOLS:
        return None
    if note.trained is None:
        raise DatasetError(
            f"{folder / NOTE} is of an older unmask and does not say what the model learned from; "
            "evaluate again"
        )
    return Source(
        system=note.model,
        protocol=note.protocol,
        sensor=Modality(note.shown),
        seed=note.seed,
        settings=json.dumps([note.model, note.settings], sort_keys=True),
        weights=note.weights_sha256,
        origin=note.trained,
        folder=folder,
    )


def _counted(source: Source) -> Run:
    dev, judged = (_scores(source, split) for split in ("dev", "eval"))
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
        presentations=_hash(judged),
        datasets=tuple(units.values("dataset")) or source.origin.datasets,
    )


def _scores(source: Source, split: str) -> Scores:
    """Of dev or eval, with that sensor alone as far as the file tells."""
    scores = read_scores(source.folder / f"{split}.csv")
    for column, expected in (("split", split), ("modalities", str(source.sensor))):
        strange = set(scores.values(column)) - {expected}
        if strange:
            raise DatasetError(
                f"{scores.source}, column {column}: {', '.join(sorted(strange))}; this table needs "
                f"scores of {split} with {source.sensor} alone, so evaluate again"
            )
    return scores


def _hash(scores: Scores) -> str:
    names = sorted(scores.table.select("dataset", "presentation", "key", "label").iter_rows())
    return hashlib.sha256(json.dumps(names).encode()).hexdigest()
