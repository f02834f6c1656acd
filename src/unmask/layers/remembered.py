"""A value that weights alone decide, made once and again only when one of them has changed.

    value(w) = f(w) as long as w is what it was

For use in evaluation without gradient. Whatever changes a weight where it lies (a step of training,
``load_state_dict``), puts another in its place or moves it makes the value stale. A compiled or
exported graph remembers nothing: it makes the value each time, or folds it by itself. Neither does
a model that was built in inference mode. What is written through ``weight.data`` is not noticed.

Axes: any.

Paper: none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


class Remembered(Generic[T]):
    """One value, beside what its weights were like when it was made."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._state: list[object] = []

    def get(self, make: Callable[[], T], weights: Iterable[Tensor]) -> T:
        """The value of these weights; ``make`` must use nothing else that changes."""
        if torch.is_grad_enabled() or torch.compiler.is_compiling():
            self._value = None
            return make()
        weights = list(weights)
        if any(w.is_inference() for w in weights):  # nobody counts what changes those
            return make()
        state: list[object] = [(id(w), w._version, w.device, w.dtype) for w in weights]
        if self._value is None or state != self._state:
            self._value, self._state = make(), state
        return self._value
