import math

import torch

from unmask.layers.channel_attention import ChannelAttention


def test_each_channel_is_scaled_by_the_mean_of_its_neighbours() -> None:
    torch.manual_seed(0)
    layer = ChannelAttention(kernel_size=3)
    a, b, c = layer.mix.weight.flatten().tolist()
    x = torch.randn(2, 5, 4, 3)
    y = layer(x)
    for n in range(2):
        mean = [0.0, *(x[n, channel].mean().item() for channel in range(5)), 0.0]
        for channel in range(5):
            left, middle, right = mean[channel : channel + 3]
            scale = 1 / (1 + math.exp(-(a * left + b * middle + c * right)))
            torch.testing.assert_close(y[n, channel], scale * x[n, channel], rtol=1e-5, atol=1e-6)


def test_a_presentation_does_not_depend_on_its_companions() -> None:
    layer = ChannelAttention()
    x = torch.randn(3, 8, 4, 4)
    torch.testing.assert_close(layer(x)[1:2], layer(x[1:2]))
