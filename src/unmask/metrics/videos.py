"""Scores of the frames of presentations, in the order in which a camera took them.

Order is that of a column of numbers: the one that is named, else ``frame``, else ``time``. Where
there is none it is that of the keys, in which a run of digits counts as a number, so that f10
follows f9.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from unmask.errors import DatasetError
from unmask.metrics.scores import Scores

Floats = npt.NDArray[np.float64]

UNIT = ["dataset", "presentation"]
USUAL = ("frame", "time")
"""Columns that are looked for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Videos:
    """Presentations with their frames."""

    table: pl.DataFrame
    """(N,) rows: the first frame of each presentation."""
    frames: tuple[Floats, ...]
    """(N,) each (T,) scores in order; NaN where a frame got no response."""
    order: str
    """The column that gave the order."""
    source: str

    def with_score(self, score: npt.ArrayLike) -> Scores:
        """Presentations with one score (N,) each."""
        values = pl.Series("score", np.asarray(score, np.float64))
        return Scores(table=self.table.with_columns(values), source=self.source)


def videos(scores: Scores, order: str = "") -> Videos:
    """Frames by presentation, in order; presentations as they first stand in the table.

    Raises:
        DatasetError: no such column, or one that does not put the frames of a video in order.
    """
    column = order or next((name for name in USUAL if _tells(scores, name)), "key")
    place = _places(scores) if column == "key" else _numbers(scores, column)
    table = scores.table.with_columns(
        pl.Series("place", place), pl.int_range(pl.len()).alias("row")
    )
    twice = table.filter(pl.struct(*UNIT, "place").is_first_distinct().not_())
    if not twice.is_empty():
        row = twice.row(0, named=True)
        raise DatasetError(
            f"{scores.source}, row {row['row'] + 1}, column {column}: {row[column]!r} is another "
            f"frame of presentation {row['presentation']!r} too; every frame needs its own number"
        )
    groups = table.sort("place").group_by(UNIT).agg("score", pl.col("row").min()).sort("row")
    firsts = scores.table[groups["row"].to_list()]
    frames = tuple(np.asarray(group, np.float64) for group in groups["score"])
    return Videos(table=firsts, frames=frames, order=column, source=scores.source)


def _tells(scores: Scores, column: str) -> bool:
    """The column is there and filled in every row."""
    return column in scores.table.columns and not (scores.table[column] == "").any()


def _numbers(scores: Scores, column: str) -> Floats:
    if column not in scores.table.columns:
        raise DatasetError(
            f"{scores.source} has no column {column!r} to put frames in order; it has: "
            f"{', '.join(scores.table.columns)}"
        )
    numbers = scores.table[column].cast(pl.Float64, strict=False)
    wrong = (numbers.is_null() | numbers.is_nan()).arg_max()
    if wrong is not None and (numbers[wrong] is None or np.isnan(numbers[wrong])):
        raise DatasetError(
            f"{scores.source}, row {wrong + 1}, column {column}: {scores.table[column][wrong]!r} "
            "is not a number; frames are put in order by it: name another with --order, such as key"
        )
    return numbers.to_numpy()


def _places(scores: Scores) -> npt.NDArray[np.int64]:
    """(rows,) the place of each key among all, digits read as numbers."""
    keys = scores.table["key"].to_list()
    by_name = sorted(range(len(keys)), key=lambda row: (_natural(keys[row]), row))
    return np.argsort(by_name)


def _natural(key: str) -> list[tuple[int, int, str]]:
    parts = re.split(r"(\d+)", key)
    return [(1, int(part), "") if part.isdecimal() else (0, 0, part) for part in parts]
