"""An evaluation leaves scores and, where the model has experts, what its routers chose."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import unmask
from unmask.config import DataConfig, EvaluateConfig, ModelConfig, OptimConfig, TrainConfig
from unmask.console import present
from unmask.errors import ConfigError, DatasetError
from unmask.files import sha256
from unmask.metrics.routing_files import read_routing
from unmask.training.evaluation import NOTE, Evaluated, read_note

MODELS = {"experts": "big_moe/tiny_test", "plain": "cnn/tiny"}


@pytest.fixture(scope="module")
def runs(squares: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("runs")
    for name, model in MODELS.items():
        config = TrainConfig(
            data=DataConfig(root=squares),
            out=root / name,
            model=ModelConfig(name=model),
            optim=OptimConfig(steps=1, batch_size=4),
        )
        unmask.train(config)
    return root


@pytest.fixture
def config(runs: Path, squares: Path, tmp_path: Path) -> EvaluateConfig:
    return EvaluateConfig(
        checkpoint=runs / "experts", data=DataConfig(root=squares), out=tmp_path / "scores"
    )


def test_a_model_with_experts_leaves_a_routing_file_that_belongs_to_its_scores(config):
    made = unmask.evaluate(config)
    assert made.routing == read_routing(config.out / "routing.json")
    assert made.routing.scores_sha256 == sha256(made.eval)
    assert [layer.num_experts for layer in made.routing.layers] == [16, 16]
    assert made.routing.compared == ("species", "site")
    assert (config.out / "routing.parquet").is_file()


def test_further_sets_are_compared_and_leave_the_scores_as_they_were(config, tmp_path):
    plain = unmask.evaluate(config)
    sets = ("rgb", "infrared+rgb", "rgb+infrared", "rgb+depth+infrared")
    more = unmask.evaluate(replace(config, out=tmp_path / "more", routing_sets=sets))
    assert more.eval.read_bytes() == plain.eval.read_bytes()
    names = [more.routing.groups[i].name for i in more.routing.indices("modalities")]
    assert names == ["rgb+depth+infrared", "rgb", "rgb+infrared"], "each once, in one spelling"
    assert more.routing.layers[0].by_weight == plain.routing.layers[0].by_weight


def test_a_model_without_experts_leaves_none(config, runs):
    plain = replace(config, checkpoint=runs / "plain")
    made = unmask.evaluate(plain)
    assert made.routing is None
    assert sorted(p.name for p in config.out.iterdir()) == [
        "dev.csv",
        "eval.csv",
        "evaluation.json",
    ]
    with pytest.raises(ConfigError, match="the model has no experts"):
        unmask.evaluate(replace(plain, routing_sets=("rgb",)))


@pytest.mark.parametrize("name", ["rgbd", "rgb+rgb", "", "rgb,depth"])
def test_a_set_that_is_none_is_refused_with_what_is_allowed(config, name):
    with pytest.raises(ConfigError, match=r"routing_sets has .* of: rgb, depth, infrared, thermal"):
        replace(config, routing_sets=(name,))


def test_a_modality_that_the_model_does_not_know_is_refused(config):
    with pytest.raises(ConfigError, match="the model knows no thermal"):
        unmask.evaluate(replace(config, routing_sets=("rgb+thermal",)))


@pytest.mark.parametrize(
    ("crops", "message"),
    [
        (("crop-1-aligned", "crop-1-aligned"), "of the rule 1-aligned, and the model was trained"),
        (("crop-1", "crop-1-aligned"), "face crops of several rules are mixed: 1, 1-aligned"),
    ],
)
def test_face_crops_of_another_rule_are_refused(config, new_squares, crops, message):
    root = new_squares()
    table = pl.read_parquet(root / "manifest.parquet")
    of_row = [crops[n % 2] for n in range(table.height)]
    table.with_columns(pl.Series("crop", of_row)).write_parquet(root / "manifest.parquet")
    with pytest.raises(DatasetError, match=message):
        unmask.evaluate(replace(config, data=DataConfig(root=root)))
    assert not config.out.exists()


def test_crops_that_nobody_states_are_told_of_where_the_model_knows_others(
    config, new_squares, tmp_path, caplog
):
    root = new_squares()
    path = root / "manifest.parquet"
    table = pl.read_parquet(path)
    table.with_columns(crop=pl.lit("crop-1-aligned")).write_parquet(path)
    training = TrainConfig(
        data=DataConfig(root=root),
        out=tmp_path / "run",
        model=ModelConfig(name="cnn/tiny"),
        optim=OptimConfig(steps=1, batch_size=4),
    )
    unmask.train(training)
    table.write_parquet(path)
    config = replace(config, checkpoint=tmp_path / "run", data=DataConfig(root=root))
    unmask.evaluate(config)
    assert "the model learned from crops of the rule 1-aligned" in caplog.text


def test_a_training_refuses_sets_cut_by_different_rules(new_squares, tmp_path):
    root = new_squares()
    table = pl.read_parquet(root / "manifest.parquet")
    rule = pl.when(pl.col("split") == "eval").then(pl.lit("crop-1-aligned")).otherwise(pl.lit(""))
    table.with_columns(crop=rule).write_parquet(root / "manifest.parquet")
    config = TrainConfig(
        data=DataConfig(root=root),
        out=tmp_path / "run",
        model=ModelConfig(name="cnn/tiny"),
        optim=OptimConfig(steps=1, batch_size=4),
    )
    with pytest.raises(DatasetError, match="face crops of several rules are mixed"):
        unmask.train(config)


@pytest.mark.parametrize("oracle", [True, False])
def test_scores_of_the_judged_set_are_judged_with_the_switch_that_says_so(oracle, capsys, tmp_path):
    made = Evaluated(dev=tmp_path / "dev.csv", eval=tmp_path / "eval.csv", oracle=oracle)
    present("evaluate", made, None)
    assert ("--oracle-threshold" in capsys.readouterr().out) is oracle


def test_the_note_says_which_frames_were_judged_and_an_older_one_need_not(config):
    unmask.evaluate(config)
    note = read_note(config.out)
    assert note.frames == "", "of a manifest, which names its frames"
    path = config.out / NOTE
    path.write_text(path.read_text().replace(',\n  "frames": ""', ""))
    assert read_note(config.out) == note
