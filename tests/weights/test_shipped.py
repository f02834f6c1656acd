"""The backbones in the package are those that their cards speak of."""

from pathlib import Path

import pytest
import torch

from unmask.catalogue import backbones
from unmask.files import sha256
from unmask.models import families, usual_backbone, variants
from unmask.weights import load_backbone
from unmask.weights.sources import ASSETS, SHIPPED, shipped

MOST = 12 * 10**6
"""Bytes of one file."""


@pytest.fixture(params=["vit_tiny", "clip_tiny"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def file_of(name: str) -> Path:
    return ASSETS / f"{name}.safetensors"


def test_a_card_has_the_hash_of_its_weights(name: str) -> None:
    assert shipped()[name]["weights_sha256"] == sha256(file_of(name))
    assert file_of(name).stat().st_size <= MOST


def test_every_tensor_is_there_and_a_number(name: str) -> None:
    loaded = load_backbone(name)
    assert loaded.report.missing == loaded.report.unexpected == ()
    assert all(t.isfinite().all() for t in loaded.tensors.values())
    assert loaded.tensors["image.patch_embed.weight"].dtype == torch.float32


def test_a_card_says_that_the_faces_were_simulated_and_where(name: str) -> None:
    card = shipped()[name]
    assert "no evidence about real people" in " ".join(card["limits"].split())
    assert card["licence"].startswith("Apache-2.0")
    assert set(card["data"]["simulation"]["sites"]) == {"E", "F", "G"}
    assert "held_out_loss" in card["figures"]


def test_the_list_tells_where_each_comes_from() -> None:
    told = backbones()
    for name, card in shipped().items():
        assert f"{SHIPPED}{name}" in told
        assert card["weights_sha256"] in told
        assert card["limits"] in told


def test_the_usual_backbone_of_every_variant_exists() -> None:
    named = {usual_backbone(f"{f}/{v}") for f in families() for v in variants(f)} - {""}
    assert named
    assert named <= {f"{SHIPPED}{name}" for name in shipped()}
