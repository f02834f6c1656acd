import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.apart import Apart
from unmask.layers.clip import Clip
from unmask.layers.clip_tokens import tokenize
from unmask.layers.vision_language import TINY_TEST, ClassTexts, VisionLanguageConfig, answer
from unmask.types import Modality

CONFIG = VisionLanguageConfig(**TINY_TEST)
WORDS = ("a living face", "a mask")
PRESENT = torch.tensor([[True, False, True], [False, True, False]])


class Texts(nn.Module):
    """Texts beside the towers that they belong to, as in every model."""

    def __init__(self, *, context: int = 0) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.backbone = Clip(CONFIG.clip)
        self.texts = ClassTexts(CONFIG, WORDS, context=context)
        self.made = 0
        self.backbone.text.norm.register_forward_hook(self._count)

    def _count(self, *_: object) -> None:
        self.made += 1

    def forward(self) -> Tensor:
        return self.texts(self.backbone.text)


def stirred(model: Texts) -> dict[str, Tensor]:
    """Other weights for the whole model."""
    return {k: t + 0.1 * torch.randn_like(t) for k, t in model.state_dict().items()}


def remade(model: Texts) -> Tensor:
    """The texts as they are without any memory."""
    context = model.texts.context
    count = 0 if context is None else context.shape[0]
    rows = tokenize(WORDS, context=count, vocabulary=CONFIG.vocabulary)
    return F.normalize(model.backbone.text(rows, context), dim=-1).detach()


@pytest.mark.parametrize("context", [0, 3])
def test_texts_are_those_of_the_tower_and_of_length_1(context: int) -> None:
    model = Texts(context=context)
    texts = model()
    torch.testing.assert_close(texts.detach(), remade(model))
    torch.testing.assert_close(texts.norm(dim=1), torch.ones(2))
    assert model.texts.end.tolist() == model.backbone.text.end_of_text(model.texts.tokens).tolist()
    assert not torch.equal(texts[0], texts[1])
    assert "texts.tokens" not in model.state_dict()


def test_in_evaluation_texts_are_made_once() -> None:
    model = Texts(context=3).eval()
    for mode in (torch.no_grad, torch.inference_mode, torch.no_grad):
        with mode():
            model.eval()  # as every scorer does before every batch
            torch.testing.assert_close(model(), remade(model))
    assert model.made == 1 + 3, "once, and by each comparison"


def load_all(model: Texts) -> None:
    model.load_state_dict(stirred(model))


def load_tower(model: Texts) -> None:
    model.backbone.load_state_dict(
        {k: t + 0.1 * torch.randn_like(t) for k, t in model.backbone.state_dict().items()}
    )


def write_one_weight(model: Texts) -> None:
    with torch.no_grad():
        model.backbone.text.projection.weight[0, 0] += 1.0


def write_the_context(model: Texts) -> None:
    with torch.inference_mode():
        assert model.texts.context is not None
        model.texts.context.mul_(2.0)


def take_a_step(model: Texts) -> None:
    optimiser = torch.optim.AdamW(model.parameters(), lr=0.1)
    model.train()
    model()[0].sum().backward()
    optimiser.step()
    model.eval()


@pytest.mark.parametrize(
    "change", [load_all, load_tower, write_one_weight, write_the_context, take_a_step]
)
@torch.no_grad()
def test_texts_of_older_weights_are_forgotten(change: Callable[[Texts], None]) -> None:
    model = Texts(context=3).eval()
    before = model()
    with torch.enable_grad():
        change(model)
    after = model()
    assert not torch.allclose(before, after, atol=1e-4)
    torch.testing.assert_close(after, remade(model))


@torch.no_grad()
def test_a_copy_has_texts_of_its_own() -> None:
    model = Texts(context=3).eval()
    with torch.inference_mode():
        before = model()
    twin = copy.deepcopy(model)
    load_all(twin)
    torch.testing.assert_close(twin(), remade(twin))
    assert torch.equal(model(), before)
    assert not torch.allclose(twin(), before, atol=1e-4)


def test_with_gradients_texts_are_made_anew_and_their_context_learns() -> None:
    model = Texts(context=3)
    for _ in range(2):
        model()[0].sum().backward()
    assert model.texts.context is not None
    assert model.texts.context.grad is not None
    assert model.texts.context.grad.any(dim=1).all()
    assert model.made == 2


def test_texts_are_exact_whatever_the_arithmetic() -> None:
    model = Texts().eval()
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        texts = model()
    assert texts.dtype == torch.float32
    assert torch.equal(texts, model().detach())


@torch.no_grad()
def test_a_graph_holds_the_towers_and_not_what_was_remembered() -> None:
    model = Texts(context=3).eval()
    expected = model()
    graph = torch.export.export(model, ()).module()
    torch.testing.assert_close(graph(), expected)
    torch.testing.assert_close(model(), expected)


def features(levels: int) -> list[Tensor]:
    """(N, E) each, for the three pictures that ``PRESENT`` has."""
    torch.manual_seed(3)
    return [5 * torch.randn(3, 16) for _ in range(levels)]


def test_the_score_of_a_picture_is_the_softmax_over_the_two_texts() -> None:
    model = Texts().eval()
    image = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        x = model.backbone.image(image).class_token
        scale = model.backbone.logit_scale.exp()
        output = answer(Apart.of(PRESENT, drop=True), [x], model(), scale)
        similarity = model.backbone(image, model.texts.tokens)  # (3, 2)
    assert output.modality_logit is not None
    expected = similarity.softmax(dim=1)[:, 0]
    torch.testing.assert_close(output.modality_logit[PRESENT].sigmoid(), expected)


@pytest.mark.parametrize("drop", [True, False])
@pytest.mark.parametrize("levels", [1, 2])
def test_answers_are_means_over_levels_and_present_modalities(levels: int, *, drop: bool) -> None:
    apart, x, texts = Apart.of(PRESENT, drop=drop), features(levels), torch.randn(2, 16)
    if not drop:
        full = [torch.full((6, 16), 9.0) for _ in x]
        for whole, part in zip(full, x, strict=True):
            whole[PRESENT.flatten()] = part
        output = answer(apart, full, texts, torch.tensor(7.0))
    else:
        output = answer(apart, x, texts, torch.tensor(7.0))
    assert output.modality_logit is not None
    assert output.levels is not None
    for b, row in enumerate([[0, None, 1], [None, 2, None]]):
        of_modality = []
        for m, n in enumerate(row):
            if n is None:
                assert not output.levels.logit[b, m].any()
                assert not output.levels.feature[b, m].any()
                assert output.modality_logit[b, m] == 0
                continue
            unit = [one[n] / one[n].norm() for one in x]
            of_level = [7 * float(u @ texts[0] - u @ texts[1]) for u in unit]
            assert output.levels.logit[b, m].tolist() == pytest.approx(of_level, abs=1e-4)
            torch.testing.assert_close(output.levels.feature[b, m], torch.stack(unit))
            of_modality.append(sum(of_level) / levels)
            assert float(output.modality_logit[b, m]) == pytest.approx(of_modality[-1], abs=1e-4)
        expected = sum(of_modality) / len(of_modality)
        assert float(output.logit[b]) == pytest.approx(expected, abs=1e-4)
        first = [x[0][n] / x[0][n].norm() for n in row if n is not None]
        torch.testing.assert_close(output.feature[b], sum(first) / len(first))


def test_comparisons_are_exact_whatever_the_arithmetic() -> None:
    apart, x, texts = Apart.of(PRESENT, drop=True), features(1), torch.randn(2, 16)
    exact = answer(apart, x, texts, torch.tensor(100.0))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        same = answer(apart, x, texts, torch.tensor(100.0))
    assert torch.equal(same.logit, exact.logit)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"modalities": ()}, "name at least one"),
        ({"modalities": (Modality.RGB, Modality.RGB)}, "each only once"),
        ({"projection": 0}, "must meet in a common space"),
        ({"projection": -1}, "projection is -1; it must be at least 0"),
        ({"vocabulary": 514}, "vocabulary is 514; it must be from 515 .* to 49408"),
        ({"vocabulary": 49_409}, "vocabulary is 49409; it must be from 515 .* to 49408"),
        ({"text_dim": 15}, "text tower: dim is 15; it must be a multiple of heads"),
        ({"text_depth": 0}, "text tower: depth is 0; it must be at least 1"),
        ({"image_size": 30}, "must be a multiple of patch_size"),
    ],
)
def test_settings_that_cannot_be_give_one_line_that_says_so(
    wrong: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        replace(CONFIG, **wrong)
    assert "\n" not in str(caught.value)


def test_the_smallest_vocabulary_still_spells_every_word() -> None:
    config = replace(CONFIG, vocabulary=515)
    texts = ClassTexts(config, WORDS)
    assert texts.tokens.max() == 514
    assert texts(Clip(config.clip).text).isfinite().all()
