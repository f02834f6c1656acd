"""The plain CLIP baselines: what they start as, what each of them learns, and nothing else."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from unmask.config import ModelConfig
from unmask.errors import ConfigError
from unmask.layers.clip import Clip
from unmask.layers.clip_tokens import clip_words, tokenize
from unmask.layers.image_encoder import ImageEncoderConfig
from unmask.models import create_model
from unmask.training.start import start
from unmask.weights import load_backbone

LEARNED = ("nothing", "linear", "prompts", "adapter")
TRAINED = {
    "nothing": set(),
    "linear": {"head.weight", "head.bias"},
    "prompts": {"texts.context"},
    "adapter": {
        f"adapters.{i}.{part}.{kind}"
        for i in range(2)
        for part in ("down", "conv", "up")
        for kind in ("weight", "bias")
    },
}
EVERY = torch.ones(4, 3, dtype=torch.bool)
SOME = torch.tensor([[1, 0, 0], [0, 1, 1], [1, 1, 1], [0, 0, 1]], dtype=torch.bool)

every_kind = pytest.mark.parametrize("learned", LEARNED)


def build(learned: str, name: str = "clip/tiny_test", **overrides: Any) -> nn.Module:
    torch.manual_seed(0)
    return create_model(name, learned=learned, **overrides)


def stirred(model: nn.Module) -> nn.Module:
    """Away from the initial weights, where whole branches may be zero."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model.eval()


def images(model: nn.Module) -> Tensor:
    torch.manual_seed(1)
    size = model.config.image_size
    return torch.randn(4, 3, 3, size, size)


@pytest.mark.parametrize("name", ["clip/tiny_test", "clip/tiny"])
@pytest.mark.parametrize("learned", ["nothing", "adapter"])
@pytest.mark.parametrize("words", ["faces", "presentations"])
def test_at_first_it_is_the_frozen_clip_comparing_each_picture_with_two_sentences(
    name: str, learned: str, words: str
) -> None:
    model = build(learned, name, words=words).train()
    if name == "clip/tiny":
        start(model, ModelConfig(name=name), quiet=True)
    image = images(model)
    output = model(image, EVERY)
    sentences = {
        "faces": ("this is an image of a live face", "this is an image of a fake face"),
        "presentations": (
            "this is an image of a bona fide presentation",
            "this is an image of a presentation attack",
        ),
    }[words]
    tokens = tokenize(sentences, vocabulary=model.config.vocabulary)
    similarity = torch.stack([model.backbone(image[:, m], tokens) for m in range(3)], dim=1)
    expected = similarity.softmax(dim=2)[..., 0]  # (B, M)
    torch.testing.assert_close(output.modality_logit.sigmoid(), expected, rtol=0, atol=1e-5)
    margin = (similarity[..., 0] - similarity[..., 1]).mean(dim=1)
    torch.testing.assert_close(output.logit, margin, rtol=0, atol=1e-4)


def test_context_takes_the_place_of_the_words_before_a_name() -> None:
    words = torch.tensor(clip_words("this is an image of", 1024))
    model = build("prompts", context=words.shape[0])
    image = images(model)
    with torch.no_grad():
        model.texts.context.copy_(model.backbone.text.token(words))
    tokens = tokenize(["this is an image of live", "this is an image of fake"], vocabulary=1024)
    similarity = model.backbone(image[:, 0], tokens)
    logit = model(image, EVERY).modality_logit[:, 0]
    torch.testing.assert_close(logit, similarity[:, 0] - similarity[:, 1], rtol=0, atol=1e-4)


def test_a_linear_head_reads_the_class_token_and_no_text() -> None:
    model = stirred(build("linear"))
    image = images(model)
    output = model(image, SOME)
    with torch.no_grad():
        for parameter in (*model.backbone.text.parameters(), model.backbone.logit_scale):
            parameter.fill_(float("nan"))
    for b, row in enumerate(SOME.tolist()):
        shown = [m for m, there in enumerate(row) if there]
        x = model.backbone.image(image[b, shown]).class_token
        logit = (x @ model.head.weight.T + model.head.bias).squeeze(1)
        torch.testing.assert_close(output.modality_logit[b, shown], logit, rtol=0, atol=1e-5)
        torch.testing.assert_close(output.logit[b], logit.mean(), rtol=0, atol=1e-5)
        torch.testing.assert_close(output.feature[b], x.mean(dim=0), rtol=0, atol=1e-5)
    assert torch.equal(model(image, SOME).logit, output.logit)
    assert output.levels is None


def test_an_adapter_stands_beside_each_mlp() -> None:
    model = stirred(build("adapter"))
    image = images(model)[:, 0]
    encoder = model.backbone.image
    x = encoder.pre_norm(encoder.embed(image))
    for block, adapter in zip(encoder.blocks, model.adapters, strict=True):
        middle = x + block.attention(block.norm1(x), None)
        seen = block.norm2(middle)
        x = middle + block.mlp(seen) + adapter(seen)
    expected = nn.functional.normalize(encoder.projection(encoder.norm(x))[:, 0], dim=-1)
    rgb = torch.tensor([[True, False, False]]).expand(4, 3)
    torch.testing.assert_close(model(images(model), rgb).feature, expected, rtol=0, atol=1e-5)


@every_kind
def test_what_is_to_be_learned_learns_and_nothing_else(learned: str) -> None:
    model = build(learned)
    assert {n for n, p in model.named_parameters() if p.requires_grad} == TRAINED[learned]
    if learned == "nothing":
        return
    stirred(model).train()
    model(images(model), SOME).logit.square().sum().backward()
    assert {n for n, p in model.named_parameters() if p.grad is not None} == TRAINED[learned]
    assert all(p.grad.any() for p in model.parameters() if p.grad is not None)


@every_kind
def test_towers_that_are_not_frozen_learn_where_the_answer_needs_them(learned: str) -> None:
    model = stirred(build(learned, frozen_backbone=False)).train()
    model(images(model), SOME).logit.square().sum().backward()
    towers = {n for n, p in model.named_parameters() if n.startswith("backbone.")}
    if learned == "linear":
        towers = {n for n in towers if n.startswith("backbone.image.")}
    reached = {n for n, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    assert reached == towers | TRAINED[learned]
    assert reached == {n for n, p in model.named_parameters() if p.requires_grad}


@every_kind
@pytest.mark.parametrize("absent", ["drop", "mask"])
def test_a_sensor_is_judged_alone_whatever_the_absent_ones_hold(learned: str, absent: str) -> None:
    model = stirred(build(learned, absent=absent))
    whole = model(images(model), EVERY)
    blinded = images(model)
    blinded[~SOME] = float("nan")
    output = model(blinded, SOME)
    alone = torch.where(SOME, whole.modality_logit, 0.0)
    torch.testing.assert_close(output.modality_logit, alone, rtol=0, atol=1e-5)
    torch.testing.assert_close(output.logit, alone.sum(1) / SOME.sum(1), rtol=0, atol=1e-5)


@every_kind
def test_an_answer_does_not_depend_on_the_batch_or_on_gradients(learned: str) -> None:
    model = stirred(build(learned))
    image = images(model)
    together = model(image, SOME).logit
    with torch.inference_mode():
        alone = [model(image[i : i + 1], SOME[i : i + 1]).logit for i in range(4)]
    torch.testing.assert_close(torch.cat(alone), together, rtol=0, atol=1e-5)


class Answers(nn.Module):
    """The answer of each modality, as tensors that a graph may return."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor, present: Tensor) -> Tensor:
        return self.model(image, present).modality_logit


@every_kind
@torch.no_grad()
def test_every_kind_can_be_exported(learned: str) -> None:
    model = stirred(build(learned))
    answers, image = Answers(model).eval(), images(model)
    expected = answers(image[:3], SOME[:3])  # what it then remembers is no part of the graph
    batch = torch.export.Dim("batch")
    shapes = ({0: batch}, {0: batch})
    graph = torch.export.export(answers, (image, EVERY), dynamic_shapes=shapes).module()
    torch.testing.assert_close(graph(image[:3], SOME[:3]), expected, rtol=0, atol=1e-5)


def test_adapters_have_work_at_any_number_of_patches() -> None:
    """8 x 8 of them instead of 4 x 4, and every one is read."""
    model = stirred(build("adapter", image_size=64))
    image = images(model)[:1, 0].requires_grad_()
    model.adapters[0](model.backbone.image.embed(image))[:, 1:].sum().backward()
    patches = nn.functional.max_pool2d(image.grad.abs(), 8)
    assert patches.shape == (1, 3, 8, 8)
    assert patches.all()


def test_a_variant_starts_from_the_clip_that_ships_with_us() -> None:
    model = build("prompts", "clip/tiny")
    before = model.texts.context.clone()
    started = start(model, ModelConfig(name="clip/tiny"), quiet=True)
    assert started.backbone == "shipped:clip_tiny"
    shipped = load_backbone("clip_tiny").tensors
    assert shipped.keys() == model.backbone.state_dict().keys()
    assert all(torch.equal(t, shipped[n]) for n, t in model.backbone.state_dict().items())
    assert torch.equal(model.texts.context, before)


def test_any_clip_of_the_right_sizes_fills_it(tmp_path: Path) -> None:
    model, other = build("adapter"), build("nothing")
    torch.manual_seed(7)
    stirred(other)
    path = tmp_path / "clip.safetensors"
    save_file(other.backbone.state_dict(), path)
    config = ModelConfig(name="clip/tiny_test", backbone=str(path))
    assert start(model, config, quiet=True).backbone_sha256
    image = images(model)
    assert torch.equal(model(image, SOME).logit, other(image, SOME).logit)


def test_a_frozen_clip_needs_trained_weights() -> None:
    with pytest.raises(ConfigError, match=r"clip/base keeps its backbone frozen, .* give model"):
        with torch.device("meta"):
            model = create_model("clip/base")
        start(model, ModelConfig(name="clip/base"))


def test_base_has_the_towers_of_clip_vit_b_16() -> None:
    with torch.device("meta"):
        model = create_model("clip/base", learned="nothing")
    assert sum(p.numel() for p in model.parameters()) == 149_620_737
    image = ImageEncoderConfig
    assert {f.name for f in fields(image)} <= {f.name for f in fields(type(model.config))}
    assert isinstance(model.backbone, Clip)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"learned": "everything"}, "learned is 'everything'; it must be one of: 'nothing', "),
        ({"words": "mine"}, "words is 'mine'; it must be one of: 'faces', 'presentations'"),
        ({"context": 0}, "context is 0; it must be at least 1"),
        ({"context": 80}, "takes 84 tokens, 80 of them context; at most 77 fit"),
        ({"down_dim": 0}, "down_dim is 0; it must be at least 1"),
        ({"dropout": 1.5}, r"dropout is 1\.5; it must be from 0 to 1"),
        ({"vocabulary": 100}, "vocabulary is 100; it must be from 515"),
        ({"down": 4}, "the model has no setting 'down'"),
    ],
)
def test_settings_that_cannot_be_give_one_line_that_says_so(
    wrong: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        create_model("clip/tiny_test", **wrong)
    assert "\n" not in str(caught.value)
