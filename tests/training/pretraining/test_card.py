"""A card says what the weights were told, by whatever they began with too."""

import shlex
from collections.abc import Callable
from pathlib import Path
from shutil import copyfile

import pytest

from unmask import PretrainConfig, api, pretrain
from unmask.cli import _settings
from unmask.config import PicturesConfig
from unmask.datasets.manifest import Pictures
from unmask.layers import image_encoder
from unmask.layers.image_encoder import ImageEncoder
from unmask.training.pretraining.card import (
    OWN_LICENCE,
    UNKNOWN_LICENCE,
    command,
    describe_origin,
    licence,
    limits,
)
from unmask.types import SIMULATED, Modality
from unmask.weights import Report, fill_encoder
from unmask.weights.sources import ASSETS, shipped

Configured = Callable[..., PretrainConfig]
TOLD = "This colour image of a bona fide presentation shows a young woman."


def row(dataset: str = SIMULATED, caption: str = TOLD) -> Pictures:
    return Pictures(
        key="a", paths={}, split="", subject="", dataset=dataset, captions={Modality.RGB: caption}
    )


def read(source: str) -> Report:
    return fill_encoder(ImageEncoder(image_encoder.SIZES["vit_tiny"]), source)


@pytest.mark.parametrize("name", ["vit_tiny", "clip_tiny"])
def test_the_cards_that_ship_say_what_this_version_would_say(name: str) -> None:
    card = shipped()[name]
    config = _settings(api.pretrain, shlex.split(card["command"])[2:])
    assert limits(config, [row()], {}) == card["limits"]
    assert licence(config, [row()], {}) == card["licence"]


def test_a_caption_that_tells_the_verdict_is_admitted() -> None:
    config = PretrainConfig(data=PicturesConfig(root=Path("d")), out=Path("o"), method="clip")
    admitted = "its captions, which told bona fide from attack."
    assert limits(config, [row(caption="A print."), row()], {}).endswith(admitted)
    assert limits(config, [row("mine", "A Presentation Attack")], {}).endswith(admitted)
    assert limits(config, [row("mine", "A man.")], {}).endswith("knows the words of its captions.")


def test_only_simulated_data_from_the_beginning_have_our_licence(
    new_squares: Callable[..., Path], configured: Configured, tmp_path: Path
) -> None:
    foreign = tmp_path / "web.safetensors"
    copyfile(ASSETS / "vit_tiny.safetensors", foreign)  # no card beside it
    root = new_squares(dataset=SIMULATED)
    source, runs = str(foreign), []
    for number in range(2):  # from the file, then from what was made of it
        out = tmp_path / f"run{number}"
        card = pretrain(configured(root, steps=1, backbone=source, out=out)).card
        assert card.licence == UNKNOWN_LICENCE
        assert f"It began with {source}, whose limits hold for it too." in card.limits
        assert "Learned from simulated faces: " in card.limits
        runs.append(card.backbone)
        source = str(out)
    assert [origin["simulated"] for origin in runs] == [False, False]
    named = configured(root, backbone=source, licence="CC-BY-4.0")
    assert licence(named, [row()], runs[0]) == "CC-BY-4.0"


def test_what_ships_is_simulated_and_a_card_of_another_file_is_not_believed(
    configured: Configured, tmp_path: Path
) -> None:
    config = configured(tmp_path)
    origin = describe_origin(read("shipped:vit_tiny"))
    assert origin["simulated"] is True
    assert licence(config, [row()], origin) == OWN_LICENCE
    assert "simulated faces alone" in limits(config, [row()], origin)
    assert "It began with shipped:vit_tiny" in limits(config, [row()], origin)
    assert licence(config, [row("mine")], origin) == UNKNOWN_LICENCE
    copyfile(ASSETS / "clip_tiny.safetensors", tmp_path / "vit_tiny.safetensors")
    copyfile(ASSETS / "vit_tiny.json", tmp_path / "vit_tiny.json")
    other = describe_origin(read(str(tmp_path / "vit_tiny.safetensors")))
    assert other["simulated"] is False
    assert licence(config, [row()], other) == UNKNOWN_LICENCE
    assert licence(config, [row()], origin | {"licence": "CC-BY-NC-4.0"}) == UNKNOWN_LICENCE


def test_a_command_with_blanks_means_the_same_config() -> None:
    config = PretrainConfig(
        data=PicturesConfig(root=Path("my data"), splits=("train", "eval")),
        out=Path("runs/it's mine"),
        licence="CC BY 4.0; ask me",
        modalities=(Modality.RGB,),
    )
    assert _settings(api.pretrain, shlex.split(command(config))[2:]) == config
