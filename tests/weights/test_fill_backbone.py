"""A backbone for several modalities starts from one for pictures."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from unmask.errors import CheckpointError
from unmask.layers.presence import Presence
from unmask.layers.vit import Backbone, BackboneConfig
from unmask.types import Modality
from unmask.weights import fill_backbone

SMALL = {"image_size": 32, "patch_size": 8, "dim": 24, "depth": 2, "heads": 3}
CLIP = {"activation": "quick_gelu", "norm_eps": 1e-5, "patch_bias": False, "pre_norm": True}


def read(backbone: Backbone, image: Tensor) -> Tensor:
    """(B, 3, H, W) of one modality -> tokens after the last block."""
    presence = Presence.of(torch.ones(image.shape[0], 1, dtype=torch.bool), drop=True)
    x, _ = backbone.blocks(backbone.embed(image[:, None], presence))
    return x


@pytest.mark.parametrize("patch_embed", ["shared", "per_modality"])
def test_with_one_modality_it_computes_what_the_vit_computed(
    patch_embed: str,
    vit: Callable[..., nn.Module],
    save: Callable[..., dict[str, Tensor]],
    tmp_path: Path,
) -> None:
    oracle = vit()
    save(oracle, tmp_path)
    config = BackboneConfig(**SMALL, modalities=(Modality.RGB,), patch_embed=patch_embed)
    backbone = Backbone(config)
    report = fill_backbone(backbone, str(tmp_path))
    assert report.missing == ()
    image = torch.randn(2, 3, 32, 32)
    theirs = oracle.vit(image).last_hidden_state
    own = backbone.norm(read(backbone, image))
    torch.testing.assert_close(own, theirs, rtol=0, atol=1e-5)


def test_with_the_settings_of_clip_it_computes_what_clip_computed(
    clip: Callable[..., nn.Module], save: Callable[..., dict[str, Tensor]], tmp_path: Path
) -> None:
    oracle = clip()
    save(oracle, tmp_path)
    backbone = Backbone(BackboneConfig(**SMALL, **CLIP, modalities=(Modality.RGB,)))
    report = fill_backbone(backbone, str(tmp_path))
    assert "visual_projection.weight" in report.unexpected
    image = torch.randn(2, 3, 32, 32)
    theirs = oracle.vision_model(image).last_hidden_state
    torch.testing.assert_close(read(backbone, image), theirs, rtol=0, atol=1e-5)


def test_every_modality_starts_with_the_same_patch_embedding_and_its_own_vector_stays(
    vit: Callable[..., nn.Module], save: Callable[..., dict[str, Tensor]], tmp_path: Path
) -> None:
    tensors = save(vit(), tmp_path)
    backbone = Backbone(BackboneConfig(**SMALL, patch_embed="per_modality"))
    nn.init.normal_(backbone.modality.weight)
    before = backbone.modality.weight.clone()
    fill_backbone(backbone, str(tmp_path))
    kernel = tensors["vit.embeddings.patch_embeddings.projection.weight"]
    assert len(backbone.patch_embed.maps) == 3
    assert all(torch.equal(layer.weight, kernel) for layer in backbone.patch_embed.maps)
    assert torch.equal(backbone.modality.weight, before)


def test_a_backbone_that_does_not_fit_changes_nothing(
    vit: Callable[..., nn.Module], save: Callable[..., dict[str, Tensor]], tmp_path: Path
) -> None:
    save(vit(num_hidden_layers=3), tmp_path)
    backbone = Backbone(BackboneConfig(**SMALL))
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    with pytest.raises(CheckpointError, match=r"does not fit the model: .* was made for depth 3"):
        fill_backbone(backbone, str(tmp_path))
    assert all(torch.equal(before[n], t) for n, t in backbone.state_dict().items())
