"""FM-CLIP against its formulas, frozen CLIP at the start, and one sensor by itself."""

import itertools

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unmask.errors import ConfigError
from unmask.models import create_model

EVERY = torch.tensor([row for row in itertools.product([False, True], repeat=3) if any(row)])
AXES: list[dict[str, object]] = [
    {},
    {"domain": "idct"},
    {"position": "both"},
    {"share_across_layers": True},
    {"recombine": "projection"},
    {"pooling": "top_quarter"},
    {"score": "class_token"},
    {"words": "presentations"},
]


def build(**overrides: object) -> nn.Module:
    torch.manual_seed(0)
    return create_model("fm_clip/tiny_test", **overrides)


def trained(**overrides: object) -> nn.Module:
    model = build(**overrides)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model.eval().requires_grad_(requires_grad=False)


def images() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(7, 3, 3, 32, 32)


@pytest.mark.parametrize("overrides", AXES)
def test_image_features_of_an_untrained_model_are_those_of_the_frozen_clip(
    overrides: dict[str, object],
) -> None:
    model = build(**overrides).train()
    output = model(images(), EVERY)
    texts = model.texts(model.backbone.text)
    for b, m in EVERY.nonzero().tolist():
        plain = model.backbone.image(images()[b, m][None])
        feature = F.normalize(plain.class_token[0], dim=0)
        torch.testing.assert_close(output.levels.feature[b, m, 0], feature, rtol=0, atol=1e-5)
        share = model.backbone.compare(plain.class_token, texts)[0].softmax(dim=0)[0]
        torch.testing.assert_close(output.levels.logit[b, m, 0].sigmoid(), share)


@pytest.mark.parametrize("pooling", ["mean", "top_quarter"])
@pytest.mark.parametrize("score", ["both", "class_token"])
def test_levels_and_scores_equal_the_formulas_picture_by_picture(pooling: str, score: str) -> None:
    model = trained(pooling=pooling, score=score)
    output = model(images(), EVERY)
    texts = F.normalize(model.backbone.text(model.texts.tokens, model.texts.context), dim=1)
    scale = model.backbone.logit_scale.exp()
    apart = model.config.apart(EVERY)
    features = model.enhancers(model.backbone.image, apart, images())
    answers = torch.zeros(7, 3)
    for i, (b, m) in enumerate(EVERY.nonzero().tolist()):
        patches = F.normalize(features.patches[i], dim=1)
        similarity = patches @ texts.T
        refined = similarity.softmax(dim=1) @ texts + patches
        if pooling == "top_quarter":
            order = (similarity @ torch.tensor([1.0, -1.0])).abs().argsort(descending=True)
            refined = refined[order[:4]]
        levels = torch.stack([features.class_token[i], refined.mean(dim=0)])
        share = (scale * F.normalize(levels, dim=1) @ texts.T).softmax(dim=1)[:, 0]
        torch.testing.assert_close(output.levels.logit[b, m].sigmoid(), share, rtol=0, atol=1e-5)
        logit = share.logit()
        answers[b, m] = logit.mean() if score == "both" else logit[0]
    torch.testing.assert_close(output.modality_logit, answers, rtol=0, atol=1e-4)
    mean = answers.sum(dim=1) / EVERY.sum(dim=1)
    torch.testing.assert_close(output.logit, mean, rtol=0, atol=1e-4)


@pytest.mark.parametrize("overrides", AXES)
def test_one_sensor_is_judged_as_if_the_others_did_not_exist(overrides: dict[str, object]) -> None:
    model = trained(**overrides)
    alone = torch.eye(3, dtype=torch.bool)
    image = images()[:1].expand(3, -1, -1, -1, -1).clone()
    blinded = image.masked_fill(~alone[:, :, None, None, None], float("nan"))
    answer = model(image, alone)
    assert torch.equal(model(blinded, alone).modality_logit, answer.modality_logit)
    for m in range(3):
        single = trained(**overrides, modalities=["rgb"])
        single.load_state_dict(model.state_dict())
        expected = single(image[:1, m : m + 1], torch.ones(1, 1, dtype=torch.bool)).logit
        torch.testing.assert_close(answer.logit[m : m + 1], expected, rtol=0, atol=1e-5)


def test_sensors_that_are_there_supplement_each_other() -> None:
    model, everything = trained(), torch.ones(1, 3, dtype=torch.bool)
    before = model(images()[:1], everything).modality_logit
    changed = images()[:1].clone()
    changed[:, 1] += 1.0
    assert not torch.isclose(model(changed, everything).modality_logit, before, atol=1e-6).any()


def test_answers_do_not_depend_on_the_batch() -> None:
    model = trained()
    together = model(images(), EVERY)
    for b in range(7):
        alone = model(images()[b : b + 1], EVERY[b : b + 1])
        for name in ("logit", "feature"):
            one, all_of_them = getattr(alone.levels, name), getattr(together.levels, name)
            torch.testing.assert_close(one[0], all_of_them[b], rtol=0, atol=1e-5)


@pytest.mark.parametrize("overrides", AXES)
def test_enhancers_and_context_are_all_that_is_trained_and_none_of_it_is_dead(
    overrides: dict[str, object],
) -> None:
    model = build(**overrides).train()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.05 * torch.randn_like(parameter)
    model(images(), EVERY).levels.logit.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.requires_grad == name.startswith(("enhancers.", "texts.context"))
        assert parameter.requires_grad == (
            parameter.grad is not None and bool(parameter.grad.any())
        )


def test_base_trains_as_many_weights_as_its_parts_have() -> None:
    with torch.device("meta"):
        model = create_model("fm_clip/base")
    count = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert count == 12 * (13_648 + 13_064 + 6_913 + 768) + 16 * 512


def test_context_has_a_length() -> None:
    with pytest.raises(ConfigError, match="context is 0; it must be at least 1"):
        build(context=0)
