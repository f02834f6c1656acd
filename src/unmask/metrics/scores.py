"""Scores of presentations, as they go from any system to the judge.

A score in [0, 1] is the probability of *bona fide*; accept is ``score >= threshold``. NaN means
that the system gave no response; such rows are counted apart and never dropped in silence.

A score file is CSV or Parquet with one row per presentation or frame: key, presentation, score,
label (bona_fide or attack), pai_species (empty if and only if bona fide); then, where known,
subject, dataset, site, split, modalities; any further column is an attribute.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from unmask.errors import ConfigError, DatasetError
from unmask.files import write_whole
from unmask.metrics import checks
from unmask.types import Label, Modality, Sample

POLARITY = (
    "score in [0, 1], probability of bona fide; accept is score >= threshold; empty = no response"
)
AGGREGATIONS = {
    "mean": pl.Expr.mean,
    "median": pl.Expr.median,
    "vote": lambda score: score.quantile(0.5, interpolation="lower"),
    "min": pl.Expr.min,
    "max": pl.Expr.max,
}
"""How frames become one score. ``vote`` accepts a presentation, at whatever threshold, where more
than half of its frames are accepted: its score is the lower one in the middle."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Scores of one class or of one PAI species."""

    score: npt.NDArray[np.float64]
    """(n,) ascending; responses only."""
    silent: int
    """Rows without a response."""

    def accepted(self, threshold: float) -> int:
        """How many responses are taken for bona fide."""
        return self.score.size - self.rejected(threshold)

    def rejected(self, threshold: float) -> int:
        """How many responses are taken for attacks."""
        return int(np.searchsorted(self.score, threshold, side="left"))

    @property
    def rows(self) -> int:
        """Responses and missing responses together."""
        return self.score.size + self.silent


@dataclass(frozen=True, kw_only=True, eq=False)
class Scores:
    """A checked table of scores; every column but ``score`` is text."""

    table: pl.DataFrame
    source: str = "scores"
    """File the scores came from, for messages."""

    @classmethod
    def from_columns(cls, columns: Mapping[str, Sequence[Any]], source: str = "scores") -> Scores:
        """Build from columns named as in a score file; labels are ``Label`` or their names.

        Raises:
            DatasetError: naming the first row and column that cannot be.
        """
        text = {
            name: [v.name.lower() if isinstance(v, Label) else v for v in values]
            if name == "label"
            else values
            for name, values in columns.items()
        }
        return cls._checked(pl.DataFrame(text, strict=False), source)

    @classmethod
    def from_samples(
        cls,
        samples: Sequence[Sample],
        score: npt.ArrayLike,
        *,
        split: str,
        modalities: Sequence[Modality],
    ) -> Scores:
        """Put the scores (N,) of a system beside the samples that it was shown.

        ``modalities`` are those that were not hidden; the column says which of them a sample had.
        """
        attributes = sorted({name for sample in samples for name in sample.attributes})
        columns: dict[str, Sequence[Any]] = {
            "key": [s.key for s in samples],
            "presentation": [s.presentation for s in samples],
            "score": np.asarray(score, dtype=np.float64).tolist(),
            "label": [s.label for s in samples],
            "pai_species": [s.pai_species for s in samples],
            "subject": [s.subject for s in samples],
            "dataset": [s.dataset for s in samples],
            "site": [s.site for s in samples],
            "split": [split] * len(samples),
            "modalities": ["+".join(m for m in modalities if m in s.paths) for s in samples],
        }
        for name in attributes:  # one called like a column of ours, such as score, stays behind
            columns.setdefault(name, [s.attributes.get(name, "") for s in samples])
        return cls.from_columns(columns, source=f"scores of {split}")

    @classmethod
    def _checked(cls, table: pl.DataFrame, source: str, apart: tuple[str, ...] = ()) -> Scores:
        checks.check_columns(table, source)
        checks.check_attributes(table, source, apart)
        checks.check_numbers(table, source)
        added = [pl.lit("").alias(name) for name in checks.OPTIONAL if name not in table.columns]
        order = [*checks.REQUIRED, *checks.OPTIONAL]
        table = table.with_columns(
            pl.col("score").cast(pl.Float64, strict=False).fill_null(np.nan),
            pl.exclude("score").cast(pl.String).fill_null(""),
            *added,
        ).select(*order, pl.exclude(order))
        checks.check_rows(table, source, apart)
        return cls(table=table, source=source)

    @cached_property
    def bona_fide(self) -> Group:
        """Scores of bona fide rows."""
        return _group(self.table["score"].filter(self.table["label"] == checks.BONA_FIDE))

    @cached_property
    def attacks(self) -> dict[str, Group]:
        """Scores of attacks by PAI species, in the order of their names."""
        species, score = self.table["pai_species"], self.table["score"]
        return {name: _group(score.filter(species == name)) for name in self.values("pai_species")}

    @cached_property
    def pooled(self) -> Group:
        """Scores of all attacks together: what papers judge, and the standard does not."""
        groups = self.attacks.values()
        return Group(
            score=np.sort(np.concatenate([g.score for g in groups] or [np.empty(0)])),
            silent=sum(g.silent for g in groups),
        )

    def values(self, column: str) -> list[str]:
        """Distinct non-empty texts of a column, sorted."""
        found = self.table.select(pl.col(column).unique())  # a column of one text stays one text
        return sorted(set(found.to_series().to_list()) - {""})

    def __len__(self) -> int:
        return self.table.height


def read_scores(path: Path, apart: tuple[str, ...] = ()) -> Scores:
    """Read and check a score file, ``.csv`` or ``.parquet``.

    Rows that differ in a column of ``apart``, such as seed, are different runs: see ``parts``.

    Raises:
        DatasetError: unreadable, or naming the first row and column that cannot be.
    """
    source = str(path)
    _check_suffix(path)
    try:
        table = _read_csv(path) if _is_csv(path) else pl.read_parquet(path)
    except FileNotFoundError as error:
        raise DatasetError(f"there is no score file {source}; check the path") from error
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        raise DatasetError(
            f"cannot read {source}: {reason}; a score file is a table in {path.suffix[1:]} format"
        ) from error
    return Scores._checked(table, source, apart)


def parts(scores: Scores, column: str) -> dict[str, Scores]:
    """The runs or groups that a column tells apart, by name; rows without one are called ""."""
    tables = scores.table.partition_by(column, as_dict=True)
    return {str(n): Scores(table=t, source=scores.source) for (n,), t in sorted(tables.items())}


def write_scores(scores: Scores, path: Path) -> None:
    """Write a score file; a CSV says the polarity in its first line."""
    _check_suffix(path)
    with write_whole(path) as temporary, temporary.open("wb") as file:
        if _is_csv(path):
            file.write(f"# unmask scores: {POLARITY}\n".encode())
            scores.table.with_columns(pl.col("score").fill_nan(None)).write_csv(file)
            return
        try:
            scores.table.write_parquet(file)
        except pl.exceptions.ComputeError as error:  # how polars reports a full disk here
            raise OSError(str(error)) from error


def per_presentation(scores: Scores, rule: str = "mean") -> Scores:
    """One row per presentation: one of ``AGGREGATIONS`` of its frames that got a response.

    A presentation has no response only if none of its frames has one. Other columns are those of
    the first frame, and so is the place in the table.
    """
    if rule not in AGGREGATIONS:
        raise ConfigError(f"no aggregation {rule!r}; choose one of: {', '.join(AGGREGATIONS)}")
    unit = ["dataset", "presentation"]
    if checks.all_distinct(scores.table, unit):
        return scores
    score = AGGREGATIONS[rule](pl.col("score").fill_nan(None))
    first = pl.exclude([*unit, "score"]).first()
    table = (
        scores.table.group_by(unit, maintain_order=True)
        .agg(score.fill_null(np.nan), first)
        .select(scores.table.columns)
    )
    return Scores(table=table, source=scores.source)


def check_classes(scores: Scores) -> None:
    """Refuse scores that cannot be judged because one class got no response, or is not there."""
    for name, group in (("bona fide", scores.bona_fide), ("attack", scores.pooled)):
        if not group.score.size:
            what = "response to any " if group.silent else ""
            raise DatasetError(
                f"{scores.source} has no {what}{name} presentation; rates and thresholds need "
                "both classes"
            )


def check_disjoint(dev: Scores, evaluation: Scores) -> None:
    """Refuse a presentation that both sets the threshold and is judged."""
    shared = met(evaluation, dev, "presentation")
    if not shared.is_empty():
        row, name = shared["row"][0], shared["presentation"][0]
        raise DatasetError(
            f"{evaluation.source}, row {row + 1}, column presentation: {name!r} is in {dev.source} "
            f"too ({shared.height} in all); what sets the threshold must not be judged"
        )


def met(scores: Scores, others: Scores, column: str) -> pl.DataFrame:
    """Row, data set and text of ``column`` where another set of scores has the same two.

    Hashes choose the few rows that are compared in full.
    """
    unit = ["dataset", column]
    theirs = others.table.select(unit)
    seen = theirs.select(pl.struct(unit).hash()).to_series().unique()
    here = scores.table.select(pl.struct(unit).hash().is_in(seen.implode())).to_series()
    some = (
        scores.table.select(unit).with_row_index("row").filter(here & (scores.table[column] != ""))
    )
    return some.join(theirs.unique(), on=unit, how="semi").sort("row") if some.height else some


def _group(score: pl.Series) -> Group:
    values = score.to_numpy()
    answered = values[~np.isnan(values)]
    return Group(score=np.sort(answered), silent=values.size - answered.size)


def _read_csv(path: Path) -> pl.DataFrame:
    """All columns as text; comments may stand above the header, blank lines after the last row."""
    comments = 0
    with path.open("rb") as file:
        while file.readline().removeprefix(codecs.BOM_UTF8).startswith(b"#"):
            comments += 1
    table = pl.read_csv(path, skip_rows=comments, infer_schema=False)
    rows = table.height
    while rows and not any((text or "").strip() for text in table.row(rows - 1)):
        rows -= 1
    return table.head(rows)


def _is_csv(path: Path) -> bool:
    return path.suffix.lower() == ".csv"


def _check_suffix(path: Path) -> None:
    if path.suffix.lower() not in {".csv", ".parquet"}:
        raise DatasetError(f"{path} is not a score file; its name ends in .csv or .parquet")
