import pytest
import torch
from torch import Tensor, nn

from unmask.layers.convolutional_adapter import ConvolutionalAdapter

GRID, DIM, DOWN = 3, 6, 4
OWN = 1 + GRID**2


def build(*, stirred: bool = True, dropout: float = 0.0) -> ConvolutionalAdapter:
    torch.manual_seed(0)
    adapter = ConvolutionalAdapter(DIM, down_dim=DOWN, grid=GRID, dropout=dropout)
    if stirred:
        with torch.no_grad():
            for parameter in adapter.parameters():
                parameter += 0.5 * torch.randn_like(parameter)
    return adapter.requires_grad_(requires_grad=False)


def tokens(*, prompts: int = 0) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(2, OWN + prompts, DIM)


def gated(x: Tensor) -> Tensor:
    """QuickGELU, as its paper has it."""
    return x / (1 + torch.exp(-1.702 * x))


def naive(adapter: ConvolutionalAdapter, x: Tensor) -> Tensor:
    """One picture (1 + P, D): each patch looks at the up to nine around it."""
    narrow = gated(x @ adapter.down.weight.T + adapter.down.bias)
    seen = torch.empty(OWN, DOWN)
    kernel, bias = adapter.conv.weight, adapter.conv.bias
    seen[0] = kernel[:, :, 1, 1] @ narrow[0] + bias  # the class token is alone
    for row in range(GRID):
        for column in range(GRID):
            total = bias.clone()
            for i in (-1, 0, 1):
                for j in (-1, 0, 1):
                    if 0 <= row + i < GRID and 0 <= column + j < GRID:
                        patch = narrow[1 + (row + i) * GRID + column + j]
                        total += kernel[:, :, 1 + i, 1 + j] @ patch
            seen[1 + row * GRID + column] = total
    return gated(seen) @ adapter.up.weight.T + adapter.up.bias


def test_it_is_its_formula_written_as_a_loop() -> None:
    adapter, x = build(), tokens()
    expected = torch.stack([naive(adapter, picture) for picture in x])
    torch.testing.assert_close(adapter(x), expected, rtol=0, atol=1e-5)


def test_nothing_is_added_at_first_and_the_convolution_is_the_identity() -> None:
    adapter, x = build(stirred=False), tokens()
    assert not adapter(x).any()
    maps = torch.randn(1, DOWN, GRID, GRID)
    torch.testing.assert_close(adapter.conv(maps), maps)


def test_class_token_and_patches_do_not_see_each_other() -> None:
    adapter, x = build(), tokens()
    before = adapter(x)
    x[:, 0] += 1.0
    after = adapter(x)
    assert not torch.equal(after[:, 0], before[:, 0])
    assert torch.equal(after[:, 1:], before[:, 1:])


def test_a_patch_reaches_its_neighbours_alone() -> None:
    adapter, x = build(), tokens()
    before = adapter(x)
    x[:, 1] += 1.0  # the upper left patch
    changed = (adapter(x) != before).any(dim=2)[0].nonzero().flatten().tolist()
    assert changed == [1, 2, 1 + GRID, 2 + GRID]


@pytest.mark.parametrize("prompts", [1, 5])
def test_prompts_neither_change_nor_get_anything(prompts: int) -> None:
    adapter, x = build(), tokens(prompts=prompts)
    added = adapter(x)
    assert added.shape == x.shape
    assert not added[:, OWN:].any()
    torch.testing.assert_close(added[:, :OWN], adapter(x[:, :OWN]))
    assert added[:, :OWN].any()


def test_dropout_is_of_what_is_narrow_and_in_training_alone() -> None:
    adapter, x = build(dropout=1.0), tokens()
    assert not torch.equal(adapter.eval()(x), adapter.up.bias.expand_as(x))
    assert torch.equal(adapter.train()(x), adapter.up.bias.expand_as(x))


def test_every_weight_learns_once_the_widening_is_not_zero() -> None:
    adapter = build(stirred=False).requires_grad_()
    nn.init.normal_(adapter.up.weight)
    adapter(tokens()).square().sum().backward()
    assert all(p.grad.any() for p in adapter.parameters())
