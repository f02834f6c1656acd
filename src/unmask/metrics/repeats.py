"""One system on several folds or with several seeds: mean and standard deviation of its figures.

Each repeat has its own dev scores, which set its own threshold. Deviations are those of a sample,
ddof 1; those with ddof 0, as some papers print, stand beside them. They cover what differs between
repeats and nothing else: three folds over the same people are no three tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from unmask.metrics import rates
from unmask.metrics.curves import auc, eer
from unmask.metrics.scores import Scores, check_classes, check_disjoint, per_presentation
from unmask.metrics.thresholds import operating_point

FIGURES: Mapping[str, Callable[[Scores, float], float]] = {
    "BPCER": lambda scores, threshold: rates.bpcer(scores, threshold).value,
    "Worst APCER": lambda scores, threshold: rates.apcer_worst(scores, threshold)[1].value,
    "Pooled APCER": lambda scores, threshold: rates.apcer_pooled(scores, threshold).value,
    "ACER": rates.acer,
    "HTER": rates.hter,
    "EER": lambda scores, _: eer(scores),
    "AUC": lambda scores, _: auc(scores),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """One fold or seed."""

    name: str
    threshold: float
    figures: Mapping[str, float]
    """By the names of ``FIGURES``; shares from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanStd:
    """One figure over all repeats."""

    mean: float
    std_ddof1: float
    std_ddof0: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """All folds or seeds."""

    rule: str
    repeats: tuple[Repeat, ...]
    spread: Mapping[str, MeanStd]
    """By the names of ``FIGURES``."""


def repeats(pairs: Mapping[str, tuple[Scores, Scores]], rule: str, aggregation: str) -> Repeats:
    """Judge the dev and eval scores of every repeat, two at least, by name.

    Raises:
        DatasetError: a set lacks a class, or dev and eval of a repeat share a presentation.
    """
    made = tuple(_repeat(name, *pair, rule, aggregation) for name, pair in pairs.items())
    return Repeats(
        rule=rule,
        repeats=made,
        spread={figure: _spread([repeat.figures[figure] for repeat in made]) for figure in FIGURES},
    )


def _spread(values: list[float]) -> MeanStd:
    return MeanStd(
        mean=float(np.mean(values)),
        std_ddof1=float(np.std(values, ddof=1)),
        std_ddof0=float(np.std(values, ddof=0)),
    )


def _repeat(name: str, dev: Scores, judged: Scores, rule: str, aggregation: str) -> Repeat:
    check_disjoint(dev, judged)
    dev, judged = (per_presentation(scores, aggregation) for scores in (dev, judged))
    check_classes(judged)
    threshold = operating_point(dev, rule).threshold
    return Repeat(
        name=name,
        threshold=threshold,
        figures={figure: of(judged, threshold) for figure, of in FIGURES.items()},
    )
