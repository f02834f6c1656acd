"""What a report says, as records: every page and file of it is made from one ``Report``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from unmask.metrics.groups import Groups
from unmask.metrics.intervals import Estimate, People
from unmask.metrics.rates import Rate
from unmask.metrics.repeats import Repeats
from unmask.metrics.routing import RoutingReport
from unmask.metrics.system import WholeSystem
from unmask.metrics.targets import Verdicts
from unmask.metrics.thresholds import OperatingPoint

MOST = 16
"""PAI species that a drawing can tell apart."""
FEW = 8
"""So many it names where there are more: as many as there are colours."""


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
class FrameRates:
    """Rates of single frames, which are not the unit of the standard."""

    apcer: Mapping[str, Rate]
    bpcer: Rate


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """Rates of the judged set at one threshold."""

    point: OperatingPoint
    apcer: Mapping[str, Rate]
    worst: str
    """The PAI species with the highest APCER."""
    bpcer: Rate
    apcer_pooled: Rate
    hter: Estimate
    acer: float
    frames: FrameRates | None
    """None where every presentation is one row."""
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
class FixedFpr:
    """What papers call TPR at a fixed FPR, bona fide being positive and all attacks pooled."""

    fpr: float
    """FPR is at most this."""
    bpcer: Rate | None
    """1 - TPR; None where there are too few attacks to resolve the FPR."""
    missing: int
    """So many more attacks would resolve it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """The model whose scores were judged, as evaluation.json beside them says."""

    model: str
    weights_sha256: str
    seed: int
    protocol: str
    shown: str
    """Modalities that were not hidden."""
    frames: str
    """Which frames of a video were judged; empty where that is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Against:
    """The same presentations judged by another system."""

    name: str
    source: str
    sha256: str
    rule: str
    threshold: float
    """Of the other system."""
    differences: tuple[AgainstFigure, ...]
    people: int
    fewest_people: int
    """Who gave presentations of the class that fewer people gave."""
    silent: tuple[int, int]
    """Presentations without a response of this system, and of the other."""
    draws: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AgainstFigure:
    """One figure of both systems."""

    figure: str
    """ACER, HTER or AUC."""
    this: float
    other: float
    difference: Estimate
    """This less the other, paired by subject."""
    told_apart: bool
    """The interval excludes zero."""


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
    fixed_fpr: tuple[FixedFpr, ...]
    eer: Estimate
    auc: Estimate
    people: People
    """Who was drawn for the intervals of EER, AUC and HTER."""
    targets: tuple[Verdicts, ...]
    """By the rates at the first threshold."""
    lines: tuple[Line, ...]
    """One per PAI species."""
    histograms: tuple[Histogram, ...]
    """Bona fide first, then PAI species by name."""
    groups: tuple[Groups, ...] = ()
    """By the columns that were named, and by modalities where several sets of them were shown."""
    system: WholeSystem | None = None
    """With the face verification that follows; None where its scores were not given."""
    repeats: Repeats | None = None
    """Over folds or seeds; None for a single run."""
    against: Against | None = None
    """None where no other system was named."""
    origin: Origin | None = None
    """None where the scores do not say."""
    routing: RoutingReport | None = None
    """What the experts of the judged model did; None where that is not known, or it has none."""

    @property
    def named(self) -> tuple[str, ...]:
        """PAI species that drawings name: all, or of more than ``MOST`` the worst, those first."""
        names = [line.name for line in self.lines]
        if len(names) <= MOST:
            return tuple(names)

        def accepted(name: str) -> list[float]:
            return [-judgement.apcer[name].value for judgement in self.judgements]

        worst = (judgement.worst for judgement in self.judgements)
        found = dict.fromkeys([*worst, *sorted(names, key=accepted)])
        return tuple(sorted(list(found)[:FEW], key=accepted))
