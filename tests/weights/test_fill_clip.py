"""Both towers of a model start from anybody's CLIP, or not at all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from unmask.errors import CheckpointError
from unmask.layers.clip import Clip, ClipConfig
from unmask.layers.image_encoder import ImageEncoderConfig
from unmask.layers.text_encoder import TextEncoderConfig
from unmask.weights import fill_clip

SMALL = {"dim": 24, "depth": 2, "heads": 3, "activation": "quick_gelu", "norm_eps": 1e-5}
CONFIG = ClipConfig(
    image=ImageEncoderConfig(
        **SMALL, image_size=32, patch_size=8, patch_bias=False, pre_norm=True, projection=16
    ),
    text=TextEncoderConfig(**SMALL, vocabulary=60, projection=16),
)


def assert_untouched(towers: Clip, source: Path, told: str) -> None:
    before = {name: tensor.clone() for name, tensor in towers.state_dict().items()}
    with pytest.raises(CheckpointError, match=told) as caught:
        fill_clip(towers, str(source))
    assert "\n" not in str(caught.value)
    assert all(torch.equal(before[n], t) for n, t in towers.state_dict().items())


@pytest.mark.parametrize("layout", ["Hugging Face CLIP", "OpenAI CLIP", "open_clip"])
def test_it_computes_what_the_clip_computed(
    layout: str,
    clip: Callable[..., nn.Module],
    save: Callable[..., dict[str, Tensor]],
    writers: dict[str, Callable[[dict[str, Tensor]], dict[str, Tensor]]],
    tmp_path: Path,
) -> None:
    oracle = clip()
    tensors = writers[layout](save(oracle, tmp_path / "theirs"))
    path = tmp_path / "clip.safetensors"
    save_file({n: t.contiguous() for n, t in tensors.items()}, path)
    towers = Clip(CONFIG).eval()
    report = fill_clip(towers, str(path))
    assert report.missing == report.unexpected == ()
    image, tokens = torch.randn(2, 3, 32, 32), torch.tensor([[58, 3, 59, 0], [58, 1, 2, 59]])
    padded = nn.functional.pad(tokens, (0, 73))
    theirs = oracle(input_ids=padded, pixel_values=image).logits_per_image
    torch.testing.assert_close(towers(image, padded), theirs, rtol=0, atol=1e-4)


def test_pictures_of_another_size_get_their_positions_between_those_of_the_file(
    tmp_path: Path,
) -> None:
    path = tmp_path / "clip.safetensors"
    save_file(Clip(CONFIG).state_dict(), path)
    larger = Clip(replace(CONFIG, image=replace(CONFIG.image, image_size=48)))
    assert fill_clip(larger, str(path)).interpolated == ("positions: 4 x 4 -> 6 x 6",)


def test_a_file_without_texts_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "pictures.safetensors"
    tensors = Clip(CONFIG).state_dict()
    save_file({n: t for n, t in tensors.items() if n.startswith("image.")}, path)
    assert_untouched(Clip(CONFIG), path, "it lacks .* give a CLIP with both towers")


def test_towers_of_another_size_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clip.safetensors"
    deeper = replace(CONFIG, text=replace(CONFIG.text, depth=3))
    save_file(Clip(deeper).state_dict(), path)
    assert_untouched(Clip(CONFIG), path, "does not fit the model: .* it adds text.blocks.2")
