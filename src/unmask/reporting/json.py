"""A report for programs: the record itself, each rate with its value and interval."""

import json
import math
from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any

from unmask.metrics.rates import Rate
from unmask.metrics.scores import POLARITY
from unmask.reporting.records import Report

SCHEMA = 2
"""Raised when a field changes its name or meaning."""


def as_json(report: Report) -> str:
    """The report as JSON text; null where a rate has no trials."""
    content = {"schema": SCHEMA, "polarity": POLARITY, **_plain(report)}
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Rate):
        low, high = value.interval()
        return {
            "errors": value.errors,
            "trials": value.trials,
            "value": _plain(value.value),
            "interval95": [low, high],
        }
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
