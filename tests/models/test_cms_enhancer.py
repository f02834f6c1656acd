"""FM-CLIP's visual half alone: frozen CLIP at the start, and what training may change."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from unmask.layers.clip_tokens import tokenize
from unmask.models import create_model

EVERY = torch.tensor([row for row in itertools.product([False, True], repeat=3) if any(row)])
AXES: list[dict[str, object]] = [
    {},
    {"domain": "idct"},
    {"position": "both"},
    {"share_across_layers": True},
    {"recombine": "projection"},
    {"words": "presentations"},
]


def build(**overrides: object) -> nn.Module:
    torch.manual_seed(0)
    return create_model("cms_enhancer/tiny_test", **overrides)


def images() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(7, 3, 3, 32, 32)


@pytest.mark.parametrize("overrides", AXES)
def test_an_untrained_model_is_the_frozen_clip(overrides: dict[str, object]) -> None:
    model = build(**overrides).train()
    output = model(images(), EVERY)
    clip, tokens = (
        model.backbone,
        tokenize(model.config.sentences, vocabulary=model.config.vocabulary),
    )
    for b, m in EVERY.nonzero().tolist():
        share = clip(images()[b, m][None], tokens)[0].softmax(dim=0)[0]
        torch.testing.assert_close(output.modality_logit[b, m].sigmoid(), share)
    for b in range(7):
        expected = output.modality_logit[b, EVERY[b]].mean()
        torch.testing.assert_close(output.logit[b], expected)


@pytest.mark.parametrize("overrides", AXES)
def test_enhancers_are_all_that_is_trained_and_none_of_it_is_dead(
    overrides: dict[str, object],
) -> None:
    model = build(**overrides).train()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    model(images(), EVERY).logit.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.requires_grad == name.startswith("enhancers.")
        assert parameter.requires_grad == (
            parameter.grad is not None and bool(parameter.grad.any())
        )


def test_a_backbone_that_is_not_frozen_learns_too() -> None:
    model = build(frozen_backbone=False).train()
    model(images(), EVERY).logit.square().sum().backward()
    assert model.backbone.image.patch_embed.weight.grad.any()
    assert model.backbone.text.token.weight.grad.any()


def test_base_trains_as_many_weights_as_its_parts_have() -> None:
    with torch.device("meta"):
        model = create_model("cms_enhancer/base")
    spatial = 768 * 8 + 8 + 9 * 8 * 8 + 8 + 8 * 768 + 768
    crossing = 768 * 8 + 8 + 8 * 768 + 768 + 9 * 768 + 1 + 768
    assert (spatial, crossing) == (13_648, 13_064 + 6_913 + 768)
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert count == 12 * spatial + 11 * crossing
