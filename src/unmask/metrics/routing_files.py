"""What routers chose, on disk: ``routing.json`` for the report, ``routing.parquet`` for the rest.

The JSON file holds the statistics, and its size hardly depends on the number of experts. The table
holds every expert in use: layer, axis and group (modalities, species, site), half (see
``metrics.routing``), expert, choices, weight.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from unmask.errors import DatasetError
from unmask.files import write_text, write_whole
from unmask.metrics.routing import Group, GroupUse, Layer, RoutingReport, Spread

FORMAT = "unmask-routing/1"


def write_routing(report: RoutingReport, table: pl.DataFrame, folder: Path) -> Path:
    """Write routing.json and routing.parquet; the path of the first."""
    with write_whole(folder / "routing.parquet") as temporary:
        try:
            table.write_parquet(temporary)
        except pl.exceptions.ComputeError as error:  # how polars reports a full disk here
            raise OSError(str(error)) from error
    path = folder / "routing.json"
    content = {"format": FORMAT, **asdict(report)}
    write_text(path, json.dumps(content, allow_nan=False) + "\n")
    return path


def read_routing(path: Path) -> RoutingReport:
    """Read routing.json.

    Raises:
        DatasetError: the file is missing, damaged, or something else.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise ValueError(f"its format is {content['format']!r}, known is {FORMAT!r}")
        return RoutingReport(
            shown=content["shown"],
            presentations=content["presentations"],
            scores_sha256=content["scores_sha256"],
            groups=tuple(Group(**group) for group in content["groups"]),
            layers=tuple(_layer(entry) for entry in content["layers"]),
        )
    except (OSError, LookupError, TypeError, ValueError) as error:
        raise DatasetError(
            f"cannot read {path} ({type(error).__name__}: {error}); give the routing.json that "
            "unmask evaluate wrote"
        ) from error


def _layer(entry: dict[str, Any]) -> Layer:
    read = {
        "by_weight": Spread(**entry["by_weight"]),
        "by_choice": Spread(**entry["by_choice"]),
        "groups": tuple(_use(use) for use in entry["groups"]),
        "distance": {
            axis: tuple(tuple(row) for row in rows) for axis, rows in entry["distance"].items()
        },
        **{name: tuple(entry[name]) for name in ("rank", "share", "featured")},
        "kinds": tuple(entry.get("kinds", ())),  # absent before they were told
    }
    return Layer(**(entry | read))


def _use(entry: dict[str, Any]) -> GroupUse:
    read = {"spread": Spread(**entry["spread"]), "featured": tuple(entry["featured"])}
    return GroupUse(**(entry | read))
