"""Train a model on a protocol: the one loop that every model uses."""

from __future__ import annotations

import itertools
import logging
import pickle
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from lightning.pytorch import Trainer
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch import nn
from torch.utils.data import DataLoader, Sampler

from unmask.capture.crop import CROP_VERSION
from unmask.config import ModelConfig, TrainConfig
from unmask.data import BalancedSampler, Draw, Presentations, collate
from unmask.errors import CheckpointError, ConfigError
from unmask.files import make_folder, sha256, write_text
from unmask.metrics.curves import auc, eer
from unmask.metrics.scores import Scores, per_presentation, write_scores
from unmask.metrics.thresholds import operating_point
from unmask.parsing import to_plain, to_yaml
from unmask.training.callbacks import BestOnDev, DevFigures, Resumable, StepBar
from unmask.training.checkpoint import Card, load_weights, save_card
from unmask.training.learner import Learner
from unmask.training.scoring import Scorer
from unmask.transforms.normalize import Preprocessing
from unmask.types import SIMULATED, Modality, Protocol, Sample, subset_name

RULES = ("eer", "bpcer<=1%")
"""Thresholds stored with every model, from dev."""

log = logging.getLogger("unmask")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished training."""

    folder: Path
    card: Card


def fit(model: nn.Module, config: TrainConfig, protocol: Protocol) -> Run:
    """Train, keep the best on dev, set the thresholds of every set of modalities from dev.

    Writes into ``config.out``: config.yaml, last.ckpt (resumable), model.safetensors, card.json,
    dev.csv (scores with all modalities) and logs/.

    Raises:
        ConfigError: the folder holds another run, or one that ``resume`` was not set for.
    """
    _open_folder(config)
    settings: Any = model.config
    preprocessing = Preprocessing(
        image_size=settings.image_size, crop_version=CROP_VERSION, depth=config.data.depth
    )
    learner = Learner(model, config.optim, seed=config.seed)
    scorer = Scorer(
        model=model,
        preprocessing=preprocessing,
        modalities=config.modalities,
        workers=config.data.workers,
    )

    def dev_scores(shown: tuple[Modality, ...]) -> Scores:
        return scorer.scores(protocol.dev, shown=shown, split="dev")

    best = BestOnDev(
        lambda: dev_figures(dev_scores(config.modalities)),
        config.out / "model.safetensors",
        every=config.dev_every,
        steps=config.optim.steps,
        patience=config.patience,
    )
    _train(learner, protocol, config, best, preprocessing)
    load_weights(model, config.out / "model.safetensors")
    dev = {shown: dev_scores(shown) for shown in _subsets(config.modalities)}
    write_scores(dev[config.modalities], config.out / "dev.csv")
    card = _card(model, config, protocol, best, dev, preprocessing)
    save_card(card, config.out)
    return Run(folder=config.out, card=card)


def dev_figures(scores: Scores) -> DevFigures:
    """EER, AUC and class-balanced cross-entropy, with presentations as the unit."""
    scores = per_presentation(scores)
    bona_fide = np.clip(scores.bona_fide.score, 1e-7, 1)
    attack = np.clip(1 - scores.pooled.score, 1e-7, 1)
    loss = -0.5 * (np.log(bona_fide).mean() + np.log(attack).mean())
    return {"eer": eer(scores), "auc": auc(scores), "loss": float(loss)}


def _train(
    learner: Learner,
    protocol: Protocol,
    config: TrainConfig,
    best: BestOnDev,
    preprocessing: Preprocessing,
) -> None:
    """Run Lightning's loop; all steps are one epoch of it."""
    last = config.out / "last.ckpt"
    resumable = config.resume and last.exists()
    if resumable:
        _check_readable(last)
    trainer = _trainer(config, best, last)
    loader = DataLoader(
        Presentations(
            protocol.train,
            preprocessing=preprocessing,
            modalities=config.modalities,
            augment=config.augment,
            seed=config.seed,
        ),
        batch_sampler=_RemainingSteps(protocol, config, lambda: trainer.global_step),
        collate_fn=collate,
        num_workers=config.data.workers,
    )
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            trainer.fit(learner, loader, ckpt_path=last if resumable else None)
    except SystemExit as stop:  # Lightning turns Ctrl-C into this
        log.info(
            "stopped; go on from the last checkpoint (every %d steps) with: "
            "unmask train --config %s --resume",
            config.checkpoint_every,
            config.out / "config.yaml",
        )
        raise KeyboardInterrupt from stop


def _trainer(config: TrainConfig, best: BestOnDev, last: Path) -> Trainer:
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return Trainer(
        accelerator="auto",
        devices=1,
        precision="bf16-mixed" if config.precision == "bf16" else "32-true",
        max_steps=config.optim.steps,
        gradient_clip_val=config.optim.clip,
        callbacks=[
            best,
            StepBar(best, steps=config.optim.steps),
            Resumable(last, every=config.checkpoint_every, steps=config.optim.steps),
        ],
        logger=[
            CSVLogger(config.out / "logs", name="csv"),
            TensorBoardLogger(config.out / "logs", name="tensorboard"),
        ],
        log_every_n_steps=10,
        enable_checkpointing=False,  # ours are whole files
        enable_progress_bar=False,  # ours counts steps
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )


class _RemainingSteps(Sampler[list[Draw]]):
    """The batches from the current step on; a step's batch depends on nothing but the step."""

    def __init__(
        self, protocol: Protocol, config: TrainConfig, global_step: Callable[[], int]
    ) -> None:
        self.samples = protocol.train
        self.config = config
        self.global_step = global_step

    def __iter__(self) -> Iterator[list[Draw]]:
        optim = self.config.optim
        first = self.global_step()
        return iter(
            BalancedSampler(self.samples, optim.batch_size, first, optim.steps, self.config.seed)
        )

    def __len__(self) -> int:
        return self.config.optim.steps


def _open_folder(config: TrainConfig) -> None:
    """Claim the folder of the run, or check that it holds this very run."""
    stored = config.out / "config.yaml"
    started = any((config.out / name).exists() for name in ("last.ckpt", "model.safetensors"))
    if not stored.exists() or not started:
        make_folder(config.out)
        write_text(stored, to_yaml(replace(config, resume=False)))
        return
    if not config.resume:
        raise ConfigError(
            f"{config.out} holds a run already; give --resume to go on with it, or another --out"
        )
    before, now = _flat(yaml.safe_load(stored.read_text()) or {}), _flat(to_plain(config))
    free = {"resume", "data.workers", "out"}
    changed = [k for k in sorted({*before, *now} - free) if before.get(k) != now.get(k)]
    if changed:
        differences = ", ".join(f"{k}: {before.get(k)} -> {now.get(k)}" for k in changed)
        raise ConfigError(
            f"cannot resume {config.out} with other settings ({differences}); use "
            f"--config {stored} --resume, or another --out"
        )


def _check_readable(last: Path) -> None:
    try:
        torch.load(last, weights_only=True)
    except (RuntimeError, OSError, pickle.UnpicklingError, EOFError, KeyError) as error:
        why = str(error).splitlines()[0]
        raise CheckpointError(
            f"{last} is damaged ({why}); remove it to start the run from its beginning"
        ) from error


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings with dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _card(
    model: nn.Module,
    config: TrainConfig,
    protocol: Protocol,
    best: BestOnDev,
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
        threshold_from="dev",
        data={
            "datasets": sorted({s.dataset for s in samples}),
            "protocol": protocol.name,
            "train": len(protocol.train),
            "dev": len(protocol.dev),
            "subjects": len({(s.dataset, s.subject) for s in samples}),
            "pai_species": sorted({s.pai_species for s in samples if s.pai_species}),
        },
        figures=best.best,
        step=best.best_step,
        seed=config.seed,
        limits=limits_of(samples),
        weights_sha256=sha256(config.out / "model.safetensors"),
        unmask_version=version("unmask"),
        backbone=_origin(config.model),
    )


def _origin(config: ModelConfig) -> dict[str, str]:
    """The file that the backbone came from."""
    if not config.backbone:
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
