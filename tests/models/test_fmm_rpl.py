"""FMM-RPL: frozen CLIP at first, each sensor by itself, and every switch of its ablations."""

import itertools
from collections.abc import Iterator

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.config import OptimConfig
from unmask.errors import ConfigError
from unmask.layers.patch_saliency import salient_feature
from unmask.losses.cross_level import supervised_contrast
from unmask.losses.routing import balance_loss, z_loss
from unmask.models import create_model
from unmask.training.learner import Learner
from unmask.types import Batch, Label

EVERY = torch.tensor([row for row in itertools.product([False, True], repeat=3) if any(row)])
SWITCHES: dict[str, dict[str, object]] = {
    "as it is": {},
    "prompts only": {"experts": [], "shared_expert": False},
    "text prompts alone, once": {
        "experts": [],
        "shared_expert": False,
        "visual_prompts": "none",
        "prompt_depth": 1,
    },
    "convolutional adapter": {"experts": [], "visual_prompts": "none"},
    "experts of one kind": {"experts": ["convolution"] * 3},
    "no shared expert": {"shared_expert": False},
    "eight experts": {
        "experts": 2 * ["convolution", "central_difference", "frequency", "dilated"],
        "top_k": 8,
    },
    "frequencies weighed": {"domain": "idct"},
    "tokens routed": {"routing": "token"},
    "gate without sensor": {"gate_sees_modality": False},
    "no visual prompts": {"visual_prompts": "none"},
    "learned visual prompts": {"visual_prompts": "learned"},
    "replaced prompts": {"prompt_update": "replace"},
    "prompts enter once": {"prompt_depth": 1},
    "no coupling": {"coupling": 0},
    "texts told the picture": {"text_conditional": True},
    "class token alone": {"score": "class_token"},
    "mean of patches": {"saliency": 0.0},
    "all pictures encoded": {"absent": "mask"},
    "less kept in training": {"recompute": True},
    "prompts as any token": {"prompt_attention": "joint"},
}
STARTS_AS_CLIP = [s for s in SWITCHES if s not in ("replaced prompts", "prompts as any token")]
SAME_AT_FIRST = {
    "as it is",
    "all pictures encoded",
    "less kept in training",
    "texts told the picture",  # by a part that starts at zero
}

every_switch = pytest.mark.parametrize("switches", SWITCHES.values(), ids=list(SWITCHES))


def build(*, moved: bool = False, **overrides: object) -> nn.Module:
    torch.manual_seed(0)
    model = create_model("fmm_rpl/tiny_test", **overrides)
    if moved:
        with torch.no_grad():
            for parameter in model.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
    return model.eval()


def images(count: int = 7) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(count, 3, 3, 32, 32)


def batch(image: Tensor, present: Tensor) -> Batch:
    label = torch.arange(len(image)) % 2
    names = create_model("fmm_rpl/tiny_test").config.modalities
    return Batch(
        image=image,
        present=present,
        label=label,
        key=[str(i) for i in range(len(image))],
        modalities=names,
    )


def frozen_clip(model: nn.Module, image: Tensor) -> Tensor:
    """Logits (B, M, 2), global then local, of nothing but the two towers and the context."""
    clip, texts = model.backbone, model.texts
    t = F.normalize(clip.text.read(texts.tokens, texts.end, texts.first), dim=-1)
    seen = clip.image(image.flatten(0, 1))
    local = salient_feature(seen.patches, t, sharpness=model.config.saliency)
    both = torch.stack([clip.compare(x, t) for x in (seen.class_token, local)], dim=1)  # (N, 2, 2)
    return (both[..., 0] - both[..., 1]).unflatten(0, image.shape[:2])


@torch.no_grad()
@pytest.mark.parametrize("mode", [True, False], ids=["training", "use"])
@pytest.mark.parametrize("name", STARTS_AS_CLIP)
def test_an_untrained_model_is_the_frozen_clip(name: str, *, mode: bool) -> None:
    model, image = build(**SWITCHES[name]), images()
    expected = frozen_clip(model, image).where(EVERY[..., None], 0.0)
    output = model.train(mode)(image, EVERY)
    torch.testing.assert_close(output.levels.logit, expected, rtol=0, atol=1e-5)
    answers = expected[..., 0] if name == "class token alone" else expected.mean(dim=2)
    torch.testing.assert_close(output.modality_logit, answers, rtol=0, atol=1e-5)
    torch.testing.assert_close(
        output.logit, answers.sum(dim=1) / EVERY.sum(dim=1), rtol=0, atol=1e-5
    )


@torch.no_grad()
def test_replaced_text_prompts_leave_the_picture_features_of_the_frozen_clip_alone() -> None:
    model, image = build(prompt_update="replace"), images()
    present = torch.ones(7, 3).bool()
    features = F.normalize(model.backbone.image(image.flatten(0, 1)).class_token, dim=-1)
    said = model(image, present).levels.feature[:, :, 0].flatten(0, 1)
    torch.testing.assert_close(said, features, rtol=0, atol=1e-5)


@torch.no_grad()
def test_prompts_that_are_attended_to_as_any_token_change_the_frozen_tower() -> None:
    model, image = build(prompt_attention="joint"), images()
    difference = model(image, EVERY).levels.logit - frozen_clip(model, image)
    assert (difference[EVERY].abs() > 1e-3).any()


@torch.no_grad()
@every_switch
def test_one_sensor_is_judged_alike_whatever_the_others_say(switches: dict[str, object]) -> None:
    model, image = build(moved=True, **switches), images()
    present = torch.ones(7, 3).bool()
    answers = model(image, present).modality_logit
    for m in range(3):
        alone = torch.zeros(7, 3).bool()
        alone[:, m] = True
        blinded = image.masked_fill(~alone[..., None, None, None], torch.nan)
        output = model(blinded, alone)
        torch.testing.assert_close(output.logit, answers[:, m], rtol=0, atol=1e-4)
        torch.testing.assert_close(output.modality_logit[:, m], answers[:, m], rtol=0, atol=1e-4)


@torch.no_grad()
@every_switch
def test_a_presentation_does_not_depend_on_its_companions(switches: dict[str, object]) -> None:
    model, image = build(moved=True, **switches), images()
    together = model(image, EVERY)
    for b in range(7):
        alone = model(image[b : b + 1], EVERY[b : b + 1])
        torch.testing.assert_close(alone.logit[0], together.logit[b], rtol=0, atol=1e-4)


@every_switch
def test_every_parameter_of_every_switch_learns(switches: dict[str, object]) -> None:
    model = build(moved=True, **switches).train()
    model(images(), EVERY).logit.square().sum().backward()
    for name, parameter in model.named_parameters():
        learns = not name.startswith("backbone.")
        assert parameter.requires_grad == learns
        assert learns == (parameter.grad is not None and bool(parameter.grad.any())), name


@torch.no_grad()
@pytest.mark.parametrize("name", sorted(set(SWITCHES) - SAME_AT_FIRST))
def test_every_switch_matters(name: str) -> None:
    image = images()
    plain, switched = build(moved=True), build(**SWITCHES[name])
    switched.load_state_dict(
        {
            key: value
            for key, value in plain.state_dict().items()
            if key in switched.state_dict() and value.shape == switched.state_dict()[key].shape
        },
        strict=False,
    )
    assert not torch.allclose(plain(image, EVERY).logit, switched(image, EVERY).logit, atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("absent", ["drop", "mask"])
@pytest.mark.parametrize("routing", ["picture", "token"])
def test_each_gate_tells_of_every_place_and_which_of_them_count(absent: str, routing: str) -> None:
    model = build(moved=True, absent=absent, routing=routing)
    tokens = 17 if routing == "token" else 1
    output = model(images(), EVERY)
    assert len(output.routing) == model.config.depth
    for said in output.routing:
        assert said.prob.shape == (7 * 3 * tokens, 4)
        assert torch.equal(said.valid, EVERY.flatten().repeat_interleave(tokens))
        torch.testing.assert_close(said.prob[said.valid].sum(dim=1), torch.ones(said.valid.sum()))
        assert said.log_sum.shape == (7 * 3 * tokens, 1)


@torch.no_grad()
def test_the_gate_follows_the_sensor_where_it_is_told() -> None:
    """One picture shown as each sensor's: only the sensor's vector can tell them apart."""
    image = images(1)[:, :1].expand(-1, 3, -1, -1, -1)
    present = torch.ones(1, 3).bool()
    told, blind = build(moved=True), build(moved=True, gate_sees_modality=False)
    for model, differs in ((told, True), (blind, False)):
        prob = model(image, present).routing[0].prob
        assert torch.allclose(prob[0], prob[1], atol=1e-6) != differs
    assert "sensors.table.weight" not in dict(blind.named_parameters())


def test_experts_work_at_any_length_of_the_sequence() -> None:
    lengths = []
    for prompts in (1, 4, 9):
        model = build(moved=True, prompts=prompts)
        model.experts[0].register_forward_hook(
            lambda _, given, answer: lengths.append((given[0].shape[1], answer[0].abs()))
        )
        model(images(), EVERY)
    assert [length for length, _ in lengths] == [18, 21, 26]
    for length, added in lengths:
        assert (added[:, :17].amax(dim=2) > 0).all()
        assert not added[:, 17:length].any()


def test_experts_see_what_the_mlp_sees() -> None:
    model, seen = build(moved=True), {}
    block = model.backbone.image.blocks[1]
    block.mlp.register_forward_pre_hook(lambda _, given: seen.update(mlp=given[0]))
    model.experts[1].register_forward_pre_hook(lambda _, given: seen.update(experts=given[0]))
    model(images(), EVERY)
    assert torch.equal(seen["mlp"], seen["experts"])


@torch.no_grad()
def test_texts_are_made_once_in_use_and_follow_the_weights() -> None:
    model, runs = build(moved=True), []
    model.backbone.text.blocks[0].norm1.register_forward_pre_hook(lambda *_: runs.append(1))
    before = model(images(), EVERY).logit
    model(images(), EVERY)
    assert len(runs) == 1
    other = build(moved=True)
    for parameter in other.texts.parameters():
        parameter.add_(1)
    model.load_state_dict(other.state_dict())
    torch.testing.assert_close(model(images(), EVERY).logit, other(images(), EVERY).logit)
    assert not torch.allclose(model(images(), EVERY).logit, before)


def parts(model: nn.Module, optim: OptimConfig) -> Iterator[tuple[str, float]]:
    learner = Learner(model, optim, seed=0)
    logged: dict[str, Tensor] = {}
    learner.log_dict = logged.update
    learner.training_step(batch(images(), EVERY), 0)
    yield from ((name, value.item()) for name, value in logged.items())


def test_a_step_minimises_the_whole_refined_cross_level_loss() -> None:
    model = build(moved=True)  # in evaluation: no dropout, no noise, no hidden sensors
    optim = OptimConfig(
        local=0.5, cross_level=0.1, balance=0.01, router_z=0.001, label_smoothing=0.0
    )
    logged = dict(parts(model, optim))
    output, given = model(images(), EVERY), batch(images(), EVERY)
    target = (given.label == Label.BONA_FIDE).float()[:, None].expand(7, 3)
    by_level = [
        F.binary_cross_entropy_with_logits(output.levels.logit[..., i][EVERY], target[EVERY])
        for i in range(2)
    ]
    expected = {
        "global": by_level[0],
        "local": by_level[1],
        "cross_level": supervised_contrast(output.levels, given, temperature=0.1),
        "balance": balance_loss(output.routing),
        "router_z": z_loss(output.routing),
    }
    weights = {"global": 1.0, "local": 0.5, "cross_level": 0.1, "balance": 0.01, "router_z": 0.001}
    total = sum(weights[name] * value.item() for name, value in expected.items())
    assert logged.pop("train/loss") == pytest.approx(total, rel=1e-5)
    assert logged == pytest.approx(
        {f"train/{name}": value.item() for name, value in expected.items()}, rel=1e-4
    )


def test_a_few_steps_learn_the_answer() -> None:
    model = build().train()
    given = batch(images(), EVERY)
    optim = OptimConfig(lr=1e-2, cross_level=0.1, router_z=0.001)
    learner = Learner(model, optim, seed=0)
    learner.log_dict = lambda _: None
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    losses = []
    for _ in range(12):
        loss = learner.training_step(given, 0)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert sum(losses[-3:]) < 0.7 * sum(losses[:3])


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"experts": ["dilated"]}, "top_k is 2 and experts are .*at least 2 and at most all"),
        ({"top_k": 1}, "top_k is 1 and experts are"),
        ({"top_k": 5}, "top_k is 5 and experts are"),
        ({"experts": ["round"]}, "experts is 'round'; it must be one of: 'convolution'"),
        ({"prompt_depth": 3}, "prompt_depth is 3; the smaller tower has 2 blocks"),
        ({"prompts": 0}, "prompts is 0; it must be at least 1"),
        ({"unknown": 1.5}, "unknown is 1.5; it must be from 0 to 1"),
        ({"coupling": -1}, "coupling is -1; it must be at least 0"),
    ],
)
def test_impossible_settings_are_refused_in_one_line(
    overrides: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        create_model("fmm_rpl/tiny_test", **overrides)
    assert "\n" not in str(error.value)


def test_what_is_trained_is_less_than_a_fiftieth_of_clip() -> None:
    with torch.device("meta"):
        model = create_model("fmm_rpl/base")
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert trained == 1_804_496
    assert trained < sum(p.numel() for p in model.backbone.parameters()) / 50


@torch.no_grad()
def test_texts_that_are_told_the_picture_are_read_for_each_picture() -> None:
    model, image = build(moved=True, text_conditional=True), images(3)
    raw = model.backbone.image.raw(image[:, 0])
    drawn = model.prompts.draw(raw)
    texts, told = model.texts(model.backbone.text, model.text_bias(drawn))
    hidden = (drawn @ model.text_bias.inner.weight.T + model.text_bias.inner.bias).clamp(min=0)
    bias = hidden @ model.text_bias.outer.weight.T + model.text_bias.outer.bias
    first = model.texts.first.clone()
    for n in range(3):
        model.texts.first.copy_(first + bias[n])
        alone, said = model.texts(model.backbone.text)
        torch.testing.assert_close(texts[n], alone, rtol=0, atol=1e-5)
        for mine, own in zip(told, said, strict=True):
            torch.testing.assert_close(mine[n], own, rtol=0, atol=1e-5)
    assert not torch.allclose(texts[0], texts[1], atol=1e-4)


def test_only_prompts_of_a_picture_can_tell_its_texts() -> None:
    with pytest.raises(ConfigError, match="visual_prompts must be 'image'"):
        build(text_conditional=True, visual_prompts="learned")
