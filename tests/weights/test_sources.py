"""A source is a file, a folder or a repository on the hub."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from unmask.errors import CheckpointError
from unmask.weights.sources import locate


def test_a_file_is_itself_and_a_folder_gives_its_best_file(tmp_path: Path) -> None:
    for name in ("pytorch_model.bin", "model.safetensors"):
        (tmp_path / name).touch()
        assert locate(str(tmp_path)) == tmp_path / name
    assert locate(str(tmp_path / "pytorch_model.bin")) == tmp_path / "pytorch_model.bin"


def test_what_is_not_there_is_named_with_what_may_be_given(tmp_path: Path) -> None:
    with pytest.raises(
        CheckpointError, match=r"no file vit\.pth; give a file, a folder, or hf:org"
    ):
        locate("vit.pth")
    with pytest.raises(CheckpointError, match=r"holds none of model\.safetensors"):
        locate(str(tmp_path))


@pytest.mark.parametrize("repository", ["openai/clip-vit-base-patch16", "not a repository"])
def test_a_hub_that_cannot_be_asked_gives_one_line(repository: str, tmp_path: Path) -> None:
    code = (
        "from unmask.errors import CheckpointError\n"
        "from unmask.weights.sources import locate\n"
        f"try: locate('hf:{repository}')\n"
        "except CheckpointError as error: print(error)"
    )
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=offline, check=True
    )
    assert done.stdout.startswith(f"cannot fetch hf:{repository}: ")
    assert done.stdout.count("\n") == 1
    assert "give a file that was downloaded elsewhere" in done.stdout


def test_a_repository_in_the_cache_needs_no_hub_whatever_its_file_is_called(
    vit: Callable[..., nn.Module], save: Callable[..., dict[str, Tensor]], tmp_path: Path
) -> None:
    kept = tmp_path / "hub" / "models--some--vit"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text("0" * 40)
    snapshot = kept / "snapshots" / ("0" * 40)
    torch.save(save(vit(), snapshot), snapshot / "pytorch_model.bin")
    (snapshot / "model.safetensors").unlink()
    code = (
        "from unmask.errors import CheckpointError\n"
        "from unmask.layers.image_encoder import ImageEncoder, ImageEncoderConfig\n"
        "from unmask.weights import fill_encoder\n"
        "sizes = {'image_size': 32, 'patch_size': 8, 'dim': 24, 'depth': 2}\n"
        "def fill(heads):\n"
        "    encoder = ImageEncoder(ImageEncoderConfig(**sizes, heads=heads))\n"
        "    return fill_encoder(encoder, 'hf:some/vit')\n"
        "print(fill(3).layout)\n"
        "try: fill(4)\n"
        "except CheckpointError as error: print(error)"
    )
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=offline, check=True
    )
    assert done.stdout.startswith("Hugging Face ViT\nhf:some/vit does not fit the encoder: the ca")


def test_a_backbone_that_does_not_ship_is_named_with_those_that_do() -> None:
    with pytest.raises(CheckpointError, match=r"no backbone 'vit_huge' ships .* unmask pretrain"):
        locate("shipped:vit_huge")
