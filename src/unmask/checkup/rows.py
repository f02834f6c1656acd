"""The rows of a data set as one table of text, read so that a fault can be found, not only met.

Reading for training stops at the first missing file; here the same table is taken without asking
for its files, and a protocol's sets without asking whether they overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unmask.config import DoctorConfig
from unmask.datasets.manifest import read_table
from unmask.datasets.rows import COLUMNS, rows_of
from unmask.protocols import divide
from unmask.types import Modality

MANIFEST = "manifest/split"
SETS = ("train", "dev", "eval")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """One row per presentation, or per frame of one."""

    frame: pl.DataFrame
    """Text alone: ``COLUMNS``, a column of paths for each modality, then attributes; "" is none."""
    root: Path
    """Paths are relative to it."""
    source: str

    @property
    def modalities(self) -> list[Modality]:
        """Those that have a column."""
        return [m for m in Modality if m in self.frame.columns]

    @property
    def attributes(self) -> list[str]:
        """Names of the further columns."""
        return [name for name in self.frame.columns if name not in {*COLUMNS, *Modality}]

    @property
    def files(self) -> pl.DataFrame:
        """One row per file: its row (key, presentation, split), modality and path."""
        kept = ("key", "presentation", "split")
        return self.frame.unpivot(
            on=self.modalities, index=kept, variable_name="modality", value_name="path"
        ).filter(pl.col("path") != "")

    def where(self, path: str) -> Path:
        """The file of a cell."""
        return self.root / path


def read_rows(data: DoctorConfig) -> Rows:
    """The manifest, or the sets of any other protocol.

    Raises:
        ConfigError: no such protocol.
        DatasetError: no such folder or table, or one that is not as such tables are.
    """
    if data.protocol == MANIFEST:
        frame = read_table(data.root, data.manifest)
        return Rows(frame=frame, root=data.root, source=str(data.root / data.manifest))
    protocol = divide(data, data.modalities or tuple(Modality))
    return Rows(
        frame=rows_of(protocol, data.root),
        root=data.root,
        source=f"{protocol.name} of {data.root}",
    )
