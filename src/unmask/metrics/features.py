"""Features of pictures: what a model makes of each presentation as one sensor alone shows it.

On disk they are Parquet, a row for each picture: key, presentation, label (bona_fide or attack),
pai_species (empty if bona fide), subject, dataset, site, split, modality (the one sensor that was
shown), feature (D numbers); further columns belong to whoever wrote the file.

Axes: N pictures, D features.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from unmask.files import write_whole
from unmask.types import Label, Modality, Sample

Mask = npt.NDArray[np.bool_]
Person = tuple[str, str, str]
"""Data set, subject, and the presentation where the subject is not known."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """Features of some pictures, and what they are of."""

    table: pl.DataFrame
    """N rows; every column is text."""
    values: npt.NDArray[np.float32]
    """(N, D)"""

    @classmethod
    def of(
        cls,
        samples: Sequence[Sample],
        values: npt.NDArray[np.float32],
        *,
        modality: Modality,
        split: str,
    ) -> Features:
        """Put features (N, D) beside the samples that were shown through one sensor."""
        columns = {
            "key": [s.key for s in samples],
            "presentation": [s.presentation for s in samples],
            "label": [s.label.name.lower() for s in samples],
            "pai_species": [s.pai_species or "" for s in samples],
            "subject": [s.subject for s in samples],
            "dataset": [s.dataset for s in samples],
            "site": [s.site for s in samples],
            "split": [split] * len(samples),
            "modality": [str(modality)] * len(samples),
        }
        return cls(table=pl.DataFrame(columns), values=values)

    @classmethod
    def joined(cls, parts: Sequence[Features]) -> Features:
        """All rows, one part after the other."""
        table = pl.concat([part.table for part in parts])
        return cls(table=table, values=np.concatenate([part.values for part in parts]))

    @cached_property
    def bona_fide(self) -> Mask:
        """(N,), of labels."""
        return (self.table["label"] == Label.BONA_FIDE.name.lower()).to_numpy()

    @cached_property
    def modality(self) -> npt.NDArray[np.str_]:
        """(N,) names of sensors."""
        return np.array(self.table["modality"].to_list())

    @cached_property
    def person(self) -> tuple[Person, ...]:
        """N times whose face is shown."""
        alone = pl.when(pl.col("subject") == "").then("presentation").otherwise(pl.lit(""))
        return tuple(self.table.select("dataset", "subject", alone).iter_rows())

    def where(self, mask: Mask) -> Features:
        """The rows where the mask (N,) holds."""
        return Features(table=self.table.filter(mask), values=self.values[mask])

    def drawn(self, most: int, seed: int = 0) -> Mask:
        """(N,) at most so many presentations, or frames of them, each with all of its sensors."""
        keys = self.table.select(pl.struct("dataset", "key")).to_series()
        distinct = keys.unique().sort()
        rng = np.random.default_rng(seed)
        chosen = rng.permutation(len(distinct))[:most]
        return keys.is_in(distinct.gather(chosen).implode()).to_numpy()


def write_features(features: Features, path: Path, **columns: npt.NDArray[np.float64]) -> None:
    """Write a Parquet file, whole or not at all, with further columns of N rows."""
    added = [pl.Series(name, values) for name, values in columns.items()]
    table = features.table.with_columns(pl.Series("feature", features.values), *added)
    with write_whole(path) as temporary:
        try:
            table.write_parquet(temporary)
        except pl.exceptions.ComputeError as error:  # how polars reports a full disk here
            raise OSError(str(error)) from error
