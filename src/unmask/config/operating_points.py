"""The settings of ``unmask calibrate``: a new operating point for a trained model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from unmask.config.checks import check_at_least
from unmask.errors import ConfigError
from unmask.types import Modality

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class CalibrateConfig:
    """Settings of ``unmask calibrate``: a threshold from captures of your own camera."""

    checkpoint: Path
    """Folder of a training run; its card gets the new operating point."""
    captures: Path
    """Score file of this model, or a folder of face crops with a manifest, which is scored."""
    name: str
    """What the operating point is called; ``unmask predict --operating-point NAME`` uses it."""
    target: str = "bpcer<=1%"
    """The rate that must hold on the captures: bpcer<=1% or, where they have attacks, apcer<=5% of
    the worst PAI species (any percentage)."""
    modalities: tuple[Modality, ...] = ()
    """Modalities that the operating point is for; none named: those that all captures have."""
    split: str = ""
    """Only the captures with this word in the column split; none named: all."""
    dev: Path | None = None
    """Dev scores with the same modalities, to see whether yours differ; none named: dev.csv of the
    run, which has all modalities."""
    scores: Path | None = None
    """Where the scores of a folder go, as .csv or .parquet; none named: they are not kept."""
    replace: bool = False
    """Allow another operating point of this name and these modalities; the old one is kept in the
    card's history."""
    batch_size: int = 64
    """Presentations scored at once."""

    def __post_init__(self) -> None:
        check_at_least("batch_size", self.batch_size, 1)
        if not _NAME.fullmatch(self.name):
            raise ConfigError(
                f"name is {self.name!r}; use up to 64 letters, digits, and -, _ or . after the "
                "first, such as front-door"
            )
        if self.scores is not None and self.scores.suffix not in {".csv", ".parquet"}:
            raise ConfigError(f"scores is {self.scores}; its name must end in .csv or .parquet")
