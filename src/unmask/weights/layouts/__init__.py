"""One file is one layout: the names that a library gives to the tensors of a backbone."""

import importlib
import pkgutil

from unmask.weights.layouts._tables import Layout


def layouts() -> list[Layout]:
    """Every layout that exists."""
    names = sorted(f.name for f in pkgutil.iter_modules(__path__) if not f.name.startswith("_"))
    return [importlib.import_module(f"{__name__}.{name}").LAYOUT for name in names]
