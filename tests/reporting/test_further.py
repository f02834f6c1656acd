"""What a report holds besides, from files to page, each against the same made another way."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from unmask.config import ReportConfig
from unmask.errors import ConfigError, DatasetError
from unmask.files import sha256
from unmask.metrics.curves import auc
from unmask.metrics.rates import hter
from unmask.metrics.scores import Scores, per_presentation, read_scores, write_scores
from unmask.metrics.thresholds import operating_point
from unmask.reporting.document import document
from unmask.reporting.write import judge_files


def folder_of(make_set, folder: Path, *, seed: int, quality: float = 3.0) -> Path:
    for split in ("dev", "eval"):
        scores = make_set(split, seed=seed, quality=quality)
        sex = pl.when(pl.col("subject").str.ends_with("1")).then(pl.lit("f")).otherwise(pl.lit("m"))
        table = scores.table.with_columns(sex=sex, match=pl.lit("0.7"))
        write_scores(Scores(table=table), folder / f"{split}.csv")
    return folder


@pytest.fixture
def config(make_set, tmp_path) -> ReportConfig:
    folder = folder_of(make_set, tmp_path / "ours", seed=0)
    return ReportConfig(dev=folder / "dev.csv", eval=folder / "eval.csv", out=tmp_path / "out")


def headings(report) -> list[str]:
    return [section.heading for section in document(report).sections]


def test_a_plain_report_has_no_section_that_nobody_asked_for(config):
    assert headings(judge_files(config)) == [
        *("Result", "Figures", "Rates at the threshold of eer"),
        *("Rates at the threshold of bpcer<=1%", "Non-response", "BPCER at fixed APCER"),
        *("Named targets", "Not ISO/IEC 30107-3", "What was judged", "How it was judged"),
        "What may not be concluded",
    ]


def test_all_that_can_be_asked_for_is_there_and_the_bytes_are_the_same_again(
    config, make_set, tmp_path
):
    other = folder_of(make_set, tmp_path / "theirs", seed=1)
    asked = replace(
        config,
        groups=("sex",),
        verification="match",
        verification_threshold=0.6,
        against=f"rival={other}",
        repeats=(other,),
        aggregation="median",
    )
    report = judge_files(asked)
    for heading in (
        *("Groups by sex", "Whole system with verification", "Folds and seeds"),
        "Compared with rival",
    ):
        assert heading in headings(report)
    before = {p.name: p.read_bytes() for p in config.out.iterdir()}
    judge_files(replace(asked, out=tmp_path / "again"))
    assert before == {p.name: p.read_bytes() for p in (tmp_path / "again").iterdir()}


def test_differences_from_another_system_are_those_of_both_judged_alone(config, make_set, tmp_path):
    worse = folder_of(make_set, tmp_path / "theirs", seed=1, quality=1.3)
    found = judge_files(replace(config, against=str(worse))).against
    values = []
    for folder in (config.dev.parent, worse):
        dev, judged = (per_presentation(read_scores(folder / f"{s}.csv")) for s in ("dev", "eval"))
        values.append((hter(judged, operating_point(dev, "eer").threshold), auc(judged)))
    by = {row.figure: row for row in found.differences}
    assert (by["HTER"].this, by["HTER"].other) == (values[0][0], values[1][0])
    assert by["AUC"].difference.value == pytest.approx(values[0][1] - values[1][1])
    assert 0 < by["AUC"].difference.low < by["AUC"].difference.value < by["AUC"].difference.high
    assert by["AUC"].told_apart
    assert found.sha256 == sha256(worse / "eval.csv")


def test_few_people_of_one_class_and_silence_are_cautions_beside_another_system(
    config, make_set, tmp_path
):
    other = folder_of(make_set, tmp_path / "theirs", seed=1)
    for path in (config.eval, other / "eval.csv"):
        table = read_scores(path).table
        unit, attack = pl.col("presentation"), pl.col("label") == "attack"
        several = pl.when(attack).then(pl.format("a{}", "subject")).otherwise(unit)
        write_scores(Scores(table=table.with_columns(subject=several)), path)
    first = pl.col("presentation") == read_scores(other / "eval.csv").table["presentation"][0]
    table = read_scores(other / "eval.csv").table
    silent = pl.when(first).then(float("nan")).otherwise("score")
    write_scores(Scores(table=table.with_columns(score=silent)), other / "eval.csv")
    report = judge_files(replace(config, against=f"rival={other}"))
    assert (report.against.people, report.against.fewest_people) == (150, 30)
    assert report.against.silent == (3, 4)
    page = (config.out / "report.md").read_text()
    assert "Presentations without a response: this system 3, rival 4." in page
    assert "of one class: intervals are rough" not in page
    fewer = pl.when(attack).then(pl.lit("a")).otherwise("subject")
    for path in (config.eval, other / "eval.csv"):
        write_scores(Scores(table=read_scores(path).table.with_columns(subject=fewer)), path)
    judge_files(replace(config, against=f"rival={other}"))
    page = (config.out / "report.md").read_text()
    assert "Only 1 subject gave presentations of one class: intervals are rough." in page


def test_an_oracle_threshold_goes_with_no_other_system(config, make_set, tmp_path):
    other = folder_of(make_set, tmp_path / "theirs", seed=1)
    oracle = replace(config, dev=config.eval, oracle_threshold=True)
    for changes in ({"against": str(other)}, {"repeats": (other,)}):
        with pytest.raises(ConfigError, match="leave against and repeats out"):
            judge_files(replace(oracle, **changes))
        assert not config.out.exists()


def test_sets_of_modalities_are_groups_without_being_asked_for(config):
    table = read_scores(config.eval).table
    some = pl.when(pl.col("subject") < "eval-s2").then(pl.lit("rgb")).otherwise(pl.lit("depth"))
    write_scores(Scores(table=table.with_columns(modalities=some)), config.eval)
    report = judge_files(config)
    assert "Sets of modalities" in headings(report)
    assert sorted(g.name for g in report.groups[0].groups) == ["depth", "rgb"]


def test_repeats_in_one_pair_of_files_are_told_apart_by_a_column(config, make_set, tmp_path):
    for split in ("dev", "eval"):
        runs = [
            make_set(split, seed=seed).table.with_columns(seed=pl.lit(str(seed))) for seed in (1, 2)
        ]
        write_scores(Scores(table=pl.concat(runs)), tmp_path / "runs" / f"{split}.csv")
    asked = replace(
        config,
        dev=tmp_path / "runs" / "dev.csv",
        eval=tmp_path / "runs" / "eval.csv",
        repeat_column="seed",
    )
    report = judge_files(asked)
    assert [repeat.name for repeat in report.repeats.repeats] == ["seed 1", "seed 2"]
    assert report.judgements[0].hter.value == report.repeats.repeats[0].figures["HTER"]
    with pytest.raises(DatasetError, match="column site has the values 'A' in"):
        judge_files(replace(asked, dev=config.dev, eval=config.eval, repeat_column="site"))
    with pytest.raises(DatasetError, match="has no column 'fold'; it has: key"):
        judge_files(replace(asked, repeat_column="fold"))


def test_the_model_behind_the_scores_is_named_if_they_are_its_own(config, caplog):
    note = {
        "model": "vit/tiny",
        "settings": {},
        "seed": 3,
        "weights_sha256": "ab" * 32,
        "protocol": "manifest/split",
        "shown": "rgb",
        "scores_sha256": sha256(config.eval),
        "frames": "three",
    }
    path = config.eval.parent / "evaluation.json"
    path.write_text(json.dumps(note))
    report = judge_files(config)
    assert (report.origin.model, report.origin.frames) == ("vit/tiny", "three")
    assert "ab" * 32 in (config.out / "report.md").read_text()
    path.write_text(json.dumps(note | {"scores_sha256": "0"}))
    assert judge_files(config).origin is None
    assert "is about other scores and is left out" in caplog.text
    path.write_text("{")
    with pytest.raises(DatasetError, match=r"evaluation\.json is damaged"):
        judge_files(config)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"verification": "match"}, "one of them is missing"),
        ({"verification_threshold": 0.5}, "one of them is missing"),
        ({"repeats": (Path("a"),), "repeat_column": "seed"}, "not both"),
        ({"rules": ("eer", "eer")}, "rules are eer, eer; name each only once"),
        ({"groups": ("sex", "sex")}, "groups are sex, sex; name each only once"),
        ({"groups": ("label",)}, "groups has 'label', whose values make no groups"),
    ],
)
def test_settings_that_need_each_other_or_exclude_each_other(config, given, message):
    with pytest.raises(ConfigError, match=message):
        replace(config, **given)


def test_a_table_knows_nothing_of_groups(tmp_path):
    with pytest.raises(ConfigError, match="table flexible reads folders, but groups is given"):
        ReportConfig(table="flexible", folders=(tmp_path,), groups=("sex",))


def test_frames_stand_beside_presentations_and_never_among_them(config):
    report = judge_files(config)
    first = report.judgements[0]
    assert first.frames.bpcer.trials == 2 * first.bpcer.trials
    alone = per_presentation(read_scores(config.eval))
    write_scores(alone, config.eval)
    assert judge_files(config).judgements[0].frames is None


def test_too_few_attacks_for_a_fixed_fpr_are_refused_with_how_many_are_missing(config):
    found = {fixed.fpr: fixed for fixed in judge_files(config).fixed_fpr}
    attacks = 138  # 140, two of which got no response
    assert found[0.01].bpcer is not None
    assert found[0.001].bpcer is None
    assert (found[0.001].missing, found[0.0001].missing) == (1000 - attacks, 10_000 - attacks)
    assert (
        "| TPR at FPR 0.1 % | refused | 862 more attacks needed |"
        in (config.out / "report.md").read_text()
    )
