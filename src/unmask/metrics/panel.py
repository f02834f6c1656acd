"""Several systems' answers to the same presentations, side by side.

Only such answers can be compared in pairs, so that whatever differs is an error: presentations that
one system was not shown, a label, PAI species or subject that two files tell differently. A file
that names no subjects takes them from one that does. Order does not matter.

Axes: K systems, N presentations, P people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from unmask.errors import DatasetError
from unmask.metrics.bootstrap import PERSON, Floats
from unmask.metrics.checks import BONA_FIDE
from unmask.metrics.scores import Scores

UNIT = ["dataset", "presentation"]
AGREED = ("label", "pai_species")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """What each system said of each presentation."""

    names: tuple[str, ...]
    """K systems."""
    score: Floats
    """(K, N); NaN where there was no response."""
    bona_fide: npt.NDArray[np.bool_]
    """(N,)"""
    species: npt.NDArray[np.str_]
    """(N,) PAI species, empty for bona fide."""
    person: npt.NDArray[np.integer[Any]]
    """(N,) number of the person, from 0 to P - 1."""
    nameless: int
    """Presentations without a subject: each counts as a person of its own."""

    @property
    def people(self) -> int:
        """P."""
        return int(self.person.max()) + 1


def line_up(systems: Mapping[str, Scores]) -> Panel:
    """Put the scores of systems side by side, one row per presentation in each.

    Raises:
        DatasetError: the files are not about the same presentations, or disagree about one.
    """
    (_, first), *others = systems.items()
    merged = first.table.select(*UNIT, *AGREED, "subject", "score").sort(UNIT)
    score = [merged["score"].to_numpy()]
    for _, other in others:
        table = other.table.select(*UNIT, *AGREED, "subject", "score").sort(UNIT)
        _check_same_presentations(first, other)
        merged = _agreed(merged, table, first.source, other.source)
        score.append(table["score"].to_numpy())
    code = merged.select(pl.struct(*PERSON).rank("dense")).to_series().to_numpy()
    return Panel(
        names=tuple(systems),
        score=np.stack(score),
        bona_fide=(merged["label"] == BONA_FIDE).to_numpy(),
        species=merged["pai_species"].to_numpy().astype(np.str_),
        person=code.astype(np.int64) - 1,
        nameless=merged.filter(pl.col("subject") == "").height,
    )


def _check_same_presentations(first: Scores, other: Scores) -> None:
    for these, those in ((first, other), (other, first)):
        alone = these.table.join(those.table, on=UNIT, how="anti")
        if not alone.is_empty():
            dataset, name = alone.sort(UNIT).select(UNIT).row(0)
            place = f" of data set {dataset!r}" if dataset else " (without a data set)"
            raise DatasetError(
                f"{these.source} has presentation {name!r}{place}, {those.source} has not "
                f"({alone.height} in all); compare systems on the same presentations, and write an "
                "empty score where one gave no response"
            )


def _agreed(merged: pl.DataFrame, table: pl.DataFrame, ours: str, theirs: str) -> pl.DataFrame:
    """Our rows, with subjects that only the other table names."""
    for column in (*AGREED, "subject"):
        mine, other = merged[column], table[column]
        differ = mine != other
        if column == "subject":
            differ = differ & (mine != "") & (other != "")
        row = differ.arg_max()
        if row is not None and differ[row]:
            raise DatasetError(
                f"{ours} and {theirs} differ about presentation {merged['presentation'][row]!r}: "
                f"{column} is {mine[row]!r} in one and {other[row]!r} in the other; correct the "
                "file that is wrong"
            )
    named = pl.when(merged["subject"] == "").then(table["subject"]).otherwise(merged["subject"])
    return merged.with_columns(named.alias("subject"))
