import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.errors import ConfigError
from unmask.layers.quick_gelu import quick_gelu
from unmask.layers.transformer import Attention, Block, Blocks, TransformerConfig, look_up

SMALL = {"dim": 8, "depth": 3, "heads": 2}


def blocks(**settings: object) -> Blocks:
    torch.manual_seed(0)
    return Blocks(TransformerConfig(**(SMALL | settings)))


def tokens() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(2, 5, 8)


def test_attention_equals_the_loop() -> None:
    torch.manual_seed(0)
    layer = Attention(8, heads=2)
    x = torch.randn(1, 5, 8)
    mask = torch.tensor([True, True, False, True, False])
    joined = torch.zeros(5, 8)
    q, k, v = layer.qkv(x[0]).detach().split(8, dim=-1)  # (S, D) each
    for head in (slice(0, 4), slice(4, 8)):
        for token in range(5):
            score = [math.exp(q[token, head] @ k[s, head] / 2) if mask[s] else 0 for s in range(5)]
            for s in range(5):
                joined[token, head] += score[s] / sum(score) * v[s, head]
    expected = layer.out(joined)
    torch.testing.assert_close(layer(x, mask[None, None, None])[0], expected, rtol=0, atol=1e-5)


def test_block_is_its_two_halves() -> None:
    torch.manual_seed(0)
    block = Block(8, heads=2, mlp_ratio=4)
    x = torch.randn(2, 5, 8)
    middle = x + block.attention(block.norm1(x), None)
    assert torch.equal(block.attend(x, None), middle)
    assert torch.equal(block(x, None), middle + block.mlp(block.norm2(middle)))


def test_activation_and_epsilon_are_those_of_the_config() -> None:
    torch.manual_seed(0)
    block = Block(8, heads=2, mlp_ratio=4, activation="quick_gelu", norm_eps=0.5)
    x = tokens()
    y = x - x.mean(dim=-1, keepdim=True)
    y = y / (y.square().mean(dim=-1, keepdim=True) + 0.5).sqrt()
    expected = x + block.mlp[2](quick_gelu(block.mlp[0](y)))
    torch.testing.assert_close(block.think(x), expected, rtol=0, atol=1e-6)


def test_blocks_take_the_steps_they_are_given_and_keep_what_is_asked() -> None:
    stack, x = blocks(), tokens()
    y, kept = stack(
        x,
        enter=lambda i, x: x + i,
        beside=lambda i, x: -i * x,
        keep=[0, 2],
    )
    for i, block in enumerate(stack.each()):
        middle = block.attend(x + i, None)
        x = block.think(middle) - i * middle
        if i in (0, 2):
            assert torch.equal(kept[i], x)
    assert torch.equal(y, x)
    assert list(kept) == [0, 2]


def test_a_step_may_change_how_many_tokens_there_are() -> None:
    y, kept = blocks()(tokens(), enter=lambda i, x: x[:, : 5 - i], keep=[0, 1])
    assert (kept[0].shape[1], kept[1].shape[1], y.shape[1]) == (5, 4, 3)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("dtype", [None, torch.bfloat16])
def test_recomputing_changes_no_output_and_no_gradient(
    dtype: torch.dtype | None, *, frozen: bool
) -> None:
    results = []
    for recompute in (False, True):
        stack = blocks(recompute=recompute).train().requires_grad_(not frozen)
        x = tokens().requires_grad_()
        with torch.autocast("cpu", dtype=dtype or torch.bfloat16, enabled=dtype is not None):
            y, _ = stack(x)
        y.float().square().sum().backward()
        grads = [p.grad for p in stack.parameters() if p.grad is not None]
        results.append([y.detach(), x.grad, *grads])
    assert len(results[0]) == (2 if frozen else 2 + 3 * 12)
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


def test_recomputing_happens_in_training_alone() -> None:
    stack, calls = blocks(recompute=True).train(), []
    stack[0].mlp[0].register_forward_hook(lambda *_: calls.append("forward"))
    y, _ = stack(tokens().requires_grad_())
    y.sum().backward()
    assert len(calls) == 2, "once forward, once more backward"
    with torch.no_grad():
        stack(tokens())
    y, _ = stack.eval()(tokens().requires_grad_())
    y.sum().backward()
    assert len(calls) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"heads": 3}, "dim is 8; it must be a multiple of heads, which is 3"),
        ({"mlp_ratio": 0}, "mlp_ratio is 0; it must be at least 1"),
        ({"norm_eps": 0.0}, "norm_eps is 0.0; it must be above 0"),
    ],
)
def test_impossible_sizes_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        TransformerConfig(**(SMALL | wrong))


def test_attention_in_bf16_and_its_gradients_are_those_of_float32() -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 4, 29, 16).bfloat16().unbind()
    mask = torch.rand(2, 1, 1, 29) < 0.5
    mask[..., 0] = True
    for shown in (None, mask):
        exact = [t.float().requires_grad_() for t in (q, k, v)]
        rough = [t.clone().requires_grad_() for t in (q, k, v)]
        right = F.scaled_dot_product_attention(*exact, attn_mask=shown)
        found = look_up(*rough, shown)
        torch.testing.assert_close(found.float(), right, atol=0.03, rtol=0.02)
        right.square().sum().backward()
        found.float().square().sum().backward()
        for one, other in zip(rough, exact, strict=True):
            torch.testing.assert_close(one.grad.float(), other.grad, atol=0.15, rtol=0.03)
