"""Lightning's loop as every run here uses it: counted in steps, resumable, with logs."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch.utils.data import DataLoader, Sampler

from unmask.config import PretrainConfig, TrainConfig
from unmask.data import Draw
from unmask.training.callbacks import Resumable
from unmask.training.folder import read_checkpoint

VERBS: dict[type, str] = {TrainConfig: "train", PretrainConfig: "pretrain"}

log = logging.getLogger("unmask")


class RemainingSteps(Sampler[list[Draw]]):
    """The batches from the current step on; a step's batch depends on nothing but the step."""

    def __init__(self, batches: Callable[[int], Iterable[list[Draw]]], steps: int) -> None:
        self.batches = batches
        self.steps = steps
        self.trainer: Trainer | None = None

    def __iter__(self) -> Iterator[list[Draw]]:
        return iter(self.batches(self.trainer.global_step if self.trainer else 0))

    def __len__(self) -> int:
        return self.steps


def run(
    learner: LightningModule,
    loader: DataLoader[Any],
    config: TrainConfig | PretrainConfig,
    watchers: Sequence[Callback],
) -> str:
    """Take the steps that are left; all of them are one epoch of Lightning's.

    Returns what it ran on.

    Raises:
        CheckpointError: the checkpoint to go on from is damaged.
    """
    last = config.out / "last.ckpt"
    resumable = config.resume and last.exists()
    if resumable:
        read_checkpoint(last)
    trainer = _trainer(config, [*watchers, _resumable(config, last)])
    assert isinstance(loader.batch_sampler, RemainingSteps)
    loader.batch_sampler.trainer = trainer
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="lightning")
            trainer.fit(learner, loader, ckpt_path=last if resumable else None)
    except SystemExit as stop:  # Lightning turns Ctrl-C into this
        log.info(
            "stopped; go on from the last checkpoint (every %d steps) with: "
            "unmask %s --config %s --resume",
            config.checkpoint_every,
            VERBS[type(config)],
            config.out / "config.yaml",
        )
        raise KeyboardInterrupt from stop
    device = trainer.strategy.root_device
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _resumable(config: TrainConfig | PretrainConfig, last: Path) -> Resumable:
    return Resumable(last, every=config.checkpoint_every, steps=config.optim.steps)


def _trainer(config: TrainConfig | PretrainConfig, callbacks: list[Callback]) -> Trainer:
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return Trainer(
        accelerator="auto",
        devices=1,
        precision="bf16-mixed" if config.precision == "bf16" else "32-true",
        max_steps=config.optim.steps,
        gradient_clip_val=config.optim.clip,
        callbacks=callbacks,
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
