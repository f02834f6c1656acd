"""How far a guess of hidden patches is from what they hold, each patch at its own contrast.

    L = mean over hidden patches of  mean over C of (guess - (x - mean(x)) / sd(x))^2

Axes: B pictures, P patches, C numbers of a patch.

Paper: He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022, section 3.
"""

from __future__ import annotations

from torch import Tensor

EPSILON = 1e-6
"""Added to the variance of a patch; pixels run from -1 to 1."""


def reconstruction_error(guess: Tensor, patches: Tensor, hidden: Tensor) -> Tensor:
    """(B, P, C), (B, P, C) and (B, P) bool -> scalar; patches that were shown do not count."""
    mean, deviation = contrast(patches)
    error = (guess.float() - (patches - mean) / deviation).square().mean(dim=-1)  # (B, P)
    weight = hidden.to(error.dtype)
    return (error * weight).sum() / weight.sum()


def contrast(patches: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each patch: (B, P, C) -> (B, P, 1) twice."""
    deviation = (patches.var(dim=-1, keepdim=True) + EPSILON).sqrt()
    return patches.mean(dim=-1, keepdim=True), deviation
