import math

import torch

from unmask.layers.quick_gelu import quick_gelu


def test_values_follow_the_formula_and_zero_stays_zero() -> None:
    x = torch.tensor([-3.0, -0.5, 0.0, 0.5, 3.0])
    expected = [v / (1 + math.exp(-1.702 * v)) for v in x.tolist()]
    torch.testing.assert_close(quick_gelu(x), torch.tensor(expected))
    assert quick_gelu(x)[2] == 0


def test_it_stays_close_to_gelu() -> None:
    x = torch.linspace(-6, 6, 1001)
    assert (quick_gelu(x) - torch.nn.functional.gelu(x)).abs().max() < 0.021
