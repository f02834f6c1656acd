"""Made once, and again whenever a weight is not what it was."""

import copy

import pytest
import torch
from torch import Tensor, nn

from unmask.layers.remembered import Remembered


class Doubled:
    """Remembers twice the weight, and counts how often that was made."""

    def __init__(self) -> None:
        self.layer = nn.Linear(2, 2, bias=False)
        self.made = 0
        self.memory: Remembered[Tensor] = Remembered()

    def make(self) -> Tensor:
        self.made += 1
        return 2 * self.layer.weight

    def get(self) -> Tensor:
        return self.memory.get(self.make, self.layer.parameters())


@torch.no_grad()
def test_it_is_made_once() -> None:
    doubled = Doubled()
    assert doubled.get() is doubled.get()
    assert doubled.made == 1


def trained(layer: nn.Linear) -> None:
    optimiser = torch.optim.AdamW(layer.parameters(), lr=0.1)
    with torch.enable_grad():
        layer(torch.ones(1, 2)).sum().backward()
    optimiser.step()


CHANGES = {
    "a step": trained,
    "loading": lambda layer: layer.load_state_dict({"weight": torch.ones(2, 2)}),
    "assigning": lambda layer: layer.load_state_dict({"weight": torch.ones(2, 2)}, assign=True),
    "another type": lambda layer: layer.double(),
}


@torch.no_grad()
@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_changed_weight_makes_it_anew(change) -> None:  # type: ignore[no-untyped-def]
    doubled = Doubled()
    doubled.get()
    change(doubled.layer)
    assert torch.equal(doubled.get(), 2 * doubled.layer.weight)
    assert doubled.made == 2


def test_with_gradient_nothing_is_remembered() -> None:
    doubled = Doubled()
    for _ in range(2):
        value = doubled.get()
        value.sum().backward()
    assert doubled.made == 2
    with torch.no_grad():
        assert not doubled.get().requires_grad


@torch.no_grad()
def test_a_copy_has_a_memory_of_its_own() -> None:
    doubled = Doubled()
    doubled.get()
    other = copy.deepcopy(doubled)
    other.layer.weight.add_(1)
    assert torch.equal(other.get(), 2 * other.layer.weight)
    assert torch.equal(doubled.get(), 2 * doubled.layer.weight)


def test_weights_made_in_inference_mode_are_never_remembered() -> None:
    remembered: Remembered[Tensor] = Remembered()
    with torch.inference_mode():
        weight = torch.ones(2)
        assert torch.equal(remembered.get(lambda: 2 * weight, [weight]), 2 * weight)
        weight.add_(1)
        assert torch.equal(remembered.get(lambda: 2 * weight, [weight]), 2 * weight)
