"""How every drawing of a report looks, and how it becomes inline SVG.

Figures are made with matplotlib's objects, without pyplot and its global state. Colours leave here
as CSS variables, so that the page can show the same drawing on white paper and on a dark screen.
What a colour tells, a name or a dash tells too.
"""

import io
import warnings
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, FAINT, HEAT = "#101112", "#c0c1c2", "#0a1b2c"
"""Stand-ins that become CSS variables, as do those of ``species``."""
PALETTE = (
    ("#c24e00", "#ff8a3d"),
    ("#0a6aad", "#5ab4f0"),
    ("#00795a", "#2fc79c"),
    ("#a3487f", "#e58cc0"),
    ("#8a6a00", "#e3b93c"),
    ("#5b4bb5", "#a89cf5"),
    ("#7d2a2a", "#e07a7a"),
    ("#44606e", "#9bb8c6"),
)
"""Of each PAI species: on white, on black."""
LONGEST = 28
"""Characters of a name that fit beside a drawing."""
DASHES: Any = ("-", (0, (6, 1.5)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)))
MARKS = ("o", "s", "D", "^", "v", "P")
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "unmask",
    "savefig.bbox": "tight",
    "savefig.pad_inches": 0.02,
    "font.size": 9,
    "text.parse_math": False,
    "text.color": INK,
    "savefig.facecolor": "none",
    "axes.facecolor": "none",
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
}


def as_svg(draw: Callable[[], Figure]) -> str:
    """The SVG element of the figure that ``draw`` makes."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the reader's browser has the font
        file = io.StringIO()
        FigureCanvasSVG(draw()).print_figure(
            file, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
        )
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    for index in range(len(PALETTE)):
        svg = svg.replace(species(index), f"var(--species-{index})")
    for stand_in, variable in (
        (INK, "currentColor"),
        (FAINT, "var(--rule)"),
        (HEAT, "var(--heat)"),
    ):
        svg = svg.replace(stand_in, variable)
    return svg


def species(index: int) -> str:
    """Stand-in for the colour of a PAI species; they come again after the last of ``PALETTE``."""
    return f"#5c0d{index % len(PALETTE):02x}"


def short(name: str) -> str:
    """A name that leaves room for the drawing: both its ends, where it is long."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 11]}...{name[-8:]}"


def dash(index: int) -> Any:
    """The line style of an entry in a legend."""
    return DASHES[index % len(DASHES)]
