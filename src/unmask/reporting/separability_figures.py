"""Drawings of features in two dimensions: a panel for each model, by class and by sensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from unmask.files import write_whole
from unmask.reporting.style import FAINT, PALETTE, STYLE, as_svg, species
from unmask.types import Modality

WIDTH = 7.2
"""Of a figure, in inches."""
DPI = 200
LOOKS = {
    "bona fide": (1, "o"),
    "attack": (0, "x"),
    Modality.RGB: (2, "s"),
    Modality.DEPTH: (3, "^"),
    Modality.INFRARED: (4, "+"),
    Modality.THERMAL: (5, "D"),
}
"""Number of the colour, and the mark, of each group of pictures."""
OPEN = "x+"
"""Marks that have no inside."""

Paint = Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """One model's features as a picture."""

    title: str
    place: npt.NDArray[np.float64]
    """(N, 2) of ``metrics.embedding``."""
    group: Mapping[str, npt.NDArray[np.str_]]
    """Of each drawing in ``FIGURES``, (N,) what each picture belongs to: a name in ``LOOKS``."""
    remark: Mapping[str, str]
    """A figure that goes with each drawing."""


FIGURES = ("classes", "sensors")


def svg(panels: Sequence[Panel], name: str) -> str:
    """The SVG element of one of ``FIGURES``, in the colours of the page."""
    return as_svg(lambda: _scatter(panels, name, species))


def save_png(panels: Sequence[Panel], name: str, folder: Path) -> Path:
    """Write one of ``FIGURES`` as a picture on white."""
    path = folder / f"{name}.png"
    with mpl.rc_context({**STYLE, "savefig.facecolor": "white"}), write_whole(path) as temporary:
        figure = _scatter(panels, name, lambda index: PALETTE[index][0])
        canvas = FigureCanvasAgg(figure)
        canvas.print_figure(temporary, dpi=DPI, format="png", metadata={"Software": None})
    return path


def _scatter(panels: Sequence[Panel], name: str, paint: Paint) -> Figure:
    columns = 2 if len(panels) in (1, 2, 4) else 3
    rows = -(-len(panels) // columns)
    height = rows * (WIDTH / columns + 0.3) + 0.4
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes in grid[len(panels) :]:
        axes.remove()
    for axes, panel in zip(grid, panels, strict=False):
        _draw(axes, panel, name, paint)
    there = {group for panel in panels for group in panel.group[name]}
    keys = [_key(group, paint) for group in LOOKS if group in there]
    figure.legend(handles=keys, loc="outside upper center", ncols=len(keys), handletextpad=0.2)
    return figure


def _draw(axes: Axes, panel: Panel, name: str, paint: Paint) -> None:
    """Points in the order of chance, so that no group hides another."""
    group = panel.group[name]
    for part in np.array_split(np.random.default_rng(0).permutation(len(group)), 12):
        for known, (colour, mark) in LOOKS.items():
            chosen = part[group[part] == known]
            axes.plot(
                *panel.place[chosen].T,
                mark,
                color=paint(colour),
                markersize=3.4 if mark in OPEN else 2.8,
                markeredgewidth=0.8 if mark in OPEN else 0.6,
                markerfacecolor="none",
                alpha=0.8,
            )
    axes.set_title(f"{panel.title}\n{panel.remark[name]}", fontsize=8, loc="left", pad=4)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_box_aspect(1)
    axes.margins(0.03)
    axes.spines[:].set_color(FAINT)


def _key(group: str, paint: Paint) -> Line2D:
    colour, mark = LOOKS[group]
    return Line2D(
        *([], []),
        linestyle="none",
        marker=mark,
        color=paint(colour),
        markerfacecolor="none",
        markersize=6,
        label=group,
    )
