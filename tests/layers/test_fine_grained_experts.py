import math

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from unmask.layers.fine_grained_experts import FineGrainedExperts
from unmask.layers.product_keys import ProductKeyRouter

DIM, GATE = 6, 4


def build(*, num_experts: int = 25, answer_dim: int = 0) -> FineGrainedExperts:
    torch.manual_seed(0)
    router = ProductKeyRouter(GATE, num_experts=num_experts, heads=2, top_k=2, key_dim=3)
    torch.nn.init.normal_(router.keys)
    experts = FineGrainedExperts(DIM, router, answer_dim=answer_dim)
    torch.nn.init.uniform_(experts.norm.weight, 0.5, 1.5)
    return experts


def gelu(value: float) -> float:
    return 0.5 * value * (1 + math.erf(value / math.sqrt(2)))


def test_answer_is_the_weighted_sum_of_the_chosen_neurons() -> None:
    experts = build()
    x, gate = torch.randn(9, DIM), torch.randn(9, GATE)
    y, routing = experts(x, gate, torch.ones(9, dtype=torch.bool))
    for t in range(9):
        normal = x[t] / (x[t].square().mean() + 1e-6).sqrt() * experts.norm.weight
        expected = torch.zeros(DIM)
        for e, weight in zip(routing.expert[t].tolist(), routing.prob[t].tolist(), strict=True):
            neuron = gelu((normal @ experts.down.weight[e]).item())
            expected += weight * neuron * experts.up.weight[e]
        torch.testing.assert_close(y[t], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("num_experts", [4, 100, 2500, 10_000])
def test_nothing_is_lost_against_a_loop_over_every_expert(num_experts: int) -> None:
    """The oracle scores all experts by their two keys, and knows no product-key search."""
    experts = build(num_experts=num_experts, answer_dim=5)
    router = experts.router
    x, gate = torch.randn(4, DIM), torch.randn(4, GATE)
    y, _ = experts(x, gate, torch.ones(4, dtype=torch.bool))
    assert y.shape == (4, 5)
    for t in range(4):
        normal = x[t] / (x[t].square().mean() + 1e-6).sqrt() * experts.norm.weight
        asked = gate[t] / (gate[t].square().mean() + 1e-6).sqrt() * router.norm.weight
        query = (router.query.weight @ asked).reshape(router.heads, 2, -1)
        expected = torch.zeros(5)
        for (one, other), (a, b) in zip(query, router.keys, strict=True):
            score = ((a @ one)[:, None] + b @ other).flatten()  # (E,), e = i n + j
            chosen = score.argsort(descending=True)[: router.top_k]
            weight = score[chosen].softmax(dim=0)
            for e, w in zip(chosen.tolist(), weight.tolist(), strict=True):
                neuron = gelu((normal @ experts.down.weight[e]).item())
                expected += w * neuron * experts.up.weight[e]
        torch.testing.assert_close(y[t], expected, rtol=0, atol=1e-5)


def test_asking_all_experts_gives_what_reading_rows_gives() -> None:
    """25 experts of which 4 are used are asked; with sparse tables their rows are read."""
    asked, read = build(), build()
    read.down.sparse = read.up.sparse = True
    x, gate = torch.randn(9, DIM), torch.randn(9, GATE)
    valid = torch.ones(9, dtype=torch.bool)
    answers = [experts(x, gate, valid)[0] for experts in (asked, read)]
    torch.testing.assert_close(*answers)
    for answer in answers:
        answer.square().sum().backward()
    for one, other in zip(asked.parameters(), read.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad.to_dense())


def test_silent_experts_say_nothing_until_they_have_learned() -> None:
    router = ProductKeyRouter(GATE, num_experts=25, heads=2, top_k=2, key_dim=3)
    experts = FineGrainedExperts(DIM, router, silent=True)
    inputs = torch.randn(9, DIM), torch.randn(9, GATE), torch.ones(9, dtype=torch.bool)
    y, _ = experts(*inputs)
    assert not y.any()
    (y - 1).square().sum().backward()
    with torch.no_grad():
        experts.up.weight -= experts.up.weight.grad
    assert experts(*inputs)[0].all()


def test_experts_see_the_feature_and_the_gate_sees_the_gate() -> None:
    experts = build()
    x, gate = torch.randn(9, DIM), torch.randn(9, GATE)
    valid = torch.ones(9, dtype=torch.bool)
    y, routing = experts(x, gate, valid)
    other_y, same = experts(torch.randn(9, DIM), gate, valid)
    assert torch.equal(routing.expert, same.expert)
    assert torch.equal(routing.prob, same.prob)
    assert not torch.equal(y, other_y)
    assert not torch.equal(routing.prob, experts(x, torch.randn(9, GATE), valid)[1].prob)


def test_only_chosen_rows_get_a_gradient() -> None:
    experts = build()
    y, routing = experts(torch.randn(3, DIM), torch.randn(3, GATE), torch.ones(3, dtype=torch.bool))
    y.sum().backward()
    chosen = sorted(set(routing.expert.flatten().tolist()))
    assert len(chosen) < 25
    for table in (experts.down, experts.up):
        assert table.weight.grad.any(dim=1).nonzero().flatten().tolist() == chosen


def test_routing_says_what_was_chosen_and_what_counts() -> None:
    valid = torch.tensor([True, False, True])
    _, routing = build()(torch.randn(3, DIM), torch.randn(3, GATE), valid)
    assert routing.num_experts == 25
    assert routing.prob.shape == routing.expert.shape == (3, 4)
    assert torch.equal(routing.valid, valid)


def test_a_hundred_times_the_experts_costs_only_ten_times_the_keys() -> None:
    def flops(num_experts: int) -> int:
        experts = build(num_experts=num_experts)
        with FlopCounterMode(display=False) as counter:
            experts(torch.randn(7, DIM), torch.randn(7, GATE), torch.ones(7, dtype=torch.bool))
        return int(counter.get_total_flops())

    keys = 7 * 2 * 2 * 3 * 2  # tokens x heads x halves x key features x (multiply, add)
    assert flops(10_000) - flops(100) == keys * (100 - 10)


def test_a_million_experts_run() -> None:
    experts = build(num_experts=1000**2)
    y, routing = experts(torch.randn(5, DIM), torch.randn(5, GATE), torch.ones(5).bool())
    assert y.isfinite().all()
    assert routing.expert.max() >= 1000
