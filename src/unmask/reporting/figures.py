"""The drawings of a report: error curves and scores; those of experts are in ``expert_figures``."""

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.special import ndtri

from unmask.metrics.rates import Rate
from unmask.reporting.expert_figures import EXPERT_FIGURES
from unmask.reporting.records import Histogram, Line, Report
from unmask.reporting.style import FAINT, INK, MARKS, PALETTE, as_svg, dash, short, species

PERCENTS = (1e-5, 1e-4, 0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 40, 60, 80, 90, 95, 98, 99)
"""Where the axes of error curves may have ticks."""


def drawing(report: Report, name: str) -> str:
    """The SVG element of a figure: det, scores or one of ``EXPERT_FIGURES``."""
    routing = report.routing
    if name in EXPERT_FIGURES and routing is not None:
        return as_svg(lambda: EXPERT_FIGURES[name](routing))
    return as_svg(lambda: {"det": _det, "scores": _scores}[name](report))


def _det(report: Report) -> Figure:
    keys = len(report.named) + (len(report.named) < len(report.lines)) + len(report.judgements)
    figure = Figure(figsize=(5.4, 4.9 + 0.2 * -(-keys // 2)), layout="constrained")
    axes = figure.add_subplot()
    axes.set_aspect("equal")
    low, high = _det_range(report)
    _curves(axes, report, low, high)
    for index, judgement in enumerate(report.judgements):
        axes.plot(
            _deviate([judgement.apcer[judgement.worst].value], low, high),
            _deviate([judgement.bpcer.value], low, high),
            color=INK,
            marker=MARKS[index % len(MARKS)],
            markerfacecolor="none",
            markersize=8,
            linestyle="none",
            label=f"threshold of {judgement.point.rule}",
            clip_on=False,
            zorder=5,
        )
    _deviate_axes(axes, low, high)
    axes.set_xlabel("APCER in % (attacks accepted)")
    axes.set_ylabel("BPCER in % (bona fide rejected)")
    figure.legend(loc="outside lower center", ncols=2, handlelength=2.8)
    return figure


def _curves(axes: Axes, report: Report, low: float, high: float) -> None:
    """One per PAI species; those that are not named lie behind the others, in grey."""
    lines = {line.name: line for line in report.lines}
    worst = {judgement.worst: judgement.apcer for judgement in report.judgements}
    for index, name in enumerate(report.named):
        line = lines.pop(name)
        if name in worst:
            bounds = _bounds(line, worst[name][name].trials)  # (2, points)
            axes.fill_betweenx(
                _deviate(line.bpcer, low, high),
                *_deviate(bounds, low, high),
                color=species(index),
                alpha=0.14,
                linewidth=0,
            )
        axes.plot(
            _deviate(line.apcer, low, high),
            _deviate(line.bpcer, low, high),
            color=species(index),
            linestyle=dash(index + index // len(PALETTE)),
            linewidth=1.5,
            label=short(name),
            clip_on=False,
        )
    for number, line in enumerate(lines.values()):
        axes.plot(
            _deviate(line.apcer, low, high),
            _deviate(line.bpcer, low, high),
            color=INK,
            alpha=0.22,
            linewidth=0.7,
            label=None if number else f"{len(lines)} other species",
            zorder=1,
        )


def _bounds(line: Line, trials: int) -> npt.NDArray[np.float64]:
    """(2, points) Ends of the exact 95 % interval of each APCER of a curve."""
    ends = [Rate(errors=round(rate * trials), trials=trials).interval() for rate in line.apcer]
    return np.transpose(ends)


def _det_range(report: Report) -> tuple[float, float]:
    """From below every rate but zero that the set can show, to where no system should be."""
    trials = max(count.presentations for count in report.evaluation.counts)
    finest = min(1 / trials, 0.2)
    low = max((p / 100 for p in PERCENTS if p / 100 < finest), default=PERCENTS[0] / 100)
    return low, 0.6 if report.eer.value < 0.25 else 0.99


def _deviate_axes(axes: Axes, low: float, high: float) -> None:
    ticks = [p for p in PERCENTS if low <= p / 100 <= high]
    places, labels = ndtri(np.divide(ticks, 100)), ["0", *(f"{p:g}" for p in ticks[1:])]
    axes.set_xlim(ndtri(low), ndtri(high))
    axes.set_ylim(ndtri(low), ndtri(high))
    axes.set_xticks(places, labels)
    axes.set_yticks(places, labels)
    axes.grid(color=FAINT, linewidth=0.5)
    axes.tick_params(length=0)


def _deviate(rates: npt.ArrayLike, low: float, high: float) -> npt.NDArray[np.float64]:
    deviates: npt.NDArray[np.float64] = ndtri(np.clip(rates, low, high))
    return deviates


def _scores(report: Report) -> Figure:
    histograms = _told_apart(report)
    colors = {name: species(index) for index, name in enumerate(report.named)}
    rows = len(histograms)
    figure = Figure(figsize=(5.4, 0.9 + 0.52 * rows), layout="constrained")
    all_axes = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    for index, (axes, histogram) in enumerate(zip(all_axes, histograms, strict=True)):
        right, wrong = np.sqrt(histogram.right), np.sqrt(histogram.wrong)
        edges = np.linspace(0, 1, right.size + 1)
        color = colors.get(histogram.name, INK) if index else INK
        total = np.sqrt(np.add(histogram.right, histogram.wrong))
        axes.stairs(total, edges, fill=True, color=color, alpha=0.28, linewidth=0)
        axes.stairs(wrong, edges, fill=True, color=color, linewidth=0)
        for number, judgement in enumerate(report.judgements):
            axes.axvline(
                judgement.point.threshold,
                color=INK,
                linewidth=0.9,
                linestyle=dash(number),
            )
        axes.set_yticks([])
        axes.set_ylim(0, max(1.0, float(total.max())) * 1.12)
        axes.spines[["left", "right", "top"]].set_visible(False)
        axes.set_ylabel(short(histogram.name), rotation=0, ha="right", va="center")
        _tally(axes, sum(histogram.wrong), sum(histogram.right), accepted=index > 0)
    all_axes[-1].set_xlim(0, 1)
    all_axes[-1].set_xlabel("score, probability of bona fide")
    figure.legend(handles=_threshold_keys(report), loc="outside upper center", ncols=2)
    return figure


def _told_apart(report: Report) -> list[Histogram]:
    """Bona fide, then each PAI species; of many the named ones, and the others together."""
    if len(report.named) == len(report.lines):
        return list(report.histograms)
    found = {histogram.name: histogram for histogram in report.histograms[1:]}
    named = [found.pop(name) for name in report.named]
    others = Histogram(
        name=f"{len(found)} other species",
        right=tuple(np.sum([h.right for h in found.values()], axis=0).tolist()),
        wrong=tuple(np.sum([h.wrong for h in found.values()], axis=0).tolist()),
    )
    return [report.histograms[0], *named, others]


def _tally(axes: Axes, wrong: int, right: int, *, accepted: bool) -> None:
    axes.text(
        1.01,
        0.5,
        f"{wrong} / {wrong + right} {'accepted' if accepted else 'rejected'}",
        transform=axes.transAxes,
        va="center",
    )


def _threshold_keys(report: Report) -> list[Line2D]:
    return [
        Line2D(
            [], [], color=INK, linewidth=0.9, linestyle=dash(number), label=f"threshold of {rule}"
        )
        for number, rule in enumerate(judgement.point.rule for judgement in report.judgements)
    ]
