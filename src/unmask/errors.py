"""What a user can do wrong; the command line turns each into one line and exit code 2."""

import importlib
from types import ModuleType


class UnmaskError(Exception):
    """A mistake that the user can mend: what was given, what is allowed, what to do."""


class ConfigError(UnmaskError, ValueError):
    """A name or value that we do not accept."""


class DatasetError(UnmaskError, ValueError):
    """Files that do not match what is expected of them."""


class CheckpointError(UnmaskError, ValueError):
    """A checkpoint that is damaged, or belongs to another model."""


class OutputError(UnmaskError, OSError):
    """A place that cannot be written to."""


class MissingExtraError(UnmaskError, ImportError):
    """An optional package that is not installed."""


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional dependency, or say which extra installs it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{module} is not installed; it comes with: pip install 'unmask[{extra}]'"
        ) from error
