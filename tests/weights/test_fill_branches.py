"""Every branch of a model starts from the same encoder of pictures."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from unmask.errors import CheckpointError
from unmask.layers.branches import Branches, BranchesConfig
from unmask.layers.presence import Presence
from unmask.weights import fill_branches

SMALL = {"image_size": 32, "patch_size": 8, "dim": 24, "depth": 2, "heads": 3}
CLIP = {"activation": "quick_gelu", "norm_eps": 1e-5, "patch_bias": False, "pre_norm": True}
EVERYONE = Presence.of(torch.ones(2, 3, dtype=torch.bool), drop=True)


def test_every_branch_computes_what_the_vit_computed(
    vit: Callable[..., nn.Module], save: Callable[..., dict[str, Tensor]], tmp_path: Path
) -> None:
    oracle = vit()
    save(oracle, tmp_path)
    branches = Branches(BranchesConfig(**SMALL))
    report = fill_branches(branches, str(tmp_path))
    assert report.missing == ()
    image = torch.randn(2, 3, 3, 32, 32)
    x = branches(image, EVERYONE)
    for m in range(3):
        theirs = oracle.vit(image[:, m]).last_hidden_state
        torch.testing.assert_close(x[:, m], theirs, rtol=0, atol=1e-5)


def test_with_the_settings_of_clip_every_branch_computes_what_clip_computed(
    clip: Callable[..., nn.Module], save: Callable[..., dict[str, Tensor]], tmp_path: Path
) -> None:
    oracle = clip()
    save(oracle, tmp_path)
    branches = Branches(BranchesConfig(**SMALL, **CLIP))
    report = fill_branches(branches, str(tmp_path))
    assert "visual_projection.weight" in report.unexpected
    image = torch.randn(2, 3, 3, 32, 32)
    x = branches(image, EVERYONE)
    for m in range(3):
        theirs = oracle.vision_model(image[:, m])
        torch.testing.assert_close(x[:, m, 0], theirs.pooler_output, rtol=0, atol=1e-5)


def test_branches_learn_apart_after_they_started_together(
    vit: Callable[..., nn.Module], save: Callable[..., dict[str, Tensor]], tmp_path: Path
) -> None:
    save(vit(), tmp_path)
    branches = Branches(BranchesConfig(**SMALL))
    fill_branches(branches, str(tmp_path))
    first, second, _ = branches.each()
    with torch.no_grad():
        first.class_token += 1
    assert torch.allclose(first.class_token, second.class_token + 1)


def test_a_file_that_does_not_fit_changes_no_branch(
    vit: Callable[..., nn.Module], save: Callable[..., dict[str, Tensor]], tmp_path: Path
) -> None:
    save(vit(num_hidden_layers=3), tmp_path)
    branches = Branches(BranchesConfig(**SMALL))
    before = {name: tensor.clone() for name, tensor in branches.state_dict().items()}
    with pytest.raises(CheckpointError, match="was made for depth 3"):
        fill_branches(branches, str(tmp_path))
    assert all(torch.equal(before[n], t) for n, t in branches.state_dict().items())
