"""Whole systems: presentation attack detection before face verification, in ISO/IEC 30107-3 words.

Verification scores stand in a column of the score file that the caller names, with the threshold
from which a face counts as matched; a high score means the same person. A system accepts what is
taken for bona fide *and* matched. An empty verification score, or no response, is not accepted.

    FRR     share of bona fide presentations that are not accepted
    IAPAR   share of attacks of one PAI species that are accepted; the worst species is reported
    RIAPAR  1 + IAPAR - (1 - FRR)

Every presentation is in the denominators. Formula of RIAPAR as in PyPAD; a low one is good, 0 is
ideal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from unmask.errors import DatasetError
from unmask.metrics.checks import ATTACK, BONA_FIDE
from unmask.metrics.rates import Rate
from unmask.metrics.scores import AGGREGATIONS, Scores

UNIT = ["dataset", "presentation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRates:
    """What verification does, with or without detection before it."""

    frr: Rate
    iapar: Mapping[str, Rate]
    """By PAI species."""
    worst: str
    """The PAI species with the highest IAPAR; among equals, the least tested."""
    riapar: float
    """From 0, ideal, to 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeSystem:
    """Rates at a threshold of each part."""

    column: str
    """Where the verification scores are."""
    threshold: float
    """Matched is ``verification score >= threshold``."""
    unmatched: int
    """Presentations without a verification score."""
    guarded: SystemRates
    """With detection."""
    alone: SystemRates
    """Verification by itself."""


def whole_system(
    frames: Scores, column: str, threshold: float, pad_threshold: float, rule: str = "mean"
) -> WholeSystem:
    """Judge both parts together; frames of a presentation are aggregated by the same rule.

    Raises:
        DatasetError: there is no such column, or it holds something else than numbers.
    """
    table = _matches(frames, column, rule)
    matched = pl.col(column).fill_null(float("-inf")) >= threshold
    accepted = pl.col("score").is_not_null() & (pl.col("score") >= pad_threshold)
    return WholeSystem(
        column=column,
        threshold=threshold,
        unmatched=table[column].null_count(),
        guarded=_rates(table, matched & accepted),
        alone=_rates(table, matched),
    )


def _matches(frames: Scores, column: str, rule: str) -> pl.DataFrame:
    """Both scores of every presentation; null where there is none."""
    table = frames.table
    if column not in table.columns:
        raise DatasetError(
            f"{frames.source} has no column {column!r} with verification scores; it has: "
            + ", ".join(table.columns)
        )
    number = table[column].cast(pl.Float64, strict=False)
    wrong = (table[column] != "") & (number.is_null() | number.is_nan() | number.is_infinite())
    if wrong.any():
        row = wrong.arg_max() or 0
        raise DatasetError(
            f"{frames.source}, row {row + 1}, column {column}: {table[column][row]!r} is not a "
            "number; write the verification score, or nothing where no match was tried"
        )
    aggregated = [
        AGGREGATIONS[rule](values).alias(name)
        for name, values in (("score", pl.col("score").fill_nan(None)), (column, pl.col(column)))
    ]
    return (
        table.with_columns(number)
        .group_by(UNIT, maintain_order=True)
        .agg(*aggregated, pl.col("label", "pai_species").first())
    )


def _rates(table: pl.DataFrame, accepted: pl.Expr) -> SystemRates:
    told = table.select("label", "pai_species", accepted=accepted)
    counted = told.group_by("label", "pai_species").agg(
        pl.col("accepted").sum().alias("yes"), pl.len().alias("all")
    )
    genuine = counted.filter(pl.col("label") == BONA_FIDE)
    attacks = counted.filter(pl.col("label") == ATTACK).sort("pai_species")
    frr = Rate(int((genuine["all"] - genuine["yes"]).sum()), int(genuine["all"].sum()))
    rows = attacks.select("pai_species", "yes", "all").iter_rows()
    iapar = {name: Rate(yes, number) for name, yes, number in rows}
    worst = max(iapar, key=lambda name: (iapar[name].value, -iapar[name].trials))
    return SystemRates(frr=frr, iapar=iapar, worst=worst, riapar=riapar(frr, iapar[worst]))


def riapar(frr: Rate, iapar: Rate) -> float:
    """1 + IAPAR - (1 - FRR)."""
    return 1 + iapar.value - (1 - frr.value)
