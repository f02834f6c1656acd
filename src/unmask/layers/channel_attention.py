"""Efficient channel attention: neighbouring channels decide together how loud each of them is.

    y = x * sigmoid(Conv1d_k(mean over H and W of x))

Axes: B presentations, C channels, H W pixels or patches.

Paper: Wang et al., "ECA-Net: Efficient Channel Attention for Deep Convolutional Neural Networks",
CVPR 2020, section 3.2.
"""

import torch
from torch import Tensor, nn


class ChannelAttention(nn.Module):
    """``kernel_size`` neighbouring channels decide together."""

    def __init__(self, *, kernel_size: int = 3) -> None:
        super().__init__()
        self.mix = nn.Conv1d(1, 1, kernel_size, padding=kernel_size // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        mean = x.mean(dim=(2, 3))  # (B, C)
        scale = torch.sigmoid(self.mix(mean[:, None])[:, 0])  # (B, C)
        return x * scale[:, :, None, None]
