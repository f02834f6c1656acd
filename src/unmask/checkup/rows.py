"""The rows of a data set as one table of text, read so that a fault can be found, not only met.

Reading for training stops at the first missing file; here the same table is taken without asking
for its files, and a protocol's sets without asking whether they overlap.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unmask.config import DataConfig
from unmask.datasets.manifest import read_table
from unmask.protocols import divide
from unmask.types import Modality, Sample

MANIFEST = "manifest/split"
KNOWN = ("key", "presentation", "label", "pai_species", "subject", "site", "dataset", "split")
SETS = ("train", "dev", "eval")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """One row per presentation, or per frame of one."""

    frame: pl.DataFrame
    """Text alone: ``KNOWN``, a column of paths for each modality, then attributes; "" is none."""
    root: Path
    """Paths are relative to it, or absolute."""
    source: str

    @property
    def modalities(self) -> list[Modality]:
        """Those that have a column."""
        return [m for m in Modality if m in self.frame.columns]

    @property
    def attributes(self) -> list[str]:
        """Names of the further columns."""
        return [name for name in self.frame.columns if name not in {*KNOWN, *Modality}]

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


def read_rows(data: DataConfig) -> Rows:
    """The manifest, or the sets of any other protocol.

    Raises:
        ConfigError: no such protocol.
        DatasetError: no such folder or table, or one that is not as such tables are.
    """
    if data.protocol == MANIFEST:
        frame = read_table(data.root, data.manifest)
        return Rows(frame=frame, root=data.root, source=str(data.root / data.manifest))
    protocol = divide(data, tuple(Modality))
    sets = dict(zip(SETS, (protocol.train, protocol.dev, protocol.eval), strict=True))
    if protocol.threshold_from == "eval":
        del sets["dev"]
    return Rows(
        frame=_frame([(s, name) for name, samples in sets.items() for s in samples]),
        root=data.root,
        source=f"{protocol.name} of {data.root}",
    )


def _frame(samples: list[tuple[Sample, str]]) -> pl.DataFrame:
    """A table like that of a manifest."""
    captured = [m for m in Modality if any(m in sample.paths for sample, _ in samples)]
    names = {name: None for sample, _ in samples for name in sample.attributes}
    columns = [*KNOWN, *captured, *(n for n in names if n not in {*KNOWN, *Modality})]
    cells = [
        {
            **sample.attributes,
            **{m: str(path) for m, path in sample.paths.items()},
            "key": sample.key,
            "presentation": sample.presentation,
            "label": sample.label.name.lower(),
            "pai_species": sample.pai_species or "",
            "subject": sample.subject,
            "site": sample.site,
            "dataset": sample.dataset,
            "split": split,
        }
        for sample, split in samples
    ]
    frame = pl.DataFrame(cells, schema=dict.fromkeys(columns, pl.String))
    return frame.with_columns(pl.all().fill_null(""))
