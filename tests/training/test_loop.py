"""A whole training of each plain use of CLIP, also of the one that has nothing to train."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from unmask import TrainConfig, train
from unmask.cli import main
from unmask.config import AugmentConfig, DataConfig, ModelConfig, OptimConfig
from unmask.errors import ConfigError
from unmask.metrics.scores import read_scores
from unmask.models import create_model
from unmask.parsing import to_yaml
from unmask.protocols import load_protocol
from unmask.training.checkpoint import load
from unmask.training.loop import dev_figures, fit
from unmask.training.run import begin
from unmask.training.scoring import Scorer

NAME = "clip/tiny_test"
OWN = {"linear": "head.", "prompts": "texts.context", "adapter": "adapters."}
"""By what is learned: how the names of its weights begin."""

Settings = Callable[..., TrainConfig]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a CLIP whose towers know nothing."""
    torch.manual_seed(7)
    path = tmp_path_factory.mktemp("clip") / "clip.safetensors"
    save_file(create_model(NAME).backbone.state_dict(), path)
    return path


@pytest.fixture
def settings(squares: Path, clip: Path, tmp_path: Path) -> Settings:
    def make(learned: str) -> TrainConfig:
        return TrainConfig(
            data=DataConfig(root=squares),
            out=tmp_path / "run",
            model=ModelConfig(name=NAME, overrides={"learned": learned}, backbone=str(clip)),
            optim=OptimConfig(steps=4, batch_size=4, warmup=0.0, lr=0.01),
            augment=AugmentConfig(photometric=0.0),
            dev_every=2,
        )

    return make


@pytest.mark.parametrize("learned", OWN)
def test_training_changes_what_is_learned_and_leaves_the_towers_alone(
    learned: str, settings: Settings, clip: Path
) -> None:
    config = settings(learned)
    run = train(config)
    assert run.card.step in (2, 4)
    kept, towers = load_file(run.folder / "model.safetensors"), load_file(clip)
    assert all(torch.equal(kept[f"backbone.{name}"], tensor) for name, tensor in towers.items())
    torch.manual_seed(config.seed)
    untrained = create_model(NAME, learned=learned).state_dict()
    own = {name for name in kept if not name.startswith("backbone.")}
    assert own
    assert all(name.startswith(OWN[learned]) for name in own)
    assert not any(torch.equal(kept[name], untrained[name]) for name in own)


@pytest.mark.parametrize("learned", ["nothing", *OWN])
def test_a_stored_run_scores_as_it_did_when_it_was_judged(
    learned: str, settings: Settings, squares: Path
) -> None:
    """Nothing of what the model remembered of older weights is in the scores."""
    from unmask.protocols import load_protocol

    config = settings(learned)
    run = train(config)
    model, card = load(run.folder)
    assert len(card.thresholds) == 7
    protocol = load_protocol(config.data, config.modalities)
    scorer = Scorer(model=model, preprocessing=card.preprocessing, modalities=card.modalities)
    again = scorer.scores(protocol.dev, shown=config.modalities, split="dev")
    stored = read_scores(run.folder / "dev.csv")
    assert stored.table["score"].to_list() == pytest.approx(
        again.table["score"].to_list(), abs=1e-6
    )
    assert dict(card.figures) == pytest.approx(dev_figures(stored), abs=1e-6)


def test_the_card_says_which_set_gave_the_thresholds(settings: Settings) -> None:
    config = settings("nothing")
    protocol = load_protocol(config.data, config.modalities)
    published = replace(protocol, dev=protocol.eval, threshold_from="eval")
    model, started = begin(config.model, config.modalities, quiet=True)
    card = fit(model, replace(config, model=started), published).card
    assert card.threshold_from == "eval"


def test_a_model_with_nothing_to_train_is_kept_as_it_is(
    settings: Settings, clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="unmask"):
        run = train(settings("nothing"))
    assert [m for m in caplog.messages if "nothing to train" in m] == [
        "clip/tiny_test has nothing to train, so no step is taken"
    ]
    assert run.card.step == 0
    kept, towers = load_file(run.folder / "model.safetensors"), load_file(clip)
    assert {name.removeprefix("backbone.") for name in kept} == set(towers)
    assert all(torch.equal(kept[f"backbone.{name}"], tensor) for name, tensor in towers.items())
    left = {path.name for path in run.folder.iterdir()}
    assert left == {"config.yaml", "model.safetensors", "card.json", "dev.csv"}


def test_it_goes_on_like_any_other_run(settings: Settings) -> None:
    config = settings("nothing")
    card = train(config).card
    with pytest.raises(ConfigError, match="holds a run already; give --resume"):
        train(config)
    (config.out / "card.json").unlink()  # as if it had been stopped while dev was scored
    assert train(replace(config, resume=True)).card == card


def test_the_command_tells_that_no_step_was_taken(
    settings: Settings,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / "zero_shot.yaml"
    path.write_text(to_yaml(settings("nothing")))
    assert main(["train", "--config", str(path)]) == 0
    assert "clip/tiny_test has nothing to train, so no step is taken" in caplog.messages
    assert "kept step 0" in capsys.readouterr().out
    assert json.loads((tmp_path / "run" / "card.json").read_text())["step"] == 0
