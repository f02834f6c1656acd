"""A table with every site, split, skin type and species, and the way to ask a protocol for it."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import polars as pl
import pytest

from unmask.config import DataConfig
from unmask.types import SIMULATED

SITES = ("A", "B", "C", "D")
TYPES = ("I", "II", "III", "IV", "V", "VI")
SPECIES = (
    *("print_flat", "print_bent", "print_cut", "print_cloth", "replay"),
    *("mask_paper", "mask_rigid", "mask_flexible", "mannequin", "partial"),
)
IMAGES = ("rgb", "depth", "infrared")


@pytest.fixture(scope="session")
def grid() -> pl.DataFrame:
    """One row for each combination, and one person for each site, split and skin type."""
    kinds = (None, *SPECIES)
    rows = [
        {
            "key": f"{site}-{split}-{skin}-{species or 'bona_fide'}",
            **{name: f"{name}.png" for name in IMAGES},
            "label": "attack" if species else "bona_fide",
            "pai_species": species,
            "subject": f"{site}-{split}-{skin}",
            "site": site,
            "dataset": SIMULATED,
            "split": split,
            "skin_type": skin,
        }
        for site, split, skin, species in product(SITES, ("train", "dev", "eval"), TYPES, kinds)
    ]
    return pl.DataFrame(rows)


@pytest.fixture
def ask(tmp_path: Path) -> Callable[[pl.DataFrame, str], DataConfig]:
    """Writes a table, beside the images that it names, and asks for a protocol."""

    def ask(table: pl.DataFrame, protocol: str) -> DataConfig:
        for name in IMAGES:
            (tmp_path / f"{name}.png").touch()
        table.write_parquet(tmp_path / "manifest.parquet")
        return DataConfig(root=tmp_path, protocol=protocol)

    return ask
