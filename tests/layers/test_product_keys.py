import pytest
import torch
from torch import Tensor

from unmask.layers.product_keys import ProductKeyRouter


def router(*, num_experts: int = 49, heads: int = 2, top_k: int = 3) -> ProductKeyRouter:
    torch.manual_seed(0)
    made = ProductKeyRouter(6, num_experts=num_experts, heads=heads, top_k=top_k, key_dim=5)
    torch.nn.init.normal_(made.keys)
    torch.nn.init.uniform_(made.norm.weight, 0.5, 1.5)
    return made.double().requires_grad_(requires_grad=False)


def brute_force(router: ProductKeyRouter, x: Tensor) -> tuple[Tensor, Tensor]:
    """Score every expert of every head by the sum of its two keys, then sort."""
    weights, experts = [], []
    for token in x:
        normal = token / (token.square().mean() + 1e-6).sqrt() * router.norm.weight
        query = (router.query.weight @ normal).reshape(router.heads, 2, -1)
        weight, expert = [], []
        for head in range(router.heads):
            score = torch.stack(
                [
                    query[head, 0] @ router.keys[head, 0, i] + query[head, 1] @ router.keys[head, 1, j]
                    for i in range(router.side)
                    for j in range(router.side)
                ]
            )
            best = score.argsort(descending=True)[: router.top_k]
            expert.append(best)
            weight.append(score[best].exp() / score[best].exp().sum())
        weights.append(torch.cat(weight))
        experts.append(torch.cat(expert))
    return torch.stack(weights), torch.stack(experts)


@pytest.fixture(autouse=True)
def float64_router(monkeypatch: pytest.MonkeyPatch) -> None:
    """The router computes in float32; against the loop it may keep float64."""
    monkeypatch.setattr(Tensor, "float", lambda self: self)


@pytest.mark.parametrize(("num_experts", "heads", "top_k"), [(49, 2, 3), (4, 1, 2), (1600, 2, 2)])
def test_product_keys_find_the_best_of_all_experts(
    num_experts: int, heads: int, top_k: int
) -> None:
    made = router(num_experts=num_experts, heads=heads, top_k=top_k)
    x = torch.randn(12, 6, dtype=torch.float64)
    weight, expert = made(x)
    expected_weight, expected_expert = brute_force(made, x)
    assert torch.equal(expert, expected_expert)
    torch.testing.assert_close(weight, expected_weight, rtol=0, atol=1e-9)
