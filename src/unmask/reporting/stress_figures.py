"""Heat maps of a robustness matrix: corruptions down, from mild to severe; what is shown across."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from unmask.metrics.rates import Rate
from unmask.metrics.stress import Cell
from unmask.reporting.expert_figures import DARKEST
from unmask.reporting.style import HEAT, INK, as_svg

WIDTH = 5.4
"""Of a figure, in inches: small, so that its letters are large on the page."""
ROW = 0.17
"""Height of a row of cells, in inches."""
NAMES = 2.3
"""Width of the names of rows, in inches."""
BETWEEN = 0.5
"""Rows between two corruptions."""
LETTER = {"rgb": "R", "depth": "D", "infrared": "I", "thermal": "T"}

Row = tuple[str, int, str]
"""Corruption, severity, level with its unit."""
Column = Mapping[Row, Rate]


def drawing(cells: Sequence[Cell], name: str) -> str:
    """The SVG element of a figure: bpcer, apcer or species."""
    return as_svg(lambda: _heat_map(_columns(cells, name)))


def _columns(cells: Sequence[Cell], name: str) -> dict[str, Column]:
    """Rates by title of the column: a set of sensors, or a PAI species."""
    if name == "species":
        mine = [cell for cell in cells if cell.shown == cells[0].shown]
        return {one: {_row(c): c.apcer[one] for c in mine} for one in mine[0].apcer}
    rate: Callable[[Cell], Rate] = {
        "bpcer": lambda cell: cell.bpcer,
        "apcer": lambda cell: cell.apcer[cell.worst],
    }[name]
    sets = dict.fromkeys(cell.shown for cell in cells)
    return {_initials(one): {_row(c): rate(c) for c in cells if c.shown == one} for one in sets}


def _row(cell: Cell) -> Row:
    return cell.corruption, cell.severity, cell.told


def _initials(shown: str) -> str:
    return "".join(LETTER[part] for part in shown.split("+"))


def _heat_map(columns: Mapping[str, Column]) -> Figure:
    rows = sorted({row for column in columns.values() for row in column})
    places = _places(rows)
    height = places[rows[-1]] + 1
    slanted = max(map(len, columns)) > len(LETTER)
    above = 0.08 * max(map(len, columns)) + 0.1 if slanted else 0.25
    figure = Figure(figsize=(WIDTH, height * ROW + above))
    axes = figure.add_axes(
        (NAMES / WIDTH, 0, 1 - NAMES / WIDTH, height * ROW / (height * ROW + above))
    )
    for x, column in enumerate(columns.values()):
        for row, rate in column.items():
            _cell(axes, x, places[row], rate)
    _name_rows(axes, places)
    axes.set_xlim(-0.5, len(columns) - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_xticks(range(len(columns)), list(columns), rotation=40 if slanted else 0,
                    ha="left" if slanted else "center")  # fmt: skip
    axes.xaxis.tick_top()
    axes.tick_params(length=0, pad=1)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    return figure


def _places(rows: Sequence[Row]) -> dict[Row, float]:
    """Where each row stands: with a space before each corruption."""
    places: dict[Row, float] = {}
    for before, row in zip([rows[0], *rows], rows, strict=False):
        gap = BETWEEN if before[0] != row[0] else 0.0
        places[row] = max(places.values(), default=-1.0) + 1 + gap
    return places


def _cell(axes: Axes, x: int, y: float, rate: Rate) -> None:
    if not rate.trials:
        return
    box = (x - 0.48, y - 0.46)
    axes.add_patch(
        Rectangle(box, 0.96, 0.92, facecolor=HEAT, alpha=DARKEST * rate.value, linewidth=0)
    )
    axes.add_patch(Rectangle(box, 0.96, 0.92, fill=False, edgecolor=HEAT, alpha=0.3, linewidth=0.4))
    axes.text(x, y, f"{100 * rate.value:.0f}", ha="center", va="center", fontsize=7)


def _name_rows(axes: Axes, places: Mapping[Row, float]) -> None:
    """The corruption before its first row, the level before each."""
    seen: set[str] = set()
    for (name, _, told), y in places.items():
        if name not in seen:
            axes.annotate(
                (name or "clean").replace("_", " "),
                *((0, y), (-NAMES * 72, 0)),
                xycoords=axes.get_yaxis_transform(),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color=INK,
            )
        seen.add(name)
        axes.annotate(
            told.replace(" of full scale, mm of depth", " (mm)"),
            *((0, y), (-4, 0)),
            xycoords=axes.get_yaxis_transform(),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=6.5,
            color=INK,
        )
