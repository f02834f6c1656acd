"""The settings of ``unmask train``, and those of them that are the recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from unmask.config.checks import check_at_least, check_modalities
from unmask.config.learning import AugmentConfig, OptimConfig
from unmask.config.model import THREE, ModelConfig
from unmask.config.pictures import DataConfig
from unmask.types import Modality


@dataclass(frozen=True, kw_only=True)
class RecipeConfig:
    """How a model is trained, whatever it is and on whatever data."""

    modalities: tuple[Modality, ...] = THREE
    """Modalities the model is built for."""
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    precision: Literal["float32", "bf16"] = "float32"
    """Arithmetic of the forward and backward pass."""
    dev_every: int = 100
    """Steps between two looks at the dev set; the best one is kept."""
    checkpoint_every: int = 50
    """Steps between two resumable checkpoints."""
    patience: int = 0
    """Stop after so many looks at dev without improvement; 0: never."""

    def __post_init__(self) -> None:
        check_at_least("dev_every", self.dev_every, 1)
        check_at_least("checkpoint_every", self.checkpoint_every, 1)
        check_at_least("patience", self.patience, 0)
        check_modalities(self.modalities)


@dataclass(frozen=True, kw_only=True)
class TrainConfig(RecipeConfig):
    """Settings of ``unmask train``."""

    data: DataConfig
    out: Path
    """Folder of the run: checkpoints, logs, scores, this configuration."""
    model: ModelConfig = field(default_factory=ModelConfig)
    seed: int = 0
    """Fixes initial weights, order, augmentation and dropout."""
    resume: bool = False
    """Go on from the last checkpoint in ``out``."""

    def __post_init__(self) -> None:
        RecipeConfig.__post_init__(self)
        check_at_least("seed", self.seed, 0)
