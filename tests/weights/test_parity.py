"""Weights in everybody's layout make our towers compute what transformers computes."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from unmask.layers import clip as clips
from unmask.layers import image_encoder
from unmask.layers.clip import Clip, ClipConfig
from unmask.layers.image_encoder import ImageEncoder, ImageEncoderConfig
from unmask.layers.text_encoder import TextEncoderConfig
from unmask.weights import load_backbone

TOLERANCE = 1e-5
SMALL = {"dim": 24, "depth": 2, "heads": 3}
PICTURE = {"image_size": 32, "patch_size": 8}
CLIP = {"activation": "quick_gelu", "norm_eps": 1e-5}
SMALL_VIT = ImageEncoderConfig(**SMALL, **PICTURE)
SMALL_CLIP = ClipConfig(
    image=ImageEncoderConfig(
        **SMALL, **PICTURE, **CLIP, patch_bias=False, pre_norm=True, projection=16
    ),
    text=TextEncoderConfig(**SMALL, vocabulary=60, projection=16),
)


@pytest.fixture(autouse=True)
def small_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two more names, for networks that are tested in a moment."""
    monkeypatch.setitem(image_encoder.SIZES, "vit_small_test", SMALL_VIT)
    monkeypatch.setitem(clips.SIZES, "clip_small_test", SMALL_CLIP)
    monkeypatch.setattr("unmask.weights.NAMES", (*image_encoder.SIZES, *clips.SIZES))
    yield


def pictures(side: int = 32, count: int = 2) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(count, 3, side, side)


def texts(length: int = 77, vocabulary: int = 60) -> Tensor:
    """Rows of different lengths, padded with what must not matter."""
    torch.manual_seed(2)
    tokens = torch.randint(0, vocabulary - 2, (3, length))
    for row, end in zip(tokens, (4, 9, 6), strict=True):
        row[0], row[end] = vocabulary - 2, vocabulary - 1
    return tokens


def largest(one: Tensor, other: Tensor) -> float:
    return float((one - other).detach().abs().max())


def compare_vit(oracle: nn.Module, encoder: ImageEncoder, image: Tensor) -> None:
    features = encoder.eval()(image, keep=[0])
    theirs = oracle.vit(image, output_hidden_states=True)
    own = torch.cat([features.class_token[:, None], features.patches], dim=1)
    assert largest(own, theirs.last_hidden_state) <= TOLERANCE
    assert largest(features.blocks[0], theirs.hidden_states[1]) <= TOLERANCE


def compare_clip(oracle: nn.Module, model: Clip, image: Tensor, tokens: Tensor) -> None:
    theirs = oracle(pixel_values=image, input_ids=tokens)
    features = model.eval().image(image, keep=[len(model.image.blocks) - 1])
    text = model.text(tokens)
    assert largest(nn.functional.normalize(features.class_token), theirs.image_embeds) <= TOLERANCE
    assert largest(nn.functional.normalize(text), theirs.text_embeds) <= TOLERANCE
    patches = theirs.vision_model_output.last_hidden_state
    assert largest(features.blocks[len(model.image.blocks) - 1], patches) <= TOLERANCE
    assert largest(model.compare(features.class_token, text), theirs.logits_per_image) <= 1e-4


@pytest.mark.parametrize("layout", ["Hugging Face ViT", "torchvision", "torchvision, old", "timm"])
@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_vit_of_any_layout_computes_what_it_computed(
    layout: str,
    suffix: str,
    writers: dict[str, Callable[..., dict[str, Tensor]]],
    vit: Callable[..., nn.Module],
    save: Callable[..., dict[str, Tensor]],
    tmp_path: Path,
) -> None:
    oracle = vit()
    tensors = writers[layout](save(oracle, tmp_path / "hub"))
    path = tmp_path / f"weights{suffix}"
    (save_file if suffix == ".safetensors" else torch.save)(tensors, path)
    loaded = load_backbone("vit_small_test", str(path))
    assert loaded.report.layout == layout.removesuffix(", old")
    assert loaded.report.missing == loaded.report.interpolated == ()
    assert len(loaded.report.unexpected) == 2, "weight and bias of the classifier"
    encoder = ImageEncoder(SMALL_VIT)
    encoder.load_state_dict(loaded.part("image"))
    compare_vit(oracle, encoder, pictures())


@pytest.mark.parametrize("layout", ["Hugging Face CLIP", "OpenAI CLIP", "open_clip"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_clip_of_any_layout_computes_what_it_computed(
    layout: str,
    dtype: torch.dtype,
    writers: dict[str, Callable[..., dict[str, Tensor]]],
    clip: Callable[..., nn.Module],
    save: Callable[..., dict[str, Tensor]],
    tmp_path: Path,
) -> None:
    oracle = clip().to(dtype).float()  # OpenAI's files are in half precision
    tensors = {n: t.to(dtype) for n, t in writers[layout](save(oracle, tmp_path / "hub")).items()}
    save_file(tensors, tmp_path / "weights.safetensors")
    loaded = load_backbone("clip_small_test", str(tmp_path / "weights.safetensors"))
    assert loaded.report.layout == layout
    assert loaded.report.missing == loaded.report.unexpected == loaded.report.interpolated == ()
    model = Clip(SMALL_CLIP)
    model.load_state_dict(dict(loaded.tensors))
    compare_clip(oracle, model, pictures(), texts())


def test_an_image_tower_alone_says_that_the_text_is_missing(
    writers: dict[str, Callable[..., dict[str, Tensor]]],
    clip: Callable[..., nn.Module],
    save: Callable[..., dict[str, Tensor]],
    tmp_path: Path,
) -> None:
    whole = save(clip(), tmp_path)
    vision = {n: t for n, t in whole.items() if n.startswith(("vision_model.", "visual_"))}
    save_file(vision, tmp_path / "vision.safetensors")
    loaded = load_backbone("clip_small_test", str(tmp_path / "vision.safetensors"))
    assert loaded.part("text") == {}
    assert "logit_scale" in loaded.report.missing
    assert all(n == "logit_scale" or n.startswith("text.") for n in loaded.report.missing)
    ImageEncoder(SMALL_CLIP.image).load_state_dict(loaded.part("image"))


def test_a_folder_and_our_own_layout_are_read_too(
    vit: Callable[..., nn.Module], save: Callable[..., dict[str, Tensor]], tmp_path: Path
) -> None:
    save(vit(), tmp_path / "hub")
    first = load_backbone("vit_small_test", str(tmp_path / "hub"))
    save_file(dict(first.tensors), tmp_path / "own.safetensors")
    again = load_backbone("vit_small_test", str(tmp_path / "own.safetensors"))
    assert again.report.layout == "unmask"
    assert again.report.missing == again.report.unexpected == ()
    assert all(torch.equal(again.tensors[n], first.tensors[n]) for n in first.tensors)


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["Hugging Face ViT", "torchvision", "timm"])
def test_vit_b16_in_its_true_size(
    layout: str,
    writers: dict[str, Callable[..., dict[str, Tensor]]],
    vit: Callable[..., nn.Module],
    save: Callable[..., dict[str, Tensor]],
    tmp_path: Path,
) -> None:
    sizes = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12}
    oracle = vit(**sizes, intermediate_size=3072, image_size=224, patch_size=16)
    save_file(writers[layout](save(oracle, tmp_path)), tmp_path / "weights.safetensors")
    encoder = ImageEncoder(image_encoder.SIZES["vit_b16"])
    loaded = load_backbone("vit_b16", str(tmp_path / "weights.safetensors"))
    encoder.load_state_dict(loaded.part("image"))
    compare_vit(oracle, encoder, pictures(224, 1))


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["Hugging Face CLIP", "OpenAI CLIP"])
def test_clip_b16_in_its_true_size(
    layout: str,
    writers: dict[str, Callable[..., dict[str, Tensor]]],
    clip_b16: Callable[..., nn.Module],
    save: Callable[..., dict[str, Tensor]],
    tmp_path: Path,
) -> None:
    oracle = clip_b16()
    save_file(writers[layout](save(oracle, tmp_path)), tmp_path / "weights.safetensors")
    model = Clip(clips.SIZES["clip_b16"])
    loaded = load_backbone("clip_b16", str(tmp_path / "weights.safetensors"))
    model.load_state_dict(dict(loaded.tensors))
    assert sum(p.numel() for p in model.parameters()) == 149_620_737, "as published"
    compare_clip(oracle, model, pictures(224, 1), texts(vocabulary=49_408))
