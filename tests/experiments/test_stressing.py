"""``unmask stress`` from checkpoint to page, on the coloured squares."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

import unmask
from unmask.cli import main
from unmask.config import (
    CalibrateConfig,
    DataConfig,
    ModelConfig,
    OptimConfig,
    StressConfig,
    TrainConfig,
)
from unmask.data import read_images
from unmask.errors import ConfigError, DatasetError
from unmask.experiments.stress_plan import limited
from unmask.metrics.scores import read_scores
from unmask.protocols import load_protocol
from unmask.training.checkpoint import load, load_card
from unmask.training.scoring import Scorer
from unmask.transforms.corruptions import find, generator
from unmask.types import Modality, Sample, subset_name

RGB, DEPTH, INFRARED = Modality.RGB, Modality.DEPTH, Modality.INFRARED
SOME = ("depth_holes", "jpeg", "misregistration")


@pytest.fixture(scope="module")
def run(squares: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = TrainConfig(
        data=DataConfig(root=squares),
        out=tmp_path_factory.mktemp("runs") / "run",
        model=ModelConfig(name="vit/tiny_test"),
        optim=OptimConfig(steps=2, batch_size=4),
    )
    unmask.train(config)
    return config.out


@pytest.fixture(scope="module")
def config(run: Path, squares: Path, tmp_path_factory: pytest.TempPathFactory) -> StressConfig:
    return StressConfig(
        checkpoint=run,
        data=DataConfig(root=squares),
        out=tmp_path_factory.mktemp("made") / "stress",
        corruptions=SOME,
        pictures=True,
    )


@pytest.fixture(scope="module")
def made(config: StressConfig):
    return unmask.stress(config)


def test_every_set_and_severity_is_there_where_the_corruption_changes_something(
    made, run: Path
) -> None:
    cells = {(c.shown, c.corruption) for c in made.report.cells}
    assert ("rgb", "depth_holes") not in cells
    assert ("depth", "jpeg") not in cells
    assert ("infrared", "misregistration") not in cells
    sets = [subset_name(one.split("+")) for one in load_card(run).thresholds]
    wanted = 7 + 4 * (4 + 6 + 4)  # clean, depth in 4 sets, a camera in 6, two sensors in 4
    assert len(made.report.cells) == wanted
    assert list(dict.fromkeys(c.shown for c in made.report.cells)) == sets


def test_thresholds_are_those_of_the_card(made, run: Path) -> None:
    thresholds = load_card(run).thresholds
    for cell in made.report.cells:
        assert cell.threshold == thresholds[cell.shown]["eer"]


def test_clean_cells_are_what_evaluate_says(made, run: Path, squares: Path, tmp_path: Path) -> None:
    for shown in ((RGB, DEPTH, INFRARED), (DEPTH,)):
        out = tmp_path / subset_name(shown)
        data = DataConfig(root=squares)
        unmask.evaluate(unmask.EvaluateConfig(checkpoint=run, data=data, out=out, modalities=shown))
        scores = read_scores(out / "eval.csv").table.select("key", "score")
        mine = table(made).filter(
            (pl.col("shown") == subset_name(shown)) & (pl.col("corruption") == "")
        )
        both = mine.join(scores, on="key")
        assert both.height == scores.height
        np.testing.assert_allclose(both["score"], both["score_right"], atol=1e-5)


def test_a_cell_is_the_score_of_the_corrupted_pictures(made, run: Path, squares: Path) -> None:
    """One presentation at a time, corrupted by hand and scored as ``unmask predict`` does."""
    model, card = load(run)
    scorer = Scorer(model=model, preprocessing=card.preprocessing, modalities=card.modalities)
    sample = load_protocol(DataConfig(root=squares), card.modalities).eval[4]
    images = read_images(sample, card.modalities, depth="millimetres")
    mine = table(made).filter(pl.col("key") == sample.key)
    for name, severity, shown in (
        ("jpeg", 4, (RGB, INFRARED)),
        ("depth_holes", 2, (DEPTH,)),
        ("misregistration", 3, (RGB, DEPTH, INFRARED)),
    ):
        corruption = find(name)
        level = corruption.levels[severity - 1]
        changed = corruption.corrupt(images, level, generator(0, sample, name))
        row = mine.filter(
            (pl.col("corruption") == name)
            & (pl.col("severity") == severity)
            & (pl.col("shown") == subset_name(shown))
        )
        score = scorer.pad_score({m: changed[m] for m in shown})
        assert row["score"].item() == pytest.approx(score, abs=1e-5)


def table(made) -> pl.DataFrame:
    return pl.read_parquet(made.page.parent / "scores.parquet")


def test_page_tables_and_pictures_are_written_and_agree(made) -> None:
    folder = made.page.parent
    assert {p.name for p in folder.iterdir()} == {
        *("stress.html", "stress.md", "stress.csv", "stress.json", "scores.parquet"),
        *("corruptions.png", "settings.json", "parts"),
    }
    cells = json.loads((folder / "stress.json").read_text())["cells"]
    rows = pl.read_csv(folder / "stress.csv")
    assert rows.height == sum(len(cell["rates"]) for cell in cells) == 3 * len(cells)
    for page in ("stress.html", "stress.md"):
        text = (folder / page).read_text(encoding="utf-8")
        assert all(name in text for name in SOME)
        assert "Worst for security" in text


def test_a_second_start_scores_nothing_and_writes_the_same_bytes(
    made, config: StressConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made.page.parent
    names = ("stress.html", "stress.md", "stress.csv", "stress.json")
    before = [(folder / name).read_bytes() for name in names]
    monkeypatch.setattr(torch.nn.Module, "__call__", None)
    unmask.stress(replace(config, pictures=False))
    assert [(folder / name).read_bytes() for name in names] == before


def test_a_run_that_was_stopped_goes_on_to_the_same_scores(
    made, config: StressConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unmask.experiments import stressing

    monkeypatch.setattr(stressing, "PART", 5)
    small = replace(config, out=tmp_path / "out")
    unmask.stress(small)
    parts = sorted((small.out / "parts").iterdir())
    assert len(parts) == 3, "12 samples"
    parts[1].unlink()
    unmask.stress(small)
    assert (small.out / "stress.csv").read_bytes() == (config.out / "stress.csv").read_bytes()


def test_another_rule_is_judged_from_the_same_scores(config: StressConfig, made) -> None:
    other = unmask.stress(replace(config, rule="bpcer<=1%"))
    assert {one.rule for one in other.report.sets} == {"bpcer<=1%"}
    unmask.stress(config)


def test_other_settings_do_not_mix_with_what_is_there(config: StressConfig, made) -> None:
    with pytest.raises(ConfigError, match=r"another run|other settings \(seed: 0 -> 1\)"):
        unmask.stress(replace(config, seed=1))


def test_a_damaged_part_is_named(config: StressConfig, tmp_path: Path) -> None:
    small = replace(config, out=tmp_path / "out", corruptions=("jpeg",), severities=(1,))
    unmask.stress(small)
    part = next((small.out / "parts").iterdir())
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(DatasetError, match=r"0000000.npz is damaged; remove it"):
        unmask.stress(small)


def test_severities_sets_and_limit_make_it_small(config: StressConfig, tmp_path: Path) -> None:
    small = replace(
        config, out=tmp_path, severities=(2, 4), subsets=("infrared+rgb",), limit=2, pictures=False
    )
    report = unmask.stress(small).report
    assert [one.shown for one in report.sets] == ["rgb+infrared"]
    assert [(c.corruption, c.severity) for c in report.cells] == [
        ("", 0), ("jpeg", 2), ("jpeg", 4), ("misregistration", 2), ("misregistration", 4)
    ]  # fmt: skip
    assert dict(report.presentations) == {"bona fide": 2, "print": 2, "replay": 2}


def test_a_limit_keeps_whole_presentations_and_those_of_a_smaller_limit() -> None:
    from unmask.types import Label

    samples = [
        Sample(
            key=f"{name}-{n}-{frame}",
            presentation=f"{name}-{n}",
            paths={},
            label=Label.ATTACK if name != "bona_fide" else Label.BONA_FIDE,
            pai_species=None if name == "bona_fide" else name,
        )
        for name in ("bona_fide", "print", "mask")
        for n in range(6)
        for frame in range(2)
    ]
    few, more = limited(samples, 2), limited(samples, 4)
    assert len(few) == 3 * 2 * 2
    assert {s.key for s in few} < {s.key for s in more}
    assert limited(samples, 0) == samples
    assert [s for s in samples if s in more] == more, "in their order"


def test_a_calibrated_operating_point_decides_where_it_is_named(
    config: StressConfig, run: Path, squares: Path, tmp_path: Path
) -> None:
    captures = CalibrateConfig(
        checkpoint=run, captures=squares, name="door", split="dev", modalities=(RGB,)
    )
    unmask.calibrate(captures)
    report = unmask.stress(replace(config, out=tmp_path, operating_point="door")).report
    assert [one.shown for one in report.sets] == ["rgb"], "the point is for no other set"
    point = load_card(run).operating_points["door"]["rgb"]
    assert {cell.threshold for cell in report.cells} == {point.threshold}


def test_an_operating_point_for_fewer_sets_takes_its_own_scores_from_what_is_there(
    config: StressConfig, run: Path, squares: Path, tmp_path: Path
) -> None:
    """Of seven sets of sensors the point is for one, and not the first."""
    unmask.calibrate(
        CalibrateConfig(
            checkpoint=run, captures=squares, name="booth", split="dev", modalities=(INFRARED,)
        )
    )
    one = replace(config, out=tmp_path / "one", pictures=False)
    unmask.stress(one)
    point = replace(one, operating_point="booth")
    mixed = unmask.stress(point)
    alone = unmask.stress(replace(point, out=tmp_path / "alone"))
    assert mixed.report.cells == alone.report.cells
    assert table(mixed).equals(table(alone), null_equal=True)
    back = unmask.stress(replace(point, operating_point="", out=tmp_path / "alone"))
    assert back.report.cells == unmask.stress(one).report.cells, "what lacked was made"


def test_another_picture_of_a_sample_is_another_run(
    config: StressConfig, new_squares: Callable[..., Path], tmp_path: Path
) -> None:
    root = new_squares()
    small = replace(
        config, data=DataConfig(root=root), out=tmp_path / "out", corruptions=("jpeg",),
        severities=(1,), subsets=("depth+rgb",), pictures=False,
    )  # fmt: skip
    unmask.stress(small)
    table = pl.read_parquet(root / "manifest.parquet")
    table.with_columns(infrared=pl.lit("")).write_parquet(root / "manifest.parquet")
    with pytest.raises(ConfigError, match="pictures_sha256"):
        unmask.stress(small)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--corruptions", "blurr"], "no corruption 'blurr'; there are: blur, "),
        (["--subsets", "rgb+thermal"], "no threshold for rgb+thermal; it has: rgb+depth+infrared"),
        (["--subsets", "colour"], "subsets has 'colour'"),
        (["--severities", "9"], "nothing to do"),
        (["--severities", "0"], "severities is 0; it must be at least 1"),
        (["--corruptions", "depth_holes", "--subsets", "rgb"], "nothing to do"),
        (["--rule", "eerr"], "no threshold by the rule 'eerr'; it has: bpcer<=1%, eer"),
        (["--operating-point", "gate"], "no operating point 'gate'"),
        (["--data.depth", "relative"], "data.depth is 'relative'"),
        (["--limit", "-1"], "limit is -1"),
        (["--corruptions", "jpeg,jpeg"], "name each only once"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    words: list[str],
    message: str,
    run: Path,
    squares: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    given = ["stress", "--checkpoint", str(run), "--data.root", str(squares), "--out", str(out)]
    assert main([*given, *words]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error
    assert not out.exists()


def test_a_sensor_that_nobody_had_is_left_out_or_told(
    config: StressConfig, new_squares: Callable[..., Path], tmp_path: Path
) -> None:
    root = new_squares()
    table = pl.read_parquet(root / "manifest.parquet")
    table.with_columns(depth=pl.lit("")).write_parquet(root / "manifest.parquet")
    poor = replace(config, data=DataConfig(root=root), out=tmp_path / "out", severities=(1,))
    report = unmask.stress(poor).report
    assert [one.shown for one in report.sets] == ["rgb+infrared", "rgb", "infrared"]
    assert "depth_holes" not in {cell.corruption for cell in report.cells}
    with pytest.raises(DatasetError, match=r"no judged sample has depth; leave rgb\+depth out"):
        unmask.stress(replace(poor, subsets=("rgb+depth",), out=tmp_path / "other"))
    only_attacks = pl.when(pl.col("label") == "attack").then("infrared").otherwise(pl.lit(""))
    table.with_columns(infrared=only_attacks).write_parquet(root / "manifest.parquet")
    with pytest.raises(DatasetError, match="samples with infrared are of one class"):
        unmask.stress(replace(poor, subsets=("infrared",), out=tmp_path / "other"))


def test_depth_without_a_unit_is_left_as_it_is_by_what_is_in_millimetres(
    new_squares: Callable[..., Path], tmp_path: Path
) -> None:
    root = new_squares()
    for path in (root / "images").glob("*_depth.png"):
        levels = np.asarray(Image.open(path)) / 5
        Image.fromarray(levels.clip(0, 255).astype(np.uint8)).save(path)
    data = DataConfig(root=root, depth="relative")
    training = TrainConfig(
        data=data,
        out=tmp_path / "run",
        model=ModelConfig(name="vit/tiny_test"),
        optim=OptimConfig(steps=1, batch_size=4),
    )
    unmask.train(training)
    grey = StressConfig(
        checkpoint=training.out,
        data=data,
        out=tmp_path / "out",
        corruptions=("depth_holes", "noise"),
        severities=(2,),
    )
    made = unmask.stress(grey)
    told = {(cell.shown, cell.corruption) for cell in made.report.cells}
    assert ("depth", "depth_holes") in told
    assert ("depth", "noise") not in told
    assert ("rgb+depth", "noise") in told
    assert "Depth is in grey levels without a length" in made.page.read_text(encoding="utf-8")
    with pytest.raises(ConfigError, match="depth_steps is about millimetres"):
        unmask.stress(replace(grey, corruptions=("depth_steps",)))


def test_an_unreadable_picture_is_named_also_by_a_worker(
    run: Path, new_squares: Callable[..., Path], tmp_path: Path
) -> None:
    root = new_squares()
    sorted((root / "images").glob("eval*_rgb.png"))[3].write_bytes(b"no picture")
    for workers in (0, 1):
        config = StressConfig(
            checkpoint=run,
            data=DataConfig(root=root, workers=workers),
            out=tmp_path / str(workers),
            corruptions=("jpeg",),
            severities=(1,),
        )
        with pytest.raises(DatasetError, match=r"eval003_rgb.png is not an image"):
            unmask.stress(config)
