"""Drawings of how experts are used: sorted shares, distances between groups, shares by group."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from unmask.metrics.routing import Layer, RoutingReport
from unmask.reporting.style import FAINT, HEAT, INK

DARKEST = 0.75
"""Opacity of the highest value, so that ink stays readable on it."""
WIDTH = 7.2
"""Of a figure, in inches."""
TITLES = {
    "modalities": "sets of modalities",
    "site": "sites",
    "species": "PAI species and bona fide",
}
"""Axes of groups, in the order in which they are drawn."""

NAME = 0.066
"""Width of a letter in the name of a group, in inches."""
STEPS = 32
"""Up to so many experts, each is drawn as a step."""

Distances = npt.NDArray[np.float64]


def _curves(routing: RoutingReport) -> Figure:
    figure, panels = _panels(len(routing.layers), per_row=4, height=1.45)
    highest = max(layer.share[0] * layer.num_experts for layer in routing.layers)
    lowest = min(layer.share[-1] * layer.num_experts for layer in routing.layers)
    bottom, top = max(min(lowest, 0.5), 1e-3) / 1.5, max(highest, 2) * 1.5
    for number, (axes, layer) in enumerate(zip(panels, routing.layers, strict=True), start=1):
        place = 100 * np.array(layer.rank) / layer.num_experts  # percent of the experts
        multiple = np.array(layer.share) * layer.num_experts
        axes.set_yscale("log")
        axes.set_xlim(0, 100)
        axes.set_ylim(bottom, top)
        axes.axhline(1, color=INK, linewidth=0.7, linestyle=(0, (4, 3)))
        used = 100 * layer.used / layer.num_experts
        axes.axvspan(used, 100, color=FAINT, alpha=0.5, linewidth=0)
        axes.plot(
            [0, *place],
            [multiple[0], *multiple],
            color=HEAT,
            linewidth=1.6,
            drawstyle="steps-pre" if layer.num_experts <= STEPS else "default",
        )
        axes.set_title(f"layer {number}", fontsize=9, loc="left", pad=3)
        if layer.dead:
            axes.text(
                99, top / 1.3, f"{layer.dead:,} never chosen", ha="right", va="top", fontsize=7.5
            )
        axes.set_yticks(*_multiples(bottom, top))
        axes.minorticks_off()
        axes.set_xticks([0, 50, 100])
        axes.spines[["right", "top"]].set_visible(False)
    figure.supxlabel("experts from the most used on, in %", fontsize=9)
    figure.supylabel("multiple of an equal share", fontsize=9)
    return figure


def _multiples(bottom: float, top: float) -> tuple[list[float], list[str]]:
    ticks = [10.0**power for power in range(-3, 7) if bottom <= 10.0**power <= top]
    return ticks, [f"{tick:g}" for tick in ticks]


def _distances(routing: RoutingReport) -> Figure:
    """One square per axis, with cells of one size and one scale of colour; two where they fit."""
    maps = [
        (title, [routing.groups[i].name for i in routing.indices(axis)], _mean(routing, axis))
        for axis, title in TITLES.items()
        if axis in routing.compared
    ]
    margin = 0.1 + NAME * max(len(name) for _, names, _ in maps for name in names)
    cell = min(0.36, (WIDTH - margin) / max(len(names) for _, names, _ in maps))
    highest = max(0.05, *(float(np.nanmax(values, initial=0.0)) for _, _, values in maps))
    sizes = [cell * len(names) for _, names, _ in maps]
    below = [0.35 + 0.7 * NAME * max(len(name) for name in names) for _, names, _ in maps]
    places, height = _flow(sizes, below, margin)
    figure = Figure(figsize=(WIDTH, height))
    figure.add_artist(Rectangle((0, 0), 1, 1, fill=False, linewidth=0))  # keeps the full width
    for (title, names, values), size, (left, top) in zip(maps, sizes, places, strict=True):
        box = (left / WIDTH, 1 - (top + size) / height, size / WIDTH, size / height)
        axes = figure.add_axes(box)
        _heat_map(axes, values, names, highest=highest)
        axes.set_title(title, fontsize=9, loc="left", pad=4)
    return figure


def _flow(
    sizes: Sequence[float], below: Sequence[float], margin: float
) -> tuple[list[tuple[float, float]], float]:
    """Left and top of squares in rows like words of a text, and the height of all; inches."""
    places: list[tuple[float, float]] = []
    left, top, bottom = 0.0, 0.25, 0.0
    for size, under in zip(sizes, below, strict=True):
        if left and left + margin + size > WIDTH:
            left, top = 0.0, bottom
        places.append((left + margin, top))
        left, bottom = left + margin + size, max(bottom, top + size + under)
    return places, bottom - 0.2  # no title follows


def _mean(routing: RoutingReport, axis: str) -> Distances:
    """(G, G) mean over layers; NaN where there is nothing to compare."""
    tables = np.array([layer.distance[axis] for layer in routing.layers], dtype=np.float64)
    mean: Distances = tables.mean(axis=0)
    return mean


def _heat_map(axes: Axes, values: Distances, names: Sequence[str], *, highest: float) -> None:
    for (row, column), value in np.ndenumerate(values):
        known = not np.isnan(value)
        _cell(axes, row, column, value / highest if known else 0.0)
        text = f"{value:.2f}".removeprefix("0") if known else "-"
        axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=7)
    for place in range(len(names)):
        corner = (place + 0.04, place + 0.04)
        axes.add_patch(Rectangle(corner, 0.92, 0.92, fill=False, edgecolor=INK, linewidth=0.9))
    _grid_axes(axes, len(names), len(names))
    ticks = np.arange(len(names)) + 0.5
    axes.set_xticks(ticks, names, fontsize=8, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, names, fontsize=8)


def _shares(routing: RoutingReport) -> Figure:
    longest = max(len(layer.name(e)) for layer in routing.layers for e in layer.featured)
    height = 0.135 * (len(routing.groups) + 2 * len(routing.compared)) + 0.45 + NAME * longest
    figure, panels = _panels(len(routing.layers), per_row=3, height=height)
    places, names = _rows(routing)
    for number, (axes, layer) in enumerate(zip(panels, routing.layers, strict=True), start=1):
        _share_panel(axes, layer, places)
        axes.set_title(f"layer {number}", fontsize=9, loc="left", pad=3)
        axes.set_yticks([place + 0.5 for place in places], names, fontsize=7)
    figure.supxlabel("expert", fontsize=9)
    return figure


def _share_panel(axes: Axes, layer: Layer, places: Sequence[float]) -> None:
    highest = max(max(use.featured) for use in layer.groups)
    for place, use in zip(places, layer.groups, strict=True):
        for column, share in enumerate(use.featured):
            _cell(axes, place, column, share / highest if highest else 0.0)
    _grid_axes(axes, len(layer.featured), max(places) + 1)
    labels = [layer.name(expert) for expert in layer.featured]
    axes.set_xticks(np.arange(len(labels)) + 0.5, labels, rotation=90, fontsize=6.5)


def _rows(routing: RoutingReport) -> tuple[list[float], list[str]]:
    """Where each group stands, with a gap between axes."""
    places: list[float] = []
    axis, place = routing.groups[0].axis, 0.0
    for group in routing.groups:
        place += 0.6 if group.axis != axis else 0.0
        axis = group.axis
        places.append(place)
        place += 1
    return places, [group.label for group in routing.groups]


def _panels(count: int, *, per_row: int, height: float) -> tuple[Figure, list[Axes]]:
    """A grid of panels, all of one size, of which the first ``count`` are there."""
    columns = min(per_row, max(count, 2))
    rows = -(-count // columns)
    figure = Figure(figsize=(WIDTH, rows * height + 0.35), layout="constrained")
    grid = figure.subplots(rows, columns, sharey=True, squeeze=False).ravel()
    for axes in grid[count:]:
        axes.remove()
    return figure, list(grid[:count])


def _cell(axes: Axes, row: float, column: float, value: float) -> None:
    """A square whose darkness is ``value``, from 0 to 1."""
    axes.add_patch(
        Rectangle((column, row), 1, 1, facecolor=HEAT, alpha=DARKEST * value, linewidth=0)
    )


def _grid_axes(axes: Axes, columns: float, rows: float) -> None:
    axes.set_xlim(0, columns)
    axes.set_ylim(rows, 0)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


EXPERT_FIGURES: Mapping[str, Callable[[RoutingReport], Figure]] = {
    "expert_curves": _curves,
    "expert_distances": _distances,
    "expert_shares": _shares,
}
