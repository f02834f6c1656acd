"""From two sets of scores to a report: dev sets the thresholds, eval is judged.

The unit is the presentation: frames are aggregated before any rate. A presentation that sets the
threshold must not be judged, unless the caller asks for such an oracle by name; the report then
says so in its first line.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import polars as pl

from unmask.errors import ConfigError
from unmask.metrics import rates
from unmask.metrics.curves import auc, bpcer_at_apcer, bpcer_at_pooled_apcer, curve, eer
from unmask.metrics.intervals import Bootstrap
from unmask.metrics.scores import (
    Group,
    Scores,
    check_classes,
    check_disjoint,
    met,
    per_presentation,
)
from unmask.metrics.targets import verdicts
from unmask.metrics.thresholds import OperatingPoint, operating_point
from unmask.reporting.records import (
    Count,
    FixedFpr,
    FrameRates,
    Histogram,
    Judgement,
    Line,
    Report,
    ScoreSet,
)

BINS = 50
CURVE_POINTS = 400
FIXED_POINTS = (10, 20, 100)
FIXED_FPRS = (Fraction(1, 100), Fraction(1, 1000), Fraction(1, 10_000))


def judge(
    dev: Scores,
    evaluation: Scores,
    *,
    rules: Sequence[str] = ("eer", "bpcer<=1%"),
    title: str = "Presentation attack detection",
    note: str = "",
    aggregation: str = "mean",
    oracle_threshold: bool = False,
) -> Report:
    """Choose thresholds on ``dev`` and judge ``evaluation`` at them.

    Raises:
        ConfigError: a rule or the aggregation is unknown.
        DatasetError: a class is empty, or a presentation of dev is judged without permission.
    """
    if not rules:
        raise ConfigError("no threshold rule is given; name at least one, such as eer")
    if not oracle_threshold:
        check_disjoint(dev, evaluation)
    dev_frames, frames = dev, evaluation
    dev, evaluation = per_presentation(dev, aggregation), per_presentation(evaluation, aggregation)
    check_classes(dev)
    check_classes(evaluation)
    overlap = _shared(dev, evaluation, "presentation") if oracle_threshold else 0
    split = "eval" if overlap else "dev"
    points = [operating_point(dev, rule, split=split) for rule in rules]
    judged = _score_set("eval", evaluation, frames)
    drawn = Bootstrap(evaluation)
    several = frames if len(frames) > len(evaluation) else None
    judgements = tuple(_judgement(dev, evaluation, point, drawn, several) for point in points)
    return Report(
        title=title,
        note=note,
        aggregation=aggregation,
        overlap=overlap,
        shared_subjects=_shared(dev, evaluation, "subject"),
        dev=_score_set("dev", dev, dev_frames),
        evaluation=judged,
        judgements=judgements,
        apnrr=rates.apnrr(evaluation),
        bpnrr=rates.bpnrr(evaluation),
        bpcer_at={n: bpcer_at_apcer(evaluation, Fraction(1, n)) for n in FIXED_POINTS},
        fixed_fpr=tuple(_fixed_fpr(evaluation, fpr) for fpr in FIXED_FPRS),
        eer=drawn.eer(eer(evaluation)),
        auc=drawn.auc(auc(evaluation)),
        people=drawn.people,
        targets=verdicts(judgements[0].bpcer, judgements[0].apcer),
        lines=_lines(evaluation),
        histograms=_histograms(evaluation, judgements[0].point.threshold),
    )


def _judgement(
    dev: Scores,
    evaluation: Scores,
    point: OperatingPoint,
    drawn: Bootstrap,
    frames: Scores | None,
) -> Judgement:
    hter = rates.hter(evaluation, point.threshold)
    return Judgement(
        point=point,
        apcer=rates.apcer(evaluation, point.threshold),
        worst=rates.apcer_worst(evaluation, point.threshold)[0],
        bpcer=rates.bpcer(evaluation, point.threshold),
        apcer_pooled=rates.apcer_pooled(evaluation, point.threshold),
        hter=drawn.hter(hter, point.threshold),
        acer=rates.acer(evaluation, point.threshold),
        frames=None if frames is None else _frame_rates(frames, point.threshold),
        dev_apcer=rates.apcer(dev, point.threshold),
        dev_worst=rates.apcer_worst(dev, point.threshold)[0],
        dev_bpcer=rates.bpcer(dev, point.threshold),
    )


def _frame_rates(frames: Scores, threshold: float) -> FrameRates:
    return FrameRates(apcer=rates.apcer(frames, threshold), bpcer=rates.bpcer(frames, threshold))


def _fixed_fpr(scores: Scores, fpr: Fraction) -> FixedFpr:
    missing = max(0, math.ceil(1 / fpr) - scores.pooled.score.size)
    found = bpcer_at_pooled_apcer(scores, fpr)
    return FixedFpr(fpr=float(fpr), bpcer=found, missing=missing)


def _shared(dev: Scores, evaluation: Scores, column: str) -> int:
    """How many presentations or subjects of the judged set are in dev too."""
    both = met(evaluation, dev, column).select("dataset", column)
    return both.n_unique() if both.height else 0


def _score_set(name: str, scores: Scores, frames: Scores) -> ScoreSet:
    presentations, rows = _sizes(scores), _sizes(frames)
    people = {species: _people(scores, species) for species in presentations}
    return ScoreSet(
        name=name,
        source=scores.source,
        sha256="",
        counts=tuple(
            Count(
                name=species or "bona fide",
                presentations=number,
                rows=rows[species],
                subjects=people[species].height,
            )
            for species, number in presentations.items()
        ),
        subjects=pl.concat(people.values()).n_unique(),
        modalities=tuple(scores.values("modalities")),
        datasets=tuple(scores.values("dataset")),
        sites=tuple(scores.values("site")),
    )


def _sizes(scores: Scores) -> dict[str, int]:
    """Rows of bona fide, called "", and of each PAI species."""
    groups = {"": scores.bona_fide, **scores.attacks}
    return {species: group.rows for species, group in groups.items()}


def _people(scores: Scores, species: str) -> pl.DataFrame:
    """Whoever presents a PAI species, or bona fide where it is "", once."""
    here = (pl.col("pai_species") == species) & (pl.col("subject") != "")
    found = scores.table.lazy().filter(here).select("dataset", "subject").unique()
    return found.collect(engine="streaming")  # which holds few rows at a time


def _lines(scores: Scores) -> tuple[Line, ...]:
    lines = []
    for name, attacks in scores.attacks.items():
        if attacks.score.size:
            full = curve(scores.bona_fide, attacks, CURVE_POINTS)
            keep = _corners(full.apcer, full.bpcer)
            apcer, bpcer = full.apcer[keep].tolist(), full.bpcer[keep].tolist()
            lines.append(Line(name=name, apcer=tuple(apcer), bpcer=tuple(bpcer)))
    return tuple(lines)


def _corners(apcer: np.ndarray, bpcer: np.ndarray) -> np.ndarray:
    """Indices of the points where a staircase turns."""
    steps = np.diff(np.stack([apcer, bpcer])) != 0  # (2, V)
    turns = np.flatnonzero((steps[:, 1:] != steps[:, :-1]).any(axis=0) | steps[:, 1:].all(axis=0))
    return np.concatenate([[0], turns + 1, [apcer.size - 1]])


def _histograms(scores: Scores, threshold: float) -> tuple[Histogram, ...]:
    bona_fide = _bins(scores.bona_fide, threshold)
    histograms = [Histogram(name="bona fide", right=bona_fide[1], wrong=bona_fide[0])]
    for name, attacks in scores.attacks.items():
        rejected, accepted = _bins(attacks, threshold)
        histograms.append(Histogram(name=name, right=rejected, wrong=accepted))
    return tuple(histograms)


def _bins(group: Group, threshold: float) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Counts per bin of [0, 1]: rejected, accepted."""
    cut = group.rejected(threshold)
    edges = np.searchsorted(group.score, np.linspace(0, 1, BINS + 1))  # (BINS + 1,)
    edges[-1] = group.score.size  # a score of 1 is in the last bin
    rejected, accepted = np.diff(np.minimum(edges, cut)), np.diff(np.maximum(edges, cut))
    return tuple(rejected.tolist()), tuple(accepted.tolist())
