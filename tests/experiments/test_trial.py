"""Systems with nothing to train stand in an experiment like any other."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import save_file

from unmask.config import ConditionConfig, DataConfig, EvidenceConfig, ModelConfig, SystemConfig
from unmask.experiments.experiment import Trial, plan
from unmask.experiments.trial import finish
from unmask.models import create_model
from unmask.training.run import train

Make = Callable[..., EvidenceConfig]


@pytest.fixture
def trials(experiment: Make, tmp_path: Path) -> tuple[Trial, ...]:
    """Zero-shot and a linear head on the same towers."""
    path = tmp_path / "clip.safetensors"
    save_file(create_model("clip/tiny_test").backbone.state_dict(), path)
    systems = {
        learned: SystemConfig(
            model=ModelConfig(
                name="clip/tiny_test", overrides={"learned": learned}, backbone=str(path)
            )
        )
        for learned in ("nothing", "linear")
    }
    judged = (ConditionConfig(name="all"),)
    return plan(
        experiment(
            tmp_path / "out", systems=systems, reference="nothing", seeds=(0,), judged=judged
        )
    )


def test_no_step_is_counted_where_nothing_is_trained(trials: tuple[Trial, ...]) -> None:
    zero_shot, linear = ((result,) for trial in trials for result in finish(trial))
    (shown,), (trained,) = zero_shot, linear
    assert (shown.system, shown.steps, shown.kept_step, shown.trained_parameters) == (
        "nothing",
        0,
        0,
        0,
    )
    assert (trained.system, trained.steps, trained.trained_parameters) == ("linear", 8, 17)
    assert trained.kept_step > 0
    assert shown.parameters + 17 == trained.parameters
    assert 0 <= shown.metrics["auc"] <= 1


def test_a_stopped_trial_goes_on_though_the_data_have_moved(
    trials: tuple[Trial, ...], squares: Path, tmp_path: Path
) -> None:
    trial = trials[0]
    expected = train(trial.training).card
    (trial.training.out / "card.json").unlink()  # stopped while dev was scored
    moved = tmp_path / "elsewhere"
    moved.symlink_to(squares)
    data = DataConfig(root=moved, protocol=trial.training.data.protocol)
    again = replace(trial, training=replace(trial.training, data=data))
    (result,) = finish(again)
    assert result.kept_step == expected.step == 0
    assert not result.resumed
