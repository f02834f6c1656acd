"""The verb from checkpoints to page, on the coloured squares."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import unmask
from unmask.cli import main
from unmask.config import DataConfig, ModelConfig, OptimConfig, SeparabilityConfig, TrainConfig
from unmask.errors import CheckpointError, ConfigError
from unmask.experiments.separability import Space
from unmask.experiments.separating import check_alive, check_dev
from unmask.metrics.features import Features
from unmask.protocols import load_protocol
from unmask.training.checkpoint import load
from unmask.training.scoring import Scorer
from unmask.types import Modality

MODELS = {"plain": "vit/tiny_test", "experts": "big_moe/tiny_test"}
PATCHES = "fm_clip/tiny_test"
TRAINED = {"frozen_backbone": False}
"""As no weights of that size ship."""


@pytest.fixture(scope="module")
def crowd(squares: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The squares with two presentations of each person: six people of both classes in each set."""
    number = pl.col("key").str.slice(-3).cast(pl.Int64) // 2
    subject = pl.format("{}-person{}", "split", number).alias("subject")
    return _changed(
        squares, tmp_path_factory.mktemp("crowd") / "data", lambda t: t.with_columns(subject)
    )


@pytest.fixture(scope="module")
def runs(crowd: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    for name, model in {**MODELS, "flexible": PATCHES}.items():
        config = TrainConfig(
            data=DataConfig(root=crowd),
            out=root / name,
            model=ModelConfig(name=model, overrides=TRAINED if model == PATCHES else {}),
            optim=OptimConfig(steps=1, batch_size=4),
        )
        unmask.train(config)
    return root


@pytest.fixture(scope="module")
def made(runs: Path, crowd: Path, tmp_path_factory: pytest.TempPathFactory):
    config = SeparabilityConfig(
        checkpoints=tuple(runs / name for name in MODELS),
        data=DataConfig(root=crowd),
        out=tmp_path_factory.mktemp("made"),
    )
    return unmask.separability(config)


def test_page_figures_and_features_of_every_model_are_written(made):
    folder = made.page.parent
    assert {p.name for p in folder.iterdir()} == {
        *("separability.html", "separability.md", "separability.json"),
        *("classes.png", "sensors.png", "features"),
    }
    content = json.loads((folder / "separability.json").read_text())
    assert [model["name"] for model in content["models"]] == list(MODELS.values())
    assert [len(model["transfer"]) for model in content["models"]] == [16, 16]
    for page in ("separability.html", "separability.md"):
        text = (folder / page).read_text()
        assert all(name in text for name in MODELS.values())


def test_the_stored_feature_is_the_one_with_that_sensor_alone(made, runs, crowd):
    table = pl.read_parquet(made.page.parent / "features" / "vit_tiny_test.parquet")
    assert table.height == 2 * 3 * 12
    assert set(table["split"]) == {"dev", "eval"}
    model, card = load(runs / "plain")
    sample = load_protocol(DataConfig(root=crowd), card.modalities).eval[5]
    scorer = Scorer(model=model, preprocessing=card.preprocessing, modalities=card.modalities)
    seen = []
    scorer.scores(
        [sample],
        shown=(Modality.DEPTH,),
        split="eval",
        watch=lambda _, output: seen.append(output.feature[0].numpy()),
    )
    stored = table.filter(key=sample.key, modality="depth")["feature"][0]
    np.testing.assert_allclose(np.array(stored), seen[0], atol=1e-5)


def test_every_judged_picture_has_a_place_and_those_of_dev_have_none(made):
    table = pl.read_parquet(made.page.parent / "features" / "big_moe_tiny_test.parquet")
    placed = table.filter(pl.col("tsne_x").is_not_nan() & pl.col("tsne_y").is_not_nan())
    assert set(placed["split"]) == {"eval"}
    assert placed.height == 3 * 12


def test_names_that_would_be_one_file_are_refused(runs, crowd, tmp_path):
    config = SeparabilityConfig(
        checkpoints=(runs / "plain", runs / "experts"),
        data=DataConfig(root=crowd),
        out=tmp_path / "out",
        names=("a/b", "a b"),
    )
    with pytest.raises(ConfigError, match=r"a/b, a b cannot be told apart as files; .* --names"):
        unmask.separability(config)


def test_one_sensor_makes_a_page_without_a_comparison_of_sensors(runs, crowd, tmp_path, capsys):
    words = [
        "separability",
        str(runs / "plain"),
        "--data.root",
        str(crowd),
        "--modalities",
        "depth",
    ]
    assert main([*words, "--out", str(tmp_path / "o"), "--names", "mine"]) == 0
    assert "mine" in capsys.readouterr().out
    assert sorted(p.name for p in (tmp_path / "o").glob("*.png")) == ["classes.png"]
    assert "## Sensors" not in (tmp_path / "o" / "separability.md").read_text()


def test_patches_are_read_where_they_are_asked_for_and_the_page_says_so(runs, crowd, tmp_path):
    config = SeparabilityConfig(
        checkpoints=(runs / "flexible",),
        data=DataConfig(root=crowd),
        out=tmp_path / "out",
        modalities=(Modality.DEPTH,),
        feature="patches",
    )
    made = unmask.separability(config)
    assert json.loads(made.page.with_suffix(".json").read_text())["feature"] == "patches"
    assert "Features looked at: those of patches" in made.page.with_suffix(".md").read_text()
    stored = pl.read_parquet(made.page.parent / "features" / "fm_clip_tiny_test.parquet")
    length = np.linalg.norm(np.array(stored["feature"].to_list()), axis=1)
    np.testing.assert_allclose(length, 1, atol=1e-5)


def test_models_of_one_network_are_named_by_what_differs(runs, crowd, tmp_path):
    copy = tmp_path / "copy"
    copy.symlink_to(runs / "plain")
    config = SeparabilityConfig(
        checkpoints=(runs / "plain", copy),
        data=DataConfig(root=crowd),
        out=tmp_path / "out",
        modalities=(Modality.RGB,),
    )
    one, other = unmask.separability(config).report.models
    assert (one.name, other.name) == ("plain", "copy")
    assert one.transfer == other.transfer


def test_probes_never_learn_from_what_they_are_judged_on(crowd):
    protocol = load_protocol(DataConfig(root=crowd), tuple(Modality)[:3])
    check_dev(protocol)
    oracle = replace(protocol, name="p/published", dev=protocol.eval, threshold_from="eval")
    with pytest.raises(ConfigError, match="p/published has the judged set for dev"):
        check_dev(oracle)


def test_features_that_do_not_differ_are_refused_with_the_sensor():
    table = pl.DataFrame({"modality": ["rgb"] * 3 + ["depth"] * 3})
    values = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    alive = Features(table=table, values=values)
    check_alive("mine", Space(dev=alive, judged=alive))
    flat = Features(table=table, values=np.where(np.arange(6)[:, None] < 3, values, values[3]))
    with pytest.raises(CheckpointError, match="every picture of eval with depth"):
        check_alive("mine", Space(dev=alive, judged=flat))


def _few(crowd: Path, root: Path) -> Path:
    return _changed(crowd, root, lambda t: t.filter(pl.col("subject").str.ends_with("0")))


def _attacks_only(crowd: Path, root: Path) -> Path:
    kept = (pl.col("label") == "attack") | (pl.col("split") != "eval")
    return _changed(crowd, root, lambda t: t.filter(kept))


def _changed(data: Path, root: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> Path:
    """The same pictures with another manifest."""
    root.mkdir()
    (root / "images").symlink_to(data / "images")
    change(pl.read_parquet(data / "manifest.parquet")).write_parquet(root / "manifest.parquet")
    return root


@pytest.mark.parametrize(
    ("words", "data", "message"),
    [
        (["{runs}/nobody"], None, "no card.json in"),
        ([], None, "checkpoints is empty; name the folder"),
        (["{runs}/plain", "{runs}/plain"], None, "name each only once"),
        (["{runs}/plain", "--modalities", "rgb,thermal"], None, "knows no thermal; it was built"),
        (["{runs}/plain", "--names", "a,b"], None, "one for each of the 1 checkpoints"),
        (["{runs}/plain", "--data.depth", "relative"], None, "was trained with 'millimetres'"),
        (
            ["{runs}/flexible", "{runs}/plain", "--feature", "patches"],
            None,
            "vit/tiny_test scores no patches by themselves, as fm_clip and fmm_rpl do",
        ),
        (["{runs}/plain", "--feature", "pixels"], None, "patches"),
        (["{runs}/plain"], _few, "presentations of 1 people with rgb; separability needs at least"),
        (["{runs}/plain"], _attacks_only, "none is bona_fide"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(words, data, message, runs, crowd, tmp_path, capsys):
    root = data(crowd, tmp_path / "data") if data else crowd
    given = [word.format(runs=runs) for word in words]
    out = ["--data.root", str(root), "--out", str(tmp_path / "out")]
    assert main(["separability", *given, *out]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error
