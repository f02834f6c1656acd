"""Published list files by themselves, without a picture: what they repeat, share and give away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import polars as pl

from unmask.checkup import files, sets
from unmask.checkup.findings import Checkup, Examined, Finding, Severity, finding, headline
from unmask.checkup.rows import Rows
from unmask.checkup.shortcuts import TELLS, area, told
from unmask.datasets.lists import LAYOUTS, Entry, Layout, read_list
from unmask.datasets.rows import COLUMNS
from unmask.errors import ConfigError, DatasetError
from unmask.types import Modality

BONA_FIDE = "real|live|genuine|bonafide"
ATTACK = "fake|spoof|attack|mask|print|replay|silicone"
"""Words in the names of folders."""
PICTURES = (".jpg", ".jpeg", ".png", ".bmp")
"""A path that ends so is a frame; its folder is the video."""


def examine_lists(root: Path, layout: str, patterns: tuple[str, ...]) -> Checkup:
    """What lists say by themselves.

    Raises:
        ConfigError: no such layout.
        DatasetError: no such file, or a line that does not fit the layout.
    """
    if layout not in LAYOUTS:
        raise ConfigError(f"no layout {layout!r}; there are: {', '.join(LAYOUTS)}")
    found = sorted({path for pattern in patterns for path in root.glob(pattern)})
    if not found:
        raise DatasetError(f"{root} has no file {' or '.join(patterns)}; check root and files")
    rows = list_rows(found, LAYOUTS[layout], root)
    return Checkup(
        source=f"{', '.join(path.name for path in found)} in {root}, layout {layout}",
        rows=rows.frame.height,
        pictures="none",
        counts=sets.counts(rows),
        checks=tuple(
            Examined(check=headline(check), findings=tuple(check(rows))) for check in CHECKS
        ),
    )


def list_rows(lists: list[Path], layout: Layout, root: Path) -> Rows:
    """Lines as rows; a list is a set, unless a column ``group`` says which set a line is of."""
    names = layout.paths if set(layout.paths) <= set(Modality) else (Modality.RGB,)
    cells = [_row(path.stem, e, names) for path in lists for e in read_list(path, layout)]
    columns = dict.fromkeys((*COLUMNS, *names), pl.String)
    return Rows(frame=pl.DataFrame(cells, schema=columns), root=root, source=str(root))


def _row(name: str, entry: Entry, columns: tuple[str, ...]) -> dict[str, str]:
    place = PurePosixPath(entry.paths[0])
    frame = place.suffix.lower() in PICTURES
    return {
        "key": f"{name}:{entry.line}",
        "presentation": str(place.parents[1] if frame else place),
        "label": entry.label.name.lower(),
        "pai_species": "",
        "subject": entry.fields.get("client_id", ""),
        "site": "",
        "dataset": "",
        "split": entry.fields.get("group", name),
        **dict(zip(columns, entry.paths, strict=True)),
    }


def repeated_lines(rows: Rows) -> list[Finding]:
    """A line stands twice in one list."""
    again = rows.frame.filter(~pl.struct("split", *rows.modalities).is_first_distinct())
    return finding(
        Severity.WARNING,
        "lines repeat an earlier one of their list",
        again["key"].to_list(),
        "keep them where published counts have them; they weigh double in means",
    )


def polarity(rows: Rows) -> list[Finding]:
    """Names of files say another class than the label does."""
    path = pl.col(rows.modalities[0]).str.to_lowercase()
    attack, bona_fide = path.str.contains(_word(ATTACK)), path.str.contains(_word(BONA_FIDE))
    is_attack = pl.col("label") == "attack"
    wrong = rows.frame.filter(pl.when(is_attack).then(bona_fide & ~attack).otherwise(attack))
    return finding(
        Severity.FAULT,
        "labels contradict the names of their files",
        [f"{row['key']}: {row[rows.modalities[0]]} is {row['label']}" for row in wrong.to_dicts()],
        "name the layout that the list is written in: what 0 and 1 mean differs between them",
    )


def _word(words: str) -> str:
    return rf"(^|[^a-z])({words})([^a-z]|$)"


def telling_names(rows: Rows) -> list[Finding]:
    """A part of the names of videos tells the class."""
    name = pl.col("presentation").str.extract(r"([^/]+)(?:/color)?$")
    parts = rows.frame.with_columns(name.str.split("_").alias("parts"))
    usual = max(parts["parts"].list.len().mode().to_list())
    alike = parts.filter(pl.col("parts").list.len() == usual)
    alike = alike.unique("presentation", keep="first", maintain_order=True)
    columns = {f"part {k + 1} of {usual}": pl.col("parts").list.get(k) for k in range(usual)}
    alike = alike.with_columns(**columns)
    telling = {part: value for part in columns if (value := area(alike, part)) >= TELLS}
    return finding(
        Severity.NOTE,
        "parts of the names of videos tell the class",
        [f"{part}: AUC {value:.3f}, {told(alike, part)}" for part, value in telling.items()],
        "the code of an attack must; one of a device or session must not, as models learn it",
    )


CHECKS: tuple[Callable[[Rows], list[Finding]], ...] = (
    repeated_lines,
    polarity,
    files.repeated_paths,
    files.misplaced_names,
    files.frame_numbers,
    sets.shared_files,
    sets.shared_presentations,
    sets.shared_subjects,
    telling_names,
)
