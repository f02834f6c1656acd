"""A folder of images with a table: one row per presentation, or per frame of one.

The table has these columns; any further ones are attributes, for reports by group. Who learns from
pictures alone reads them with ``read_pictures``, which looks at no label and needs none.

    key                             unique name of the row; written next to its score
    presentation                    rows that share it are frames of one presentation (else: key)
    rgb, depth, infrared, thermal   path inside the folder; empty: not captured; at least one column
    label                           bona_fide or attack
    pai_species                     what the attack was made with; empty if and only if bona fide
    subject, site                   who, and where; may be left out
    dataset                         where the row came from (else: the folder's name)
    split                           train, dev, eval, or empty for a row that no set uses

Modalities: any of RGB, depth, infrared, thermal, aligned pixel by pixel within a row.
PAI species: whatever the table names.
Licence: the owner's. ``unmask simulate`` writes such a folder, ``unmask manifest`` such a table for
    the sets of any protocol, beside published data; and any table program can.
Folder tree: <root>/manifest.parquet or <root>/manifest.csv, and images anywhere below <root>; or
    pictures inside of HDF5 and npz files, such as videos/1.hdf5#Frame_7/array[0+1+2].
Known faults: none that the checks below let through; they name row, line and column.
Citation: none.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from unmask.containers import exists
from unmask.errors import DatasetError
from unmask.types import Label, Modality, Sample

MODALITIES = tuple(Modality)
LABELS = {label.name.lower(): label for label in Label}
SPLITS = ("train", "dev", "eval")
BONA_FIDE = Label.BONA_FIDE.name.lower()
FOUR_SITES = "this protocol needs all four sites: unmask simulate --sites A,B,C,D"

_LABEL = ("label", "pai_species")
_REQUIRED = ("key", *_LABEL)
_OPTIONAL = ("presentation", "subject", "site", "dataset", "split")
_OUTSIDE = r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)"


def index(root: Path) -> list[Sample]:
    """Every sample that the table in ``root`` lists, in its order."""
    names = ("manifest.parquet", "manifest.csv")
    found = [name for name in names if (root / name).is_file()]
    if not found:
        raise DatasetError(f"{root} has no manifest; expected {' or '.join(names)} in it")
    return [sample for sample, _ in read_manifest(root, found[0])]


def read_manifest(root: Path, name: str) -> list[tuple[Sample, str]]:
    """Each row as a sample and its split ("" for none), after checking the whole table.

    Raises:
        DatasetError: the first fault found, with file, row, line (CSV), column and value.
    """
    table = _read(root / name)
    _check_columns(table, _REQUIRED)
    table = _with_defaults(table)
    _check_labels(table)
    _check_table(table, root)
    return _samples(table, root)


def read_table(root: Path, name: str) -> pl.DataFrame:
    """Each row as text, "" for nothing; whether files exist and frames agree is not asked.

    Raises:
        DatasetError: as ``read_manifest``, of what one row or the keys have.
    """
    table = _read(root / name)
    _check_columns(table, _REQUIRED)
    table = _with_defaults(table)
    _check_labels(table)
    _check_values(table)
    return table.frame


@dataclass(frozen=True, kw_only=True, slots=True)
class Pictures:
    """What the sensors saw in one row; what it was stays unsaid."""

    key: str
    paths: Mapping[Modality, Path]
    split: str
    """"" for none."""
    subject: str
    dataset: str
    captions: Mapping[Modality, str]
    """What a picture shows, in words, where the table has a column such as ``caption_rgb``."""


def read_pictures(root: Path, name: str) -> list[Pictures]:
    """Each row without its label, which may be wrong, empty, or no column at all.

    Raises:
        DatasetError: as ``read_manifest``, of the other columns.
    """
    table = _read(root / name)
    table = _Table(path=table.path, frame=table.frame.drop(_LABEL, strict=False), lines=table.lines)
    _check_columns(table, ("key",))
    table = _with_defaults(table)
    _check_table(table, root)
    folder = root.resolve().name
    return [
        Pictures(
            key=row["key"],
            paths=_paths(row, table, root),
            split=row["split"],
            subject=row["subject"],
            dataset=row["dataset"] or folder,
            captions={m: row[c] for m in table.modalities if row.get(c := f"caption_{m}")},
        )
        for row in table.frame.iter_rows(named=True)
    ]


def read_sets(root: Path, name: str) -> dict[str, Rows]:
    """The rows of train, dev and eval, as the column ``split`` names them.

    Raises:
        DatasetError: a fault in the table, or no row is in any set.
    """
    sets: dict[str, list[Sample]] = {split: [] for split in ("", *SPLITS)}
    for sample, split in read_manifest(root, name):
        sets[split].append(sample)
    if not any(sets[split] for split in SPLITS):
        raise DatasetError(
            f"{root / name} assigns no row to a set; "
            f"fill its column 'split' with {', '.join(SPLITS)}"
        )
    return {
        split: Rows(samples=sets[split], title=f"the {split} rows of {root / name}")
        for split in SPLITS
    }


def read_sites(
    root: Path, name: str, *, learned: Collection[str], judged: Collection[str]
) -> tuple[list[Sample], list[Sample], list[Sample]]:
    """The train rows and the dev rows of some sites, and all rows of others."""
    sets = read_sets(root, name)
    train, dev = (
        sets[split].only("site", learned, remedy=FOUR_SITES) for split in ("train", "dev")
    )
    samples = [sample for rows in sets.values() for sample in rows.samples]
    everything = Rows(samples=samples, title=f"the rows of {root / name}")
    others = everything.only("site", judged, remedy=FOUR_SITES)
    return train.samples, dev.samples, others.samples


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """Samples of a table that belong together, and what a message calls them."""

    samples: list[Sample]
    title: str
    """In the plural, such as: the train rows of data/manifest.csv."""

    def only(self, column: str, values: Collection[str], *, remedy: str) -> Rows:
        """Those with one of the values in a column; each value must occur.

        The ``pai_species`` of a bona fide row is "bona_fide" here.

        Raises:
            DatasetError: the values that no row has, those that there are, and the ``remedy``.
        """
        found = {_cell(sample, column) for sample in self.samples}
        missing = [value for value in values if value not in found]
        if missing:
            has = ", ".join(sorted(found - {""})) or "none"
            raise DatasetError(
                f"{self.title} have no {column} {', '.join(missing)}; they have: {has}; {remedy}"
            )
        return Rows(
            samples=[sample for sample in self.samples if _cell(sample, column) in values],
            title=f"{self.title} with {column} {', '.join(values)}",
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    path: Path
    frame: pl.DataFrame
    """Every column as text; nothing is ""."""
    lines: Sequence[int] | None = None
    """Where each row starts in a CSV file, counted from 1."""

    @property
    def modalities(self) -> list[Modality]:
        return [m for m in Modality if m in self.frame.columns]

    def refuse(self, column: str, bad: pl.Expr, problem: str) -> None:
        """Raise for the first row where ``bad`` holds."""
        rows = self.frame.select(bad.arg_true()).to_series()
        if rows.len():
            raise self.fault(rows[0], column, problem)

    def fault(self, row: int, column: str, problem: str) -> DatasetError:
        value = self.frame[column][row]
        return DatasetError(f"{self.path}, {self.where(row)}, column {column}: {value!r} {problem}")

    def where(self, row: int) -> str:
        line = f" (line {self.lines[row]})" if self.lines else ""
        return f"row {row + 1}{line}"


def _read(path: Path) -> _Table:
    if not path.is_file():
        raise DatasetError(f"no manifest {path}; check data.root and data.manifest")
    if path.suffix not in (".csv", ".parquet"):
        raise DatasetError(
            f"manifest {path} ends in {path.suffix!r}; allowed are .csv and .parquet"
        )
    try:
        return _read_csv(path) if path.suffix == ".csv" else _read_parquet(path)
    except (OSError, UnicodeDecodeError, csv.Error, PolarsError) as error:
        why = " ".join(str(error).split())[:200]
        raise DatasetError(f"cannot read {path}: {why}; write the table again") from error


def _read_parquet(path: Path) -> _Table:
    frame = pl.read_parquet(path)
    return _Table(path=path, frame=frame.select(pl.all().cast(pl.String).fill_null("")))


def _read_csv(path: Path) -> _Table:
    rows: list[list[str]] = []
    lines = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        header = next(reader, [])
        before = reader.line_num
        for row in reader:
            if row:  # the csv module gives a blank line as an empty row
                if len(row) != len(header):
                    raise DatasetError(
                        f"{path}, row {len(rows) + 1} (line {before + 1}) has {len(row)} cells; "
                        f"the header names {len(header)} columns; quote a cell that has a comma"
                    )
                rows.append(row)
                lines.append(before + 1)
            before = reader.line_num
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise DatasetError(f"{path} has the column {twice[0]!r} twice; keep one")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    return _Table(path=path, frame=frame, lines=lines)


def _check_columns(table: _Table, required: Sequence[str]) -> None:
    has = ", ".join(table.frame.columns) or "none"
    for name in required:
        if name not in table.frame.columns:
            raise DatasetError(
                f"{table.path} has no column {name!r}; it has: {has}; "
                f"needed are {', '.join(required)} and one of {', '.join(Modality)}"
            )
    if not table.modalities:
        raise DatasetError(
            f"{table.path} has no column of image paths; it has: {has}; "
            f"name at least one of {', '.join(Modality)}"
        )


def _with_defaults(table: _Table) -> _Table:
    missing = [name for name in _OPTIONAL if name not in table.frame.columns]
    frame = table.frame.with_columns(pl.lit("").alias(name) for name in missing)
    alone = pl.col("presentation") == ""
    frame = frame.with_columns(
        pl.when(alone).then("key").otherwise("presentation").alias("presentation")
    )
    return _Table(path=table.path, frame=frame, lines=table.lines)


def _check_labels(table: _Table) -> None:
    label, species = pl.col("label"), pl.col("pai_species")
    table.refuse(
        "label", ~label.is_in(list(LABELS)), f"is not allowed; allowed: {', '.join(LABELS)}"
    )
    table.refuse(
        "pai_species",
        (label == "attack") & (species == ""),
        "with label attack; name what the attack was made with, such as print or replay",
    )
    table.refuse(
        "pai_species",
        (label == "bona_fide") & (species != ""),
        "with label bona_fide; leave it empty there, or correct the label",
    )


def _check_table(table: _Table, root: Path) -> None:
    """All but what stands in the columns of the label."""
    _check_values(table)
    _check_presentations(table)
    _check_files(table, root)


def _check_values(table: _Table) -> None:
    key = pl.col("key")
    table.refuse("key", key == "", "is empty; every row needs a unique key")
    table.refuse(
        "key", ~key.is_first_distinct(), "stands in an earlier row too; every row needs its own key"
    )
    table.refuse(
        "split",
        ~pl.col("split").is_in(["", *SPLITS]),
        f"is not allowed; allowed: {', '.join(SPLITS)}, or empty for a row that no set uses",
    )
    for modality in table.modalities:
        table.refuse(
            modality,
            pl.col(modality).str.contains(_OUTSIDE),
            "leads outside the data set; write paths relative to the folder, without '..'",
        )
    table.refuse(
        table.modalities[0],
        pl.all_horizontal(pl.col(m) == "" for m in table.modalities),
        f"and no other image either; a row needs at least one of {', '.join(table.modalities)}",
    )


def _check_presentations(table: _Table) -> None:
    shared = (*_LABEL, "subject", "site", "split")
    for column in (name for name in shared if name in table.frame.columns):
        first = pl.col(column).first().over("presentation")
        table.refuse(
            column,
            pl.col(column) != first,
            "differs from an earlier frame of the same presentation; frames of one presentation "
            "share label, pai_species, subject, site and split",
        )


def _check_files(table: _Table, root: Path) -> None:
    """Every named file exists; each folder is listed once, which is fast for 100,000 rows."""
    listed: dict[str, frozenset[str]] = {}
    for modality in table.modalities:
        for row, path in enumerate(table.frame[modality]):
            folder, _, name = path.rpartition("/")
            if folder not in listed:
                listed[folder] = _file_names(root / folder)
            if path and name not in listed[folder] and not exists(root / path):
                raise table.fault(row, modality, f"is not a file in {root}")


def _file_names(folder: Path) -> frozenset[str]:
    try:
        with os.scandir(folder) as entries:
            return frozenset(entry.name for entry in entries if entry.is_file())
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return frozenset()


def _samples(table: _Table, root: Path) -> list[tuple[Sample, str]]:
    known = {*_REQUIRED, *_OPTIONAL, *table.modalities}
    attributes = [name for name in table.frame.columns if name not in known]
    folder = root.resolve().name
    return [
        (
            Sample(
                key=row["key"],
                presentation=row["presentation"],
                paths=_paths(row, table, root),
                label=LABELS[row["label"]],
                pai_species=row["pai_species"] or None,
                subject=row["subject"],
                site=row["site"],
                dataset=row["dataset"] or folder,
                attributes={name: row[name] for name in attributes if row[name]},
            ),
            row["split"],
        )
        for row in table.frame.iter_rows(named=True)
    ]


def _paths(row: Mapping[str, str], table: _Table, root: Path) -> dict[Modality, Path]:
    return {m: root / row[m] for m in table.modalities if row[m]}


def _cell(sample: Sample, column: str) -> str:
    fields = {
        "pai_species": sample.pai_species or BONA_FIDE,
        "subject": sample.subject,
        "site": sample.site,
        "dataset": sample.dataset,
    }
    return fields.get(column, sample.attributes.get(column, ""))
