"""A training may start from weights of the same model, or from a pretrained backbone."""

import json
import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from unmask import TrainConfig, load, train
from unmask.config import AugmentConfig, DataConfig, ModelConfig, OptimConfig
from unmask.errors import CheckpointError, ConfigError
from unmask.files import sha256
from unmask.layers.image_encoder import ImageEncoder, ImageEncoderConfig
from unmask.models import create_model
from unmask.training.start import start

SIZES = {"image_size": 32, "patch_size": 8, "dim": 32, "depth": 2, "heads": 2}


def write(path: Path, **sizes: int) -> dict[str, Tensor]:
    torch.manual_seed(7)
    tensors = ImageEncoder(ImageEncoderConfig(**(SIZES | sizes))).state_dict()
    save_file({f"image.{name}": tensor for name, tensor in tensors.items()}, path)
    return tensors


@pytest.fixture
def backbone(tmp_path: Path) -> Path:
    write(tmp_path / "backbone.safetensors")
    return tmp_path / "backbone.safetensors"


def configured(root: Path, out: Path, model: ModelConfig, *, resume: bool = False) -> TrainConfig:
    return TrainConfig(
        data=DataConfig(root=root),
        out=out,
        model=model,
        optim=OptimConfig(steps=2, batch_size=4),
        augment=AugmentConfig(photometric=0.0),
        dev_every=2,
        resume=resume,
    )


def test_a_frozen_backbone_is_trained_around_and_its_hash_is_written_down(
    squares: Path, backbone: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name, out = "big_moe/tiny_test", tmp_path / "run"
    frozen = ModelConfig(
        name=name, overrides={"frozen_backbone": True, "recompute": True}, backbone=str(backbone)
    )
    with caplog.at_level(logging.INFO, logger="unmask"):
        run = train(configured(squares, out, frozen))
    assert f"backbone: {backbone}: layout unmask" in caplog.text
    assert run.card.backbone == {"source": str(backbone), "sha256": sha256(backbone)}
    assert json.loads((out / "card.json").read_text())["backbone"] == run.card.backbone
    config = load(TrainConfig, out / "config.yaml")
    assert config.model.backbone_sha256 == sha256(backbone)

    from unmask.training.checkpoint import load as load_run

    trained, card = load_run(out)
    assert card == run.card
    blocks = trained.backbone.blocks.state_dict()
    expected = write(backbone)
    assert all(torch.equal(t, expected[f"blocks.{n}"]) for n, t in blocks.items())

    write(backbone, image_size=64)  # the same name, another file
    with pytest.raises(CheckpointError, match="give the file that the run was made with"):
        train(configured(squares, tmp_path / "again", config.model))


def test_without_weights_and_backbone_nothing_changes() -> None:
    model = create_model("vit/tiny_test")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert start(model, ModelConfig(name="vit/tiny_test")) == ModelConfig(name="vit/tiny_test")
    assert all(torch.equal(before[n], t) for n, t in model.state_dict().items())


def test_an_older_card_that_says_nothing_of_a_backbone_is_still_read(
    squares: Path, tmp_path: Path
) -> None:
    from unmask.training.checkpoint import load_card

    run = train(configured(squares, tmp_path / "run", ModelConfig(name="vit/tiny_test")))
    path = run.folder / "card.json"
    card = json.loads(path.read_text())
    assert card.pop("backbone") == {}
    path.write_text(json.dumps(card))
    assert load_card(run.folder) == run.card


def test_a_file_that_does_not_fit_is_refused_before_anything_is_written(
    squares: Path, tmp_path: Path
) -> None:
    path = tmp_path / "wide.safetensors"
    write(path, dim=64)
    model = ModelConfig(name="vit/tiny_test", backbone=str(path))
    with pytest.raises(CheckpointError, match="made for depth 2, dim 64"):
        train(configured(squares, tmp_path / "run", model))
    assert not (tmp_path / "run").exists()


def test_a_model_without_transformer_has_no_backbone_to_fill(backbone: Path) -> None:
    model = create_model("cnn/tiny_test")
    with pytest.raises(ConfigError, match="cnn/tiny_test has no transformer"):
        start(model, ModelConfig(name="cnn/tiny_test", backbone=str(backbone)))


def test_weights_and_a_backbone_are_not_both_given(backbone: Path) -> None:
    with pytest.raises(ConfigError, match="both given"):
        ModelConfig(weights=backbone, backbone=str(backbone))


def test_a_frozen_backbone_needs_one_of_them() -> None:
    model = create_model("big_moe/tiny_test", frozen_backbone=True)
    with pytest.raises(ConfigError, match=r"give model\.weights or model\.backbone, or"):
        start(model, ModelConfig(name="big_moe/tiny_test"))


def test_a_variant_starts_from_its_usual_backbone_or_from_nothing_if_asked() -> None:
    usual = start(create_model("vit/tiny"), ModelConfig(name="vit/tiny"))
    assert usual.backbone == "shipped:vit_tiny"
    assert len(usual.backbone_sha256) == 64
    nothing = ModelConfig(name="vit/tiny", backbone="none")
    model = create_model("vit/tiny")
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    assert start(model, nothing) == nothing
    assert all(torch.equal(before[n], t) for n, t in model.state_dict().items())


def test_other_sizes_than_the_usual_backbone_has_are_told_how_to_go_on() -> None:
    with pytest.raises(CheckpointError, match='or "none" to start from nothing'):
        start(create_model("vit/tiny", depth=4), ModelConfig(name="vit/tiny"))
