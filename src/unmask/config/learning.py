"""How a network learns: random changes to pictures, optimiser, schedule."""

from __future__ import annotations

from dataclasses import dataclass

from unmask.config.checks import check_at_least, check_probability
from unmask.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class ChangeConfig:
    """Random changes to a picture, or to all of a presentation, which then share one geometry."""

    flip: float = 0.5
    """Probability of mirroring left and right."""
    shift: float = 0.04
    """Largest shift, as a share of the image side."""
    scale: float = 0.08
    """Largest relative change of size."""
    rotate: float = 8.0
    """Largest rotation in the image plane, in degrees."""
    photometric: float = 1.0
    """Strength of changes of brightness, contrast, colour and noise; 0: none."""

    def __post_init__(self) -> None:
        check_probability("augment.flip", self.flip)
        check_probability("augment.shift", self.shift)
        if not 0 <= self.scale < 1:
            raise ConfigError(f"augment.scale is {self.scale}; it must be at least 0 and below 1")
        if self.photometric < 0:
            raise ConfigError(f"augment.photometric is {self.photometric}; it must be at least 0")


@dataclass(frozen=True, kw_only=True)
class AugmentConfig(ChangeConfig):
    """Random changes to training images; all modalities share one geometry."""

    modality_dropout: float = 0.3
    """Probability that a captured modality is hidden from the model; at least one always stays."""

    def __post_init__(self) -> None:
        ChangeConfig.__post_init__(self)
        check_probability("augment.modality_dropout", self.modality_dropout)


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """AdamW with linear warm-up and cosine decay, counted in steps."""

    steps: int = 1500
    """Optimisation steps in all."""
    batch_size: int = 128
    """Pictures per step."""
    lr: float = 1e-3
    """Highest learning rate."""
    weight_decay: float = 0.05
    """Decoupled weight decay of matrices and kernels; biases, norms and tables have none."""
    warmup: float = 0.1
    """Share of the steps in which the learning rate rises."""
    clip: float = 1.0
    """Largest global norm of the gradient."""

    def __post_init__(self) -> None:
        check_at_least("optim.steps", self.steps, 1)
        check_at_least("optim.batch_size", self.batch_size, 2)
        if not self.lr > 0:
            raise ConfigError(f"optim.lr is {self.lr}; it must be above 0")
        check_probability("optim.warmup", self.warmup)
        for name, value in (("weight_decay", self.weight_decay), ("clip", self.clip)):
            if value < 0:
                raise ConfigError(f"optim.{name} is {value}; it must be at least 0")


@dataclass(frozen=True, kw_only=True)
class OptimConfig(ScheduleConfig):
    """AdamW with linear warm-up and cosine decay, counted in steps; batches are balanced."""

    batch_size: int = 32
    """Presentations per step, drawn evenly from bona fide and every PAI species."""
    label_smoothing: float = 0.05
    """Targets are moved this far from 0 and 1."""
    balance: float = 0.01
    """Weight of the loss that has coarse experts (routers with a probability for each) used evenly;
    models without them have no such loss."""
    balance_fine: float = 0.0
    """The same for fine-grained experts (product keys), which as published have none."""
    router_z: float = 0.0
    """Weight of the loss that keeps router scores small; 0.001 is usual where it is used."""
    local: float = 1.0
    """Weight of the answers from patches, beside those from whole pictures, of models with both."""
    cross_level: float = 0.0
    """Weight of the contrast over sensors and levels (whole pictures, patches), of models that tell
    features of each; 0.1 in FMM-RPL, none in the others of the CLIP family."""
    cross_level_temperature: float = 0.1
    """Of that contrast: lower cares more for the nearest features of the other class."""

    def __post_init__(self) -> None:
        ScheduleConfig.__post_init__(self)
        if not 0 <= self.label_smoothing < 0.5:
            raise ConfigError(
                f"optim.label_smoothing is {self.label_smoothing}; "
                "it must be at least 0 and below 0.5"
            )
        if not self.cross_level_temperature > 0:
            raise ConfigError(
                f"optim.cross_level_temperature is {self.cross_level_temperature}; "
                "it must be above 0"
            )
        for name in ("balance", "balance_fine", "router_z", "local", "cross_level"):
            if not getattr(self, name) >= 0:
                value = getattr(self, name)
                raise ConfigError(f"optim.{name} is {value}; it must be at least 0")
