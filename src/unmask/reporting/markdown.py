"""A report as Markdown, for a pull request or a notebook; figures are in the HTML file."""

import re

from unmask.reporting.blocks import Block, Caution, Document, Figure, Table
from unmask.reporting.document import document
from unmask.reporting.records import Report

_TAG = re.compile(r"<(?=[a-zA-Z/!])")


def as_markdown(report: Report) -> str:
    """The report as one Markdown text."""
    return markdown_of(document(report))


def markdown_of(page: Document, *, figure: str = "*Figure, in report.html.*") -> str:
    """A page as one Markdown text.

    Before the caption of a figure stands ``figure``, which may hold the {name} of its file.
    """
    parts = [f"**{_plain(page.warning)}**"] if page.warning else []
    parts.append(f"# {_plain(page.title)}")
    if page.note:
        parts.append(_plain(page.note))
    for section in page.sections:
        parts.append(f"## {_plain(section.heading)}")
        parts += [_block(block, figure) for block in section.blocks]
    return "\n\n".join(parts) + "\n"


def _block(block: Block, figure: str) -> str:
    match block:
        case Table():
            return _table(block)
        case Figure():
            return f"{figure.format(name=block.name)} {_plain(block.caption)}"
        case Caution():
            return f"> {_plain(block.text)}"
        case _:
            return _plain(block)


def _table(table: Table) -> str:
    rule = ["---" if column < table.text_columns else "---:" for column in range(len(table.header))]
    lines = [[_cell(text) for text in table.header], rule]
    for index, row in enumerate(table.rows):
        cells = [_cell(text) for text in row]
        if index in table.strong:
            cells = [f"**{cell}**" if cell else "" for cell in cells]
        lines.append(cells)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|")


def _plain(text: str) -> str:
    """One line in which no user's text can open a tag."""
    return _TAG.sub("&lt;", " ".join(text.split()))
