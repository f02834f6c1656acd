"""Experts for each picture: against loops, and what gate and experts must not do."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from scipy.fft import dctn, idctn
from torch import Tensor, nn

from unmask.layers.convolutional_adapter import ConvolutionalAdapter
from unmask.layers.flexible_experts import ExpertSizes, FlexibleExperts, Sensors
from unmask.layers.quick_gelu import quick_gelu
from unmask.losses.routing import balance_loss, z_loss

DIM, GRID, NARROW, TOLD = 12, 3, 2, 5
OWN = 1 + GRID**2
KINDS = ("convolution", "central_difference", "frequency", "dilated")
SIZES = ExpertSizes(
    dim=DIM,
    grid=GRID,
    narrow=NARROW,
    kinds=KINDS,
    shared=True,
    top_k=2,
    per_token=False,
    modality_dim=TOLD,
    noise=1.0,
    theta=0.7,
    dilation=2,
    domain="literal",
    dropout=0.5,
)


def build(*, moved: bool = True, **changes: object) -> FlexibleExperts:
    torch.manual_seed(0)
    experts = FlexibleExperts(replace(SIZES, **changes))
    if moved:
        with torch.no_grad():
            for parameter in experts.parameters():
                parameter += 0.5 * torch.randn_like(parameter)
    return experts.eval()


def seen(count: int = 5, tokens: int = OWN) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    valid = torch.ones(count, dtype=torch.bool)
    return torch.randn(count, tokens, DIM), torch.randn(count, TOLD), valid


def convolved(x: Tensor, layer: nn.Conv2d, kernel: Tensor, *, apart: int) -> Tensor:
    """(r, H, W) tap by tap, zero outside."""
    y = torch.zeros_like(x)
    height, width = x.shape[1:]
    for out in range(NARROW):
        for row in range(height):
            for column in range(width):
                total = 0.0 if layer.bias is None else layer.bias[out].item()
                for i in range(3):
                    for j in range(3):
                        a, b = row + apart * (i - 1), column + apart * (j - 1)
                        if 0 <= a < height and 0 <= b < width:
                            total += (kernel[out, :, i, j] @ x[:, a, b]).item()
                y[out, row, column] = total
    return y


def mixed(layer: nn.Conv2d, x: Tensor) -> Tensor:
    """1x1 convolution of (r, H, W)."""
    return torch.einsum("oi,ihw->ohw", layer.weight[:, :, 0, 0], x) + layer.bias[:, None, None]


def operated(kind: str, layer: nn.Module, x: Tensor, *, domain: str, theta: float) -> Tensor:
    if kind == "frequency":
        frequencies = torch.from_numpy(dctn(x.detach().numpy(), axes=(1, 2), norm="ortho"))
        gate = torch.sigmoid(mixed(layer.outer, quick_gelu(mixed(layer.inner, frequencies))))
        if domain == "literal":
            return gate * x
        weighed = (gate * frequencies).detach().numpy()
        return torch.from_numpy(idctn(weighed, axes=(1, 2), norm="ortho"))
    kernel = layer.weight.clone()
    if kind == "central_difference":
        kernel[:, :, 1, 1] -= theta * layer.weight.sum(dim=(2, 3))
    return convolved(x, layer, kernel, apart=2 if kind == "dilated" else 1)


def answered(experts: FlexibleExperts, x: Tensor, weights: Tensor) -> Tensor:
    """One picture's tokens (1 + P, D), weights of all experts (1 + P, E) -> (1 + P, D)."""
    kinds = (*experts.sizes.kinds, *(["convolution"] if experts.sizes.shared else []))
    total = experts.up.bias.expand(OWN, -1).clone()
    for e, kind in enumerate(kinds):
        part = slice(e * NARROW, (e + 1) * NARROW)
        z = quick_gelu(x @ experts.down.weight[part].T + experts.down.bias[part])  # (1 + P, r)
        settings = {"domain": experts.sizes.domain, "theta": experts.sizes.theta}
        layer = experts.operators[e]
        first = operated(kind, layer, z[0][:, None, None], **settings).flatten(1)
        grid = z[1:].T.reshape(NARROW, GRID, GRID)
        y = quick_gelu(
            torch.cat([first, operated(kind, layer, grid, **settings).flatten(1)], dim=1).T
        )
        weight = weights[:, e : e + 1] if e < len(experts.sizes.kinds) else 1.0
        total = total + weight * (y @ experts.up.weight[:, part].T)
    return total


def chosen(experts: FlexibleExperts, gate_input: Tensor) -> list[float]:
    """Weights of all experts for one gate input, by hand."""
    score = (experts.gate.score.weight @ gate_input).tolist()
    prob = [math.exp(s) / sum(math.exp(t) for t in score) for s in score]
    best = sorted(range(len(prob)), key=lambda e: -prob[e])[: experts.sizes.top_k]
    whole = sum(prob[e] for e in best)
    return [prob[e] / whole if e in best else 0.0 for e in range(len(prob))]


@torch.no_grad()
@pytest.mark.parametrize(
    "changes", [{}, {"domain": "idct"}, {"shared": False}, {"modality_dim": 0}]
)
def test_the_answer_for_a_picture_is_the_loop_over_its_experts(changes: dict[str, object]) -> None:
    experts = build(**changes)
    x, sensor, valid = seen()
    told = None if changes.get("modality_dim") == 0 else sensor
    added, routing = experts(x, told, valid)
    for n in range(5):
        mean = x[n, 1:].mean(dim=0)
        weights = chosen(experts, mean if told is None else torch.cat([mean, told[n]]))
        assert sorted(routing.expert[n].tolist()) == [e for e in range(4) if weights[e]]
        expected = answered(experts, x[n], torch.tensor(weights).expand(OWN, -1))
        torch.testing.assert_close(added[n], expected, rtol=0, atol=1e-4)


@torch.no_grad()
def test_tokens_may_be_routed_one_by_one() -> None:
    experts = build(per_token=True)
    x, sensor, valid = seen(2)
    added, routing = experts(x, sensor, valid)
    assert routing.prob.shape == (2 * OWN, 4)
    for n in range(2):
        rows = [chosen(experts, torch.cat([x[n, s], sensor[n]])) for s in range(OWN)]
        expected = answered(experts, x[n], torch.tensor(rows))
        torch.testing.assert_close(added[n], expected, rtol=0, atol=1e-4)


@torch.no_grad()
@pytest.mark.parametrize("per_token", [False, True])
def test_weights_sum_to_one_and_at_most_two_are_not_zero(*, per_token: bool) -> None:
    experts = build(per_token=per_token)
    for mode in (True, False):
        weight, routing = experts.train(mode).gate(*seen(64))
        torch.testing.assert_close(weight.sum(dim=-1), torch.ones(weight.shape[:2]))
        assert ((weight > 0).sum(dim=-1) == 2).all()
        torch.testing.assert_close(routing.prob.sum(dim=1), torch.ones(len(routing.prob)))
        assert torch.equal(
            weight.flatten(0, 1).gather(1, routing.expert) > 0, torch.ones_like(routing.expert) > 0
        )


@torch.no_grad()
def test_without_a_choice_of_experts_it_is_the_convolutional_adapter() -> None:
    alone = build(kinds=())
    adapter = ConvolutionalAdapter(DIM, down_dim=NARROW, grid=GRID).eval()
    adapter.down.load_state_dict(alone.down.state_dict())
    adapter.conv.load_state_dict(alone.operators[0].state_dict())
    adapter.up.load_state_dict(alone.up.state_dict())
    x, _, valid = seen(3, OWN + 2)
    added, routing = alone(x, None, valid)
    assert routing is None
    torch.testing.assert_close(added, adapter(x), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kinds", [(), KINDS])
def test_at_first_nothing_is_added(kinds: tuple[str, ...]) -> None:
    added, _ = build(moved=False, kinds=kinds)(*seen())
    assert not added.any()


def test_convolutions_start_as_the_identity() -> None:
    experts = build(moved=False)
    x = torch.randn(2, NARROW, GRID, GRID)
    for kind, layer in zip(KINDS, experts.operators, strict=False):
        share = {"convolution": 1.0, "dilated": 1.0, "central_difference": 0.3}.get(kind)
        if share is not None:
            torch.testing.assert_close(layer(x), share * x)


@torch.no_grad()
def test_prompt_tokens_get_nothing_and_change_nothing() -> None:
    experts = build()
    x, sensor, valid = seen(tokens=OWN + 3)
    more, with_prompts = experts(x, sensor, valid)
    added, without = experts(x[:, :OWN], sensor, valid)
    assert more.shape == x.shape
    assert not more[:, OWN:].any()
    assert torch.equal(more[:, :OWN], added)
    assert torch.equal(with_prompts.prob, without.prob)
    assert (added.abs().amax(dim=2) > 0.01).all(), "every own token gets something"


@torch.no_grad()
def test_a_picture_is_routed_alike_in_any_company() -> None:
    experts = build()
    x, sensor, valid = seen(8)
    together, routing = experts(x, sensor, valid)
    for n in range(8):
        alone, own = experts(x[n : n + 1], sensor[n : n + 1], valid[:1])
        torch.testing.assert_close(alone[0], together[n], rtol=0, atol=1e-5)
        assert torch.equal(own.expert[0], routing.expert[n])


def test_noise_is_of_training_alone_and_as_large_as_one_by_the_number_of_experts() -> None:
    experts = build()
    x, sensor, valid = seen(1)
    many = [t.expand(20_000, *t.shape[1:]) for t in (x, sensor, valid)]
    assert experts.gate(*many)[1].prob.std(dim=0).max() < 1e-5
    prob = experts.train().gate(*many)[1].prob.log()
    difference = prob[:, 0] - prob[:, 1]  # of two independent noises
    assert difference.std().item() == pytest.approx(math.sqrt(2) / 4, rel=0.05)
    assert build(noise=0.0).train().gate(*many)[1].prob.std(dim=0).max() < 1e-5


def test_both_routing_losses_reach_the_gate_and_absent_pictures_do_not_count() -> None:
    experts = build()
    x, sensor, _ = seen(4)
    valid = torch.tensor([True, True, False, True])
    _, routing = experts(x, sensor, valid)
    assert torch.equal(routing.valid, valid)
    shown = [t[valid] for t in (x, sensor, valid)]
    for loss in (balance_loss, z_loss):
        value = loss([routing])
        torch.testing.assert_close(value, loss([experts(*shown)[1]]))
        (gradient,) = torch.autograd.grad(value, experts.gate.score.weight, retain_graph=True)
        assert gradient.any()


def test_the_gate_learns_from_the_answer() -> None:
    experts = build()
    added, _ = experts(*seen())
    (gradient,) = torch.autograd.grad(added.square().sum(), experts.gate.score.weight)
    assert gradient.abs().sum(dim=1).count_nonzero() >= 2


def test_the_sensor_may_decide_the_experts() -> None:
    experts = build()
    x, _, valid = seen()
    one, other = torch.randn(2, 5, TOLD).unbind()
    assert not torch.equal(experts(x, one, valid)[1].prob, experts(x, other, valid)[1].prob)


def test_training_hides_some_sensors_and_use_none() -> None:
    torch.manual_seed(0)
    sensors = Sensors(3, TOLD, unknown=0.1)
    modality = torch.arange(3).repeat(4000)
    hidden = (sensors.train()(modality) == sensors.table.weight[3]).all(dim=1)
    assert hidden.float().mean().item() == pytest.approx(0.1, abs=0.01)
    shown = sensors.eval()(modality)
    assert torch.equal(shown, F.embedding(modality, sensors.table.weight))
    assert torch.equal(sensors(torch.tensor([3]))[0], sensors.table.weight[3])
