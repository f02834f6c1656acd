import math

import pytest
import torch
from torch import Tensor

from unmask.layers.coarse_experts import CoarseExperts, NoisyTopKRouter

DIM, GATE, ANSWER, COUNT, WIDE, TOP = 6, 4, 3, 5, 7, 2


def build() -> CoarseExperts:
    """Every weight away from where it starts; evaluation."""
    torch.manual_seed(0)
    router = NoisyTopKRouter(GATE, num_experts=COUNT, top_k=TOP)
    experts = CoarseExperts(DIM, router, expert_dim=WIDE, answer_dim=ANSWER)
    for parameter in experts.parameters():
        torch.nn.init.normal_(parameter)
    return experts.eval().requires_grad_(requires_grad=False)


def normal(x: Tensor, scale: Tensor) -> Tensor:
    return x / (x.square().mean() + 1e-6).sqrt() * scale


def gelu(x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def test_answer_is_the_weighted_sum_of_the_best_experts() -> None:
    experts = build()
    x, gate = torch.randn(11, DIM), torch.randn(11, GATE)
    y, routing = experts(x, gate, torch.ones(11, dtype=torch.bool))
    assert y.shape == (11, ANSWER)
    for t in range(11):
        score = experts.router.gate.weight @ normal(gate[t], experts.router.norm.weight)
        best = score.argsort(descending=True)[:TOP].tolist()
        assert routing.expert[t].tolist() == best
        expected = torch.zeros(ANSWER)
        for e in best:
            weight = score[e].exp() / sum(score[other].exp() for other in best)
            seen = normal(x[t], experts.norm.weight)
            hidden = gelu(experts.down_weight[e] @ seen + experts.down_bias[e])
            expected += weight * (experts.up_weight[e] @ hidden + experts.up_bias[e])
        torch.testing.assert_close(y[t], expected, rtol=0, atol=1e-4)
        torch.testing.assert_close(routing.prob[t], score.exp() / score.exp().sum())
        torch.testing.assert_close(routing.log_sum[t, 0], score.exp().sum().log())


def test_noise_is_scaled_by_its_own_weights_and_drawn_in_training_alone() -> None:
    router = build().router
    x = torch.randn(50, GATE)
    quiet = router(x)
    assert torch.equal(quiet[1], router(x)[1])
    router.train()
    torch.manual_seed(3)
    _, noisy, _, _ = router(x)
    torch.manual_seed(3)
    noise = torch.randn(50, COUNT)
    for t in range(50):
        z = normal(x[t], router.norm.weight)
        scale = (1 + (router.noise.weight @ z).exp()).log()
        expected = (router.gate.weight @ z + noise[t] * scale).softmax(dim=0)
        torch.testing.assert_close(noisy[t], expected, rtol=0, atol=1e-5)
    assert not torch.equal(quiet[2], router(x)[2]), "noise may change the choice"


def test_an_untrained_gate_spreads_its_choices_in_training() -> None:
    torch.manual_seed(0)
    router = NoisyTopKRouter(GATE, num_experts=COUNT, top_k=TOP)
    _, _, expert, _ = router(torch.randn(2000, GATE))
    share = expert.flatten().bincount(minlength=COUNT) / expert.numel()
    torch.testing.assert_close(share, torch.full((COUNT,), 1 / COUNT), rtol=0, atol=0.03)


@pytest.mark.parametrize("chosen", [True, False])
def test_an_expert_that_is_not_chosen_adds_nothing(*, chosen: bool) -> None:
    experts = build()
    x, gate, valid = torch.randn(9, DIM), torch.randn(9, GATE), torch.ones(9, dtype=torch.bool)
    y, routing = experts(x, gate, valid)
    uses = (routing.expert == 1).any(dim=1)
    assert 0 < uses.sum() < 9
    experts.up_bias[1] += 100.0
    changed = (experts(x, gate, valid)[0] - y).abs().sum(dim=1) > 0
    assert torch.equal(changed[uses == chosen], uses[uses == chosen])


def test_routing_is_dense_and_in_float32_whatever_the_arithmetic() -> None:
    experts = build()
    valid = torch.tensor([True, False, True])
    x, gate = torch.randn(3, DIM), torch.randn(3, GATE)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, routing = experts(x, gate, valid)
    assert routing.prob.dtype == torch.float32
    assert torch.equal(routing.prob, experts(x, gate, valid)[1].prob)
    assert routing.prob.shape == (3, COUNT)
    assert routing.num_experts == COUNT
    assert torch.equal(routing.valid, valid)


def test_silent_experts_say_nothing_until_they_have_learned() -> None:
    router = NoisyTopKRouter(GATE, num_experts=4, top_k=2)
    experts = CoarseExperts(DIM, router, expert_dim=WIDE, silent=True)
    inputs = torch.randn(9, DIM), torch.randn(9, GATE), torch.ones(9, dtype=torch.bool)
    y, _ = experts(*inputs)
    assert not y.any()
    (y - 1).square().sum().backward()
    with torch.no_grad():
        experts.up_weight -= experts.up_weight.grad
    assert experts(*inputs)[0].any(dim=1).all()
