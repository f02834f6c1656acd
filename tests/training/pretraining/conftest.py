"""The squares with captions, and settings for a run of seconds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unmask.config import PicturesConfig, PretrainConfig, ScheduleConfig

SHOWN = {"rgb": "a square of colour", "depth": "a surface", "infrared": "a square in infrared"}


@pytest.fixture
def captioned(new_squares: Callable[..., Path]) -> Path:
    """Twelve captions, some of them shared, about what the labels say."""
    root = new_squares()
    table = pl.read_parquet(root / "manifest.parquet")
    what = pl.coalesce("pai_species", pl.lit("person"))
    side = pl.when(pl.col("site") == "A").then(pl.lit("left")).otherwise(pl.lit("right"))
    table = table.with_columns(
        pl.format(f"{shown} of a {{}}, on the {{}}", what, side).alias(f"caption_{modality}")
        for modality, shown in SHOWN.items()
    )
    table.write_parquet(root / "manifest.parquet")
    return root


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., PretrainConfig]:
    """Settings of a quick run; keywords replace them."""

    def settings(root: Path, steps: int = 3, **more: Any) -> PretrainConfig:
        given: dict[str, Any] = {
            "data": PicturesConfig(root=root),
            "out": tmp_path / "run",
            "optim": ScheduleConfig(steps=steps, batch_size=4),
            "dev_every": 100,
        }
        return PretrainConfig(**(given | more))

    return settings
