"""What a report says, as records: every page and file of it is made from one ``Report``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unmask.metrics.rates import Rate
from unmask.metrics.routing import RoutingReport
from unmask.metrics.thresholds import OperatingPoint


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How much there is of one class or PAI species."""

    name: str
    """The PAI species, or "bona fide"."""
    presentations: int
    rows: int
    """Rows of the score file: frames, where it holds several per presentation."""
    subjects: int
    """Distinct subjects; 0 where the file does not name them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoreSet:
    """One of the two sets of scores."""

    name: str
    """dev sets the threshold, eval is judged."""
    source: str
    sha256: str
    """Of the file the scores came from; empty if they came from none."""
    counts: tuple[Count, ...]
    """Bona fide first, then PAI species by name."""
    subjects: int
    """Distinct subjects in all; 0 where the file does not name them."""
    modalities: tuple[str, ...]
    datasets: tuple[str, ...]
    sites: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """Rates of the judged set at one threshold."""

    point: OperatingPoint
    apcer: Mapping[str, Rate]
    worst: str
    """The PAI species with the highest APCER."""
    bpcer: Rate
    apcer_pooled: Rate
    hter: float
    acer: float
    dev_apcer: Mapping[str, Rate]
    """Of dev at the same threshold, as are the next two."""
    dev_worst: str
    dev_bpcer: Rate


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """An error curve, thinned for drawing."""

    name: str
    apcer: tuple[float, ...]
    bpcer: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Histogram:
    """Judged scores of one class or PAI species in equal bins of [0, 1]."""

    name: str
    right: tuple[int, ...]
    """Decided correctly at the first threshold."""
    wrong: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A system's scores, judged."""

    title: str
    note: str
    aggregation: str
    """How frames of one presentation became one score."""
    overlap: int
    """Judged presentations that also set the threshold; more than 0 makes it an oracle."""
    shared_subjects: int
    """Subjects of the judged set who are in dev too."""
    dev: ScoreSet
    evaluation: ScoreSet
    judgements: tuple[Judgement, ...]
    """One per threshold rule; the first is the one that the summary is about."""
    apnrr: Mapping[str, Rate]
    bpnrr: Rate
    bpcer_at: Mapping[int, Rate]
    """BPCER10, 20, 100: at an APCER of at most 1 / 10, 1 / 20, 1 / 100 on the worst species."""
    eer: float
    auc: float
    lines: tuple[Line, ...]
    """One per PAI species."""
    histograms: tuple[Histogram, ...]
    """Bona fide first, then PAI species by name."""
    routing: RoutingReport | None = None
    """What the experts of the judged model did; None where that is not known, or it has none."""
