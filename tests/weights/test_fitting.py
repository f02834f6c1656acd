"""What a file does not fit is said in one line, with what would fit; another grid fits."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from unmask.errors import CheckpointError, ConfigError
from unmask.layers import image_encoder
from unmask.layers.image_encoder import ImageEncoder, ImageEncoderConfig
from unmask.weights import load_backbone
from unmask.weights.positions import resample

SMALL = ImageEncoderConfig(image_size=32, patch_size=8, dim=24, depth=2, heads=3)


@pytest.fixture
def refused(tmp_path: Path) -> Callable[[dict[str, Tensor]], str]:
    """Load a file that must not be taken, and return the one line that says why."""

    def check(tensors: dict[str, Tensor]) -> str:
        save_file(tensors, tmp_path / "weights.safetensors")
        with pytest.raises(CheckpointError) as caught:
            load_backbone("vit_small_test", str(tmp_path / "weights.safetensors"))
        message = str(caught.value)
        assert message.startswith(f"{tmp_path / 'weights.safetensors'} does not fit vit_small_test")
        assert "\n" not in message
        return message

    return check


@pytest.fixture(autouse=True)
def small_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(image_encoder.SIZES, "vit_small_test", SMALL)
    monkeypatch.setattr("unmask.weights.NAMES", tuple(image_encoder.SIZES))


@pytest.fixture
def timm(
    writers: dict[str, Callable[..., dict[str, Tensor]]],
    vit: Callable[..., torch.nn.Module],
    save: Callable[..., dict[str, Tensor]],
    tmp_path: Path,
) -> Callable[..., dict[str, Tensor]]:
    """Tensors in timm's layout, of a network of these sizes."""
    return lambda **sizes: writers["timm"](save(vit(**sizes), tmp_path / "hub"))


def test_a_file_of_another_grid_is_interpolated_and_the_report_says_so(
    timm: Callable[..., dict[str, Tensor]], tmp_path: Path
) -> None:
    tensors = timm(image_size=64)
    save_file(tensors, tmp_path / "weights.safetensors")
    loaded = load_backbone("vit_small_test", str(tmp_path / "weights.safetensors"))
    assert loaded.report.interpolated == ("positions: 8 x 8 -> 4 x 4",)
    assert "positions: 8 x 8 -> 4 x 4; 2 unexpected (head.bias, head.weight)" in str(loaded.report)
    expected, _ = resample(tensors["pos_embed"][0], 17)
    assert torch.equal(loaded.part("image")["position"], expected)
    ImageEncoder(SMALL).load_state_dict(loaded.part("image"))


def test_another_size_is_told_with_the_sizes_of_the_file(
    timm: Callable[..., dict[str, Tensor]], refused: Callable[..., str]
) -> None:
    message = refused(timm(hidden_size=48, num_hidden_layers=3))
    assert "nearest to timm" in message
    assert "image.class_token is (48,), wanted (24,)" in message
    assert "adds image.blocks.2.norm1.weight" in message
    sizes = "depth 3, dim 48, patch_size 8, patch_bias true, pre_norm false"
    assert f"the file was made for {sizes}: choose these sizes, or another file" in message


def test_missing_tensors_are_named_as_the_file_would_name_them(
    timm: Callable[..., dict[str, Tensor]], refused: Callable[..., str]
) -> None:
    tensors = timm()
    for name in ("blocks.1.attn.qkv.bias", "norm.weight", "cls_token"):
        del tensors[name]
    message = refused(tensors)
    assert "nearest to timm, but it lacks" in message
    assert "cls_token, blocks.1.attn.qkv.bias and 1 more" in message


def test_a_network_of_another_kind_is_told_which_layouts_are_known(
    refused: Callable[..., str],
) -> None:
    message = refused({"layer1.0.conv1.weight": torch.zeros(8, 3, 3, 3), "fc.bias": torch.zeros(2)})
    assert "lacks" in message
    assert "known layouts are BIG-MoE of the authors, Hugging Face CLIP" in message


def test_a_clip_tower_is_not_taken_for_a_plain_one(
    clip: Callable[..., torch.nn.Module],
    save: Callable[..., dict[str, Tensor]],
    refused: Callable[..., str],
    tmp_path: Path,
) -> None:
    message = refused(save(clip(), tmp_path / "clip"))
    assert "nearest to Hugging Face CLIP, but it lacks image.patch_embed.bias" in message
    assert "patch_bias false, pre_norm true" in message


def test_tensors_that_cannot_be_joined_are_named(
    vit: Callable[..., torch.nn.Module],
    save: Callable[..., dict[str, Tensor]],
    refused: Callable[..., str],
    tmp_path: Path,
) -> None:
    tensors = save(vit(), tmp_path / "hub")
    tensors["vit.encoder.layer.0.attention.attention.key.weight"] = torch.zeros(24, 7)
    assert "nearest to Hugging Face ViT" in refused(tensors)


def test_an_unknown_name_lists_what_exists() -> None:
    with pytest.raises(
        ConfigError, match="no backbone 'vit_h14'; there are: vit_tiny, vit_ti16, vit_s16"
    ):
        load_backbone("vit_h14", "weights.safetensors")
