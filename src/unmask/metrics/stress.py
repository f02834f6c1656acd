"""What a system does when its sensors go wrong: rates at a threshold set on clean ones.

A cell is one set of sensors under one corruption of one severity; the cell without a corruption is
what it is compared with. A failure is one class or PAI species of one cell. Failures are ordered by
the lower end of their interval, which few trials cannot raise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unmask.metrics import rates
from unmask.metrics.curves import auc
from unmask.metrics.rates import Rate
from unmask.metrics.scores import Scores, check_classes, per_presentation
from unmask.types import Modality, Sample, subset_name

BONA_FIDE = "bona fide"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What one cell is about."""

    shown: tuple[Modality, ...]
    corruption: str = ""
    """"" for none."""
    severity: int = 0
    """1 is the mildest; 0 without a corruption."""
    told: str = ""
    """The level with its unit, such as ``4 EV less light``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What came out."""

    shown: str
    corruption: str
    severity: int
    told: str
    threshold: float
    """Accept is ``score >= threshold``; the same in all cells of one set of sensors."""
    bpcer: Rate
    apcer: Mapping[str, Rate]
    """Per PAI species."""
    worst: str
    """The PAI species with the highest APCER."""
    refused: Rate
    """Presentations that the quality checks of a detector refuse; they are in all rates here."""
    silent: int
    """Presentations without any of the shown sensors: in no rate."""
    partial: int
    """Presentations without some of the shown sensors: judged by the others, at this threshold."""
    auc: float
    """Needs no threshold; all attacks pooled, not ISO."""

    @property
    def clean(self) -> bool:
        """Without a corruption."""
        return not self.severity

    @property
    def rates(self) -> dict[str, Rate]:
        """BPCER, called bona fide, and APCER by PAI species."""
        return {BONA_FIDE: self.bpcer, **self.apcer}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """How often one class or PAI species was taken for the other class."""

    cell: Cell
    name: str
    """PAI species, or bona fide."""
    rate: Rate
    clean: Rate
    """The same without a corruption."""


def cell(
    condition: Condition,
    threshold: float,
    samples: Sequence[Sample],
    score: npt.NDArray[np.floating],
    refused: npt.NDArray[np.bool_],
) -> Cell:
    """Judge scores (N,) of samples; frames of one presentation count as their mean.

    Raises:
        DatasetError: no presentation of one class has any of the shown sensors.
    """
    judged = _judged(samples, score, condition.shown)
    check_classes(judged)
    answered = _judged(samples, np.where(refused, np.nan, score), condition.shown)
    silent = judged.bona_fide.silent + judged.pooled.silent
    unanswered = answered.bona_fide.silent + answered.pooled.silent
    return Cell(
        shown=subset_name(condition.shown),
        corruption=condition.corruption,
        severity=condition.severity,
        told=condition.told,
        threshold=threshold,
        bpcer=rates.bpcer(judged, threshold),
        apcer=rates.apcer(judged, threshold),
        worst=rates.apcer_worst(judged, threshold)[0],
        refused=Rate(unanswered - silent, len(judged) - silent),
        silent=silent,
        partial=_partial(samples, set(condition.shown)),
        auc=auc(judged),
    )


def _partial(samples: Sequence[Sample], shown: set[Modality]) -> int:
    lacking = (s for s in samples if shown & s.paths.keys() and shown - s.paths.keys())
    return len({(sample.dataset, sample.presentation) for sample in lacking})


def failures(cells: Sequence[Cell]) -> list[Failure]:
    """Every class and species of every corrupted cell, the worst first."""
    return sorted(_failures(cells), key=lambda f: (-f.rate.interval()[0], -f.rate.value))


def _failures(cells: Sequence[Cell]) -> Iterator[Failure]:
    clean = {cell.shown: cell for cell in cells if cell.clean}
    for each in cells:
        for name, rate in each.rates.items():
            if not each.clean and rate.trials:
                yield Failure(cell=each, name=name, rate=rate, clean=clean[each.shown].rates[name])


def _judged(
    samples: Sequence[Sample], score: npt.NDArray[np.floating], shown: Sequence[Modality]
) -> Scores:
    return per_presentation(Scores.from_samples(samples, score, split="eval", modalities=shown))
