import pytest
import torch
from torch import Tensor, nn

from unmask.layers.central_difference import CentralDifferenceConv2d


def loop(x: Tensor, weight: Tensor, theta: float) -> Tensor:
    """The definition: per output pixel, a sum over the window of values less theta x the centre."""
    outputs, inputs = weight.shape[:2]
    height, width = x.shape[2:]
    y = torch.zeros(x.shape[0], outputs, height, width, dtype=x.dtype)
    for b, o, i in torch.cartesian_prod(*map(torch.arange, (x.shape[0], outputs, inputs))):
        for row in range(height):
            for column in range(width):
                for p in range(3):
                    for q in range(3):
                        r, c = row + p - 1, column + q - 1
                        inside = 0 <= r < height and 0 <= c < width
                        value = x[b, i, r, c] if inside else 0.0
                        difference = value - theta * x[b, i, row, column]
                        y[b, o, row, column] += weight[o, i, p, q] * difference
    return y


@pytest.mark.parametrize("theta", [0.0, 0.7, 1.0])
def test_folded_kernel_equals_the_loop(theta: float) -> None:
    torch.manual_seed(0)
    layer = CentralDifferenceConv2d(2, 3, theta=theta).double()
    x = torch.randn(2, 2, 4, 5, dtype=torch.float64)
    expected = loop(x, layer.weight.detach(), theta)
    torch.testing.assert_close(layer(x).detach(), expected, rtol=0, atol=1e-12)


def test_theta_zero_is_a_plain_convolution() -> None:
    torch.manual_seed(0)
    layer = CentralDifferenceConv2d(4, 4, theta=0.0)
    plain = nn.Conv2d(4, 4, 3, padding=1, bias=False)
    plain.load_state_dict(layer.state_dict())
    x = torch.randn(1, 4, 6, 6)
    assert torch.equal(layer(x), plain(x))


def test_theta_one_ignores_brightness_inside_the_border() -> None:
    torch.manual_seed(0)
    layer = CentralDifferenceConv2d(3, 5, theta=1.0)
    x = torch.randn(1, 3, 8, 8)
    dark, bright = layer(x), layer(x + 10.0)
    torch.testing.assert_close(dark[..., 1:-1, 1:-1], bright[..., 1:-1, 1:-1], rtol=0, atol=1e-4)
    assert (dark - bright)[..., 0, :].abs().max() > 0.1, "beyond the border there are zeros"


def test_rows_and_columns_are_not_exchanged() -> None:
    layer = CentralDifferenceConv2d(1, 1, theta=0.7)
    x = torch.zeros(1, 1, 14, 14)
    x[0, 0, 2, 9] = 1.0
    touched = layer(x)[0, 0].nonzero()
    assert touched.double().mean(dim=0).tolist() == [2.0, 9.0]
