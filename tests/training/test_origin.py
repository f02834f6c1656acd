"""What a model came from, out of its card and the settings beside it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from unmask.config import DataConfig, OptimConfig, TrainConfig
from unmask.errors import CheckpointError
from unmask.files import write_text
from unmask.parsing import to_plain, to_yaml
from unmask.training.checkpoint import Card
from unmask.training.origin import Origin, origin_of
from unmask.transforms.normalize import Preprocessing
from unmask.types import Modality


@pytest.fixture
def card() -> Card:
    return Card(
        model="cnn/tiny",
        settings={},
        modalities=(Modality.RGB, Modality.DEPTH),
        preprocessing=Preprocessing(image_size=32, crop_version="1"),
        thresholds={},
        threshold_from="dev",
        data={"protocol": "manifest/split", "train": 60, "datasets": ["squares"]},
        figures={},
        step=1,
        seed=3,
        limits="",
        weights_sha256="",
        unmask_version="0",
        backbone={"source": "somewhere", "sha256": "beef"},
    )


def written(folder: Path, **changes: Any) -> Path:
    """The settings of a training, as its folder has them."""
    config = TrainConfig(data=DataConfig(root=Path("d")), out=folder, optim=OptimConfig(lr=0.25))
    write_text(folder / "config.yaml", to_yaml(replace(config, **changes)))
    return folder


def test_protocol_sensors_and_recipe_are_those_of_the_card_and_its_folder(
    card: Card, tmp_path: Path
) -> None:
    origin = origin_of(written(tmp_path), card)
    assert (origin.protocol, origin.presentations) == ("manifest/split", 60)
    assert (origin.modalities, origin.datasets) == (card.modalities, ("squares",))
    assert origin.recipe["optim.lr"] == 0.25
    assert origin.recipe["backbone"] == "beef"


def test_another_seed_place_or_worker_is_no_other_recipe_and_another_rate_is(
    card: Card, tmp_path: Path
) -> None:
    recipe = origin_of(written(tmp_path), card).recipe
    data = DataConfig(root=Path("elsewhere"), workers=2, protocol="simulated/within")
    same = written(tmp_path, seed=7, data=data, out=Path("o"), checkpoint_every=7)
    assert origin_of(same, replace(card, seed=7)).recipe == recipe
    assert origin_of(written(tmp_path, optim=OptimConfig(lr=0.5)), card).recipe != recipe
    assert origin_of(written(tmp_path), replace(card, backbone={})).recipe["backbone"] == "none"


def test_settings_that_nobody_copied_are_not_made_up(card: Card, tmp_path: Path) -> None:
    assert origin_of(tmp_path, card).recipe == {"backbone": "beef"}


@pytest.mark.parametrize("text", ["a: [", "just words", "- a list"])
def test_damaged_settings_are_one_line(text: str, card: Card, tmp_path: Path) -> None:
    write_text(tmp_path / "config.yaml", text)
    with pytest.raises(CheckpointError, match=r"config\.yaml is damaged") as caught:
        origin_of(tmp_path, card)
    assert "\n" not in str(caught.value)


def test_a_note_keeps_it(card: Card, tmp_path: Path) -> None:
    origin = origin_of(written(tmp_path), card)
    assert Origin.from_plain(json.loads(json.dumps(to_plain(origin)))) == origin
