"""The settings of ``unmask separability``: whose features are looked at, on which presentations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from unmask.config.checks import check_at_least, check_modalities
from unmask.config.pictures import DataConfig
from unmask.errors import ConfigError
from unmask.types import Modality

Read = Literal["last", "patches"]
"""Which features of a model are looked at."""


@dataclass(frozen=True, kw_only=True)
class SeparabilityConfig:
    """Settings of ``unmask separability``: how well features part bona fide from attacks."""

    checkpoints: tuple[Path, ...] = ()
    """Folders of training runs, one for each model; at least one."""
    data: DataConfig
    """Linear probes learn from the features of dev and are judged on those of eval."""
    out: Path
    """Folder for separability.html, .md and .json, the figures, and the features as Parquet."""
    names: tuple[str, ...] = ()
    """What to call the models, in the order of the checkpoints; none named: as their cards do."""
    modalities: tuple[Modality, ...] = ()
    """Sensors, each shown to every model alone; none named: all that every model knows."""
    feature: Read = "last"
    """What is read: what the last layer sees; or the patches, as models score them that compare
    their mean with texts beside the class token: fm_clip and fmm_rpl."""
    batch_size: int = 64
    """Presentations shown at once; the features do not depend on it."""

    def __post_init__(self) -> None:
        check_at_least("batch_size", self.batch_size, 1)
        if not self.checkpoints:
            raise ConfigError("checkpoints is empty; name the folder of at least one training run")
        if len(set(self.checkpoints)) < len(self.checkpoints):
            raise ConfigError(
                f"checkpoints are {', '.join(map(str, self.checkpoints))}; name each only once"
            )
        if self.modalities:
            check_modalities(self.modalities)
        if self.names and (
            len(self.names) != len(self.checkpoints) or len(set(self.names)) < len(self.names)
        ):
            raise ConfigError(
                f"names are {', '.join(self.names)}; give one for each of the "
                f"{len(self.checkpoints)} checkpoints, no two alike"
            )
