"""Settings from words and YAML files, and back.

One parser serves the command line and ``load``; it is made from the fields of the dataclass.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import re
from argparse import SUPPRESS, ArgumentError
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

import yaml

from unmask.errors import ConfigError
from unmask.types import Modality

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace

C = TypeVar("C")

_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "a text",
    "NoneType": "nothing",
}
"""Types in words."""


def load(config_class: type[C], path: Path) -> C:
    """Read a YAML file of the settings of one verb, with the parser of the command line."""
    return parse(config_class, ["--config", str(path)])


def parse(config_class: type[C], words: Sequence[str], *, positional: str = "") -> C:
    """Command-line words (YAML first, then flags, in their order) to a config object.

    Raises:
        ConfigError: an unknown key, a missing one, or a value of the wrong kind.
    """
    parser = parser_of(config_class, positional=positional)
    return _made(config_class, parser, lambda: parser.parse_args(list(words)))


def changed(config: C, changes: Mapping[str, Any]) -> C:
    """The settings with some replaced, by dotted name; checked as the command line checks them.

    Raises:
        ConfigError: an unknown key, or a value of the wrong kind.
    """
    tree = to_plain(config)
    for name, value in changes.items():
        _put(tree, name.split("."), value)
    parser = parser_of(type(config))
    return _made(type(config), parser, lambda: parser.parse_object(tree))


def parser_of(config_class: type, *, positional: str = "") -> ArgumentParser:
    """The parser of one verb; ``positional`` names the field that needs no flag."""
    from jsonargparse import ActionConfigFile, ArgumentParser, set_parsing_settings
    from jsonargparse.typing import register_type

    set_parsing_settings(docstring_parse_attribute_docstrings=True)
    register_type(Modality, serializer=str, deserializer=_modality, fail_already_registered=False)
    parser = ArgumentParser(exit_on_error=False)
    parser.add_argument("--config", action=ActionConfigFile, help="YAML file with these settings.")
    if positional:
        kind = get_type_hints(config_class)[positional]
        if get_origin(kind) is tuple:
            parser.add_argument(positional, nargs="*", type=get_args(kind)[0], default=SUPPRESS)
        else:
            parser.add_argument(positional, nargs="?", type=kind, default=SUPPRESS)
    parser.add_class_arguments(config_class, as_group=False, skip={positional} - {""})
    return parser


def _made(config_class: type[C], parser: ArgumentParser, read: Callable[[], Namespace]) -> C:
    """The config object of what ``read`` reads with the parser, or what is wrong with it."""
    try:
        values: Namespace = parser.instantiate(read())
    except ArgumentError as error:
        raise ConfigError(_plain_words(str(error), config_class)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"the settings file is no UTF-8 text: {error}; save it as such"
        ) from error
    given = {f.name: values[f.name] for f in dataclasses.fields(config_class) if f.name in values}  # type: ignore[arg-type]
    return config_class(**{n: tuple(v) if isinstance(v, list) else v for n, v in given.items()})


def _put(tree: dict[str, Any], path: list[str], value: Any) -> None:
    """Set what lies under ``path``; a group of settings keeps those that are not named."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            _put(tree, [*path, str(name)], item)
        return
    *groups, last = path
    for group in groups:
        tree = tree.setdefault(group, {})
        if not isinstance(tree, dict):
            raise ConfigError(f"no setting {'.'.join(path)!r}; {group!r} is no group of settings")
    if isinstance(tree.get(last), dict):
        raise ConfigError(f"{'.'.join(path)} is {value!r}; it is a group: name what is in it")
    tree[last] = to_plain(value)


def to_yaml(config: object) -> str:
    """The settings as YAML that ``load`` reads back to an equal object."""
    return str(yaml.safe_dump(to_plain(config), sort_keys=False))


def to_plain(value: Any) -> Any:
    """A dataclass (and what it holds) as dictionaries, lists, strings and numbers."""
    if dataclasses.is_dataclass(value):
        return {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(to_plain(key)): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return value.value if isinstance(value, Enum) else value


def _modality(name: str) -> Modality:
    if name not in list(Modality):
        raise ValueError(f"no modality {name!r}; there are: {', '.join(Modality)}")
    return Modality(name)


def _plain_words(message: str, config_class: type) -> str:
    """Say what the parser said in one line, with the nearest name for a misspelt one."""
    message = " ".join(message.split())
    within = re.search(r"key \"([\w.]+)\": Problem with given class_path '([\w.]+)': (.+)", message)
    if within:  # an item of a list or dictionary of groups
        module, _, name = within[2].rpartition(".")
        item_class = getattr(importlib.import_module(module), name)
        return f"{within[1]}: {_plain_words(within[3], item_class)}"
    no_group = re.search(
        r"key \"([\w.]+)\": (?:Not a valid subclass|Expected a dot import)", message
    )
    if no_group:
        return f"{no_group[1]}: each item is a group of settings, {{name: value, ...}}"
    if message.startswith("Unexpected config:"):
        held = message.partition(":")[2].strip() or "nothing"
        first = next(_keys(config_class))
        return f"the settings file holds {held}; it must hold settings, such as '{first}: value'"
    if wrong := re.match(r'Parser key "([\w.]+)": (.+?)(?:Got value|Given value): (.+)$', message):
        kinds = re.findall(r"Expected an? (<class '(\w+)'>|typing\.Literal\[(.+?)\])", wrong[2])
        words = [_KINDS.get(kind, kind) or f"one of: {literal}" for _, kind, literal in kinds]
        allowed = " or ".join(word for word in words if word != _KINDS["NoneType"])
        if allowed:
            return f"{wrong[1]} is {wrong[3]!r}; it must be {allowed}"
    unknown = re.search(r"unrecognized arguments: --([\w.-]+)", message)
    in_group = re.search(r"Group '([\w.]+)' does not accept option '([\w.]+)'", message)
    at_top = re.search(r"Option '([\w.]+)' is not accepted", message)
    if unknown:
        name = unknown[1]
    elif in_group:
        name = f"{in_group[1]}.{in_group[2]}"
    elif at_top:
        name = at_top[1]
    else:
        return message
    keys = list(_keys(config_class))
    if name in keys:
        return f"{name!r} is given without its name: the words that follow the command"
    nearest = difflib.get_close_matches(name, keys, n=1, cutoff=0.0)[0]
    group = nearest.rpartition(".")[0]
    beside = [key for key in keys if key.rpartition(".")[0] == group]
    return f"no setting {name!r}; the nearest is {nearest!r}; beside it are: {', '.join(beside)}"


def _keys(config_class: type, prefix: str = "") -> Iterator[str]:
    kinds = get_type_hints(config_class)
    for f in dataclasses.fields(config_class):
        if dataclasses.is_dataclass(kinds[f.name]):
            yield from _keys(kinds[f.name], f"{prefix}{f.name}.")
        else:
            yield prefix + f.name
