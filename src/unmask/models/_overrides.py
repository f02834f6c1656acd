"""Values for the fields of a Config, as Python or YAML gives them."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints

from unmask.errors import ConfigError


def checked(config: type, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The same values in the types that ``config`` declares; a wrong key or type is refused."""
    hints = get_type_hints(config)
    names = [field.name for field in dataclasses.fields(config)]
    for key in overrides:
        if key not in names:
            raise ConfigError(f"the model has no setting {key!r}; it has: {nearest(key, names)}")
    return {key: _convert(key, hints[key], value) for key, value in overrides.items()}


def nearest(given: str, names: Iterable[str]) -> str:
    """What exists, and which of it was probably meant."""
    names = list(names)
    close = difflib.get_close_matches(given, names, n=1)
    return ", ".join(names) + (f" (did you mean {close[0]!r}?)" if close else "")


def _convert(key: str, hint: Any, value: Any) -> Any:
    if get_origin(hint) is tuple and isinstance(value, list | tuple):
        return tuple(_convert(key, get_args(hint)[0], item) for item in value)
    if get_origin(hint) is Literal and value in get_args(hint):
        return value
    if isinstance(hint, type) and issubclass(hint, Enum) and value in list(hint):
        return hint(value)
    if hint is float and type(value) is int:
        return float(value)
    if isinstance(hint, type) and type(value) is hint:  # bool is an int, but not meant as one
        return value
    raise ConfigError(f"{key} is {value!r}; it must be {_describe(hint)}")


def _describe(hint: Any) -> str:
    if get_origin(hint) is tuple:
        return f"a list, each item {_describe(get_args(hint)[0])}"
    if get_origin(hint) is Literal:
        return "one of: " + ", ".join(map(repr, get_args(hint)))
    if issubclass(hint, Enum):
        return "one of: " + ", ".join(str(member) for member in hint)
    return {int: "a whole number", float: "a number", bool: "true or false"}[hint]
