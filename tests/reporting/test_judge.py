from fractions import Fraction
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from unmask.errors import ConfigError, DatasetError
from unmask.metrics.curves import auc, bpcer_at_apcer, eer
from unmask.metrics.rates import Rate, apcer, bpcer, hter
from unmask.metrics.scores import Scores, per_presentation
from unmask.metrics.thresholds import operating_point
from unmask.reporting.judge import judge


def test_thresholds_come_from_dev_and_rates_from_eval(make_set):
    dev, evaluation = make_set("dev"), make_set("eval", quality=2)
    report = judge(dev, evaluation, rules=("eer", "bpcer<=1%", "fixed=0.5"))
    dev, evaluation = per_presentation(dev), per_presentation(evaluation)
    for judgement, rule in zip(report.judgements, ("eer", "bpcer<=1%", "fixed=0.5"), strict=True):
        assert judgement.point == operating_point(dev, rule)
        threshold = judgement.point.threshold
        assert judgement.apcer == apcer(evaluation, threshold)
        assert judgement.bpcer == bpcer(evaluation, threshold)
        assert judgement.dev_bpcer == bpcer(dev, threshold)
        assert judgement.dev_apcer == apcer(dev, threshold)
        assert judgement.hter.value == hter(evaluation, threshold)
    assert report.auc.value == auc(evaluation)
    assert report.eer.value == eer(evaluation)
    assert report.bpcer_at[20] == bpcer_at_apcer(evaluation, Fraction(1, 20))


def test_a_presentation_counts_once_however_many_frames_it_has(make_set):
    report = judge(make_set("dev"), make_set("eval"))
    assert [(c.name, c.presentations, c.rows) for c in report.evaluation.counts] == [
        ("bona fide", 120, 240),
        ("print", 60, 120),
        ("replay", 60, 120),
        ("silicone_mask", 20, 40),
    ]
    assert report.evaluation.subjects == 30
    assert report.judgements[0].bpcer.trials == 119
    assert report.bpnrr == Rate(1, 120)
    assert report.apnrr["print"] == Rate(1, 60)


def test_a_judged_presentation_may_not_set_the_threshold_unless_asked_by_name(make_set):
    dev, evaluation = make_set("dev"), make_set("eval")
    mixed = Scores(table=pl.concat([evaluation.table, dev.table.head(4)]), source="mixed.csv")
    with pytest.raises(DatasetError, match=r"mixed\.csv, row 521, column presentation: 'dev000'"):
        judge(dev, mixed)
    report = judge(dev, mixed, oracle_threshold=True)
    assert report.overlap == 2
    assert report.judgements[0].point.split == "eval"
    assert judge(dev, evaluation, oracle_threshold=True).overlap == 0


def test_subjects_of_both_sets_are_counted(make_set):
    dev, evaluation = make_set("dev"), make_set("eval")
    subject = pl.col("subject").replace({"eval-s1": "dev-s1", "eval-s2": "dev-s2"})
    met = Scores(table=evaluation.table.with_columns(subject))
    assert judge(dev, evaluation).shared_subjects == 0
    assert judge(dev, met).shared_subjects == 2


def test_histograms_hold_every_response_once_on_the_side_it_was_decided(make_set):
    report = judge(make_set("dev"), make_set("eval"), rules=("apcer<=5%",))
    first = report.judgements[0]
    bona_fide, *attacks = report.histograms
    assert (sum(bona_fide.wrong), sum(bona_fide.right)) == (
        first.bpcer.errors,
        first.bpcer.trials - first.bpcer.errors,
    )
    for histogram in attacks:
        rate = first.apcer[histogram.name]
        assert (sum(histogram.wrong), sum(histogram.right)) == (
            rate.errors,
            rate.trials - rate.errors,
        )


def test_a_curve_is_thinned_only_where_it_runs_straight(make_set):
    tied = Scores(table=make_set("eval").table.with_columns(pl.col("score").round(1)))
    evaluation = per_presentation(tied)
    line = judge(make_set("dev"), tied).lines[0]
    for threshold in np.linspace(0, 1, 101):
        x, y = apcer(evaluation, threshold)[line.name].value, bpcer(evaluation, threshold).value
        corners = list(zip(line.apcer, line.bpcer, strict=True))
        assert any(
            min(x0, x1) <= x <= max(x0, x1)
            and min(y0, y1) <= y <= max(y0, y1)
            and (x1 - x0) * (y - y0) == pytest.approx((y1 - y0) * (x - x0))
            for (x0, y0), (x1, y1) in pairwise(corners)
        )


def test_an_empty_class_or_rule_list_is_refused(make_set):
    dev, evaluation = make_set("dev"), make_set("eval")
    genuine = Scores(table=evaluation.table.filter(label="bona_fide"), source="eval.csv")
    with pytest.raises(DatasetError, match=r"eval\.csv has no attack presentation"):
        judge(dev, genuine)
    with pytest.raises(ConfigError, match="no threshold rule"):
        judge(dev, evaluation, rules=())
