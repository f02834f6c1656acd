"""A published table made again: our rows beside the printed ones, honest thresholds beside oracles.

The threshold of dev is what one could have known beforehand; that of eval, the judged set, is how
several published figures were made, and is called an oracle here. Each stands in a column of its
own, and a printed figure in the column that was made as it was, as far as that is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from unmask.parsing import to_plain
from unmask.reporting.blocks import Block, Caution, Document, Section, Table
from unmask.reporting.flexible import Mean
from unmask.reporting.markdown import markdown_of
from unmask.reporting.published import CONDITIONS, Published

HERE = "measured here"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One figure."""

    key: str
    """Of ours: see ``experiments.reproducing``."""
    header: str
    printed: str = ""
    """The metric in published.csv that was made like it, if any."""


MMDG = (
    Column(key="hter_dev", header="HTER, threshold of dev"),
    Column(key="hter_eval", header="HTER, threshold of eval (oracle)", printed="hter"),
    Column(key="auc", header="AUC"),
    Column(key="auc_frames", header="AUC of frames", printed="auc"),
)
MMDG_STEP = (
    Column(key="hter_dev", header="HTER, threshold of dev"),
    Column(key="hter_eval", header="HTER, threshold of eval (oracle)"),
    Column(key="hter_step", header="HTER, step and threshold of eval (oracle)", printed="hter"),
    Column(key="auc", header="AUC"),
    Column(key="auc_step", header="AUC of frames, step of eval (oracle)", printed="auc"),
)
"""Where the judged set was let choose the step too."""
FLEXIBLE = (
    Column(key="apcer_dev", header="APCER, dev"),
    Column(key="bpcer_dev", header="BPCER, dev"),
    Column(key="acer_dev", header="ACER, dev"),
    Column(key="acer_eval", header="ACER, eval (oracle)"),
    Column(key="apcer_printed", header="APCER, printed", printed="apcer_pooled"),
    Column(key="bpcer_printed", header="BPCER, printed", printed="bpcer"),
    Column(key="acer_printed", header="ACER, printed", printed="acer"),
)
"""Whose threshold; what is printed does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A system, as one set of sensors shows it."""

    system: str
    shown: str
    source: str
    """``HERE``, or where it is printed."""
    cells: Mapping[str, Mean]
    """By the key of the column; one that is not there is not known."""
    note: str = ""
    """What to know of it before comparing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """How much of one split was judged."""

    split: str
    bona_fide: int
    attacks: int
    bona_fide_frames: int
    attack_frames: int
    frames: str
    """By which rule they were chosen, in words."""
    published: str
    """The counts that are published, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Figures that stand together."""

    title: str
    cut: str
    """What of the published mean is missing; empty where nothing is."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """A table, ours beside what is printed."""

    name: str
    title: str
    source: str
    method: str
    """How our figures came about."""
    columns: tuple[Column, ...]
    parts: tuple[Part, ...]
    judged: tuple[Judged, ...]
    no_response: int
    """Answers that were not given, over all systems, splits, sensors and seeds."""
    note: str
    """What the models' cards say of their limits."""
    page: str
    """File of the page."""


def document(made: Reproduced) -> Document:
    """The page."""
    parts = tuple(_section(part, made.columns) for part in made.parts)
    blocks: list[Block] = [made.method]
    blocks += [
        "In the names of columns stand dev or eval for the set that gave the threshold. Of printed "
        "figures that is not told. " + " ".join(CONDITIONS)
        if made.name == "flexible"
        else "Printed figures have the threshold, and in public code the step too, chosen by the "
        "judged frames themselves, each frame by itself: compare them with the columns marked "
        "oracle and with AUC of frames."
    ]
    if made.no_response:
        blocks.append(
            Caution(text=f"{made.no_response} times a system gave no response: in no rate here.")
        )
    return Document(
        title=made.title,
        warning=(
            "ORACLE: in columns so marked the judged set itself chose the threshold: better than "
            "any use can be."
        ),
        note=made.note,
        sections=(
            Section(heading=f"As in {made.source}", blocks=tuple(blocks)),
            *parts,
            Section(heading="What was judged", blocks=(_counts(made),)),
        ),
    )


def as_markdown(made: Reproduced) -> str:
    """The page as Markdown."""
    return markdown_of(document(made))


def as_json(made: Reproduced) -> str:
    """The same for programs; rates from 0 to 1."""
    return json.dumps(to_plain(made), indent=1, allow_nan=False) + "\n"


def printed(
    figures: Sequence[Published],
    *,
    benchmark: str,
    splits: Sequence[str],
    shown: Sequence[str],
    columns: Sequence[Column],
) -> tuple[Row, ...]:
    """Rows of what papers print; of several splits the mean, of systems that have them all."""
    here = [f for f in figures if f.benchmark == benchmark and f.split in splits]
    rows = []
    for system in dict.fromkeys(f.system for f in here):
        for sensors in shown:
            own = [f for f in here if f.system == system and f.shown == sensors]
            found = {column.key: _mean(own, column.printed, splits) for column in columns}
            cells = {key: mean for key, mean in found.items() if mean is not None}
            if cells:
                row = Row(
                    system=system,
                    shown=sensors,
                    source=", ".join(dict.fromkeys(f.source for f in own)),
                    cells=cells,
                    note="; ".join(dict.fromkeys(f.note for f in own if f.note)),
                )
                rows.append(row)
    return tuple(rows)


def _mean(figures: Sequence[Published], metric: str, splits: Sequence[str]) -> Mean | None:
    """From percent to shares; None unless there is one for every split."""
    of_split = {f.split: f for f in figures if f.metric == metric}
    if of_split.keys() != set(splits):
        return None
    first, *others = of_split.values()
    std = None if others or first.std is None else first.std / 100
    return Mean(fmean(f.value for f in of_split.values()) / 100, over_folds=std)


def _section(part: Part, columns: Sequence[Column]) -> Section:
    notes = list(dict.fromkeys(row.note for row in part.rows if row.note))
    ours, printed = ([r for r in part.rows if (r.source == HERE) is mine] for mine in (True, False))
    keys = ({key for row in rows for key in row.cells} for rows in (ours, printed))
    told = {  # columns of words, as far as they tell rows apart
        "Figures": bool(set.intersection(*keys)),
        "Shown": len({row.shown for row in part.rows}) > 1,
    }
    sources = dict.fromkeys(row.source for row in printed)
    rows = []
    for row in part.rows:
        mark = f" [{notes.index(row.note) + 1}]" if row.note else ""
        words = {"Figures": "here" if row.source == HERE else "printed", "Shown": row.shown}
        cells = [_percent(row.cells.get(column.key)) for column in columns]
        rows.append((row.system + mark, *(words[name] for name in told if told[name]), *cells))
    header = ("System", *(name for name in told if told[name]), *(c.header for c in columns))
    table = Table(
        header=header,
        rows=tuple(rows),
        text_columns=len(header) - len(columns),
        strong=frozenset(n for n, row in enumerate(part.rows) if row.source == HERE),
    )
    blocks: list[Block] = [Caution(text=part.cut)] if part.cut else []
    blocks += [f"Percent. Printed in: {', '.join(sources) or 'nowhere that is known'}.", table]
    blocks += [f"[{number}] {note}." for number, note in enumerate(notes, start=1)]
    return Section(heading=part.title, blocks=tuple(blocks))


def _counts(made: Reproduced) -> Table:
    rows = tuple(
        (
            j.split,
            f"{j.bona_fide:,} and {j.attacks:,}",
            f"{j.bona_fide_frames:,} and {j.attack_frames:,}",
            j.published,
            j.frames,
        )
        for j in made.judged
    )
    header = (
        "Split",
        "Bona fide and attack presentations",
        "Frames of each",
        "Published",
        "Which frames",
    )
    return Table(header=header, rows=rows, text_columns=5)


def _percent(mean: Mean | None) -> str:
    if mean is None:
        return ""
    text = f"{100 * mean.value:.2f}"
    spread = mean.over_folds if mean.over_folds is not None else mean.over_seeds
    return text if spread is None else f"{text} +- {100 * spread:.2f}"
