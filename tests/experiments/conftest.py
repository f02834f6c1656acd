"""A small experiment on the coloured squares: two systems, two seeds, a few steps each."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unmask.config import (
    ConditionConfig,
    EvidenceConfig,
    ModelConfig,
    OptimConfig,
    RecipeConfig,
    SetsConfig,
    SystemConfig,
)
from unmask.types import Modality

JUDGED = (
    ConditionConfig(name="all"),
    ConditionConfig(name="no_depth", modalities=(Modality.RGB, Modality.INFRARED)),
    ConditionConfig(name="noise", noise_std=1.0),
)
SYSTEMS = {
    "vit": SystemConfig(model=ModelConfig(name="vit/tiny_test")),
    "slow": SystemConfig(
        model=ModelConfig(name="vit/tiny_test"), settings={"optim.lr": 1e-5, "optim.steps": 4}
    ),
}


@pytest.fixture(scope="session")
def experiment(squares: Path) -> Callable[..., EvidenceConfig]:
    """Settings of the experiment in a folder, some of them changed."""

    def make(out: Path, **changes: Any) -> EvidenceConfig:
        config = EvidenceConfig(
            out=out,
            data=SetsConfig(root=squares),
            systems=SYSTEMS,
            protocols=("manifest/split",),
            seeds=(0, 1),
            recipe=RecipeConfig(
                optim=OptimConfig(steps=8, batch_size=4), dev_every=2, checkpoint_every=2
            ),
            judged=JUDGED,
            reference="slow",
            workers=1,
        )
        return replace(config, **changes)

    return make
