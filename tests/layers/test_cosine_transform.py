import math

import numpy as np
import pytest
import torch
from scipy import fft
from torch import Tensor

from unmask.layers.cosine_transform import CosineTransform


def loop(x: Tensor) -> Tensor:
    """The definition: every frequency of one map, a sum over its places."""
    size = x.shape[0]
    y = torch.zeros_like(x)
    for p in range(size):
        for q in range(size):
            for row in range(size):
                for column in range(size):
                    down = math.cos(math.pi * p * (2 * row + 1) / (2 * size))
                    across = math.cos(math.pi * q * (2 * column + 1) / (2 * size))
                    y[p, q] += x[row, column] * down * across
            y[p, q] *= math.sqrt((2 if p else 1) / size) * math.sqrt((2 if q else 1) / size)
    return y


def test_frequencies_equal_the_loop() -> None:
    torch.manual_seed(0)
    x = torch.randn(5, 5, dtype=torch.float64)
    y = CosineTransform(5).double()(x)
    torch.testing.assert_close(y, loop(x), rtol=0, atol=1e-6)


@pytest.mark.parametrize("grid", [1, 2, 7, 14])
def test_frequencies_equal_those_of_scipy_map_by_map(grid: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 3, grid, grid)
    expected = fft.dctn(x.numpy(), type=2, axes=(2, 3), norm="ortho")
    np.testing.assert_allclose(CosineTransform(grid)(x).numpy(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("grid", [1, 7, 14])
def test_the_way_back_gives_the_map_again_and_lengths_stay(grid: int) -> None:
    torch.manual_seed(0)
    transform, x = CosineTransform(grid), torch.randn(2, 3, grid, grid)
    y = transform(x)
    torch.testing.assert_close(transform.inverse(y), x, rtol=0, atol=1e-5)
    torch.testing.assert_close(y.norm(dim=(2, 3)), x.norm(dim=(2, 3)), rtol=0, atol=1e-5)


def test_an_even_map_has_the_lowest_frequency_alone() -> None:
    y = CosineTransform(7)(torch.full((7, 7), 3.0))
    torch.testing.assert_close(y[0, 0], torch.tensor(21.0))
    assert y.flatten()[1:].abs().max() < 1e-5


def test_rows_and_columns_are_not_exchanged() -> None:
    stripes = torch.tensor([1.0, -1.0, 1.0, -1.0])[:, None].expand(4, 4)  # change downwards
    y = CosineTransform(4)(stripes)
    assert y[:, 1:].abs().max() < 1e-6
    assert y[3, 0].abs() > 1


def test_nothing_of_it_is_stored_with_a_model() -> None:
    assert CosineTransform(4).state_dict() == {}
