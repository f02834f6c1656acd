"""A cheap stand-in for GELU.

    quick_gelu(x) = x * sigmoid(1.702 x) = SiLU(1.702 x) / 1.702

The second form is one kernel with a backward pass of its own, which keeps one tensor of the size of
x where the first keeps two; without gradients it needs no memory but for its result.

Axes: any.

Paper: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016, section 2.
"""

import torch.nn.functional as F
from torch import Tensor, nn

STEEP = 1.702


def quick_gelu(x: Tensor) -> Tensor:
    """Elementwise, of any shape."""
    steep = STEEP * x
    return F.silu(steep, inplace=not steep.requires_grad).div_(STEEP)


class QuickGELU(nn.Module):
    """The same, where a module is wanted."""

    def forward(self, x: Tensor) -> Tensor:
        return quick_gelu(x)
