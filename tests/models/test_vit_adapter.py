"""The baselines beside BIG-MoE: what is added, what learns, and that nothing else differs."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from unmask.layers.quick_gelu import quick_gelu
from unmask.models import create_model

EVERY = torch.tensor([row for row in itertools.product([False, True], repeat=3) if any(row)])
EMBEDDING = {"backbone.class_token", "backbone.position", "backbone.modality.weight"}
HEAD = {"head.weight", "head.bias"}


def build(name: str = "vit_adapter/tiny_test", **overrides: object) -> nn.Module:
    torch.manual_seed(0)
    return create_model(name, **overrides)


def images() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(7, 3, 3, 32, 32)


def trainable(model: nn.Module) -> set[str]:
    return {name for name, p in model.named_parameters() if p.requires_grad}


def weights(model: nn.Module) -> int:
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def test_untrained_adapters_leave_exactly_the_plain_transformer() -> None:
    model, plain = build().train(), build("vit/tiny_test")
    plain.backbone.load_state_dict(model.backbone.state_dict())
    plain.head.load_state_dict(model.head.state_dict())
    assert torch.equal(model(images(), EVERY).logit, plain(images(), EVERY).logit)


def test_an_adapter_stands_beside_each_mlp() -> None:
    model = build().eval()
    for adapter in model.adapters:
        nn.init.normal_(adapter.up.weight)
    present = torch.ones(7, 3, dtype=torch.bool)
    presence = model.config.presence(present)
    x = model.backbone.embed(images(), presence)
    for block, adapter in zip(model.backbone.blocks, model.adapters, strict=True):
        middle = x + block.attention(block.norm1(x), None)
        narrow = quick_gelu(middle @ adapter.down.weight.T + adapter.down.bias)
        assert narrow.shape[-1] == model.config.down_dim
        added = narrow @ adapter.up.weight.T
        x = middle + block.mlp(block.norm2(middle)) + added
    expected = model.backbone.read(x, presence)
    torch.testing.assert_close(model(images(), present).feature, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("family", ["vit", "vit_adapter", "big_moe"])
def test_frozen_models_differ_by_what_stands_in_their_blocks_alone(family: str) -> None:
    own = {"vit": (), "vit_adapter": ("adapters.",), "big_moe": ("prompt.", "igma.", "cpb.")}
    model = build(f"{family}/tiny_test", frozen_backbone=True)
    rest = {name for name in trainable(model) if not name.startswith(own[family])}
    assert rest == EMBEDDING | HEAD
    assert trainable(model) - rest or family == "vit"


@pytest.mark.parametrize("name", ["vit/tiny_test", "vit_adapter/tiny_test"])
@pytest.mark.parametrize("frozen", [True, False])
def test_no_trainable_parameter_is_dead(name: str, *, frozen: bool) -> None:
    model = build(name, frozen_backbone=frozen).train()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    model(images(), EVERY).logit.square().sum().backward()
    for key, parameter in model.named_parameters():
        assert parameter.requires_grad == (
            parameter.grad is not None and bool(parameter.grad.any())
        )
        assert parameter.requires_grad or (frozen and key.startswith("backbone."))


@pytest.mark.parametrize(("variant", "down_dim"), [("tiny", 416), ("base", 159)])
def test_the_documented_width_matches_the_trained_weights_of_big_moe(
    variant: str, down_dim: int
) -> None:
    with torch.device("meta"):
        adapter = create_model(f"vit_adapter/{variant}", down_dim=down_dim)
        big_moe = create_model(f"big_moe/{variant}")
    assert weights(adapter) == pytest.approx(weights(big_moe), rel=0.001)


def test_by_default_the_bottleneck_is_as_narrow_as_that_of_big_moe() -> None:
    with torch.device("meta"):
        for variant in ("tiny", "tiny_test", "base"):
            adapter = create_model(f"vit_adapter/{variant}")
            big_moe = create_model(f"big_moe/{variant}")
            assert adapter.config.down_dim == big_moe.config.down_dim
            assert adapter.config.frozen_backbone == big_moe.config.frozen_backbone
