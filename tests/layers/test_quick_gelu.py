"""QuickGELU: the formula and its slope, in any precision, and an input that stays as it was."""

import pytest
import torch

from unmask.layers.quick_gelu import quick_gelu


@pytest.mark.parametrize(("dtype", "atol"), [(torch.float64, 1e-12), (torch.bfloat16, 0.02)])
@pytest.mark.parametrize("learns", [True, False])
def test_value_and_slope_are_those_of_the_formula(
    dtype: torch.dtype, atol: float, *, learns: bool
) -> None:
    x = torch.linspace(-6, 6, 301, dtype=torch.float64).to(dtype)
    given = x.clone().requires_grad_(learns)
    exact = x.double().requires_grad_()
    expected = exact * torch.sigmoid(1.702 * exact)
    answer = quick_gelu(given)
    assert answer.dtype == dtype
    torch.testing.assert_close(answer.double(), expected, rtol=0.01 * (atol > 1e-6), atol=atol)
    assert torch.equal(given.detach(), x)
    if learns:
        answer.double().sum().backward()
        expected.sum().backward()
        torch.testing.assert_close(given.grad.double(), exact.grad, rtol=0, atol=atol)


def test_a_map_before_it_learns_as_by_the_formula() -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(7, 5), torch.randn(3, 5, requires_grad=True)
    quick_gelu(x @ weight.T).square().sum().backward()
    learned, weight.grad = weight.grad, None
    y = x @ weight.T
    (y * torch.sigmoid(1.702 * y)).square().sum().backward()
    torch.testing.assert_close(learned, weight.grad)
