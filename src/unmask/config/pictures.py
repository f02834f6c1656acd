"""Where pictures are, and which of them a run is about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from unmask.config.checks import check_at_least
from unmask.errors import ConfigError

Frames = Literal["all", "first_and_last", "three"]
"""Which frames of a video are judged."""


@dataclass(frozen=True, kw_only=True)
class FolderConfig:
    """Where pictures are, and how they are to be read."""

    root: Path
    """Folder of the data set; it holds the manifest and the images."""
    manifest: str = "manifest.parquet"
    """Manifest inside the folder, .parquet or .csv; from elsewhere by its whole path."""
    depth: Literal["millimetres", "relative"] = "millimetres"
    """What a depth value means: 16-bit millimetres with 0 for holes, or an 8-bit grey level."""


@dataclass(frozen=True, kw_only=True)
class SetsConfig(FolderConfig):
    """Where a data set is, and what of it any protocol goes by."""

    lists: Path | None = None
    """Folder of published list files, as downloaded; protocols that reproduce them ask for it."""
    frames: Frames = "all"
    """Frames of a video that dev and eval judge, by name: all, the first and last, or three, one at
    each quarter. Only protocols of data sets with videos look at it; train keeps all frames."""
    workers: int = 0
    """Processes that read images; 0 reads in the main process, the quickest on two cores."""

    def __post_init__(self) -> None:
        check_at_least("data.workers", self.workers, 0)


@dataclass(frozen=True, kw_only=True)
class DataConfig(SetsConfig):
    """Which presentations, and how their pictures are to be read."""

    protocol: str = "manifest/split"
    """Who trains, sets the threshold and is judged; ``unmask show protocols`` lists them."""


@dataclass(frozen=True, kw_only=True)
class PicturesConfig(FolderConfig):
    """Which pictures to pretrain on.

    Labels are not read and may be missing, but the captions that clip learns from may tell the
    verdict: those of simulated data do.
    """

    splits: tuple[str, ...] = ("train",)
    """Rows to learn from, by their column split; without that column, all. The rows of dev, where
    they are not among them, are held out: their loss is looked at, and chooses nothing."""

    def __post_init__(self) -> None:
        if not self.splits:
            raise ConfigError("data.splits is empty; name at least one value of the column split")
