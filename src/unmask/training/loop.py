"""Train a model on a protocol: the one loop that every model uses."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn
from torch.utils.data import DataLoader

from unmask.capture.crop import one_version
from unmask.config import ModelConfig, TrainConfig
from unmask.data import BalancedSampler, Item, Presentations, collate
from unmask.files import sha256
from unmask.metrics.curves import auc, eer
from unmask.metrics.scores import Scores, per_presentation, write_scores
from unmask.metrics.thresholds import operating_point
from unmask.parsing import to_plain
from unmask.training.callbacks import BestOnDev, DevFigures, StepBar
from unmask.training.checkpoint import (
    Card,
    load_weights,
    save_card,
    save_weights,
    with_operating_points,
)
from unmask.training.folder import open_folder
from unmask.training.learner import Learner
from unmask.training.scoring import Scorer
from unmask.training.trainer import RemainingSteps, run
from unmask.transforms.normalize import Preprocessing
from unmask.types import SIMULATED, Modality, Protocol, Sample, subset_name

RULES = ("eer", "bpcer<=1%")
"""Thresholds stored with every model, from dev."""
WEIGHTS = "model.safetensors"

log = logging.getLogger("unmask")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished training."""

    folder: Path
    card: Card
    dev: Mapping[tuple[Modality, ...], Scores]
    """Scores of the dev set, for each set of modalities that may be shown."""


def fit(model: nn.Module, config: TrainConfig, protocol: Protocol) -> Run:
    """Train, keep the best on dev, set the thresholds of every set of modalities from dev.

    A model with nothing to train is kept as it is, as step 0.

    Writes into ``config.out``: config.yaml, last.ckpt (resumable), model.safetensors, card.json,
    dev.csv (scores with all modalities) and logs/.

    Raises:
        ConfigError: the folder holds another run, or one that ``resume`` was not set for.
    """
    open_folder(config)
    settings: Any = model.config
    preprocessing = Preprocessing(
        image_size=settings.image_size,
        crop_version=one_version(
            s.attributes.get("crop", "") for s in (*protocol.train, *protocol.dev, *protocol.eval)
        ),
        depth=config.data.depth,
    )
    scorer = Scorer(
        model=model,
        preprocessing=preprocessing,
        modalities=config.modalities,
        workers=config.data.workers,
    )

    def dev_scores(shown: tuple[Modality, ...]) -> Scores:
        return scorer.scores(protocol.dev, shown=shown, split="dev")

    def look() -> DevFigures:
        return dev_figures(dev_scores(config.modalities))

    if any(parameter.requires_grad for parameter in model.parameters()):
        kept = _learn(model, config, _loader(config, protocol, preprocessing), look)
    else:
        log.info("%s has nothing to train, so no step is taken", config.model.name)
        kept = _Kept(figures=look(), step=0)
        save_weights(model, config.out / WEIGHTS)
    dev = {shown: dev_scores(shown) for shown in _subsets(config.modalities)}
    write_scores(dev[config.modalities], config.out / "dev.csv")
    card = _card(model, config, protocol, kept, dev, preprocessing)
    card = with_operating_points(card, config.out)
    save_card(card, config.out)
    return Run(folder=config.out, card=card, dev=dev)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The step whose weights are kept, and what dev says of them."""

    figures: DevFigures
    step: int


def _learn(
    model: nn.Module,
    config: TrainConfig,
    loader: DataLoader[Item],
    look: Callable[[], DevFigures],
) -> _Kept:
    """Take the steps; the model then has the weights of the best look at dev."""
    best = BestOnDev(
        look,
        config.out / WEIGHTS,
        every=config.dev_every,
        steps=config.optim.steps,
        patience=config.patience,
    )
    bar = StepBar(best.told, steps=config.optim.steps)
    run(Learner(model, config.optim, seed=config.seed), loader, config, [best, bar])
    load_weights(model, config.out / WEIGHTS)
    return _Kept(figures=best.best, step=best.best_step)


def dev_figures(scores: Scores) -> DevFigures:
    """EER, AUC and class-balanced cross-entropy, with presentations as the unit."""
    scores = per_presentation(scores)
    bona_fide = np.clip(scores.bona_fide.score, 1e-7, 1)
    attack = np.clip(1 - scores.pooled.score, 1e-7, 1)
    loss = -0.5 * (np.log(bona_fide).mean() + np.log(attack).mean())
    return {"eer": eer(scores), "auc": auc(scores), "loss": float(loss)}


def _loader(
    config: TrainConfig, protocol: Protocol, preprocessing: Preprocessing
) -> DataLoader[Item]:
    """Balanced batches of augmented presentations."""
    optim = config.optim

    def batches(first: int) -> BalancedSampler:
        return BalancedSampler(protocol.train, optim.batch_size, first, optim.steps, config.seed)

    return DataLoader(
        Presentations(
            protocol.train,
            preprocessing=preprocessing,
            modalities=config.modalities,
            augment=config.augment,
            seed=config.seed,
        ),
        batch_sampler=RemainingSteps(batches, optim.steps),
        collate_fn=collate,
        num_workers=config.data.workers,
    )


def _card(
    model: nn.Module,
    config: TrainConfig,
    protocol: Protocol,
    kept: _Kept,
    dev: Mapping[tuple[Modality, ...], Scores],
    preprocessing: Preprocessing,
) -> Card:
    samples = [*protocol.train, *protocol.dev]
    return Card(
        model=config.model.name,
        settings=to_plain(model.config),
        modalities=config.modalities,
        preprocessing=preprocessing,
        thresholds=_thresholds(dev, protocol.dev),
        threshold_from=protocol.threshold_from,
        data={
            "datasets": sorted({s.dataset for s in samples}),
            "protocol": protocol.name,
            "frames": sorted({s.attributes.get("frames", "") for s in protocol.dev} - {""}),
            "train": len(protocol.train),
            "dev": len(protocol.dev),
            "subjects": len({(s.dataset, s.subject) for s in samples}),
            "pai_species": sorted({s.pai_species for s in samples if s.pai_species}),
        },
        figures=kept.figures,
        step=kept.step,
        seed=config.seed,
        limits=limits_of(samples),
        weights_sha256=sha256(config.out / WEIGHTS),
        unmask_version=version("unmask"),
        backbone=_origin(config.model),
    )


def _origin(config: ModelConfig) -> dict[str, str]:
    """The file that the backbone came from."""
    if not config.backbone_sha256:
        return {}
    return {"source": config.backbone, "sha256": config.backbone_sha256}


def _thresholds(
    dev: Mapping[tuple[Modality, ...], Scores], samples: Sequence[Sample]
) -> dict[str, dict[str, float]]:
    """Operating points of every set of modalities; none for a set that dev cannot judge."""
    found: dict[str, dict[str, float]] = {}
    for shown, scores in dev.items():
        units = per_presentation(scores)
        whole = {s.label for s in samples if s.paths.keys() >= set(shown)}
        if len(whole) == 2 and units.bona_fide.score.size and units.pooled.score.size:
            found[subset_name(shown)] = {
                rule: operating_point(units, rule).threshold for rule in RULES
            }
        else:
            log.info("no threshold for %s: dev lacks it in one class", subset_name(shown))
    return found


def limits_of(samples: Sequence[Sample]) -> str:
    """What answers of a model trained on these samples are worth, in a sentence."""
    if any(s.dataset == SIMULATED for s in samples):
        return (
            "Trained on simulated faces: this answer is a demonstration and no evidence about real "
            "people or real attacks."
        )
    return (
        "Judged only by its own report: other cameras, light, people and attack species than those "
        "it was trained on need a test of their own."
    )


def _subsets(modalities: tuple[Modality, ...]) -> Iterator[tuple[Modality, ...]]:
    """Every non-empty set of modalities, the whole first."""
    for size in range(len(modalities), 0, -1):
        yield from itertools.combinations(modalities, size)
