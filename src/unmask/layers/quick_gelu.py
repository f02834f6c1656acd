"""A cheap stand-in for GELU.

    quick_gelu(x) = x * sigmoid(1.702 x)

Axes: any.

Paper: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016, section 2.
"""

import torch
from torch import Tensor, nn


def quick_gelu(x: Tensor) -> Tensor:
    """Elementwise, of any shape."""
    return x * torch.sigmoid(1.702 * x)


class QuickGELU(nn.Module):
    """The same, where a module is wanted."""

    def forward(self, x: Tensor) -> Tensor:
        return quick_gelu(x)
