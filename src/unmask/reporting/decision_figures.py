"""Errors of rules for videos against the time they take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from unmask.metrics.rates import Rate
from unmask.reporting.style import FAINT, INK, MARKS, as_svg, species

if TYPE_CHECKING:
    from unmask.reporting.decisions import Decided


def drawing(made: Decided) -> str:
    """The SVG element of the only figure."""
    return as_svg(lambda: _time(made))


def _time(made: Decided) -> Figure:
    figure = Figure(figsize=(7.2, 3.4), layout="constrained")
    both = figure.subplots(1, 2, sharex=True, sharey=True)
    titles = ("BPCER in % (bona fide rejected)", "APCER in %, worst PAI species (accepted)")
    for axes, title in zip(both, titles, strict=True):
        axes.set_title(title, fontsize=9, loc="left", pad=4)
        axes.grid(color=FAINT, linewidth=0.5)
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
        axes.spines[["right", "top"]].set_visible(False)
        axes.set_ylim(0, 100)
    places = _apart([one.bona_fide.median for one in made.rules])
    for index, (one, place) in enumerate(zip(made.rules, places, strict=True)):
        for axes, rate in zip(both, (one.bpcer, one.apcer[one.worst]), strict=True):
            axes.errorbar(
                [place],
                [100 * rate.value],
                yerr=_reach(rate),
                color=species(index),
                marker=MARKS[index % len(MARKS)],
                markersize=6,
                linewidth=1.2,
                capsize=0,
                label=one.name if axes is both[0] else None,
                clip_on=False,
            )
    both[0].set_xlim(0, max(places) * 1.06 + 0.3)
    figure.supxlabel("frames until half of all bona fide presentations are decided", fontsize=9)
    figure.legend(loc="outside upper center", ncols=5, labelcolor=INK)
    return figure


def _apart(medians: list[float]) -> list[float]:
    """Places that are a little to the right of an equal one before."""
    step = 0.02 * max(medians)
    return [median + step * medians[:n].count(median) for n, median in enumerate(medians)]


def _reach(rate: Rate) -> list[list[float]]:
    low, high = rate.interval()
    return [[100 * (rate.value - low)], [100 * (high - rate.value)]]
