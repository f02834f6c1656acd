"""Every recipe is complete: it parses, its model exists, and its header says what to expect."""

from pathlib import Path

import pytest

from unmask.config import TrainConfig
from unmask.models import create_model
from unmask.parsing import load

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))


@pytest.mark.parametrize("path", RECIPES, ids=lambda p: p.stem)
def test_a_recipe_is_complete(path: Path) -> None:
    config = load(TrainConfig, path)
    model = create_model(config.model.name, **config.model.overrides)
    assert sum(p.numel() for p in model.parameters())
    header = path.read_text().split("data:")[0]
    for heading in (f"unmask train --config recipes/{path.name}", "Hardware and time:", "Expect:"):
        assert heading in header
