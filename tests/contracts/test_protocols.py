"""What every file in ``protocols/`` owes: its outline, and variants that can be looked up."""

import importlib
import pkgutil
from types import ModuleType

import pytest

import unmask.protocols

HEADINGS = ("Train, dev, eval:", "Threshold:", "Source:", "Counts:")
MODULES = [
    importlib.import_module(f"unmask.protocols.{info.name}")
    for info in pkgutil.iter_modules(unmask.protocols.__path__)
]
each = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)


@each
def test_the_docstring_has_the_outline_in_order(module: ModuleType) -> None:
    text = module.__doc__ or ""
    assert "?" in text.split("\n\n")[0], "the first sentence is the question that is answered"
    places = [text.find(f"\n{heading} ") for heading in HEADINGS]
    assert -1 not in places
    assert places == sorted(places)


@each
def test_every_variant_has_a_name_that_can_be_asked_for(module: ModuleType) -> None:
    assert module.PROTOCOLS
    file = module.__name__.rpartition(".")[2]
    for variant, build in module.PROTOCOLS.items():
        assert f"{file}/{variant}" in unmask.protocols.names()
        assert "/" not in variant
        assert callable(build)
