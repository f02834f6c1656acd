"""What was measured of the pictures that were opened, beside the rows they belong to."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, fields

import polars as pl
from rich.console import Console
from rich.progress import track

from unmask.checkup.measure import BATCH, Job, Likeness, Seen, measure
from unmask.checkup.rows import Rows
from unmask.config import DoctorConfig

TYPES = {"str": pl.String, "float": pl.Float64, "bytes": pl.Binary}


@dataclass(frozen=True, kw_only=True, slots=True)
class Views:
    """Pictures in numbers."""

    seen: pl.DataFrame
    """One row per file: fields of ``Seen``, of its row split and presentation, how it is shown."""
    likeness: pl.DataFrame
    """One row per pair of sensors: fields of ``Likeness``."""
    depth: str
    """What a depth value is said to mean."""
    told: str
    """Which rows were looked at, in words."""


def look(rows: Rows, config: DoctorConfig) -> Views:
    """Open the pictures of all rows, or of some that are drawn once and for all."""
    chosen = rows.frame
    if config.images == "sample" and chosen.height > config.sample:
        drawn = random.Random(0).sample(range(chosen.height), config.sample)
        chosen = chosen[sorted(drawn)]
    jobs = [_job(rows, row, config) for row in chosen.to_dicts()]
    seen: list[Seen] = []
    likeness: list[Likeness] = []
    for batch in track(
        measure(jobs, config.workers),
        description="looking",
        total=-(-len(jobs) // BATCH),
        console=Console(stderr=True),
        transient=True,
    ):
        seen += batch[0]
        likeness += batch[1]
    return Views(
        seen=_beside(_frame(Seen, seen), rows),
        likeness=_frame(Likeness, likeness),
        depth=config.depth,
        told=f"those of {chosen.height:,} of {rows.frame.height:,} rows",
    )


def _job(rows: Rows, row: dict[str, str], config: DoctorConfig) -> Job:
    return row["key"], {m: rows.where(row[m]) for m in rows.modalities if row[m]}, config.depth


def _frame(kind: type[Seen] | type[Likeness], records: Sequence[Seen | Likeness]) -> pl.DataFrame:
    names = {f.name: TYPES[str(f.type)] for f in fields(kind)}
    columns = {name: [getattr(record, name) for record in records] for name in names}
    return pl.DataFrame(columns, schema=names)


def _beside(seen: pl.DataFrame, rows: Rows) -> pl.DataFrame:
    """The same with what the table says of each row."""
    told = rows.frame.select("key", "split", "presentation", "dataset").unique("key", keep="first")
    joined = seen.join(told, on="key", how="left", maintain_order="left")
    folder = f"{rows.root}/"
    return joined.with_columns(
        pl.col("path").str.strip_prefix(folder).alias("shown"),
        pl.concat_str("dataset", "presentation", separator="/").alias("presentation"),
    )
