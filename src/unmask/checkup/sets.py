"""Faults of the division: what two sets share, what one of them lacks."""

from __future__ import annotations

import polars as pl

from unmask.checkup.findings import Counts, Finding, Severity, finding
from unmask.checkup.rows import SETS, Rows

BONA_FIDE = "bona_fide"
UNEVEN = 20
"""One class so many times the other is worth a word."""
LEAST_JUDGED = 20
"""Presentations; with fewer, no error at all still leaves an APCER of up to 15 % (95 %)."""


def counts(rows: Rows) -> tuple[Counts, ...]:
    """How much each set has of bona fide and of each PAI species."""
    told = _judged(rows).select(
        "set",
        _kind(),
        pl.struct("dataset", "presentation").alias("presentation"),
        pl.when(pl.col("subject") != "").then(pl.struct("dataset", "subject")).alias("subject"),
    )
    table = told.group_by("set", "kind").agg(
        pl.col("presentation").n_unique().alias("presentations"),
        pl.len().alias("rows"),
        pl.col("subject").drop_nulls().n_unique().alias("subjects"),
    )
    found = [Counts(**row) for row in table.to_dicts()]
    place = {name: at for at, name in enumerate(SETS)}
    return tuple(
        sorted(found, key=lambda c: (place.get(c.set, 9), c.set, c.kind != BONA_FIDE, c.kind))
    )


def shared_files(rows: Rows) -> list[Finding]:
    """One file is in two sets."""
    files = rows.files.filter(pl.col("split") != "")
    return _shared(files, ["path"], "files are in two sets", "keep each file in one set")


def shared_presentations(rows: Rows) -> list[Finding]:
    """Frames of one presentation are in two sets."""
    return _shared(
        rows.frame.filter(pl.col("split") != ""),
        ["dataset", "presentation"],
        "presentations are in two sets",
        "keep all frames of a presentation in one set",
    )


def shared_subjects(rows: Rows) -> list[Finding]:
    """One person is in two sets."""
    return _shared(
        rows.frame.filter(pl.col("split") != "", pl.col("subject") != ""),
        ["dataset", "subject"],
        "subjects are in two sets",
        "divide by subject; else a model may know the people it is judged on",
    )


def _shared(table: pl.DataFrame, what: list[str], told: str, remedy: str) -> list[Finding]:
    sets = table.group_by(what, maintain_order=True).agg(
        pl.col("split").unique(maintain_order=True)
    )
    both = sets.filter(pl.col("split").list.len() > 1)
    cases = [f"{row[what[-1]]} ({', '.join(row['split'])})" for row in both.head(5).to_dicts()]
    return finding(Severity.FAULT, told, cases, remedy, count=both.height)


def classes(rows: Rows) -> list[Finding]:
    """A set lacks a class, or has far more of one than of the other."""
    lacking, uneven = [], []
    for name, frame in _judged(rows).partition_by("set", as_dict=True).items():
        presented = frame.unique(["dataset", "presentation"])
        bona_fide = presented.filter(pl.col("label") == BONA_FIDE).height
        attacks = presented.height - bona_fide
        text = f"{name[0] or 'all'}: {bona_fide} bona fide, {attacks} attacks"
        if not bona_fide or not attacks:
            lacking.append(text)
        elif max(bona_fide, attacks) > UNEVEN * min(bona_fide, attacks):
            uneven.append(text)
    return [
        *finding(
            Severity.FAULT,
            "sets with one class alone",
            lacking,
            "add the other class; nothing can be learned, set or judged there",
        ),
        *finding(
            Severity.WARNING,
            f"sets with more than {UNEVEN} times as many of one class as of the other",
            uneven,
            "balance batches while training, and read rates of the rare class with their intervals",
        ),
    ]


def absent_species(rows: Rows) -> list[Finding]:
    """A PAI species is missing from a set that others have it in."""
    species = _species(rows)
    by_set = {name: set(species.filter(pl.col("set") == name)["kind"]) for name in SETS}
    sets = {name: kinds for name, kinds in by_set.items() if kinds}
    every = sorted(set().union(*sets.values()))
    cases = [
        f"{kind} is not in {', '.join(lacking)}"
        for kind in every
        if (lacking := [name for name, kinds in sets.items() if kind not in kinds])
    ]
    return finding(
        Severity.WARNING,
        "PAI species are absent from a set",
        cases,
        "meant so where unseen attacks are judged; otherwise divide each species over all sets",
    )


def rare_species(rows: Rows) -> list[Finding]:
    """A PAI species has too few presentations in eval for its error rate to say much."""
    few = _species(rows).filter(pl.col("set") == "eval", pl.col("len") < LEAST_JUDGED)
    return finding(
        Severity.NOTE,
        f"PAI species with fewer than {LEAST_JUDGED} presentations in eval",
        [f"{row['kind']}: {row['len']}" for row in few.sort("kind").to_dicts()],
        "report their error rates with intervals",
    )


def _species(rows: Rows) -> pl.DataFrame:
    """Presentations of each PAI species in each set that is used."""
    attacks = _judged(rows).filter(pl.col("label") != BONA_FIDE)
    once = attacks.unique(["dataset", "presentation", "set"])
    return once.select("set", _kind()).group_by("set", "kind").len()


def _judged(rows: Rows) -> pl.DataFrame:
    """Rows that a set uses; all of them, as the set "", where none does."""
    used = rows.frame.filter(pl.col("split") != "")
    return (used if used.height else rows.frame).with_columns(set=pl.col("split"))


def _kind() -> pl.Expr:
    """The class or PAI species."""
    named = pl.when(pl.col("pai_species") != "").then("pai_species")
    return named.otherwise("label").alias("kind")
