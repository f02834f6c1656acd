"""What happens beside the steps: looks at dev, checkpoints, and the line that the user watches."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from lightning.pytorch import Callback, LightningModule, Trainer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from unmask.files import write_whole
from unmask.training.checkpoint import save_weights

DevFigures = dict[str, float]


class BestOnDev(Callback):
    """Looks at the dev set at fixed steps; keeps the weights with the lowest (EER, loss) of dev.

    The look is the same code that scores a finished model. ``patience`` looks without improvement
    end the training; 0 never does.
    """

    def __init__(
        self, look: Callable[[], DevFigures], path: Path, *, every: int, steps: int, patience: int
    ) -> None:
        self.look = look
        self.path = path
        self.every = every
        self.steps = steps
        self.patience = patience
        self.best: DevFigures = {"eer": math.inf, "loss": math.inf}
        self.best_step = 0
        self.looks_since_best = 0

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        step = trainer.global_step
        if step % self.every and step != self.steps:
            return
        figures = self.look()
        for logger in trainer.loggers:
            logger.log_metrics({f"dev/{name}": v for name, v in figures.items()}, step=step)
        self.looks_since_best += 1
        if (figures["eer"], figures["loss"]) < (self.best["eer"], self.best["loss"]):
            self.best, self.best_step, self.looks_since_best = figures, step, 0
            save_weights(cast(nn.Module, pl_module.model), self.path)
        trainer.should_stop = self._out_of_patience

    def told(self) -> str:
        """The best figures so far, in words."""
        if not self.best_step:
            return ""
        return f"dev EER {self.best['eer']:.1%} AUC {self.best['auc']:.3f} (step {self.best_step})"

    @property
    def _out_of_patience(self) -> bool:
        return 0 < self.patience <= self.looks_since_best

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self._out_of_patience:  # a resumed run that had ended
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        return {
            "best": dict(self.best),
            "best_step": self.best_step,
            "looks_since_best": self.looks_since_best,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best = state_dict["best"]
        self.best_step = state_dict["best_step"]
        self.looks_since_best = state_dict["looks_since_best"]


class HeldOut(Callback):
    """Looks at the loss of what is held out at fixed steps, and does nothing about it."""

    def __init__(self, look: Callable[[], float], *, every: int) -> None:
        self.look = look
        self.every = every
        self.latest = math.nan

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if trainer.global_step % self.every:
            return
        self.latest = self.look()
        for logger in trainer.loggers:
            logger.log_metrics({"dev/loss": self.latest}, step=trainer.global_step)

    def told(self) -> str:
        """The latest loss, in words."""
        return "" if math.isnan(self.latest) else f"held out {self.latest:.3f}"


class Resumable(Callback):
    """Writes the whole state of the training every so many steps, and at the last.

    It must be the last callback: it saves what the others decided.
    """

    def __init__(self, path: Path, *, every: int, steps: int) -> None:
        self.path = path
        self.every = every
        self.steps = steps

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        step = trainer.global_step
        if step % self.every and step != self.steps and not trainer.should_stop:
            return
        with write_whole(self.path) as temporary:
            trainer.save_checkpoint(temporary)


class StepBar(Callback):
    """One progress bar over all steps, with the loss and what else there is to tell."""

    def __init__(self, told: Callable[[], str], *, steps: int) -> None:
        self.told = told
        self.steps = steps
        self.loss = math.nan
        self.bar = Progress(
            BarColumn(bar_width=12),
            MofNCompleteColumn(),
            TimeRemainingColumn(compact=True),
            TextColumn("{task.fields[figures]}"),
        )
        self.task = self.bar.add_task("", total=steps, figures="")

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.bar.start()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        loss = float(outputs["loss"] if isinstance(outputs, dict) else outputs)
        self.loss = loss if math.isnan(self.loss) else 0.95 * self.loss + 0.05 * loss
        figures = ", ".join(words for words in (f"loss {self.loss:.3f}", self.told()) if words)
        self.bar.update(self.task, completed=trainer.global_step, figures=figures)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.bar.stop()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        self.bar.stop()
