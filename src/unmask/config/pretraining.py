"""The settings of ``unmask pretrain``."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from unmask.config.checks import check_at_least, check_modalities
from unmask.config.learning import ChangeConfig, ScheduleConfig
from unmask.config.model import THREE
from unmask.config.pictures import PicturesConfig
from unmask.errors import ConfigError
from unmask.types import Modality


@dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    """Settings of ``unmask pretrain``."""

    data: PicturesConfig
    out: Path
    """Folder of the run: checkpoint, weights, their card, logs, this configuration."""
    method: Literal["mae", "clip"] = "mae"
    """mae: guess hidden patches; clip: match pictures and captions (columns caption_rgb, ...)."""
    size: str = ""
    """Backbone to train, such as vit_tiny, vit_s16, clip_tiny; none named: the tiny one."""
    backbone: str = ""
    """Weights that the picture tower starts from; the sources are those of model.backbone."""
    backbone_sha256: str = ""
    """Refuse another file than the one with this hash; a run writes down the one it found."""
    modalities: tuple[Modality, ...] = THREE
    """Pictures of these are learned from, all by one encoder."""
    hidden: float = 0.75
    """Share of the patches that mae hides."""
    augment: ChangeConfig = field(default_factory=ChangeConfig)
    optim: ScheduleConfig = field(default_factory=ScheduleConfig)
    seed: int = 0
    """Fixes initial weights, order, augmentation and what is hidden."""
    precision: Literal["float32", "bf16"] = "float32"
    """Arithmetic of the forward and backward pass."""
    dev_every: int = 250
    """Steps between two looks at the loss of what is held out."""
    checkpoint_every: int = 250
    """Steps between two resumable checkpoints."""
    licence: str = ""
    """Of the weights, for their card; none named: that of unmask, if all data are simulated, those
    behind the backbone too."""
    resume: bool = False
    """Go on from the last checkpoint in ``out``."""

    def __post_init__(self) -> None:
        check_at_least("seed", self.seed, 0)
        check_at_least("dev_every", self.dev_every, 1)
        check_at_least("checkpoint_every", self.checkpoint_every, 1)
        if not 0 < self.hidden < 1:
            raise ConfigError(f"hidden is {self.hidden}; it must be above 0 and below 1")
        check_modalities(self.modalities)
