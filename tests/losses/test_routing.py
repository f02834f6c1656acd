import pytest
import torch
from torch import Tensor

from unmask.losses.routing import balance_loss, is_dense, routing_loss, z_loss
from unmask.types import Output, Routing

TOKENS, EXPERTS, TOP = 12, 5, 2
OFF = {"balance": 0.0, "balance_fine": 0.0, "router_z": 0.0}


def dense(*, seed: int = 0) -> Routing:
    """A router that tells of all experts, and whose last tokens count for nothing."""
    torch.manual_seed(seed)
    score = torch.randn(TOKENS, EXPERTS, requires_grad=True)
    return Routing(
        prob=score.softmax(dim=1),
        expert=score.topk(TOP).indices,
        valid=torch.arange(TOKENS) < 9,
        num_experts=EXPERTS,
        log_sum=score.logsumexp(dim=1, keepdim=True),
    )


def sparse(*, seed: int = 0) -> Routing:
    """Two heads of two experts each, out of 100."""
    torch.manual_seed(seed)
    return Routing(
        prob=torch.randn(TOKENS, 2, 2).softmax(dim=2).flatten(1),
        expert=torch.randint(0, 100, (TOKENS, 4)),
        valid=torch.arange(TOKENS) < 9,
        num_experts=100,
        log_sum=torch.randn(TOKENS, 2),
    )


def made(prob: Tensor, expert: Tensor) -> Routing:
    valid = torch.ones(prob.shape[0], dtype=torch.bool)
    return Routing(prob=prob, expert=expert, valid=valid, num_experts=EXPERTS)


def output(*routing: Routing) -> Output:
    return Output(logit=torch.zeros(2), feature=torch.zeros(2, 1), routing=routing)


def naive_balance(routing: Routing) -> float:
    used = [0.0] * routing.num_experts
    told = [0.0] * routing.num_experts
    for t in range(TOKENS):
        if not routing.valid[t]:
            continue
        for e in routing.expert[t].tolist():
            used[e] += 1
        columns = range(routing.num_experts) if is_dense(routing) else routing.expert[t].tolist()
        for e, p in zip(columns, routing.prob[t].tolist(), strict=True):
            told[e] += p
    total = routing.num_experts * sum(f * p for f, p in zip(used, told, strict=True))
    return total / sum(used) / sum(told)


@pytest.mark.parametrize("routing", [dense(), sparse()], ids=["dense", "sparse"])
def test_balance_equals_the_formula(routing: Routing) -> None:
    assert balance_loss([routing]).item() == pytest.approx(naive_balance(routing), abs=1e-5)


def test_balance_is_one_when_even_and_the_number_of_experts_at_collapse() -> None:
    each = torch.arange(EXPERTS)
    even = made(torch.full((EXPERTS, EXPERTS), 1 / EXPERTS), each[:, None])
    assert balance_loss([even]).item() == pytest.approx(1)
    one = torch.zeros(8, EXPERTS)
    one[:, 3] = 1
    collapsed = made(one, torch.full((8, 1), 3))
    assert balance_loss([collapsed]).item() == pytest.approx(EXPERTS)


def test_weights_of_chosen_experts_have_the_same_extremes() -> None:
    each = torch.arange(EXPERTS)
    even = made(torch.full((EXPERTS, 2), 0.5), torch.stack([each, each.roll(1)], dim=1))
    assert not is_dense(even)
    assert balance_loss([even]).item() == pytest.approx(1)
    collapsed = made(torch.full((8, 2), 1.0), torch.full((8, 2), 3))  # two heads agree
    assert balance_loss([collapsed]).item() == pytest.approx(EXPERTS)


def test_gradient_takes_from_an_expert_that_is_used_too_much() -> None:
    score = torch.zeros(8, EXPERTS, requires_grad=True)
    balance_loss([made(score.softmax(dim=1), torch.full((8, 1), 3))]).backward()
    assert (score.grad[:, 3] > 0).all()
    assert (score.grad[:, :3] < 0).all()


def test_z_is_the_mean_square_of_the_log_sum_over_valid_tokens() -> None:
    routing = sparse()
    values = [v for t in range(TOKENS) if routing.valid[t] for v in routing.log_sum[t].tolist()]
    expected = sum(v**2 for v in values) / len(values)
    assert z_loss([routing]).item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("loss", [balance_loss, z_loss])
@pytest.mark.parametrize("build", [dense, sparse])
def test_tokens_that_are_not_valid_do_not_count(loss, build) -> None:  # type: ignore[no-untyped-def]
    routing = build()
    before = loss([routing]).item()
    with torch.no_grad():
        routing.prob[9:] = 7.0
        routing.expert[9:] = 0
        routing.log_sum[9:] = 100.0
    assert loss([routing]).item() == pytest.approx(before)
    routing.valid[:] = False
    assert loss([routing]).item() == 0


@pytest.mark.parametrize("loss", [balance_loss, z_loss])
def test_layers_are_averaged(loss) -> None:  # type: ignore[no-untyped-def]
    one, other = dense(seed=1), dense(seed=2)
    expected = (loss([one]) + loss([other])) / 2
    torch.testing.assert_close(loss([one, other]), expected)


def test_each_kind_of_router_has_its_own_weight_and_parts_have_none() -> None:
    both = output(dense(), sparse())
    loss = routing_loss(both, balance=0.5, balance_fine=0.25, router_z=2.0)
    parts = {
        "balance": balance_loss([dense()]),
        "balance_fine": balance_loss([sparse()]),
        "router_z": z_loss([dense(), sparse()]),
    }
    assert {name: part.item() for name, part in loss.parts.items()} == pytest.approx(
        {name: part.item() for name, part in parts.items()}
    )
    assert not any(part.requires_grad for part in loss.parts.values())
    expected = 0.5 * parts["balance"] + 0.25 * parts["balance_fine"] + 2 * parts["router_z"]
    torch.testing.assert_close(loss.total, expected)


@pytest.mark.parametrize("said", [output(), output(dense(), sparse())])
def test_without_routers_or_without_weights_there_is_no_loss(said: Output) -> None:
    weights = {"balance": 0.1, "balance_fine": 0.1, "router_z": 0.1} if not said.routing else OFF
    loss = routing_loss(said, **weights)
    assert loss.total.item() == 0
    assert loss.parts == {}
