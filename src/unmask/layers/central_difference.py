"""Convolution that mixes intensity with the difference to the centre pixel.

    y = W * x - theta (sum of W over its window) *1x1 x

Both terms are linear in x, so they fold into one 3x3 kernel whose centre is lowered by theta times
the sum of W. theta = 0 is a plain convolution; theta = 1 sees differences alone and ignores any
constant added to x (away from the border, which is padded with zeros).

Axes: B presentations, I channels in, O channels out, H W pixels or patches.

Paper: Yu et al., "Searching Central Difference Convolutional Networks for Face Anti-Spoofing",
CVPR 2020, equation 4.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class CentralDifferenceConv2d(nn.Conv2d):
    """3x3, stride 1, same size, no bias."""

    def __init__(self, in_channels: int, out_channels: int, *, theta: float) -> None:
        super().__init__(in_channels, out_channels, kernel_size=3, padding=1, bias=False)
        self.theta = theta

    def forward(self, x: Tensor) -> Tensor:
        """(B, I, H, W) -> (B, O, H, W)."""
        window = self.weight.sum(dim=(2, 3), keepdim=True)  # (O, I, 1, 1)
        kernel = self.weight - self.theta * F.pad(window, (1, 1, 1, 1))  # (O, I, 3, 3)
        return F.conv2d(x, kernel, padding=1)
