"""Faults that names alone tell: files that are not there, stand twice, or in the wrong column."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl

from unmask.checkup.findings import Finding, Severity, finding
from unmask.checkup.rows import Rows
from unmask.types import Modality

WORDS = {
    Modality.RGB: ("rgb", "color", "colour", "profile"),
    Modality.DEPTH: ("depth",),
    Modality.INFRARED: ("ir", "nir", "infrared"),
    Modality.THERMAL: ("thermal",),
}
"""What folders and files of a modality are called."""
CONTAINER = "#"
"""What follows it in a path is inside the file."""
FEW = 0.5
"""Where a larger share of rows has other numbers, that is how the files are named."""


def missing_files(rows: Rows) -> list[Finding]:
    """A file that the table names is missing, or is empty."""
    there: dict[str, dict[str, int]] = {}
    missing: list[str] = []
    empty: list[str] = []
    for path in rows.files["path"].unique(maintain_order=True):
        file = os.fspath(rows.where(path)).partition(CONTAINER)[0]
        folder, name = os.path.split(file)
        if folder not in there:
            there[folder] = _sizes(Path(folder))
        size = there[folder].get(name, -1)
        if size < 1:
            (missing if size < 0 else empty).append(path)
    return [
        *finding(
            Severity.FAULT,
            "files are missing",
            missing,
            "copy them, or take their rows out; training would stop at the first of them",
        ),
        *finding(Severity.FAULT, "files have no content", empty, "copy them again"),
    ]


def _sizes(folder: Path) -> dict[str, int]:
    """Name and bytes of each file; one look at a folder is enough for all its rows."""
    try:
        with os.scandir(folder) as entries:
            return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}
    except (OSError, ValueError):  # ValueError: a name that no folder can have
        return {}


def repeated_paths(rows: Rows) -> list[Finding]:
    """One file stands in several rows, or for two sensors of one row."""
    files = rows.files
    twice = files.filter(pl.col("path").is_duplicated())
    within = twice.filter(pl.struct("key", "path").is_duplicated())
    across = twice.group_by("path", maintain_order=True).agg(pl.col("key").n_unique())
    return [
        *finding(
            Severity.FAULT,
            "one file stands for two sensors of a row",
            within["path"].unique(maintain_order=True).to_list(),
            "name the file of each sensor; a copied sensor adds nothing and its scores say nothing",
        ),
        *finding(
            Severity.WARNING,
            "one file stands in several rows",
            across.filter(pl.col("key") > 1)["path"].to_list(),
            "keep one row for each picture; a repeated one counts more than others",
        ),
    ]


def misplaced_names(rows: Rows) -> list[Finding]:
    """The name of a file says another sensor than its column."""
    found = []
    for modality in rows.modalities:
        path = pl.col("path").str.to_lowercase()
        own = path.str.contains(_any_of(WORDS[modality]))
        others = tuple(w for m, words in WORDS.items() if m is not modality for w in words)
        wrong = rows.files.filter(
            pl.col("modality") == modality, ~own, path.str.contains(_any_of(others))
        )
        found += finding(
            Severity.FAULT,
            f"paths in the column {modality} name another sensor",
            wrong["path"].to_list(),
            "put each path into the column of its sensor",
        )
    return found


def _any_of(words: tuple[str, ...]) -> str:
    return rf"(^|[^a-z])({'|'.join(words)})([^a-z]|$)"


def frame_numbers(rows: Rows) -> list[Finding]:
    """The sensors of one row show different frames, by the numbers in the names of their files."""
    numbers = [_number(modality) for modality in rows.modalities]
    table = rows.frame.select("key", *numbers)
    told = table.select(pl.concat_list(pl.exclude("key")).list.drop_nulls().alias("n"), "key")
    compared = told.filter(pl.col("n").list.len() > 1)
    differ = compared.filter(pl.col("n").list.n_unique() > 1)
    if differ.height > FEW * compared.height:
        return []
    first = rows.frame.join(differ, on="key", maintain_order="left").head(5)
    shown = [" ".join(row[m] for m in rows.modalities) for row in first.to_dicts()]
    return finding(
        Severity.FAULT,
        "sensors of one row have different frame numbers",
        shown,
        "name the frame of the same moment for each sensor, or take the rows out",
        count=differ.height,
    )


def _number(modality: Modality) -> pl.Expr:
    """The last number in the name of a file, or in what is named inside it (but for channels)."""
    name = pl.col(modality).str.extract(r"([^/\\#]+(?:#.*)?)$")
    return (
        name.str.replace(r"\[[^\]]*\]$|\.[A-Za-z]\w*$", "")
        .str.extract(r"(\d+)\D*$")
        .cast(pl.Int64, strict=False)
        .alias(modality)
    )


def frames_disagree(rows: Rows) -> list[Finding]:
    """Frames of one presentation differ in what they all share: label, species, subject, site."""
    found = []
    for column in ("label", "pai_species", "subject", "site"):
        grouped = rows.frame.group_by("dataset", "presentation", maintain_order=True)
        differ = grouped.agg(pl.col(column).n_unique()).filter(pl.col(column) > 1)
        found += finding(
            Severity.FAULT,
            f"presentations whose frames differ in {column}",
            differ["presentation"].to_list(),
            "frames of one presentation share it; correct the cell, or part the presentations",
        )
    return found
