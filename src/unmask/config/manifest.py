"""The settings of ``unmask manifest``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unmask.config.pictures import DataConfig
from unmask.errors import ConfigError
from unmask.types import Modality


@dataclass(frozen=True, kw_only=True)
class ManifestConfig:
    """Settings of ``unmask manifest``: the sets of a protocol as one table."""

    data: DataConfig
    out: Path
    """The table, .parquet or .csv; where data.root may be written to, best in it."""
    modalities: tuple[Modality, ...] = ()
    """What the protocol is asked for, as ``unmask train`` does; none named: all that there are.
    Rows keep the pictures of every sensor that the protocol leaves them."""

    def __post_init__(self) -> None:
        if self.out.suffix not in (".parquet", ".csv"):
            raise ConfigError(f"out is {self.out}; a table is named with .parquet or .csv")
