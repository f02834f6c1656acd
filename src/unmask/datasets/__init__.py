"""What is on disk: one file per data set, each with ``MODALITIES`` and ``index(root)``."""

import pkgutil


def names() -> list[str]:
    """The data sets that can be read, by file name."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))
