"""Samples as a table in the columns of a manifest, and the sets of a protocol written as one.

Paths are relative to the folder of the data, also those of pictures inside of HDF5 and npz files;
attributes are further columns. The protocol ``manifest/split`` reads the same samples back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from unmask.errors import ConfigError, DatasetError
from unmask.files import write_whole
from unmask.types import Modality, Protocol, Sample

COLUMNS = ("key", "presentation", "label", "pai_species", "subject", "site", "dataset", "split")
"""Of every table, beside one for each modality."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A manifest, and what it holds."""

    path: Path
    protocol: str
    rows: Mapping[str, int]
    """Of each set."""
    threshold_from: str
    """"eval" where the protocol has no dev set; the table then has no dev row."""


def rows_of(protocol: Protocol, root: Path) -> pl.DataFrame:
    """One row of text for each sample of train, dev and eval, in that order; nothing is ""."""
    sets = {"train": protocol.train, "dev": protocol.dev, "eval": protocol.eval}
    if protocol.threshold_from == "eval":
        del sets["dev"]
    every = [sample for samples in sets.values() for sample in samples]
    captured = captured_by(every)
    names = {name: None for sample in every for name in sample.attributes}
    further = [name for name in names if name not in {*COLUMNS, *Modality}]
    cells = [_cells(s, root, split) for split, samples in sets.items() for s in samples]
    frame = pl.DataFrame(cells, schema=dict.fromkeys([*COLUMNS, *captured, *further], pl.String))
    return frame.with_columns(pl.all().fill_null(""))


def captured_by(samples: Sequence[Sample]) -> tuple[Modality, ...]:
    """The modalities that any of the samples has."""
    return tuple(m for m in Modality if any(m in sample.paths for sample in samples))


def write_sets(protocol: Protocol, root: Path, path: Path) -> Written:
    """Write the sets of a protocol as a manifest, .csv or .parquet, that was not there before.

    Raises:
        ConfigError: there is such a file.
        DatasetError: two samples have one key, as a manifest cannot have.
        OutputError: it cannot be written.
    """
    if path.exists():
        raise ConfigError(f"{path} is there already; name another --out, or move it away")
    frame = rows_of(protocol, root)
    twice = frame.filter(pl.col("key").is_duplicated())
    if twice.height:
        first = twice.row(0, named=True)
        raise DatasetError(
            f"{protocol.name}: {twice.height} rows share a key with another (first: "
            f"{first['key']!r} of {first['dataset']}, {first['split']}); in a manifest every row "
            "has its own: keep the data sets apart, or name their frames otherwise"
        )
    with write_whole(path) as temporary:
        if path.suffix == ".csv":
            frame.select(pl.all().replace("", None)).write_csv(temporary)  # no quotes for nothing
        else:
            frame.write_parquet(temporary)
    found = dict(frame.group_by("split", maintain_order=True).len().iter_rows())
    return Written(
        path=path,
        protocol=protocol.name,
        rows=found,
        threshold_from=protocol.threshold_from,
    )


def _cells(sample: Sample, root: Path, split: str) -> dict[str, str]:
    return {
        **sample.attributes,
        **{m: path.relative_to(root).as_posix() for m, path in sample.paths.items()},
        "key": sample.key,
        "presentation": sample.presentation,
        "label": sample.label.name.lower(),
        "pai_species": sample.pai_species or "",
        "subject": sample.subject,
        "site": sample.site,
        "dataset": sample.dataset,
        "split": split,
    }
