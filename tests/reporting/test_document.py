import math

import polars as pl

from unmask.metrics.rates import Rate
from unmask.metrics.scores import Scores
from unmask.reporting.blocks import Caution
from unmask.reporting.document import document
from unmask.reporting.judge import judge
from unmask.reporting.wording import interval, percent


def cautions(report) -> str:
    page = document(report)
    return "\n".join(b.text for s in page.sections for b in s.blocks if isinstance(b, Caution))


def test_percentages_keep_their_digits_where_they_matter():
    assert [percent(x) for x in (0, 1, 0.025, 0.5, 0.004, 0.996, 0.2, float("nan"))] == [
        *("0 %", "100 %", "2.5 %", "50.0 %", "0.40 %", "99.60 %", "20.0 %", "none"),
    ]
    assert interval(Rate(0, 20)) == "0 to 16.8 %"


def test_the_result_is_said_in_plain_words(make_set):
    report = judge(make_set("dev"), make_set("eval"))
    first = report.judgements[0]
    worst = first.apcer[first.worst]
    text = document(report).sections[0].blocks[0]
    assert f"(rule eer, set on dev), {first.bpcer.errors} of 119 bona fide presentations" in text
    assert f"The worst PAI species is {first.worst}: {worst.errors} of {worst.trials}" in text
    assert "3 presentations got no response and are not in these rates." in text


def test_too_few_trials_are_named_with_what_they_cannot_exclude(make_set):
    text = cautions(judge(make_set("dev"), make_set("eval", quality=40)))
    assert "fewer than 72 presentations cannot show a rate below 5 %" in text
    assert "silicone_mask (0 of 20: upper bound 16.8 %)" in text
    assert "bona fide (" not in text, "119 presentations are enough for 5 %"


def test_a_species_without_any_response_is_named_first(make_set):
    mute = pl.when(pl.col("pai_species") == "print").then(None).otherwise(pl.col("score"))
    heard = make_set("eval")
    judged = Scores(table=heard.table.with_columns(score=mute.fill_null(math.nan)), source="eval")
    assert cautions(judge(make_set("dev"), judged)).startswith(
        "No presentation of print got a response: nothing is known of that APCER"
    )
    assert "got a response: nothing" not in cautions(judge(make_set("dev"), heard))


def test_the_least_number_of_trials_is_the_least():
    assert Rate(0, 72).interval()[1] <= 0.05 < Rate(0, 71).interval()[1]


def test_a_limit_that_dev_cannot_resolve_is_said(make_set):
    report = judge(make_set("dev"), make_set("eval"), rules=("bpcer<=0.5%", "apcer<=1%"))
    text = cautions(report)
    assert "The rule bpcer<=0.5% rests on 119 bona fide presentations of dev" in text
    assert "The rule apcer<=1% rests on 20 silicone_mask presentations of dev" in text
    assert "BPCER20" not in text
    at_the_edge = cautions(judge(make_set("dev"), make_set("eval"), rules=("apcer<=5%",)))
    assert "rests on" not in at_the_edge, "5 % of 20 is one"
    assert "BPCER100 (print, replay, silicone_mask)" in text


def test_enough_trials_need_no_caution(make_set):
    many = []
    for split in ("dev", "eval"):
        copies = [make_set(split, seed=seed).table for seed in range(30)]
        named = [t.with_columns(pl.lit(str(i)).alias("dataset")) for i, t in enumerate(copies)]
        many.append(Scores(table=pl.concat(named)))
    assert cautions(judge(*many)) == ""


def test_an_oracle_says_so_before_anything_else(make_set):
    scores = make_set("eval")
    page = document(judge(scores, scores, oracle_threshold=True))
    assert page.warning.startswith("Oracle threshold: 260 of 260 judged presentations")
    assert "set on the judged set itself" in page.sections[0].blocks[0]
    assert document(judge(make_set("dev"), scores)).warning == ""
