"""Features of trained models, each sensor alone: taken, measured, drawn, written."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from unmask.config import SeparabilityConfig
from unmask.errors import CheckpointError, ConfigError
from unmask.experiments.separability import ALL, COMPARED, DRAWS, Figures, Space, measure
from unmask.files import make_folder
from unmask.metrics.embedding import embed
from unmask.metrics.features import Features, write_features
from unmask.metrics.separability import ModelSeparability
from unmask.protocols import load_protocol
from unmask.reporting.separability import SeparabilityReport, number, write
from unmask.reporting.separability_figures import Panel
from unmask.reporting.wording import percent
from unmask.training.checkpoint import Card, load
from unmask.training.features import check_feature, features_of
from unmask.training.scoring import Scorer
from unmask.types import Modality, Protocol, Sample

log = logging.getLogger("unmask")

ALIKE = 1e-6
"""Features that differ by no more are the same, but for rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Separability:
    """What was made of some models."""

    report: SeparabilityReport
    page: Path
    """separability.html; beside it are the same as .md and .json, the drawings, and features/."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """A trained model and what it is called."""

    name: str
    checkpoint: Path
    model: nn.Module
    card: Card


def separability(config: SeparabilityConfig) -> Separability:
    """Show every model every presentation of dev and eval through one sensor after the other.

    Raises:
        ConfigError: a sensor or feature that a model does not have, names that cannot be told
            apart, a protocol whose dev set is judged.
        CheckpointError: a folder that is not that of a finished run, or a model that makes one
            feature of every picture.
        DatasetError: too few people, a class or a sensor that is not there.
    """
    entries = _entries(config)
    sensors = _sensors(config.modalities, entries)
    for entry in entries:
        _check_depth(config, entry)
        check_feature(_scorer(config, entry), config.feature, entry.name)
    protocol = load_protocol(config.data, sensors, to_train=False)
    check_dev(protocol)
    make_folder(config.out)
    models, panels = [], []
    for entry in entries:
        space = _space(config, entry, protocol, sensors)
        check_alive(entry.name, space)
        found = measure(space, sensors)
        models.append(_described(entry, space, found))
        panels.append(_pictured(config, entry, space, found))
        log.info("%s: %s", entry.name, panels[-1].remark["classes"])
    report = _report(config, entries, protocol, sensors, models, marks=len(panels[0].place))
    return Separability(report=report, page=write(report, panels, config.out))


def check_dev(protocol: Protocol) -> None:
    """Refuse a protocol of which dev, from which probes learn, is judged.

    Raises:
        ConfigError: with the name of the protocol.
    """
    if protocol.threshold_from == "eval":
        raise ConfigError(
            f"{protocol.name} has the judged set for dev, so that probes would learn from what "
            "they are judged on; take a protocol with a dev set of its own"
        )


def check_alive(name: str, space: Space) -> None:
    """Refuse features that are the same for all that a sensor shows: nothing could be parted.

    Raises:
        CheckpointError: with the name of the model, the set and the sensor.
    """
    for split, features in (("dev", space.dev), ("eval", space.judged)):
        for sensor in np.unique(features.modality):
            values = features.values[features.modality == sensor]  # (n, D)
            if np.ptp(values, axis=0).max() <= ALIKE:
                raise CheckpointError(
                    f"{name} makes one feature of every picture of {split} with {sensor}: it has "
                    "not learned that sensor, or collapsed; leave the sensor or the model out"
                )


def _entries(config: SeparabilityConfig) -> list[_Entry]:
    loaded = [load(folder) for folder in config.checkpoints]
    names = config.names or _names([card for _, card in loaded], config.checkpoints)
    files = [_file_name(name) for name in names]
    if len(set(files)) < len(files):
        raise ConfigError(
            f"{', '.join(names)} cannot be told apart as files; give each model a name of its own "
            "with --names"
        )
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return [
        _Entry(name=name, checkpoint=folder, model=model.to(device), card=card)
        for name, folder, (model, card) in zip(names, config.checkpoints, loaded, strict=True)
    ]


def _names(cards: Sequence[Card], folders: Sequence[Path]) -> tuple[str, ...]:
    """The shortest that tell the models apart: network, seed of the training, folder."""
    networks = tuple(card.model for card in cards)
    seeds = tuple(f"{card.model}, seed {card.seed}" for card in cards)
    for names in (networks, seeds):
        if len(set(names)) == len(names):
            return names
    return tuple(folder.absolute().name for folder in folders)


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.+-]+", "_", name)


def _sensors(asked: tuple[Modality, ...], entries: Sequence[_Entry]) -> tuple[Modality, ...]:
    """Those asked for, or all that every model knows."""
    for entry in entries:
        strange = [str(sensor) for sensor in asked if sensor not in entry.card.modalities]
        if strange:
            raise ConfigError(
                f"{entry.name} knows no {' or '.join(strange)}; it was built for: "
                f"{', '.join(entry.card.modalities)}"
            )
    known = [entry.card.modalities for entry in entries]
    shared = tuple(sensor for sensor in known[0] if all(sensor in other for other in known))
    if not shared:
        raise ConfigError(
            "no sensor is known to every model: "
            + "; ".join(
                f"{entry.name} knows {', '.join(entry.card.modalities)}" for entry in entries
            )
        )
    return asked or shared


def _check_depth(config: SeparabilityConfig, entry: _Entry) -> None:
    if config.data.depth != entry.card.preprocessing.depth:
        raise ConfigError(
            f"data.depth is {config.data.depth!r}, but {entry.name} was trained with "
            f"{entry.card.preprocessing.depth!r}; give it such data, or leave the model out"
        )


def _scorer(config: SeparabilityConfig, entry: _Entry) -> Scorer:
    return Scorer(
        model=entry.model,
        preprocessing=entry.card.preprocessing,
        modalities=entry.card.modalities,
        batch_size=config.batch_size,
        workers=config.data.workers,
    )


def _space(
    config: SeparabilityConfig, entry: _Entry, protocol: Protocol, sensors: tuple[Modality, ...]
) -> Space:
    read = partial(
        features_of,
        _scorer(config, entry),
        sensors=sensors,
        feature=config.feature,
        title=entry.name,
    )
    dev, judged = (
        read(samples, split=split)
        for split, samples in (("dev", protocol.dev), ("eval", protocol.eval))
    )
    return Space(dev=dev, judged=judged)


def _described(entry: _Entry, space: Space, found: Figures) -> ModelSeparability:
    return ModelSeparability(
        name=entry.name,
        model=entry.card.model,
        checkpoint=str(entry.checkpoint),
        weights_sha256=entry.card.weights_sha256,
        protocol=str(entry.card.data.get("protocol", "")),
        features=space.x.shape[1],
        people=len(set(space.judged.person)),
        pictures=space.x.shape[0],
        transfer=found.transfer,
        separation=found.separation,
        sensors=found.sensors,
    )


def _pictured(config: SeparabilityConfig, entry: _Entry, space: Space, found: Figures) -> Panel:
    """Draw eval in two dimensions, and write all features with the places of those drawn."""
    rows = space.judged.drawn(COMPARED)
    place = np.full((len(rows), 2), np.nan)
    place[rows] = embed(space.x[rows])
    features = Features.joined([space.dev, space.judged])
    placed = np.concatenate([np.full((len(space.dev.values), 2), np.nan), place])
    path = config.out / "features" / f"{_file_name(entry.name)}.parquet"
    write_features(features, path, tsne_x=placed[:, 0], tsne_y=placed[:, 1])
    drawn = space.judged.where(rows)
    last = found.transfer[-1]  # fitted to everything, judged on everything
    remark = {"classes": f"AUC {number(last.auc)}"}
    if trace := found.sensors:
        remark["sensors"] = f"named {percent(trace.accuracy.value)}, gap {trace.gap.value:.2f}"
    return Panel(
        title=entry.name,
        place=place[rows],
        group={
            "classes": np.where(drawn.bona_fide, "bona fide", "attack"),
            "sensors": drawn.modality,
        },
        remark=remark,
    )


def _report(
    config: SeparabilityConfig,
    entries: Sequence[_Entry],
    protocol: Protocol,
    sensors: tuple[Modality, ...],
    models: Sequence[ModelSeparability],
    *,
    marks: int,
) -> SeparabilityReport:
    shown = [
        [s for s in part if set(s.paths) & set(sensors)] for part in (protocol.dev, protocol.eval)
    ]
    dev, judged = shown
    return SeparabilityReport(
        note=" ".join(dict.fromkeys(entry.card.limits for entry in entries if entry.card.limits)),
        protocol=protocol.name,
        datasets=tuple(sorted({sample.dataset for sample in judged})),
        sensors=tuple(str(sensor) for sensor in sensors),
        all_sensors=ALL,
        dev=len(dev),
        judged=len(judged),
        drawn=min(len(judged), COMPARED),
        marks=marks,
        shared_people=len(_named(dev) & _named(judged)),
        feature=config.feature,
        people=models[0].people,
        draws=DRAWS,
        models=tuple(models),
    )


def _named(samples: Sequence[Sample]) -> set[tuple[str, str]]:
    """The people who are known by name."""
    return {(sample.dataset, sample.subject) for sample in samples if sample.subject}
