"""Published list files: one line per video or frame, read as their layout declares, never guessed.

What 0 and 1 mean differs between the public lists, so a reader names the layout of each file. Lines
may end in LF or CRLF, columns may be parted by blanks or tabs, the last line may lack its end and
blank lines are skipped; backslashes in a path, as Windows writes them, part folders. Lines that
stand twice are kept, as counts of published lists have them; ``distinct`` drops them.

No list comes with this package: ``data.lists`` is the folder that holds them as downloaded.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from unmask.errors import DatasetError
from unmask.types import Label

_OUTSIDE = re.compile(r"^/|^[A-Za-z]:|(^|/)\.\.(/|$)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """What the columns of a list file are, and which word in it is bona fide."""

    name: str
    columns: tuple[str, ...]
    """In their order; "" for one that means nothing."""
    paths: tuple[str, ...]
    """Columns that name a file or folder."""
    bona_fide: str
    """What the column ``label`` has for bona fide."""
    attack: str
    """What it has for an attack."""
    separator: Literal["blank", "comma"] = "blank"
    """Any run of spaces and tabs, or CSV."""
    header: bool = False
    """Whether line 1 has the names of the columns."""


_FLEXIBLE = ("rgb", "depth", "infrared")

LAYOUTS = {
    layout.name: layout
    for layout in (
        # MMDG and Flex-Modal-FAS: frames of three sensors, live = 1
        Layout(
            name="mmdg",
            columns=(*_FLEXIBLE, "label"),
            paths=_FLEXIBLE,
            bona_fide="1",
            attack="0",
        ),
        # MMDG's lists of PADISI-Face: one array with all sensors, live = 1
        Layout(
            name="mmdg_padisi",
            columns=("array", "label"),
            paths=("array",),
            bona_fide="1",
            attack="0",
        ),
        # CASIA-FAS-Dataset, of videos (folder of colour frames) or frames: live = 0
        Layout(
            name="casia_fas",
            columns=("path", "label"),
            paths=("path",),
            bona_fide="0",
            attack="1",
        ),
        # CASIA-FAS-Dataset's table of WMCA grandtest: videos, in words
        Layout(
            name="wmca_grandtest",
            columns=("", "client_id", "filepath", "group", "label"),
            paths=("filepath",),
            bona_fide="bonafide",
            attack="attack",
            separator="comma",
            header=True,
        ),
    )
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of a list."""

    paths: tuple[str, ...]
    """In the order of ``Layout.paths``, with slashes; relative to the folder of the pictures."""
    label: Label
    line: int
    """Where it stands in the file, counted from 1."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """The other columns (client_id, group, ...)."""


def read_list(path: Path, layout: Layout) -> list[Entry]:
    """Every line of a list, in its order.

    Raises:
        DatasetError: no such file, or the first line that does not fit the layout.
    """
    entries = [_entry(path, line, cells, layout) for line, cells in _lines(path, layout)]
    if not entries:
        raise DatasetError(f"{path} has no line; download the list again")
    _check_labels(path, entries)
    return entries


def read_lists(folder: Path, names: Mapping[str, str], layout: Layout) -> dict[str, list[Entry]]:
    """The list of each set, by file name, in the folder or anywhere below it.

    Raises:
        DatasetError: lists that are not there, or that stand there twice; or see ``read_list``.
    """
    found = {name: sorted(folder.rglob(name)) for name in names.values()}
    missing = [name for name, files in found.items() if not files]
    if missing:
        raise DatasetError(
            f"{folder} has no {', '.join(missing)}; data.lists is the folder with the lists "
            f"{', '.join(names.values())}, as downloaded"
        )
    for files in found.values():
        if len(files) > 1 and len({file.read_bytes() for file in files}) > 1:
            raise DatasetError(f"{files[0]} and {files[1]} differ; keep one of them in data.lists")
    return {of_set: read_list(found[name][0], layout) for of_set, name in names.items()}


def distinct(entries: Sequence[Entry]) -> list[Entry]:
    """The entries without repetitions of an earlier line."""
    first: dict[tuple[str, ...], Entry] = {}
    for entry in entries:
        first.setdefault(entry.paths, entry)
    return list(first.values())


def _lines(path: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line that is not blank."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DatasetError(f"no list {path}; check data.lists") from error
    except (OSError, UnicodeDecodeError) as error:
        why = " ".join(str(error).split())
        raise DatasetError(f"cannot read {path}: {why}; download the list again") from error
    lines = text.splitlines()
    cells = csv.reader(lines) if layout.separator == "comma" else (row.split() for row in lines)
    for number, row in enumerate(cells, 1):
        if number == 1 and layout.header:
            if tuple(row) != layout.columns:
                raise _unfit(path, number, f"has the columns {','.join(row)!r}", layout)
        elif row:
            yield number, row


def _entry(path: Path, line: int, cells: list[str], layout: Layout) -> Entry:
    if len(cells) != len(layout.columns):
        raise _unfit(path, line, f"has {len(cells)} columns", layout)
    row = dict(zip(layout.columns, (cell.strip() for cell in cells), strict=True))
    labels = {layout.bona_fide: Label.BONA_FIDE, layout.attack: Label.ATTACK}
    if row["label"] not in labels:
        raise _unfit(path, line, f"has the label {row['label']!r}", layout)
    paths = tuple(row[name].replace("\\", "/") for name in layout.paths)
    for name in paths:
        if not name or _OUTSIDE.search(name):
            raise DatasetError(
                f"{path}, line {line}: {name!r} is no path inside a data set; "
                "paths are relative and without '..'"
            )
    others = {n: cell for n, cell in row.items() if n not in {"", "label", *layout.paths}}
    return Entry(paths=paths, label=labels[row["label"]], line=line, fields=others)


def _check_labels(path: Path, entries: Sequence[Entry]) -> None:
    """No file is bona fide in one line and an attack in another."""
    seen: dict[tuple[str, ...], Entry] = {}
    for entry in entries:
        first = seen.setdefault(entry.paths, entry)
        if first.label is not entry.label:
            raise DatasetError(
                f"{path}, line {entry.line}: {entry.paths[0]!r} is {entry.label.name.lower()}, "
                f"but {first.label.name.lower()} in line {first.line}; correct the list"
            )


def _unfit(path: Path, line: int, what: str, layout: Layout) -> DatasetError:
    columns = " ".join(name or '""' for name in layout.columns)
    return DatasetError(
        f"{path}, line {line} {what}; a list in the layout {layout.name!r} has: {columns}, with "
        f"label {layout.bona_fide} for bona fide and {layout.attack} for attack; is it another "
        "list?"
    )
