"""Tables are read both ways without loss; the authors' BIG-MoE is among them."""

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from unmask.models import create_model
from unmask.weights import fill_backbone, load_backbone
from unmask.weights.fitting import recognise
from unmask.weights.layouts import layouts
from unmask.weights.layouts.big_moe import LAYOUT
from unmask.weights.positions import resample

OFFICIAL = Path(__file__).parents[3] / "shared" / "fixtures" / "bigmoe_official_layout.json"
needs_official = pytest.mark.skipif(not OFFICIAL.exists(), reason="no shared fixtures here")


def official() -> dict[str, Tensor]:
    """Tensors of the names and shapes of the authors' checkpoint, each filled by its name."""
    shapes: dict[str, list[int]] = json.loads(OFFICIAL.read_text(encoding="utf-8"))
    return {
        name: torch.from_numpy(
            np.random.default_rng(zlib.crc32(name.encode())).random(shape, dtype=np.float32)
        )
        for name, shape in shapes.items()
    }


@pytest.mark.parametrize("layout", layouts(), ids=lambda layout: layout.name)
def test_a_table_is_read_both_ways(layout: object) -> None:
    names = {f"image.blocks.{i}.": torch.zeros(0) for i in range(2)}  # two blocks
    theirs: dict[str, Tensor] = {}
    for stored in layout.entries(names).values():
        for name in stored.names:
            theirs[name] = torch.rand([1] * stored.leading + [4, 3, 2, 2])
    ours = layout.to_ours(theirs)
    assert set(ours) == set(layout.entries(names))
    back = layout.to_theirs(ours)
    assert set(back) == set(theirs)
    assert all(torch.equal(back[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize("name", ["OpenAI CLIP", "open_clip", "Hugging Face CLIP", "unmask"])
def test_a_clip_of_ours_goes_there_and_back(name: str) -> None:
    (layout,) = (layout for layout in layouts() if layout.name == name)
    own = load_backbone("clip_tiny").tensors
    theirs = layout.to_theirs(own)
    assert theirs["logit_scale"].shape == ()
    back = layout.to_ours(theirs)
    assert all(torch.equal(back[key], tensor) for key, tensor in own.items() if key in back)
    bias = {"image.patch_embed.bias"}  # that no CLIP of others has
    assert set(own) - set(back) == (set() if name == "unmask" else bias)


def test_a_great_number_in_a_name_makes_no_blocks() -> None:
    names = [
        "step.20240101.weight",
        "blocks.20240101.norm1.bias",
        f"blocks.{'9' * 5000}.norm1.bias",
    ]
    for layout in layouts():
        assert len(layout.entries(names)) <= 3 * 2 * len(layout.table)


def test_no_tensor_of_theirs_stands_twice_in_a_table() -> None:
    for layout in layouts():
        names = [n for stored in layout.entries(["image.blocks.0."]).values() for n in stored.names]
        assert len(names) == len(set(names)), layout.name


@needs_official
def test_every_tensor_of_the_authors_checkpoint_goes_there_and_back() -> None:
    tensors = official()
    assert recognise(tensors) is LAYOUT
    ours = LAYOUT.to_ours(tensors)
    assert len(ours) == len(tensors) == 371
    back = LAYOUT.to_theirs(ours)
    assert set(back) == set(tensors)
    assert all(torch.equal(back[name], tensors[name]) for name in tensors)


@needs_official
def test_their_names_become_those_of_our_parts() -> None:
    """What our model has under the same name does the same there."""
    with torch.device("meta"):
        own = set(create_model("big_moe/base").state_dict())
    ours = {name.replace("image.", "backbone.", 1) for name in LAYOUT.to_ours(official())}
    ours = {name.replace("patch_embed.", "patch_embed.maps.0.") for name in ours}
    new = {name for name in ours - own if not name.startswith("cpb.11.")}
    assert {name.split(".")[-2] for name in new} == {"compose"}


@needs_official
def test_the_backbone_of_the_authors_starts_ours(tmp_path: Path) -> None:
    tensors = official()
    save_file(tensors, tmp_path / "big_moe.safetensors")
    model = create_model("big_moe/base")
    report = fill_backbone(model.backbone, str(tmp_path / "big_moe.safetensors"))
    assert report.layout == "BIG-MoE of the authors"
    assert report.missing == ("image.norm.weight", "image.norm.bias")
    assert report.interpolated == ("positions: mean of 3 modalities",)
    assert all(n.startswith(("adaptors.", "VP_learner.", "fc.")) for n in report.unexpected)
    backbone = model.backbone
    assert torch.equal(backbone.blocks[11].mlp[2].weight, tensors["ViT_Encoder.11.mlp.3.weight"])
    assert torch.equal(backbone.class_token, tensors["class_token"])
    expected, _ = resample(tensors["pos_embedding"][0], 197, modalities=3)
    assert torch.equal(backbone.position, expected)
