"""From two sets of scores to a report: dev sets the thresholds, eval is judged.

The unit is the presentation: frames are aggregated before any rate. A presentation that sets the
threshold must not be judged, unless the caller asks for such an oracle by name; the report then
says so in its first line.
"""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import polars as pl

from unmask.errors import ConfigError
from unmask.metrics import rates
from unmask.metrics.curves import auc, bpcer_at_apcer, curve, eer
from unmask.metrics.scores import Group, Scores, check_classes, check_disjoint, per_presentation
from unmask.metrics.thresholds import OperatingPoint, operating_point
from unmask.reporting.records import Count, Histogram, Judgement, Line, Report, ScoreSet

BINS = 50
CURVE_POINTS = 400
FIXED_POINTS = (10, 20, 100)


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
    overlap = _shared(dev, evaluation, "presentation")
    split = "eval" if overlap else "dev"
    points = [operating_point(dev, rule, split=split) for rule in rules]
    judgements = tuple(_judgement(dev, evaluation, point) for point in points)
    return Report(
        title=title,
        note=note,
        aggregation=aggregation,
        overlap=overlap,
        shared_subjects=_shared(dev, evaluation, "subject"),
        dev=_score_set("dev", dev, dev_frames),
        evaluation=_score_set("eval", evaluation, frames),
        judgements=judgements,
        apnrr=rates.apnrr(evaluation),
        bpnrr=rates.bpnrr(evaluation),
        bpcer_at={n: bpcer_at_apcer(evaluation, Fraction(1, n)) for n in FIXED_POINTS},
        eer=eer(evaluation),
        auc=auc(evaluation),
        lines=_lines(evaluation),
        histograms=_histograms(evaluation, judgements[0].point.threshold),
    )


def _judgement(dev: Scores, evaluation: Scores, point: OperatingPoint) -> Judgement:
    return Judgement(
        point=point,
        apcer=rates.apcer(evaluation, point.threshold),
        worst=rates.apcer_worst(evaluation, point.threshold)[0],
        bpcer=rates.bpcer(evaluation, point.threshold),
        apcer_pooled=rates.apcer_pooled(evaluation, point.threshold),
        hter=rates.hter(evaluation, point.threshold),
        acer=rates.acer(evaluation, point.threshold),
        dev_apcer=rates.apcer(dev, point.threshold),
        dev_worst=rates.apcer_worst(dev, point.threshold)[0],
        dev_bpcer=rates.bpcer(dev, point.threshold),
    )


def _shared(dev: Scores, evaluation: Scores, column: str) -> int:
    """How many presentations or subjects of the judged set are in dev too."""
    unit = ["dataset", column]
    mine, theirs = (
        scores.table.filter(pl.col(column) != "").select(unit).unique()
        for scores in (evaluation, dev)
    )
    return mine.join(theirs, on=unit, how="semi").height


def _score_set(name: str, scores: Scores, frames: Scores) -> ScoreSet:
    group = pl.col("pai_species")  # "" for bona fide, which therefore sorts first
    rows = dict(frames.table.group_by(group).len().iter_rows())
    named = scores.table.filter(pl.col("subject") != "")
    subjects = dict(named.group_by(group).agg(_people()).iter_rows())
    presentations = scores.table.group_by(group).len().sort(group).iter_rows()
    return ScoreSet(
        name=name,
        source=scores.source,
        sha256="",
        counts=tuple(
            Count(
                name=species or "bona fide",
                presentations=number,
                rows=rows[species],
                subjects=subjects.get(species, 0),
            )
            for species, number in presentations
        ),
        subjects=named.select(_people()).item(),
        modalities=tuple(scores.values("modalities")),
        datasets=tuple(scores.values("dataset")),
        sites=tuple(scores.values("site")),
    )


def _people() -> pl.Expr:
    return pl.struct("dataset", "subject").n_unique()


def _lines(scores: Scores) -> tuple[Line, ...]:
    lines = []
    for name, attacks in scores.attacks.items():
        if attacks.score.size:
            full = curve(scores.bona_fide, attacks)
            keep = _corners(full.apcer, full.bpcer)
            apcer, bpcer = full.apcer[keep].tolist(), full.bpcer[keep].tolist()
            lines.append(Line(name=name, apcer=tuple(apcer), bpcer=tuple(bpcer)))
    return tuple(lines)


def _corners(apcer: np.ndarray, bpcer: np.ndarray) -> np.ndarray:
    """Indices of the points where a staircase turns, at most ``CURVE_POINTS`` of them."""
    steps = np.diff(np.stack([apcer, bpcer])) != 0  # (2, V)
    turns = np.flatnonzero((steps[:, 1:] != steps[:, :-1]).any(axis=0) | steps[:, 1:].all(axis=0))
    keep = np.concatenate([[0], turns + 1, [apcer.size - 1]])
    chosen = np.linspace(0, keep.size - 1, min(keep.size, CURVE_POINTS)).round().astype(np.int64)
    return keep[chosen]


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
    halves = (group.score[:cut], group.score[cut:])
    rejected, accepted = (
        np.histogram(half, bins=BINS, range=(0, 1))[0].tolist() for half in halves
    )
    return tuple(rejected), tuple(accepted)
