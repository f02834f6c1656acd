"""All frames of a folder: those that are done are kept, the others are spread over processes.

Every frame ends as a row of the manifest or as a row of failures.csv; a run that was killed goes on
where it stopped and ends with the same files. Failures are tried again by every run, as the cause
may be gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from unmask.config import PrepareConfig
from unmask.errors import DatasetError, OutputError
from unmask.files import write_text
from unmask.preparing.folder import (
    Record,
    claimed,
    is_whole,
    names_of,
    read_records,
    sources_of,
    write_failures,
    write_manifest,
    write_note,
)
from unmask.preparing.frame import Failure, Made, prepare_frame
from unmask.preparing.inputs import Frame, find_frames
from unmask.preparing.recipe import Recipe, read_recipe
from unmask.processes import in_order

BATCH = 8
"""Frames that a worker makes before it reports."""

Job = tuple[Frame, str]
"""A frame and the name of its files."""
Outcome = tuple[Frame, Record | Failure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What came of a folder of raw frames."""

    folder: Path
    count: int
    """Frames that were prepared."""
    failed: Mapping[str, int]
    """Frames that were not, by the code of the reason; failures.csv lists each."""

    @property
    def exit_code(self) -> int:
        """1 where a frame failed: the manifest lacks it."""
        return 1 if self.failed else 0


def prepare(config: PrepareConfig) -> Prepared:
    """Prepare what is missing, then write the manifest and the failures.

    Raises:
        ConfigError: settings that cannot be followed, or a folder that holds something else.
        DatasetError: the manifest of the raw frames has a fault, or no frame could be prepared.
    """
    recipe = read_recipe(config)
    frames = find_frames(config)
    with claimed(recipe) as out:
        before = read_records(out)
        records = {f.key: before[f.key] for f in frames if _is_done(f, before, out)}
        failures: dict[str, Failure] = {}
        names = names_of([frame.key for frame in frames])
        left = [(frame, names[frame.key]) for frame in frames if frame.key not in records]
        for frame, outcome in _outcomes(left, recipe, out):
            if isinstance(outcome, Failure):
                failures[frame.key] = outcome
            else:
                records[frame.key] = outcome
        _remove_stale(out, before, records)
        write_failures(out, frames, failures)
        lines = [records[frame.key].line() for frame in frames if frame.key in records]
        write_text(out / "records.jsonl", "".join(lines))
        write_note(out, recipe, _summary(frames, failures))
        if not records:
            (out / "manifest.parquet").unlink(missing_ok=True)
            raise DatasetError(_none_prepared(out, list(failures.values())))
        write_manifest(out, config.root, frames, records)
    codes = Counter(failure.code for failure in failures.values())
    return Prepared(folder=out, count=len(records), failed=dict(codes.most_common()))


def _is_done(frame: Frame, before: Mapping[str, Record], out: Path) -> bool:
    return frame.key in before and is_whole(out, before[frame.key], frame)


def _outcomes(jobs: Sequence[Job], recipe: Recipe, out: Path) -> Iterator[Outcome]:
    """What comes of each frame, noted as soon as it is there; with a bar on the terminal."""
    if not jobs:
        return
    batches = [list(jobs[k : k + BATCH]) for k in range(0, len(jobs), BATCH)]
    columns = (TextColumn("preparing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    make = partial(prepare_batch, recipe=recipe, out=out)
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("preparing", total=len(jobs))
        for outcomes in in_order(make, batches, workers=recipe.config.workers):
            _note(out, [outcome for _, outcome in outcomes if isinstance(outcome, Record)])
            progress.advance(task, len(outcomes))
            yield from outcomes


def prepare_batch(jobs: Sequence[Job], *, recipe: Recipe, out: Path) -> list[Outcome]:
    """What a worker does."""
    outcomes: list[Outcome] = []
    for frame, name in jobs:
        sources = sources_of(frame)  # before reading: what changes meanwhile is done again
        made = prepare_frame(frame, name, recipe, out)
        done = Record(made=made, sources=sources) if isinstance(made, Made) else made
        outcomes.append((frame, done))
    return outcomes


def _note(out: Path, records: Sequence[Record]) -> None:
    """Append to the records; the line break before them ends a line that a kill cut short."""
    try:
        with (out / "records.jsonl").open("a", encoding="utf-8") as file:
            file.write("\n" + "".join(record.line() for record in records))
    except OSError as error:
        raise OutputError(f"cannot write {out / 'records.jsonl'}: {error.strerror}") from error


def _remove_stale(out: Path, before: Mapping[str, Record], now: Mapping[str, Record]) -> None:
    """Remove what earlier runs wrote of frames that are gone, changed or fail now."""
    kept = {name for record in now.values() for name in record.made.files.values()}
    for record in before.values():
        for name in set(record.made.files.values()) - kept:
            (out / name).unlink(missing_ok=True)


def _summary(frames: Sequence[Frame], failures: Mapping[str, Failure]) -> dict[str, object]:
    """Counts, also of what failed by species: a detector that misses one kind is a bias."""
    kinds = Counter(_kind(frame) for frame in frames)
    lost = Counter(_kind(frame) for frame in frames if frame.key in failures)
    return {
        "frames": len(frames),
        "failed": len(failures),
        "failed_by_reason": dict(sorted(Counter(f.code for f in failures.values()).items())),
        "by_species": {k: {"frames": kinds[k], "failed": lost[k]} for k in sorted(kinds)},
    }


def _kind(frame: Frame) -> str:
    label = frame.columns.get("label", "")
    return frame.columns.get("pai_species", "") or label or "not labelled"


def _none_prepared(out: Path, failures: Sequence[Failure]) -> str:
    return (
        f"none of {len(failures)} frames could be prepared; the first: {failures[0].code}: "
        f"{failures[0].reason}; {out / 'failures.csv'} lists all"
    )
