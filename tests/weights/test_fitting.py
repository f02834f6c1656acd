"""What a file does not fit is said in one line, with what would fit; another grid fits."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from unmask.errors import CheckpointError, ConfigError
from unmask.layers import image_encoder
from unmask.layers.image_encoder import ImageEncoder, ImageEncoderConfig
from unmask.models import create_model
from unmask.weights import NAMES, fill_encoder, load_backbone
from unmask.weights.positions import resample
from unmask.weights.sources import ASSETS

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
    monkeypatch.setattr("unmask.weights.NAMES", (*NAMES, "vit_small_test"))


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
    assert "fc.bias" in message
    assert "none of the layouts; known layouts are BIG-MoE of the authors, Hugging" in message
    assert "nearest" not in message
    assert "it has no tensors, which is none of the layouts" in refused({})


@pytest.mark.parametrize("family", ["vit", "big_moe"])
def test_a_whole_trained_model_is_told_from_a_backbone(
    family: str, refused: Callable[..., str], tmp_path: Path
) -> None:
    state = create_model(f"{family}/tiny_test").state_dict()
    assert "a whole trained model, not a backbone; give" in refused(state)
    card = {"format": "unmask-card/1", "backbone": {"source": "shipped:vit_tiny"}}
    (tmp_path / "card.json").write_text(json.dumps(card))
    told = "the backbone that its training began with (shipped:vit_tiny), or the file as model.weig"
    assert told in refused({"stem.weight": torch.zeros(2)})


@pytest.mark.parametrize(
    "added", ["norm_pre.weight", "blocks.1.ls1.gamma", "blocks.0.attn.q_norm.weight"]
)
def test_a_computation_that_ours_has_not_is_named(
    added: str, timm: Callable[..., dict[str, Tensor]], refused: Callable[..., str]
) -> None:
    message = refused(timm() | {added: torch.ones(24)})
    assert f"adds {added.replace('norm_pre', 'image.pre_norm')}; " in message


def test_what_alone_is_missing_is_named_and_no_sizes_are_advised(
    timm: Callable[..., dict[str, Tensor]], refused: Callable[..., str]
) -> None:
    tensors = timm()
    del tensors["norm.weight"], tensors["norm.bias"]
    message = refused(tensors)
    assert message.endswith(
        "it lacks norm.weight, norm.bias; give a file that has just what is wanted"
    )


def test_positions_without_a_row_and_numbers_without_axes_are_refused(
    timm: Callable[..., dict[str, Tensor]], refused: Callable[..., str]
) -> None:
    assert "image.position is (0, 24)" in refused(timm() | {"pos_embed": torch.zeros(1, 0, 24)})
    assert "image.position is (1, 24)" in refused(timm() | {"pos_embed": torch.zeros(1, 1, 24)})
    assert "wanted (24, 3, 8, 8)" in refused(timm() | {"patch_embed.proj.weight": torch.zeros(())})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"num_attention_heads": 4}, "heads 4 of its image tower, wanted heads 3;"),
        ({"hidden_act": "quick_gelu"}, "activation quick_gelu of its image tower, wanted act"),
        ({"layer_norm_eps": 1e-5}, "norm_eps 1e-05 of its image tower, wanted norm_eps 1e-06;"),
        ({"image_size": [64, 16]}, "square_pictures false of its image tower, wanted"),
    ],
)
def test_what_config_json_says_and_no_tensor_shows_must_agree(
    said: dict[str, object],
    told: str,
    vit: Callable[..., torch.nn.Module],
    save: Callable[..., dict[str, Tensor]],
    tmp_path: Path,
) -> None:
    save(vit(), tmp_path)
    assert load_backbone("vit_small_test", str(tmp_path)).report.card["num_attention_heads"] == 3
    path = tmp_path / "config.json"
    config = json.loads(path.read_text())
    path.write_text(json.dumps(config | said))
    for source in (tmp_path, tmp_path / "model.safetensors"):
        with pytest.raises(CheckpointError, match="does not fit vit_small_test: the card") as error:
            load_backbone("vit_small_test", str(source))
        assert told in str(error.value)
        assert "\n" not in str(error.value)
    path.write_text("{")
    with pytest.raises(CheckpointError, match=r"config\.json is damaged"):
        load_backbone("vit_small_test", str(tmp_path))


def test_an_epsilon_too_small_to_matter_is_no_disagreement(
    vit: Callable[..., torch.nn.Module], save: Callable[..., dict[str, Tensor]], tmp_path: Path
) -> None:
    oracle = vit(layer_norm_eps=1e-12)
    save(oracle, tmp_path)
    encoder = ImageEncoder(SMALL)
    fill_encoder(encoder, str(tmp_path))
    image = torch.randn(2, 3, 32, 32)
    theirs = oracle.vit(image).last_hidden_state[:, 0]
    torch.testing.assert_close(encoder(image).class_token, theirs, rtol=0, atol=1e-4)


def test_a_config_json_that_leaves_settings_out_means_the_usual_ones(
    vit: Callable[..., torch.nn.Module], save: Callable[..., dict[str, Tensor]], tmp_path: Path
) -> None:
    save(vit(), tmp_path)
    (tmp_path / "config.json").write_text('{"model_type": "vit"}')
    with pytest.raises(CheckpointError, match="heads 12 of its image tower, wanted heads 3"):
        load_backbone("vit_small_test", str(tmp_path))


@pytest.mark.parametrize("text", [{}, {"heads": 8, "activation": "quick_gelu"}])
def test_our_own_card_must_agree_too(text: dict[str, object], tmp_path: Path) -> None:
    name = "clip_tiny" if text else "vit_tiny"
    settings = json.loads((ASSETS / f"{name}.json").read_text())["settings"]
    odd = settings | {"text": settings["text"] | text} if text else settings | {"heads": 2}
    path = tmp_path / f"{name}.safetensors"
    path.symlink_to(ASSETS / path.name)
    (tmp_path / "card.json").write_text(json.dumps({"settings": settings}))
    assert load_backbone(name, str(path)).report.card == {"settings": settings}
    told = "heads 8, activation quick_gelu of its text" if text else "heads 2 of its image"
    for card in ("card.json", f"{name}.json"):
        (tmp_path / card).write_text(json.dumps({"settings": odd}))
        with pytest.raises(CheckpointError, match=f"the card beside it says {told} tower"):
            load_backbone(name, str(path))
    (tmp_path / f"{name}.json").write_text('{"settings": 5}')
    with pytest.raises(CheckpointError, match=r"card\.json beside .* is damaged"):
        load_backbone(name, str(path))


def test_a_clip_file_is_advised_with_its_activation_and_epsilon(
    writers: dict[str, Callable[..., dict[str, Tensor]]],
    clip: Callable[..., torch.nn.Module],
    save: Callable[..., dict[str, Tensor]],
    refused: Callable[..., str],
    tmp_path: Path,
) -> None:
    tensors = save(clip(), tmp_path / "hub")
    told = "pre_norm true, activation quick_gelu (gelu in most that others trained), norm_eps 1e-05"
    assert told in refused(writers["OpenAI CLIP"](tensors))
    with pytest.raises(CheckpointError) as error:
        load_backbone("vit_small_test", str(tmp_path / "hub"))
    assert "pre_norm true, heads 3, activation quick_gelu, norm_eps 1e-05" in str(error.value)


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
