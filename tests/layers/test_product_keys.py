import pytest
import torch
from torch import Tensor

from unmask.layers.product_keys import ProductKeyRouter


def build(*, num_experts: int = 49, heads: int = 2, top_k: int = 3) -> ProductKeyRouter:
    torch.manual_seed(0)
    router = ProductKeyRouter(6, num_experts=num_experts, heads=heads, top_k=top_k, key_dim=5)
    torch.nn.init.normal_(router.keys)
    torch.nn.init.uniform_(router.norm.weight, 0.5, 1.5)
    return router.requires_grad_(requires_grad=False)


def brute_force(router: ProductKeyRouter, token: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Score every expert of every head by the sum of its two keys, then sort."""
    normal = token / (token.square().mean() + 1e-6).sqrt() * router.norm.weight
    query = (router.query.weight @ normal).reshape(router.heads, 2, -1)
    weights, experts, log_sums = [], [], []
    for (first, second), (a, b) in zip(query, router.keys, strict=True):
        left, right = (a @ first).tolist(), (b @ second).tolist()
        score = torch.tensor([one + other for one in left for other in right])
        best = score.argsort(descending=True)[: router.top_k]
        experts.append(best)
        weights.append(score[best].exp() / score[best].exp().sum())
        log_sums.append(score.exp().sum().log())
    return torch.cat(weights), torch.cat(experts), torch.stack(log_sums)


@pytest.mark.parametrize(
    ("num_experts", "heads", "top_k"), [(49, 2, 3), (4, 1, 2), (400, 2, 2), (10_000, 2, 4)]
)
def test_product_keys_find_the_best_of_all_experts(
    num_experts: int, heads: int, top_k: int
) -> None:
    router = build(num_experts=num_experts, heads=heads, top_k=top_k)
    x = torch.randn(12, 6)
    for token, weight, expert, log_sum in zip(x, *router(x), strict=True):
        expected_weight, expected_expert, expected_log_sum = brute_force(router, token)
        assert torch.equal(expert, expected_expert)
        torch.testing.assert_close(weight, expected_weight, rtol=0, atol=1e-5)
        torch.testing.assert_close(log_sum, expected_log_sum, rtol=0, atol=1e-4)


def test_one_head_never_chooses_an_expert_twice_and_its_weights_sum_to_one() -> None:
    weight, expert, _ = build(heads=3)(torch.randn(200, 6))
    torch.testing.assert_close(weight.reshape(200, 3, 3).sum(dim=-1), torch.ones(200, 3))
    for head in expert.reshape(200 * 3, 3).tolist():
        assert len(set(head)) == 3
    assert expert.min() >= 0
    assert expert.max() < 49


def test_length_of_the_input_does_not_matter() -> None:
    router = build()
    x = torch.randn(20, 6)
    near, far = router(x), router(100 * x)
    assert torch.equal(near[1], far[1])
    torch.testing.assert_close(near[0], far[0], rtol=0, atol=1e-4)


def test_weights_stay_float32_under_autocast() -> None:
    router = build()
    x = torch.randn(50, 6)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        weight, expert, log_sum = router(x)
    assert weight.dtype == log_sum.dtype == torch.float32
    assert torch.equal(weight, router(x)[0])
    assert torch.equal(expert, router(x)[1])
