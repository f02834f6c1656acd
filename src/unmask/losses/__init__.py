"""Functions of (Output, Batch); one file is one idea."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What training minimises, and the parts of it that are logged."""

    total: Tensor
    """Scalar."""
    parts: Mapping[str, Tensor]
    """Scalars without gradient, by name."""

    def __add__(self, other: Loss) -> Loss:
        """The sum, with the parts of both."""
        return Loss(total=self.total + other.total, parts={**self.parts, **other.parts})
