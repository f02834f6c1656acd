"""``unmask decide`` from score files to page."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import unmask
from unmask.cli import main
from unmask.config import DecideConfig
from unmask.metrics.decisions import frame_rule
from unmask.metrics.rates import Rate
from unmask.metrics.scores import read_scores
from unmask.metrics.videos import videos

RULES = ("first", "mean", "median", "3-of-5", "sequential=5%")


def write(path: Path, seed: int, *, presentations: int = 40, dataset: str = "cam") -> Path:
    """Videos of 3 to 8 frames, in shuffled rows; a tenth of the later frames is not answered."""
    rng = np.random.default_rng(seed)
    rows = []
    for n in range(presentations):
        species = ("", "print", "", "mask")[n % 4]
        mean = {"": 1.5, "print": -1.5, "mask": 0.5}[species]
        for t in range(int(rng.integers(3, 9))):
            score = 1 / (1 + np.exp(-rng.normal(mean)))
            rows.append(
                {
                    "key": f"{path.stem}{n}-{t}",
                    "presentation": f"{path.stem}{n}",
                    "score": None if t and rng.random() < 0.1 else score,
                    "label": "attack" if species else "bona_fide",
                    "pai_species": species,
                    "dataset": dataset,
                    "frame": str(t),
                }
            )
    order = rng.permutation(len(rows))
    pl.DataFrame([rows[i] for i in order]).write_csv(path)
    return path


@pytest.fixture
def config(tmp_path: Path) -> DecideConfig:
    return DecideConfig(
        dev=write(tmp_path / "dev.csv", 0),
        eval=write(tmp_path / "eval.csv", 1),
        out=tmp_path / "out",
        decisions=RULES,
    )


def test_rates_and_latency_are_those_of_a_loop_over_presentations(config: DecideConfig) -> None:
    made = unmask.decide(config)
    assert [one.name for one in made.rules] == list(RULES)
    dev, judged = (videos(read_scores(path)) for path in (config.dev, config.eval))
    for one in made.rules:
        rule = frame_rule(one.name, dev)
        wrong = {"": 0, "print": 0, "mask": 0}
        took: dict[bool, list[int]] = {True: [], False: []}
        for frames, species in zip(judged.frames, judged.table["pai_species"], strict=True):
            decision = rule.decide(frames, one.point.threshold)
            wrong[species] += decision.accepted == bool(species)
            took[not species].append(decision.frames)
        assert one.bpcer == Rate(wrong[""], 20)
        assert one.apcer == {"mask": Rate(wrong["mask"], 10), "print": Rate(wrong["print"], 10)}
        for latency, frames in ((one.bona_fide, took[True]), (one.attacks, took[False])):
            assert latency.mean == pytest.approx(np.mean(frames))
            assert latency.median == np.median(frames)
            assert np.mean(np.array(frames) <= latency.most) >= 0.95
            assert np.mean(np.array(frames) < latency.most) < 0.95


def test_the_page_is_written_three_times_and_says_the_same_bytes_again(config) -> None:
    unmask.decide(config)
    names = ("decisions.html", "decisions.json", "decisions.md")
    assert sorted(p.name for p in config.out.iterdir()) == list(names)
    before = [(config.out / name).read_bytes() for name in names]
    unmask.decide(config)
    assert [(config.out / name).read_bytes() for name in names] == before
    content = json.loads(before[1])
    assert [one["name"] for one in content["rules"]] == list(RULES)
    assert {"errors", "trials", "value", "interval95"} == set(content["rules"][0]["bpcer"])
    assert b"http" not in before[0].replace(b"http://www.w3.org", b"")


def test_without_a_folder_the_table_is_printed_and_nothing_written(
    config: DecideConfig, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    assert main(["decide", "--dev", str(config.dev), "--eval", str(config.eval)]) == 0
    shown = capsys.readouterr().out
    assert "sequential=5%" in shown
    assert "worst APCER" in shown
    assert sorted(tmp_path.iterdir()) == before


def turned_round(path: Path) -> None:
    """Attacks score higher than bona fide."""
    table = pl.read_csv(path, schema_overrides={"score": pl.Float64})
    table.with_columns(score=1 - pl.col("score")).write_csv(path)


def test_a_rule_that_dev_does_not_allow_is_told_and_the_others_are_judged(
    config: DecideConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    turned_round(config.dev)
    words = ["--dev", str(config.dev), "--eval", str(config.eval), "--out", str(config.out)]
    assert main(["decide", *words]) == 0
    reason = "frames of bona fide presentations score no higher than those of attacks"
    page = (config.out / "decisions.md").read_text()
    said = f"The rule sequential=5% was not judged: {config.dev}: {reason}"
    assert said in page
    assert "".join(said.split()) in "".join(capsys.readouterr().out.split())  # lines are broken
    content = json.loads((config.out / "decisions.json").read_text())
    assert [one["name"] for one in content["rules"]] == list(RULES[:-1])
    assert [one["name"] for one in content["left_out"]] == ["sequential=5%"]
    assert (config.out / "decisions.html").is_file()


def test_where_no_rule_is_left_the_reason_is_one_line_and_nothing_is_written(
    config: DecideConfig, capsys: pytest.CaptureFixture[str]
) -> None:
    turned_round(config.dev)
    words = ["--dev", str(config.dev), "--eval", str(config.eval), "--out", str(config.out)]
    assert main(["decide", *words, "--decisions", "sequential=5%,sequential=1%"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "score no higher than those of attacks" in error
    assert not config.out.exists()


def test_rules_that_take_equally_long_are_not_called_quick_and_slow(config: DecideConfig) -> None:
    made = unmask.decide(replace(config, decisions=("mean", "median")))
    assert made.rules[0].bona_fide == made.rules[1].bona_fide
    page = (config.out / "decisions.md").read_text()
    assert "all rules take equally long. Of mean" in page
    assert "quickest" not in page


def test_simulated_videos_are_told_to_be_no_evidence(tmp_path: Path) -> None:
    config = DecideConfig(
        dev=write(tmp_path / "dev.csv", 0, dataset="simulated"),
        eval=write(tmp_path / "eval.csv", 1, dataset="simulated"),
        out=tmp_path / "out",
    )
    unmask.decide(config)
    for name in ("decisions.html", "decisions.md"):
        assert "no evidence about real people" in (config.out / name).read_text()


def test_presentations_without_any_response_are_told_and_in_no_rate(config: DecideConfig) -> None:
    silent = pl.col("presentation") == "eval2"
    table = pl.read_csv(config.eval, infer_schema=False)
    table.with_columns(score=pl.when(silent).then(None).otherwise("score")).write_csv(config.eval)
    made = unmask.decide(config)
    for one in made.rules:
        assert one.silent == 1
        assert one.bpcer.trials == 19
    assert "1 presentation got no response" in (config.out / "decisions.md").read_text()


def test_single_pictures_are_told_to_be_no_videos(config: DecideConfig) -> None:
    for path in (config.dev, config.eval):
        pl.read_csv(path, infer_schema=False).unique("presentation").write_csv(path)
    made = unmask.decide(config)
    assert "Every judged presentation has one frame" in (config.out / "decisions.md").read_text()
    first, mean = made.rules[:2]
    assert (first.bpcer, first.apcer) == (mean.bpcer, mean.apcer)
    assert {one.bona_fide.most for one in made.rules} == {1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--decisions": "mean,best"}, "no decision rule 'best'; allowed are: first, mean"),
        ({"--decisions": "mean,mean"}, "name at least one, each once"),
        ({"--rule": "eerr"}, "no threshold rule 'eerr'"),
        ({"--order": "shot"}, "no column 'shot' to put frames in order"),
        ({"--eval": "missing.csv"}, "no score file missing.csv"),
        ({"--eval": "dev"}, "hold the same scores"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    changes: dict[str, str],
    message: str,
    config: DecideConfig,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = {"--dev": str(config.dev), "--eval": str(config.eval), "--out": str(config.out)}
    words |= {name: str(config.dev) if value == "dev" else value for name, value in changes.items()}
    assert main(["decide", *(part for pair in words.items() for part in pair)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert not config.out.exists()
