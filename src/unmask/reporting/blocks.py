"""What a report is made of, whether it becomes Markdown or HTML."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Text in rows; the first column names the row."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    text_columns: int = 1
    """So many columns from the left hold words; the rest hold numbers."""
    strong: frozenset[int] = frozenset()
    """Rows to stress."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A drawing, which HTML shows and Markdown points to."""

    name: str
    """See ``figures.drawing``."""
    caption: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Caution:
    """A paragraph that limits what may be concluded."""

    text: str


Block = str | Caution | Table | Figure


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A heading and what stands under it."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A whole report in reading order."""

    title: str
    warning: str
    """Goes before everything; empty if there is none."""
    note: str
    sections: tuple[Section, ...]
