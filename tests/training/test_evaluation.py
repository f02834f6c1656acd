"""An evaluation leaves scores and, where the model has experts, what its routers chose."""

from dataclasses import replace
from pathlib import Path

import pytest

import unmask
from unmask.config import DataConfig, EvaluateConfig, ModelConfig, OptimConfig, TrainConfig
from unmask.errors import ConfigError
from unmask.files import sha256
from unmask.metrics.routing_files import read_routing

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
