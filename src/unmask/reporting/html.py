"""A report as one self-contained HTML file: no script, no font, no picture from elsewhere."""

from collections.abc import Callable
from importlib import resources

import jinja2

from unmask.reporting.blocks import Caution, Document, Figure, Table
from unmask.reporting.document import document
from unmask.reporting.figures import drawing
from unmask.reporting.records import Report
from unmask.reporting.style import PALETTE


def as_html(report: Report) -> str:
    """The report as one HTML page, figures drawn inside it."""
    return html_of(document(report), lambda name: drawing(report, name))


def html_of(page: Document, drawn: Callable[[str], str]) -> str:
    """A page with the SVG element that ``drawn`` makes for the name of each figure."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.tests |= {
        "table": lambda block: isinstance(block, Table),
        "figure": lambda block: isinstance(block, Figure),
        "caution": lambda block: isinstance(block, Caution),
    }
    environment.filters["tied"] = _tied
    source = resources.files("unmask.reporting").joinpath("page.html.jinja").read_text("utf-8")
    return environment.from_string(source).render(page=page, palette=PALETTE, drawing=drawn)


def _tied(text: str) -> str:
    """Keep a number and its unit, and both parts of a count, on one line."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%").replace(
        " / ", "\N{NO-BREAK SPACE}/\N{NO-BREAK SPACE}"
    )
