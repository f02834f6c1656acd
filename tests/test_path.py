"""The whole way, as a user walks it: simulate, train, evaluate, report, predict."""

import json
from pathlib import Path

import pytest

from unmask.cli import main
from unmask.metrics.rates import bpcer
from unmask.metrics.scores import read_scores
from unmask.metrics.thresholds import operating_point


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, a run, scores and a report."""
    root = tmp_path_factory.mktemp("path")
    small = ["--per_site", "24", "--image_size", "64", "--workers", "1"]
    assert main(["simulate", "--out", str(root / "data"), *small]) == 0
    model = ["--model.name", "big_moe/tiny_test", "--optim.steps", "12", "--optim.batch_size", "8"]
    data = ["--data.root", str(root / "data"), "--data.workers", "0"]
    assert main(["train", *data, "--out", str(root / "run"), *model]) == 0
    judged = ["--checkpoint", str(root / "run"), *data, "--out", str(root / "scores")]
    assert main(["evaluate", *judged]) == 0
    files = [word for s in ("dev", "eval") for word in (f"--{s}", str(root / f"scores/{s}.csv"))]
    assert main(["report", *files, "--out", str(root / "report")]) == 0
    return root


def test_the_report_says_what_the_score_files_say(made: Path) -> None:
    dev, evaluation = (read_scores(made / f"scores/{s}.csv") for s in ("dev", "eval"))
    rate = bpcer(evaluation, operating_point(dev, "eer").threshold)
    page = (made / "report" / "report.html").read_text()
    assert f"{rate.errors} of {rate.trials} bona fide presentations" in page
    assert "no evidence about real people" in page


def test_the_run_repeats_from_its_own_settings(made: Path, tmp_path: Path) -> None:
    config = made / "run" / "config.yaml"
    assert main(["train", "--config", str(config), "--out", str(tmp_path / "again")]) == 0
    for name in ("model.safetensors", "dev.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (made / "run" / name).read_bytes()


def test_the_card_has_a_threshold_for_each_set_of_modalities(made: Path) -> None:
    card = json.loads((made / "run" / "card.json").read_text())
    assert len(card["thresholds"]) == 7
    assert all(set(rules) == {"eer", "bpcer<=1%"} for rules in card["thresholds"].values())
    assert "simulated" in card["limits"]


def test_a_prediction_has_the_score_of_the_evaluation(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scores = read_scores(made / "scores" / "eval.csv").table
    key, expected = scores["key"][0], scores["score"][0]
    files = {p.stem.split("_")[1]: p for p in (made / "data" / "images").glob(f"{key}_*")}
    words = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    capsys.readouterr()
    assert main(["predict", "--checkpoint", str(made / "run"), *words, "--cropped", "--json"]) == 0
    decision = json.loads(capsys.readouterr().out)
    assert decision["pad_score"] == pytest.approx(expected, abs=1e-6)
    assert decision["modalities"] == ["rgb", "depth", "infrared"]
    accepted = decision["pad_score"] >= decision["threshold"]
    assert decision["pad_decision"] == ("bona_fide" if accepted else "attack")
    assert "no evidence about real people" in decision["warning"]


def test_a_photograph_is_judged_with_rgb_alone(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from unmask.serving.examples import photographs

    paths = [str(path) for path in photographs(tmp_path)]
    capsys.readouterr()
    assert main(["predict", "--checkpoint", str(made / "run"), *paths]) == 0
    shown = capsys.readouterr().out
    for path in paths:
        assert Path(path).name in "".join(shown.split())
    assert "no evidence about real people" in " ".join(shown.split())
