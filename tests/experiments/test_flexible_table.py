"""The table against a naive loop over score files, from folders of both kinds of result."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import polars as pl
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
from unmask.experiments.flexible_runs import PROTOCOLS as ALL
from unmask.experiments.flexible_table import flexible_table
from unmask.experiments.results import Result, write_lines
from unmask.experiments.trial import figures
from unmask.files import sha256, write_text
from unmask.metrics.scores import Scores, read_scores, write_scores
from unmask.protocols import names
from unmask.protocols.flexible import PROTOCOLS as EXISTING
from unmask.reporting.flexible import SENSORS, SETS, FlexibleTable, as_markdown
from unmask.training.checkpoint import Card, save_card
from unmask.transforms.normalize import Preprocessing
from unmask.types import Modality

RGB, DEPTH, INFRARED = SENSORS
PROTOCOLS = tuple(name for one in SETS for name in one.protocols)
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
            "split": [split] * len(rows),
        }
    )


def write_run(folder: Path, place: Place, **settings: object) -> None:
    """Card and settings as a training leaves them, without weights."""
    system, protocol, seed, _ = place
    folder.mkdir(parents=True, exist_ok=True)
    card = Card(
        model="cnn/tiny",
        settings={"name": system},
        modalities=SENSORS,
        preprocessing=Preprocessing(image_size=32, crop_version="1"),
        thresholds={},
        threshold_from="dev",
        data={"protocol": protocol, "train": 60},
        figures={},
        step=1,
        seed=seed,
        limits="",
        weights_sha256=f"{system} {protocol} {seed}",
        unmask_version="0",
    )
    save_card(card, folder)
    optim = {"lr": 0.001, "steps": 600, **settings}
    write_text(folder / "config.yaml", json.dumps({"optim": optim, "data": {"root": "anywhere"}}))


def result_of(place: Place, folder: Path, number: int, *, sites: str = "AB") -> Result:
    """Writes scores, and says what ``unmask evidence`` would say of them."""
    system, protocol, seed, sensor = place
    scores = Path("runs") / f"{system}-{protocol.replace('/', '_')}-{seed}" / "judged" / sensor
    dev = scores_of("dev", protocol, 2 * number)
    judged = scores_of("eval", protocol, 2 * number + 1, sites=sites)
    write_scores(dev, folder / scores / "dev.csv")
    write_scores(judged, folder / scores / "eval.csv")
    write_run(folder / scores.parents[1], place)
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


@pytest.fixture(scope="module")
def whole(written: tuple[Path, dict[Place, Result]]) -> FlexibleTable:
    """The table of all of it."""
    return table_of(written[0])


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


def test_the_sets_are_all_flexible_protocols_and_published_ones_that_exist() -> None:
    assert set(PROTOCOLS) == {f"flexible/{variant}" for variant in EXISTING}
    assert set(PROTOCOLS) < set(ALL) < set(names())


def test_every_cell_is_the_mean_of_a_naive_loop(
    written: tuple[Path, dict[Place, Result]], whole: FlexibleTable
) -> None:
    folder, results = written
    assert [system.name for system in whole.systems] == ["ours", "theirs"]
    for system in whole.systems:
        for one in whole.sets:
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
    written: tuple[Path, dict[Place, Result]], whole: FlexibleTable
) -> None:
    results = written[1]
    for system in whole.systems:
        runs = [results[system.name, "flexible/in_distribution", s, RGB] for s in (0, 1)]
        acer = system.rates["In distribution", RGB, "acer"].value
        assert acer == pytest.approx(mean(run.metrics["hter"] for run in runs))
        assert acer < mean(run.metrics["acer"] for run in runs)


def test_the_mean_acer_counts_every_set_and_sensor_once(whole: FlexibleTable) -> None:
    for system in whole.systems:
        cells = [mean_.value for (_, _, rate), mean_ in system.rates.items() if rate == "acer"]
        assert len(cells) == 9
        assert system.mean_acer.value == pytest.approx(mean(cells))


def test_counts_are_of_presentations_and_not_of_frames(whole: FlexibleTable) -> None:
    assert [(j.protocol, j.bona_fide, j.attacks) for j in whole.judged] == [
        (name, 20, 20) for name in PROTOCOLS
    ]
    assert {(j.learned, j.datasets) for j in whole.judged} == {(60, ("simulated",))}
    assert whole.no_response == 0


def test_other_sensors_noise_and_protocols_are_left_out(
    written: tuple[Path, dict[Place, Result]],
    whole: FlexibleTable,
    rewritten: Callable[[Iterable[Result]], Path],
) -> None:
    results = written[1]
    any_ = next(iter(results.values()))
    more = [
        replace(any_, shown="rgb+depth"),
        replace(any_, noise_std=0.1),
        replace(any_, protocol="manifest/split"),
        replace(any_, condition="the same sensor by another name"),
    ]
    assert table_of(rewritten([*results.values(), *more])) == whole


def test_systems_and_seeds_of_several_folders_join(
    written: tuple[Path, dict[Place, Result]], whole: FlexibleTable, tmp_path: Path
) -> None:
    folder, results = written
    parts = [tmp_path / "a", tmp_path / "b"]
    for part, seed in zip(parts, (0, 1), strict=True):
        part.mkdir()
        (part / "runs").symlink_to(folder / "runs")
        write_lines([r for r in results.values() if r.seed == seed], part / "results.jsonl")
    assert table_of(*parts) == whole
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


def test_results_that_are_no_text_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(DatasetError, match=r"results\.jsonl is no text; start"):
        table_of(tmp_path)


def test_the_command_prints_what_it_writes(
    written: tuple[Path, dict[Place, Result]],
    whole: FlexibleTable,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "table.md"
    words = ["report", str(written[0]), "--table", "flexible", "--out", str(out)]
    assert main(words) == 0
    page, shown = out.read_text(), capsys.readouterr().out
    assert page == as_markdown(whole)
    for text in ("no evidence about real people", "Cross-ethnicity", "theirs", "CMS-Enhancer"):
        assert text in page
        assert text in " ".join(shown.split())
    assert max(map(len, shown.splitlines())) <= 80, "of a terminal whose width is not known"
    assert "the same is in" in shown
    assert unmask.report(ReportConfig(table="flexible", folders=(written[0],))) == whole


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
        changed(out, trained={**noted(out)["trained"], "protocol": "flexible/in_distribution"})
    return root


def noted(folder: Path) -> dict[str, Any]:
    """The note of an evaluation."""
    entries: dict[str, Any] = json.loads((folder / "evaluation.json").read_text())
    return entries


def changed(folder: Path, **entries: object) -> None:
    """Other entries in it."""
    write_text(folder / "evaluation.json", json.dumps({**noted(folder), **entries}))


def respoken(folder: Path, split: str, words: dict[str, str]) -> None:
    """Other columns in a score file, with a note that fits."""
    path = folder / f"{split}.csv"
    lines = [pl.lit(value).alias(name) for name, value in words.items()]
    write_scores(
        replace(read_scores(path), table=read_scores(path).table.with_columns(lines)), path
    )
    hashes = {"dev": "dev_sha256", "eval": "scores_sha256"}
    changed(folder, **{hashes[split]: sha256(path)})


@pytest.fixture
def judged(evaluated: Path, tmp_path: Path) -> dict[Modality, Path]:
    """Copies of the evaluations that a test may spoil."""
    folders = {sensor: tmp_path / sensor for sensor in SENSORS}
    for folder in folders.values():
        shutil.copytree(evaluated / folder.name, folder)
    return folders


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


def test_sensors_that_two_trainings_judged_make_no_row(judged: dict[Modality, Path]) -> None:
    changed(judged[DEPTH], weights_sha256="0" * 64)
    with pytest.raises(ConfigError, match="but of two trainings; judge one"):
        table_of(*judged.values())


@pytest.mark.parametrize(
    ("trained", "message"),
    [
        (
            {"protocol": "manifest/split"},
            "judges flexible/in_distribution with a model that was trained under manifest/split",
        ),
        ({"protocol": ""}, "was trained under a protocol that its card does not name"),
        (
            {"modalities": ["rgb"]},
            "trained with rgb; this table is of models that learned from rgb, depth, infrared",
        ),
        ({"modalities": [*SENSORS, "thermal"]}, "trained with rgb, depth, infrared, thermal; "),
    ],
)
def test_a_model_that_learned_otherwise_than_its_column_says_is_refused(
    trained: dict[str, object], message: str, judged: dict[Modality, Path]
) -> None:
    for folder in judged.values():
        changed(folder, trained={**noted(folder)["trained"], **trained})
    with pytest.raises(ConfigError, match=message) as caught:
        table_of(*judged.values())
    assert "\n" not in str(caught.value)


def test_a_note_that_does_not_say_what_was_learned_from_is_refused(
    judged: dict[Modality, Path],
) -> None:
    entries = noted(judged[RGB])
    del entries["trained"]
    write_text(judged[RGB] / "evaluation.json", json.dumps(entries))
    with pytest.raises(DatasetError, match="of an older unmask and does not say"):
        table_of(*judged.values())


def test_where_scores_do_not_name_their_data_those_of_the_card_count(
    judged: dict[Modality, Path],
) -> None:
    for folder in judged.values():
        changed(folder, trained={**noted(folder)["trained"], "datasets": ["simulated"]})
    assert table_of(*judged.values()).datasets == ("squares",)
    for folder in judged.values():
        for split in ("dev", "eval"):
            respoken(folder, split, {"dataset": ""})
    table = table_of(*judged.values())
    assert table.datasets == ("simulated",)
    assert "no evidence about real people" in as_markdown(table)


@pytest.mark.parametrize(
    ("split", "words", "message"),
    [
        ("dev", {"modalities": "rgb+depth"}, r"dev.csv, column modalities: rgb\+depth; "),
        ("eval", {"modalities": "depth"}, "eval.csv, column modalities: depth; .* with rgb alone"),
        ("dev", {"split": "eval"}, "dev.csv, column split: eval; this table needs scores of dev"),
    ],
)
def test_scores_of_another_set_or_sensor_are_refused(
    split: str, words: dict[str, str], message: str, judged: dict[Modality, Path]
) -> None:
    respoken(judged[RGB], split, words)
    with pytest.raises(DatasetError, match=message):
        table_of(*judged.values())


def test_a_threshold_from_scores_that_the_note_is_not_about_is_refused(
    judged: dict[Modality, Path],
) -> None:
    (judged[RGB] / "dev.csv").write_bytes((judged[DEPTH] / "dev.csv").read_bytes())
    with pytest.raises(DatasetError, match=r"is about another .*dev.csv than lies there"):
        table_of(*judged.values())


@pytest.fixture
def one_set(written: tuple[Path, dict[Place, Result]], tmp_path: Path) -> Path:
    """The runs of one set alone, which a test may spoil."""
    folder, results = written
    wanted = [r for r in results.values() if r.protocol == "flexible/in_distribution"]
    for run in {Path(result.scores).parents[1] for result in wanted}:
        shutil.copytree(folder / run, tmp_path / run)
    write_lines(wanted, tmp_path / "results.jsonl")
    return tmp_path


def test_a_row_of_two_recipes_says_in_what_they_differ(one_set: Path) -> None:
    assert table_of(one_set).mixed == ()
    place: Place = ("ours", "flexible/in_distribution", 1, RGB)
    write_run(one_set / "runs" / "ours-flexible_in_distribution-1", place, lr=1)
    assert table_of(one_set).mixed == (
        "ours, optim.lr: 0.001 in flexible/in_distribution (seed 0); "
        "1 in flexible/in_distribution (seed 1)",
    )


def test_settings_that_nobody_copied_are_not_taken_for_alike(one_set: Path) -> None:
    for path in one_set.glob("runs/theirs-*/config.yaml"):
        path.unlink()
    assert table_of(one_set).mixed == ("theirs: the settings of its trainings are not told",)
    for path in one_set.glob("runs/ours-*-1/config.yaml"):
        path.unlink()
    assert "; not told in flexible/in_distribution (seed 1)" in table_of(one_set).mixed[0]


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"data": {"protocol": "manifest/split", "train": 60}}, "was trained under manifest/split"),
        ({"modalities": ["rgb"]}, "a model that was trained with rgb; this table"),
        ({"settings": {"dim": 3}}, "hold two models called ours, with other settings"),
        ({"seed": 7}, "says seed 0 where .*card.json says 7; start unmask evidence again"),
        ({"format": "?"}, "has no card.json and config.yaml that can be read"),
        (
            {"data": {"protocol": "flexible/in_distribution", "train": 61}},
            "learned from 60 and 61 presentations",
        ),
    ],
)
def test_the_card_of_a_run_is_what_counts_and_not_its_name(
    entries: dict[str, object], message: str, one_set: Path
) -> None:
    card = one_set / "runs" / "ours-flexible_in_distribution-0" / "card.json"
    write_text(card, json.dumps({**json.loads(card.read_text()), **entries}))
    with pytest.raises((ConfigError, DatasetError), match=message) as caught:
        table_of(one_set)
    assert "\n" not in str(caught.value)


def test_benchmarks_themselves_make_a_table_that_has_no_set_built_like_them(
    tmp_path: Path,
) -> None:
    def write(protocol: str) -> Path:
        folder = tmp_path / protocol
        lines = [
            result_of(("ours", protocol, 0, sensor), folder, n) for n, sensor in enumerate(SENSORS)
        ]
        write_lines(lines, folder / "results.jsonl")
        return folder

    real, like = write("casia_surf/p1"), write("flexible/in_distribution")
    (one,) = table_of(real).sets
    assert (one.title, one.same) == ("CASIA-SURF p1", True)
    with pytest.raises(ConfigError, match="In distribution, CASIA-SURF p1: benchmarks and what"):
        table_of(real, like)
