"""The JSON Schema of report.json (draft 2020-12), made from the records that a report is made of.

It ships as ``assets/report.schema.json`` and ``unmask show schema`` prints it; a test keeps file
and records equal. Every field is always there; null stands where a record says so, or where a rate
has no trials.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from importlib.resources import files
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from unmask.metrics.rates import Rate
from unmask.reporting.json import SCHEMA
from unmask.reporting.records import Report

FILE = "assets/report.schema.json"

NUMBER = {"type": ["number", "null"]}
RATE = {
    "description": "Errors among trials; interval95 is that of Clopper and Pearson.",
    "type": "object",
    "properties": {
        "errors": {"type": "integer", "minimum": 0},
        "trials": {"type": "integer", "minimum": 0},
        "value": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "interval95": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
    },
    "required": ["errors", "trials", "value", "interval95"],
    "additionalProperties": False,
}
PLAIN: Mapping[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    float: NUMBER,
    Fraction: NUMBER,
    type(None): {"type": "null"},
}


def published() -> str:
    """The text of the schema that ships."""
    return files("unmask.reporting").joinpath(FILE).read_text(encoding="utf-8")


def as_schema() -> str:
    """The schema that the records ask for."""
    found: dict[str, Any] = {}
    report = _record(Report, found)
    report["properties"] = {
        "schema": {"const": SCHEMA},
        "polarity": {"type": "string"},
        **report["properties"],
    }
    report["required"] = ["schema", "polarity", *report["required"]]
    content = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "unmask report",
        **report,
        "$defs": dict(sorted(found.items())),
    }
    return json.dumps(content, indent=1) + "\n"


def _record(record: type, found: dict[str, Any]) -> dict[str, Any]:
    """An object with a property for every field; records within it go to ``found``."""
    hints = get_type_hints(record)
    names = [field.name for field in fields(record)]
    return {
        "description": " ".join((record.__doc__ or "").split()),
        "type": "object",
        "properties": {name: _schema(hints[name], found) for name in names},
        "required": names,
        "additionalProperties": False,
    }


def _schema(hint: Any, found: dict[str, Any]) -> dict[str, Any]:
    if hint in PLAIN:
        return PLAIN[hint]
    if is_dataclass(hint):
        assert isinstance(hint, type)
        made = RATE if hint is Rate else _record(hint, found)
        assert found.setdefault(hint.__name__, made) == made, f"two records {hint.__name__}"
        return {"$ref": f"#/$defs/{hint.__name__}"}
    inner = get_args(hint)
    origin = get_origin(hint)
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(part, found) for part in inner]}
    if origin is tuple:
        return {"type": "array", "items": _schema(inner[0], found)}
    assert origin in (Mapping, dict), f"no schema for {hint}"
    return {"type": "object", "additionalProperties": _schema(inner[1], found)}
