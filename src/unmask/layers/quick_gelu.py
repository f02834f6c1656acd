"""A cheap stand-in for GELU.

    quick_gelu(x) = x * sigmoid(1.702 x)

Without gradients it needs no memory but for its result: beside large MLPs, taking memory and giving
it back costs more than the arithmetic. (SiLU(1.702 x) / 1.702 is one kernel, but rounds twice where
it matters in bf16.)

Axes: any.

Paper: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016, section 2.
"""

from torch import Tensor, nn


def quick_gelu(x: Tensor) -> Tensor:
    """Elementwise, of any shape."""
    gate = 1.702 * x
    return x * gate.sigmoid() if gate.requires_grad else gate.sigmoid_().mul_(x)


class QuickGELU(nn.Module):
    """The same, where a module is wanted."""

    def forward(self, x: Tensor) -> Tensor:
        return quick_gelu(x)
