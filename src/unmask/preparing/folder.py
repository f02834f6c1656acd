"""The folder of prepared crops: what was asked of it, what is done, and its manifest.

    rgb/, depth/, infrared/, thermal/   the crops, one file per frame and sensor, of one name
    manifest.parquet                    a row per prepared frame
    failures.csv                        a row per frame that could not be prepared, with the reason
    prepare.json                        what was asked (settings, calibrations) and what came of it
    records.jsonl                       a line per prepared frame: what a run that goes on relies on

While a run lasts it holds a lock on the folder. A run goes on only in a folder where the same was
asked; a frame is done again where one of its raw files has another size or time than it had.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl

from unmask.capture.crop import CROP_VERSION
from unmask.errors import ConfigError
from unmask.files import alone_in, make_folder, write_text, write_whole
from unmask.preparing.frame import Failure, Made
from unmask.preparing.inputs import Frame
from unmask.preparing.recipe import Recipe
from unmask.types import Modality

VERSION = f"1, crop {CROP_VERSION}"
"""Raised whenever the same settings give other bytes."""
FAILURES = ("key", "presentation", "label", "pai_species", "code", "reason")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")

Sources = Mapping[str, Sequence[int]]
"""Size and time of change (ns) of each raw file of a frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A prepared frame, and the raw files it was made from."""

    made: Made
    sources: Sources

    def line(self) -> str:
        """As a line of records.jsonl."""
        made = {"key": self.made.key, "files": self.made.files, "columns": self.made.columns}
        return json.dumps(made | {"sources": self.sources}) + "\n"


@contextlib.contextmanager
def claimed(recipe: Recipe) -> Iterator[Path]:
    """Hold the folder for this preparation.

    Raises:
        ConfigError: it holds something else, or another run is at work in it.
        OutputError: it cannot be written to.
    """
    out = recipe.config.out
    if out.resolve() == recipe.config.root.resolve():
        raise ConfigError(f"{out} holds the raw frames; choose another --out for the crops")
    make_folder(out)
    with alone_in(out):
        note = out / "prepare.json"
        if note.exists():
            _compare(out, _read(note), recipe.asked())
        elif any(not entry.name.startswith(".part-") for entry in out.iterdir()):
            raise ConfigError(
                f"{out} is not empty and holds no prepared crops; choose another --out"
            )
        else:
            write_note(out, recipe, {})
        for left in (left for folder in ("", *Modality) for left in (out / folder).glob(".part-*")):
            left.unlink()  # of a run that was killed
        yield out


def write_note(out: Path, recipe: Recipe, done: Mapping[str, Any]) -> None:
    """prepare.json."""
    note = {"version": VERSION, "asked": recipe.asked(), "done": done}
    write_text(out / "prepare.json", json.dumps(note, indent=2) + "\n")


def sources_of(frame: Frame) -> Sources:
    """What tells whether the raw files of a frame have changed; a missing file has nothing."""
    found = {}
    for modality, path in frame.paths.items():
        with contextlib.suppress(OSError):
            state = path.stat()
            found[str(modality)] = [state.st_size, state.st_mtime_ns]
    return found


def read_records(out: Path) -> dict[str, Record]:
    """What is done already, by key; a line that a kill cut short counts as not written."""
    path = out / "records.jsonl"
    records = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            fields = json.loads(line)
            files = {Modality(name): file for name, file in fields["files"].items()}
            made = Made(key=fields["key"], files=files, columns=fields["columns"])
            records[made.key] = Record(made=made, sources=fields["sources"])
    return records


def is_whole(out: Path, record: Record, frame: Frame) -> bool:
    """Was this frame made from these raw files, and is all of it there?"""
    files = [out / name for name in record.made.files.values()]
    there = all(file.is_file() and file.stat().st_size for file in files)
    return there and record.sources == sources_of(frame)


def names_of(keys: Sequence[str]) -> dict[str, str]:
    """A file name for every key, also where a file system does not tell capitals from others."""
    folded = Counter(key.lower() for key in keys)
    plain = {key for key in keys if _PLAIN.fullmatch(key) and folded[key.lower()] == 1}
    return {key: key if key in plain else _hashed(key) for key in keys}


def _hashed(key: str) -> str:
    """A file name without the characters that cannot be in one; a hash keeps names apart."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", key).lstrip("._-")[:80]
    return f"{plain}-{sha256(key.encode()).hexdigest()[:10]}"


def write_manifest(
    out: Path, root: Path, frames: Iterable[Frame], records: Mapping[str, Record]
) -> None:
    """One row per prepared frame, in the order of the raw ones."""
    rows = [_row(frame, records[frame.key].made, root) for frame in frames if frame.key in records]
    with write_whole(out / "manifest.parquet") as temporary:
        pl.DataFrame(rows, infer_schema_length=None).write_parquet(temporary)


def _row(frame: Frame, made: Made, root: Path) -> dict[str, Any]:
    files = {str(modality): name for modality, name in made.files.items()}
    sources = {f"source_{m}": path.relative_to(root).as_posix() for m, path in frame.paths.items()}
    return {"key": frame.key, **files, **frame.columns, **sources, **made.columns}


def write_failures(out: Path, frames: Iterable[Frame], failures: Mapping[str, Failure]) -> None:
    """One row per frame that failed, in the order of the raw ones; a header alone if none did."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(FAILURES)
    for frame in frames:
        if frame.key in failures:
            failure = failures[frame.key]
            told = [frame.columns.get(name, "") for name in FAILURES[1:4]]
            table.writerow([frame.key, *told, failure.code, failure.reason])
    write_text(out / "failures.csv", text.getvalue())


def _compare(out: Path, found: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    remedy = "choose another --out or remove that folder"
    if found["version"] != VERSION:
        raise ConfigError(
            f"{out} was prepared by version {found['version']} and this is version {VERSION}, "
            f"which gives other crops; {remedy}"
        )
    before, now = _flat(found["asked"]), _flat(asked)
    other = [
        f"{name} {before.get(name, 'none')} (now {now.get(name, 'none')})"
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    if other:
        raise ConfigError(f"{out} holds crops made with another {', '.join(other)}; {remedy}")


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Settings by dotted name, as text."""
    flat: dict[str, str] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = json.dumps(value)
    return flat


def _read(note: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
        if not found.keys() >= {"version", "asked"}:
            raise ValueError("it lacks what was asked")
    except (OSError, ValueError, AttributeError) as error:
        raise ConfigError(
            f"{note} is damaged ({error}); choose another --out or remove that folder"
        ) from error
    return found
