"""An experiment is repeatable, goes on where it was stopped, and redoes only what has changed."""

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unmask import evidence
from unmask.config import ConditionConfig, EvidenceConfig, SystemConfig
from unmask.errors import ConfigError, UnmaskError
from unmask.experiments.experiment import plan
from unmask.experiments.results import read_lines
from unmask.experiments.running import Evidence
from unmask.experiments.table import as_markdown, tables
from unmask.files import alone_in
from unmask.metrics.scores import read_scores
from unmask.parsing import load, to_yaml
from unmask.reporting.judge import judge

Make = Callable[..., EvidenceConfig]


@pytest.fixture(scope="module")
def whole(experiment: Make, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """The experiment, never interrupted."""
    return evidence(experiment(tmp_path_factory.mktemp("evidence") / "out"))


def test_every_line_is_what_the_report_says_of_its_score_files(whole: Evidence) -> None:
    assert len(whole.results) == 2 * 2 * 3
    assert whole.results == read_lines(whole.folder / "results.jsonl")
    for result in whole.results:
        dev, found = (
            read_scores(whole.folder / result.scores / f"{name}.csv") for name in ("dev", "eval")
        )
        report = judge(dev, found, rules=("eer",))
        (judged,) = report.judgements
        expected = {
            "hter": judged.hter.value,
            "auc": report.auc.value,
            "acer": judged.acer,
            "apcer_worst": judged.apcer[judged.worst].value,
            "bpcer": judged.bpcer.value,
            "eer": report.eer.value,
        }
        assert result.metrics == pytest.approx(expected)
        assert result.threshold == judged.point.threshold
        assert result.presentations == 12
        assert found.values("modalities") == [result.shown]


def test_a_second_run_in_the_same_folder_is_refused(experiment: Make, whole: Evidence) -> None:
    before = (whole.folder / "results.jsonl").read_bytes()
    with (
        alone_in(whole.folder),
        pytest.raises(ConfigError, match="another run is writing to"),
    ):
        evidence(experiment(whole.folder))
    assert (whole.folder / "results.jsonl").read_bytes() == before


def test_noise_changes_what_is_judged_and_not_the_threshold(whole: Evidence) -> None:
    for clean, noisy in zip(whole.results[::3], whole.results[2::3], strict=True):
        assert (clean.condition, noisy.condition) == ("all", "noise")
        assert clean.threshold == noisy.threshold
        dev, noisy_dev = (whole.folder / r.scores / "dev.csv" for r in (clean, noisy))
        assert dev.read_bytes() == noisy_dev.read_bytes()
        found, noisy_found = (whole.folder / r.scores / "eval.csv" for r in (clean, noisy))
        assert found.read_bytes() != noisy_found.read_bytes()


def test_the_tables_are_means_over_the_lines(whole: Evidence) -> None:
    lines = [json.loads(x) for x in (whole.folder / "results.jsonl").read_text().splitlines()]
    tables = json.loads((whole.folder / "table.json").read_text())["tables"]
    assert [table["condition"] for table in tables] == ["all", "no_depth", "noise"]
    for table in tables:
        values = {
            system: [
                line["metrics"]["hter"]
                for line in lines
                if (line["system"], line["condition"]) == (system, table["condition"])
            ]
            for system in ("vit", "slow")
        }
        for row in table["rows"]:
            assert row["metrics"]["hter"]["mean"] == pytest.approx(np.mean(values[row["system"]]))
            std = np.std(values[row["system"]], ddof=1)
            assert row["metrics"]["hter"]["std"] == pytest.approx(std)
        ours, theirs = table["rows"]
        assert theirs["differences"] == {}
        apart = ours["differences"]["hter"]
        assert apart["value"] == pytest.approx(np.mean(values["vit"]) - np.mean(values["slow"]))
        assert apart["low"] <= apart["value"] <= apart["high"]
    page = (whole.folder / "table.md").read_text()
    assert "## all protocols: no_depth" in page
    assert "noise of standard deviation 1" in page


def test_an_average_counts_every_condition_the_same(whole: Evidence, experiment: Make) -> None:
    config = experiment(whole.folder, averages={"both": ("no_depth", "noise")})
    _, no_depth, noise, both = tables(config, whole.results, whole.folder)
    assert both.averaged == ("no_depth", "noise")
    assert both.noise_std == (0.0, 1.0)
    for row, *parts in zip(both.rows, no_depth.rows, noise.rows, strict=True):
        assert row.runs == parts[0].runs == 2
        for name, found in row.metrics.items():
            assert found.mean == pytest.approx(np.mean([p.metrics[name].mean for p in parts]))
        for name, apart in row.differences.items():
            of_parts = [part.differences[name] for part in parts]
            assert apart.value == pytest.approx(np.mean([one.value for one in of_parts]))
            widest = max(one.high - one.low for one in of_parts)
            assert 0 < apart.high - apart.low <= widest
    page = as_markdown(config, [no_depth, both], "A note.")
    assert "## all protocols: both\n\nMean of: no_depth, noise, each of which counts" in page


def test_an_average_of_one_condition_is_that_condition(whole: Evidence, experiment: Make) -> None:
    config = experiment(whole.folder, averages={"again": ("noise",)})
    *_, noise, again = tables(config, whole.results, whole.folder)
    assert replace(again, condition="noise") == noise


def test_the_settings_in_the_folder_repeat_the_experiment(
    whole: Evidence, experiment: Make
) -> None:
    written = load(EvidenceConfig, whole.folder / "experiment.yaml")
    assert written == experiment(whole.folder)


def test_a_second_start_runs_nothing(whole: Evidence, experiment: Make) -> None:
    before = times(whole.folder / "runs")
    again = evidence(experiment(whole.folder))
    assert times(whole.folder / "runs") == before
    assert again == whole


def test_changed_settings_redo_what_they_touch_and_keep_the_rest(
    whole: Evidence, experiment: Make, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(whole.folder, tmp_path / "out"))
    before = times(out / "runs")
    config = experiment(out)
    slower = SystemConfig(model=config.systems["vit"].model, settings={"optim.lr": 1e-4})
    config = replace(
        config,
        systems={"slow": config.systems["slow"], "vit": slower},
        judged=(config.judged[0], ConditionConfig(name="noise", noise_std=0.5)),
    )
    made = evidence(config)
    after = times(out / "runs")
    redone = {path for path, changed in after.items() if before.get(path) != changed}
    kept = {r.scores for r in whole.results if r.system == "slow"}
    assert len(made.results) == 2 * 2 * 2
    for result in made.results:
        trained = str(Path(result.scores).parents[1].relative_to("runs") / "training.json")
        assert (trained in redone) == (result.system == "vit")
        judged = str(Path(result.scores).relative_to("runs") / "result.json")
        assert (judged in redone) == (result.system == "vit" or result.condition == "noise")
        if result.system == "slow":
            assert result.scores in kept
    assert outcomes(evidence(experiment(out))) == outcomes(whole)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_experiment_goes_on_to_the_same_results(
    how: signal.Signals, whole: Evidence, experiment: Make, tmp_path: Path
) -> None:
    config = experiment(tmp_path / "out", workers=2)
    path = tmp_path / "experiment.yaml"
    path.write_text(to_yaml(config))
    process = subprocess.Popen(
        [sys.executable, "-m", "unmask", "evidence", "--config", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    while not list((tmp_path / "out").glob("runs/*/training.json")):
        assert process.poll() is None, "the experiment ended before it could be stopped"
        time.sleep(0.01)
    process.send_signal(how)
    process.communicate(timeout=60)  # returns once no worker holds the other end any more
    assert process.returncode == (130 if how is signal.SIGINT else -9)
    before = times(tmp_path / "out" / "runs")
    finished = {name: at for name, at in before.items() if name.endswith("training.json")}
    assert 0 < len(finished) < 4
    resumed = evidence(replace(config, workers=1))
    after = times(tmp_path / "out" / "runs")
    assert {name: after[name] for name in finished} == finished
    assert outcomes(resumed) == outcomes(whole)


def test_a_failing_run_is_named(
    experiment: Make, new_squares: Callable[..., Path], tmp_path: Path
) -> None:
    root = new_squares()
    config = experiment(tmp_path / "out")
    (root / "images/eval003_rgb.png").write_text("this is no picture")
    config = replace(config, data=replace(config.data, root=root), seeds=(0,))
    with pytest.raises(
        UnmaskError, match=r"vit, manifest/split, seed 0: .*eval003_rgb.png"
    ) as told:
        evidence(config)
    assert str(pickle.loads(pickle.dumps(told.value))) == str(told.value)  # as a worker sends it


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failing_run_stops_no_other(workers: int, experiment: Make, tmp_path: Path) -> None:
    config = experiment(tmp_path / "out", seeds=(0,), workers=workers)
    vit, slow = plan(config)
    vit.training.out.parent.mkdir(parents=True)
    vit.training.out.write_text("a file where the run wants its folder")
    with pytest.raises(UnmaskError, match=r"^1 of 2 runs failed: vit, manifest/split, seed 0: "):
        evidence(config)
    assert {r.system for r in read_lines(config.out / "results.jsonl")} == {"slow"}
    assert (slow.training.out / "training.json").exists()


def test_what_is_empty_or_lost_is_made_again(
    whole: Evidence, experiment: Make, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(whole.folder, tmp_path / "out"))
    (out / whole.results[0].scores / "eval.csv").unlink()
    (out / whole.results[3].scores / "eval.csv").unlink()
    (out / whole.results[3].scores / "../../training.json").write_text("")
    assert outcomes(evidence(experiment(out))) == outcomes(whole)


def times(folder: Path) -> dict[str, int]:
    """When each file was written."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in files}


def outcomes(made: Evidence) -> list[tuple[object, ...]]:
    """All that a stop must not change: names, figures and every score."""
    return [
        (
            *(r.system, r.seed, r.condition, r.settings, r.metrics, r.threshold, r.kept_step),
            *((made.folder / r.scores / f"{name}.csv").read_bytes() for name in ("dev", "eval")),
        )
        for r in made.results
    ]
