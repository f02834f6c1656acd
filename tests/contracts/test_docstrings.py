"""Models, layers and losses keep to the outline of their kind, and their numbers are true."""

import ast
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import unmask
from unmask.models import create_model, families, variants

OUTLINE = {
    "models": ("Axes:", "Paper:", "Differs:", "Cost:"),
    "layers": ("Axes:", "Paper:"),
    "losses": ("Axes:", "Paper:"),
}
COST = re.compile(r"^    (\w+): ([\d,]+) parameters, ([\d.]+) GFLOPs$", re.MULTILINE)


def documented(kinds: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    root = Path(unmask.__path__[0])
    for kind in kinds:
        for module in pkgutil.iter_modules([str(root / kind)]):
            if not module.name.startswith("_"):
                source = (root / kind / f"{module.name}.py").read_text(encoding="utf-8")
                yield kind, module.name, ast.get_docstring(ast.parse(source)) or ""


@pytest.mark.parametrize(("kind", "name", "text"), documented(tuple(OUTLINE)))
def test_docstring_has_the_outline_of_its_kind_in_order(kind: str, name: str, text: str) -> None:
    first, _, rest = text.partition("\n\n")
    assert re.fullmatch(r"[^.]+(\.\d[^.]*)*\.", first), f"{name}: begins with one sentence"
    places = [rest.find(f"\n{heading} ") for heading in OUTLINE[kind]]
    assert -1 not in places, f"{kind}/{name}.py lacks one of {OUTLINE[kind]}"
    assert places == sorted(places)


@pytest.mark.parametrize(("kind", "name", "text"), documented(("layers", "losses")))
def test_formula_stands_before_the_axes(kind: str, name: str, text: str) -> None:
    assert name == "presence" or "\n    " in text.partition("Axes:")[0]


@pytest.mark.parametrize(("kind", "name", "text"), documented(("models",)))
def test_cost_names_every_variant(kind: str, name: str, text: str) -> None:
    assert [variant for variant, _, _ in COST.findall(text)] == list(variants(name))


def costs() -> Iterator[tuple[str, str, str]]:
    for _, name, text in documented(("models",)):
        for variant, parameters, gflops in COST.findall(text):
            yield f"{name}/{variant}", parameters, gflops


@pytest.mark.parametrize(("name", "parameters", "gflops"), costs())
def test_cost_is_true(name: str, parameters: str, gflops: str) -> None:
    with FakeTensorMode():  # shapes alone: nothing is computed
        model = create_model(name, absent="mask").eval()
        count, size = len(model.config.modalities), model.config.image_size
        inputs = torch.empty(1, count, 3, size, size), torch.ones(1, count, dtype=torch.bool)
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as flops:
            model(*inputs)
    assert parameters == f"{sum(p.numel() for p in model.parameters()):,}"
    decimals = len(gflops.partition(".")[2])
    assert gflops == f"{flops.get_total_flops() / 1e9:.{decimals}f}"


def test_every_family_was_looked_at() -> None:
    assert {name.split("/")[0] for name, _, _ in costs()} == set(families())
