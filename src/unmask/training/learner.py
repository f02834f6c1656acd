"""The LightningModules: any model of ours, its loss, its optimiser.

Every random number of a step (dropout, noise) comes from a generator seeded by the run's seed and
the step, so on one machine's CPU a run that was killed and resumed repeats the uninterrupted one
bit by bit, with the same number of threads.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim import Optimizer

from unmask.config import OptimConfig, ScheduleConfig
from unmask.losses import Loss
from unmask.losses.cross_entropy import bona_fide_cross_entropy
from unmask.losses.cross_level import cross_level_loss
from unmask.losses.each_modality import each_modality_cross_entropy
from unmask.losses.routing import routing_loss
from unmask.training.row_adamw import RowAdamW, clip_norm
from unmask.types import Batch, Output


class SeededLearner(LightningModule):
    """Steps of AdamW with linear warm-up and cosine decay; each has random numbers of its own."""

    def __init__(self, model: nn.Module, schedule: ScheduleConfig, *, seed: int) -> None:
        super().__init__()
        self.model = model
        self.schedule = schedule
        self.seed = seed

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        torch.manual_seed(self.seed * 2_000_003 + self.global_step)

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        if gradient_clip_val:
            clip_norm(self.parameters(), gradient_clip_val)

    def configure_optimizers(self) -> Any:
        optimizer = RowAdamW(decay_groups(self.model, self.schedule), lr=self.schedule.lr)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: rate_at(step, self.schedule)
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }


class Learner(SeededLearner):
    """Trains a model to tell bona fide from attacks."""

    def __init__(self, model: nn.Module, optim: OptimConfig, *, seed: int) -> None:
        super().__init__(model, optim, seed=seed)
        self.optim = optim

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        output = self.model(batch.image, batch.present)
        optim = self.optim
        loss = answer_loss(output, batch, optim)
        loss += cross_level_loss(
            output,
            batch,
            weight=optim.cross_level,
            temperature=optim.cross_level_temperature,
        )
        loss += routing_loss(
            output,
            balance=optim.balance,
            balance_fine=optim.balance_fine,
            router_z=optim.router_z,
        )
        figures = {"loss": loss.total, **loss.parts}
        self.log_dict({f"train/{name}": value.detach() for name, value in figures.items()})
        return loss.total


def answer_loss(output: Output, batch: Batch, optim: OptimConfig) -> Loss:
    """Of what is answered: each modality by itself where a model can, else all together."""
    smoothing = optim.label_smoothing
    if output.modality_logit is None:
        return bona_fide_cross_entropy(output, batch, label_smoothing=smoothing)
    return each_modality_cross_entropy(output, batch, label_smoothing=smoothing, local=optim.local)


def rate_at(step: int, optim: ScheduleConfig) -> float:
    """Learning rate at a step, as a share of the highest: linear warm-up, then half a cosine."""
    warmup = round(optim.warmup * optim.steps)
    if step < warmup:
        return (step + 1) / warmup
    progress = (step - warmup) / max(1, optim.steps - warmup)
    return 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def decay_groups(model: nn.Module, optim: ScheduleConfig) -> list[dict[str, Any]]:
    """Parameters with weight decay (matrices and kernels) and without (all else).

    Biases, norms, tokens and position tables have none; neither have the tables of embeddings,
    of which one step sees few rows and would shrink all.
    """
    tables = {id(p) for m in model.modules() if isinstance(m, nn.Embedding) for p in m.parameters()}
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    decayed = [
        p for name, p in trained if name.endswith("weight") and p.ndim >= 2 and id(p) not in tables
    ]
    chosen = {id(p) for p in decayed}
    return [
        {"params": decayed, "weight_decay": optim.weight_decay},
        {"params": [p for _, p in trained if id(p) not in chosen], "weight_decay": 0.0},
    ]
