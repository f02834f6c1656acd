"""The table against a naive loop over score files, from folders of both kinds of result."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest

import unmask
from unmask.cli import main
from unmask.config import (
    DataConfig,
    EvaluateConfig,
    ModelConfig,
    OptimConfig,
    ReportConfig,
    TrainConfig,
)
from unmask.errors import ConfigError, DatasetError
from unmask.experiments.flexible_runs import PROTOCOLS
from unmask.experiments.flexible_table import flexible_table
from unmask.experiments.results import Result, write_lines
from unmask.experiments.trial import figures
from unmask.metrics.scores import Scores, read_scores, write_scores
from unmask.protocols.flexible import PROTOCOLS as EXISTING
from unmask.reporting.flexible import SENSORS, FlexibleTable
from unmask.types import Modality

RGB, DEPTH, INFRARED = SENSORS
FOLDS = tuple(name for name in PROTOCOLS if "ethnicity" in name)
TRIALS = list(product(("ours", "theirs"), PROTOCOLS, (0, 1), SENSORS))
Place = tuple[str, str, int, Modality]


def scores_of(split: str, protocol: str, seed: int, *, sites: str = "AB") -> Scores:
    """Two frames of 40 presentations; who and what is fixed by the protocol, scores by the seed."""
    rng = np.random.default_rng(seed)
    units = [(site, n) for site in sites for n in range(20)]
    rows = [(site, n, frame) for site, n in units for frame in range(2)]
    return Scores.from_columns(
        {
            "key": [f"{protocol}-{split}-{s}{n}-{f}" for s, n, f in rows],
            "presentation": [f"{protocol}-{split}-{s}{n}" for s, n, _ in rows],
            "score": [float(rng.beta(3, 2) if n % 2 else rng.beta(2, 3)) for _, n, _ in rows],
            "label": ["bona_fide" if n % 2 else "attack" for _, n, _ in rows],
            "pai_species": [None if n % 2 else ("replay", "print")[n % 4 // 2] for _, n, _ in rows],
            "dataset": ["simulated"] * len(rows),
        }
    )


def result_of(place: Place, folder: Path, number: int, *, sites: str = "AB") -> Result:
    """Writes scores, and says what ``unmask evidence`` would say of them."""
    system, protocol, seed, sensor = place
    scores = Path("runs") / f"{system}-{protocol.replace('/', '_')}-{seed}" / "judged" / sensor
    dev = scores_of("dev", protocol, 2 * number)
    judged = scores_of("eval", protocol, 2 * number + 1, sites=sites)
    write_scores(dev, folder / scores / "dev.csv")
    write_scores(judged, folder / scores / "eval.csv")
    found = figures(dev, judged)
    return Result(
        system=system,
        protocol=protocol,
        seed=seed,
        condition=str(sensor),
        shown=str(sensor),
        noise_std=0.0,
        metrics=found.metrics,
        worst_species=found.worst_species,
        threshold=found.threshold,
        presentations=found.presentations,
        no_response=found.no_response,
        seconds=1.0,
        resumed=False,
        steps=1,
        kept_step=1,
        trained_parameters=1,
        parameters=1,
        settings="",
        unmask="0",
        scores=str(scores),
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[Place, Result]]:
    """A folder as ``unmask evidence`` leaves it, and its results."""
    folder = tmp_path_factory.mktemp("evidence")
    results = {place: result_of(place, folder, n) for n, place in enumerate(TRIALS)}
    write_lines(results.values(), folder / "results.jsonl")
    return folder, results


def table_of(*folders: Path) -> FlexibleTable:
    return flexible_table(ReportConfig(table="flexible", folders=folders))


@pytest.fixture
def rewritten(
    written: tuple[Path, dict[Place, Result]], tmp_path: Path
) -> Callable[[Iterable[Result]], Path]:
    """A folder with other results, whose scores are those of ``written``."""

    def write(results: Iterable[Result]) -> Path:
        (tmp_path / "runs").symlink_to(written[0] / "runs")
        write_lines(results, tmp_path / "results.jsonl")
        return tmp_path

    return write


def naive(folder: Path, result: Result) -> dict[str, float]:
    """Rates by the definition: frames averaged, a threshold between the scores of dev, counted."""
    units = {}
    for split in ("dev", "eval"):
        frames: dict[str, list[float]] = {}
        for row in read_scores(folder / result.scores / f"{split}.csv").table.to_dicts():
            frames.setdefault((row["presentation"], row["label"]), []).append(row["score"])
        units[split] = [(mean(values), label) for (_, label), values in frames.items()]

    def rates(split: str, threshold: float) -> tuple[float, float]:
        attacks = [score for score, label in units[split] if label == "attack"]
        genuine = [score for score, label in units[split] if label == "bona_fide"]
        return (
            mean(score >= threshold for score in attacks),
            mean(score < threshold for score in genuine),
        )

    apcer, bpcer = rates("eval", result.threshold)
    return {"apcer_pooled": apcer, "bpcer": bpcer, "acer": (apcer + bpcer) / 2}


def test_the_sets_are_all_flexible_protocols() -> None:
    assert set(PROTOCOLS) == {f"flexible/{variant}" for variant in EXISTING}


def test_every_cell_is_the_mean_of_a_naive_loop(
    written: tuple[Path, dict[Place, Result]],
) -> None:
    folder, results = written
    table = table_of(folder)
    assert [system.name for system in table.systems] == ["ours", "theirs"]
    for system in table.systems:
        for one in table.sets:
            for sensor in SENSORS:
                runs = [
                    [naive(folder, results[system.name, p, seed, sensor]) for seed in (0, 1)]
                    for p in one.protocols
                ]
                for rate in ("apcer_pooled", "bpcer", "acer"):
                    found = system.rates[one.title, sensor, rate]
                    of_folds = [mean(run[rate] for run in fold) for fold in runs]
                    of_seeds = [mean(fold[seed][rate] for fold in runs) for seed in (0, 1)]
                    assert found.value == pytest.approx(mean(of_folds))
                    assert found.over_seeds == pytest.approx(stdev(of_seeds))
                    if len(runs) == 3:
                        assert found.over_folds == pytest.approx(stdev(of_folds))
                    else:
                        assert found.over_folds is None


def test_acer_is_what_the_experiment_calls_hter_and_not_the_worst_species(
    written: tuple[Path, dict[Place, Result]],
) -> None:
    folder, results = written
    for system in table_of(folder).systems:
        runs = [results[system.name, "flexible/in_distribution", s, RGB] for s in (0, 1)]
        acer = system.rates["In distribution", RGB, "acer"].value
        assert acer == pytest.approx(mean(run.metrics["hter"] for run in runs))
        assert acer < mean(run.metrics["acer"] for run in runs)


def test_the_mean_acer_counts_every_set_and_sensor_once(
    written: tuple[Path, dict[Place, Result]],
) -> None:
    table = table_of(written[0])
    for system in table.systems:
        cells = [mean_.value for (_, _, rate), mean_ in system.rates.items() if rate == "acer"]
        assert len(cells) == 9
        assert system.mean_acer.value == pytest.approx(mean(cells))


def test_counts_are_of_presentations_and_not_of_frames(
    written: tuple[Path, dict[Place, Result]],
) -> None:
    table = table_of(written[0])
    assert [(j.protocol, j.bona_fide, j.attacks) for j in table.judged] == [
        (name, 20, 20) for name in PROTOCOLS
    ]
    assert table.datasets == ("simulated",)
    assert table.no_response == 0


def test_other_sensors_noise_and_protocols_are_left_out(
    written: tuple[Path, dict[Place, Result]],
    rewritten: Callable[[Iterable[Result]], Path],
) -> None:
    folder, results = written
    any_ = next(iter(results.values()))
    more = [
        replace(any_, shown="rgb+depth"),
        replace(any_, noise_std=0.1),
        replace(any_, protocol="manifest/split"),
        replace(any_, condition="the same sensor by another name"),
    ]
    assert table_of(rewritten([*results.values(), *more])) == table_of(folder)


def test_systems_and_seeds_of_several_folders_join(
    written: tuple[Path, dict[Place, Result]], tmp_path: Path
) -> None:
    folder, results = written
    parts = [tmp_path / "a", tmp_path / "b"]
    for part, seed in zip(parts, (0, 1), strict=True):
        part.mkdir()
        (part / "runs").symlink_to(folder / "runs")
        write_lines([r for r in results.values() if r.seed == seed], part / "results.jsonl")
    assert table_of(*parts) == table_of(folder)
    with pytest.raises(ConfigError, match="both hold ours under flexible/cross_species with rgb"):
        table_of(folder, parts[0])


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        (
            lambda r: r.system == "theirs" and r.shown == DEPTH,
            "system theirs has no results of flexible/cross_species with depth alone and seed 0; "
            "judge it so: unmask evaluate --modalities depth",
        ),
        (
            lambda r: r.system == "ours" and r.seed == 1 and r.protocol == FOLDS[2],
            "system ours has no results of flexible/cross_ethnicity_3 with rgb alone and seed 1",
        ),
        (
            lambda r: r.system == "ours" and r.protocol in FOLDS,
            "systems differ in sets: ours was judged on flexible/cross_species, "
            "flexible/in_distribution, theirs on ",
        ),
        (
            lambda r: r.protocol == FOLDS[0],
            "some folds of cross-ethnicity, but none of flexible/cross_ethnicity_1; ",
        ),
        (lambda r: True, "has no results of this table"),
    ],
)
def test_what_is_missing_is_named(
    lost: Callable[[Result], bool],
    message: str,
    written: tuple[Path, dict[Place, Result]],
    rewritten: Callable[[Iterable[Result]], Path],
) -> None:
    folder = rewritten([result for result in written[1].values() if not lost(result)])
    with pytest.raises(ConfigError) as caught:
        table_of(folder)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_one_set_alone_makes_a_table(
    written: tuple[Path, dict[Place, Result]],
    rewritten: Callable[[Iterable[Result]], Path],
) -> None:
    folds = [result for result in written[1].values() if result.protocol in FOLDS]
    assert [one.title for one in table_of(rewritten(folds)).sets] == ["Cross-ethnicity"]


def test_systems_that_judge_other_presentations_are_refused(
    written: tuple[Path, dict[Place, Result]], tmp_path: Path
) -> None:
    results = [
        result_of(("third", protocol, 0, sensor), tmp_path, 99, sites="AC")
        for protocol, sensor in product(PROTOCOLS, SENSORS)
    ]
    write_lines(results, tmp_path / "results.jsonl")
    with pytest.raises(ConfigError, match="but judge different presentations"):
        table_of(written[0], tmp_path)


def test_a_folder_without_results_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "--table", "flexible", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "has no results.jsonl of unmask evidence and no evaluation.json" in error


def test_the_command_prints_what_it_writes(
    written: tuple[Path, dict[Place, Result]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table.md"
    words = ["report", str(written[0]), "--table", "flexible", "--out", str(out)]
    assert main(words) == 0
    page, shown = out.read_text(), capsys.readouterr().out
    assert page in shown
    assert "no evidence about real people" in page
    assert "the same is in" in shown
    assert unmask.report(ReportConfig(table="flexible", folders=(written[0],))) == table_of(
        written[0]
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "a report needs dev, eval, out: give --dev and --eval"),
        (["--dev", "d.csv", "--out", "o"], "a report needs eval: "),
        (["a", "--dev", "d.csv", "--eval", "e.csv", "--out", "o"], "give --table flexible too"),
        (["--table", "flexible"], "table flexible has no folders; "),
        (["a", "--table", "flexible", "--dev", "d.csv"], "reads folders, but dev is given; "),
        (["a", "--table", "flexible", "--out", "table"], "a table is Markdown: name it with .md"),
        (["a", "--table", "flex"], "flex"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", *words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


@pytest.fixture(scope="module")
def evaluated(squares: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One model, evaluated with each sensor; its protocol is then called one of the table's."""
    root = tmp_path_factory.mktemp("evaluated")
    data = DataConfig(root=squares)
    model, optim = ModelConfig(name="cnn/tiny"), OptimConfig(steps=1, batch_size=4)
    unmask.train(TrainConfig(data=data, out=root / "run", model=model, optim=optim, seed=3))
    for sensor in SENSORS:
        out = root / sensor
        unmask.evaluate(
            EvaluateConfig(checkpoint=root / "run", data=data, out=out, modalities=(sensor,))
        )
        changed(out, protocol="flexible/in_distribution")
    return root


def changed(folder: Path, **entries: object) -> None:
    """Other entries in the note of an evaluation."""
    note = folder / "evaluation.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), **entries}))


def test_folders_of_evaluate_make_a_table(evaluated: Path) -> None:
    table = table_of(*(evaluated / sensor for sensor in SENSORS))
    (system,) = table.systems
    assert (system.name, system.seeds) == ("cnn/tiny", (3,))
    assert system.rates["In distribution", RGB, "acer"].over_seeds is None
    dev, judged = (read_scores(evaluated / "rgb" / f"{split}.csv") for split in ("dev", "eval"))
    acer = system.rates["In distribution", RGB, "acer"].value
    assert acer == pytest.approx(figures(dev, judged).metrics["hter"])
    assert table.datasets == ("squares",)


def test_scores_that_the_note_is_not_about_are_refused(evaluated: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for path in (evaluated / "rgb").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    changed(folder, seed=4, settings={"another": "model"})
    with pytest.raises(ConfigError, match="hold two models called cnn/tiny, with other settings"):
        table_of(evaluated / "rgb", folder)
    (folder / "eval.csv").write_bytes((evaluated / "depth" / "eval.csv").read_bytes())
    with pytest.raises(DatasetError, match=r"is about another .*eval.csv than lies there"):
        table_of(folder)
    (folder / "evaluation.json").write_text("{}")
    with pytest.raises(DatasetError, match=r"evaluation.json is damaged \(KeyError: 'model'\)"):
        table_of(folder)


def test_sensors_that_two_trainings_judged_make_no_row(evaluated: Path, tmp_path: Path) -> None:
    folders = [tmp_path / sensor for sensor in SENSORS]
    for folder in folders:
        shutil.copytree(evaluated / folder.name, folder)
    changed(folders[1], weights_sha256="0" * 64)
    with pytest.raises(ConfigError, match="but of two trainings; judge one"):
        table_of(*folders)
