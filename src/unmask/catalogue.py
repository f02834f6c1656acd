"""What there is: models, data sets, protocols, backbones, read from the files that define them."""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass
from types import ModuleType

from unmask.weights.sources import SHIPPED, shipped

FAMILIES = {"models": "VARIANTS", "protocols": "PROTOCOLS", "datasets": ""}
"""Per kind, the name of the dictionary that lists the variants of one file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of models/, datasets/ or protocols/."""

    name: str
    variants: tuple[str, ...]
    headline: str
    """First sentence of the file."""
    module: ModuleType


def entries(kind: str) -> list[Entry]:
    """Every file of one kind, in the order of the names."""
    package = importlib.import_module(f"unmask.{kind}")
    found = []
    for info in pkgutil.iter_modules(package.__path__):
        if info.name.startswith("_"):
            continue
        module = importlib.import_module(f"unmask.{kind}.{info.name}")
        if kind == "datasets" and not hasattr(module, "index"):
            continue  # what several data sets use
        variants = tuple(getattr(module, FAMILIES[kind], {}))
        headline = " ".join((module.__doc__ or "").split("\n\n")[0].split())
        entry = Entry(name=info.name, variants=variants, headline=headline, module=module)
        found.append(entry)
    return found


def listing(kind: str) -> str:
    """A readable list: each name as it is typed, and what it is."""
    lines = []
    for entry in entries(kind):
        names = [f"{entry.name}/{variant}" for variant in entry.variants] or [entry.name]
        lines += [entry.headline, *(f"  {name}" for name in names), ""]
    return "\n".join(lines)


def backbones() -> str:
    """A readable list of the backbones that ship, out of their cards."""
    told = []
    for name, card in shipped().items():
        data = card["data"]
        of = ", ".join(data["datasets"])
        told += [
            f"{SHIPPED}{name}",
            f"  method {card['method']}, {card['steps']} steps, seed {card['seed']}, on "
            f"{data['rows']} presentations of {data['subjects']} people ({of})",
            f"  {card['command']}",
            f"  SHA-256 {card['weights_sha256']}",
            f"  licence: {card['licence']}",
            f"  {card['limits']}",
            "",
        ]
    return "\n".join(told)
