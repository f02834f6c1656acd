"""A table with every site, split, skin type and species, and small copies of published sets."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

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
            **{name: f"{site}_{split}_{name}.png" for name in IMAGES},
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
        for name in set(IMAGES) & set(table.columns):
            for file in table[name].drop_nulls().unique():
                (tmp_path / file).touch()
        table.write_parquet(tmp_path / "manifest.parquet")
        return DataConfig(root=tmp_path, protocol=protocol)

    return ask


@dataclass(frozen=True)
class FourSets:
    """A root with the data sets of MMDG in their published layouts, and the folder of its lists."""

    root: Path
    lists: Path

    def ask(self, protocol: str, **settings: Any) -> DataConfig:
        return DataConfig(
            root=self.root, lists=self.lists, protocol=protocol, depth="relative", **settings
        )


FOUR_SETS = {
    "C-train": (
        "CeFA/CeFA-Race/AF/AF-000/1_000_1_1_1/profile/0026.jpg 1",
        "CeFA/CeFA-Race/CA/CA-001/2_001_3_1_4/profile/0026.jpg 0",
    ),
    "C-val": (
        "CeFA/CeFA-Race/AF/AF-200/1_200_1_1_1/profile/0026.jpg 1",
        "CeFA/CeFA-Race/AF/AF-200/1_200_3_2_2/profile/0026.jpg 0",
        "CeFA/CeFA-Race/AF/AF-300/1_300_1_1_1/profile/0026.jpg 1",
    ),
    "C-test": (
        "CeFA/CeFA-Race/AF/AF-300/1_300_1_1_1/profile/0026.jpg 1",
        "CeFA/CeFA-Race/AF/AF-300/1_300_1_1_1/profile/0051.jpg 1",
        "CeFA/CeFA-Mask/3D-Mask/001/1_001_0_0_2_1_3/profile/0003.jpg 0",
    ),
    **{
        f"S-{part}": (
            f"CASIA-SURF-CROP/real_part/real_{part}_part/S{part}/real.rssdk/color/121.jpg 1",
            f"CASIA-SURF-CROP/fake_part/fake_{part}_part/S{part}/04_en_b.rssdk/color/41.jpg 0",
            f"CASIA-SURF-CROP/fake_part/fake_{part}_part/S{part}/04_en_b.rssdk/color/41.jpg 0",
        )
        for part in ("train", "val", "test")
    },
    "W-train": (
        "WMCA-Image/R_CDIT/002_01_000_0_00/color/0012.jpg 1",
        "WMCA-Image/R_CDIT/002_01_003_2_81/color/0012.jpg 0",
    ),
    "W-val": (
        "WMCA-Image/R_CDIT/003_01_000_0_00/color/0012.jpg 1",
        "WMCA-Image/R_CDIT/003_01_002_2_01/color/0012.jpg 0",
    ),
    "W-test": (
        "WMCA-Image/R_CDIT/001_01_000_0_00/color/0012.jpg 1",
        "WMCA-Image/R_CDIT/001_01_000_0_00/color/0024.jpg 1",
        "WMCA-Image/R_CDIT/001_01_002_3_01/color/0012.jpg 0",
    ),
    "P-train": ("aaaaaaa1.npz\t1", "aaaaaaa2.npz\t0"),
    "P-val": ("bbbbbbb1.npz\t1", "bbbbbbb2.npz\t0"),
    "P-test": ("ccccccc1.npz\t1", "ccccccc2.npz\t0"),
}
"""Lines of MMDG's lists, of which C, S and W repeat the path for depth and infrared."""


@pytest.fixture
def four_sets(tmp_path: Path) -> FourSets:
    """Two or three frames for each list, with noise for pictures."""
    sets = FourSets(root=tmp_path / "root", lists=tmp_path / "lists")
    sets.lists.mkdir(parents=True)
    for name, lines in FOUR_SETS.items():
        (sets.lists / f"{name}.txt").write_bytes("\r\n".join(map(_three, lines)).encode())
        for line in lines:
            _draw(sets.root, line.split()[0])
    for part in ("train", "val", "test"):
        both = [_three(line) for of in "SC" for line in FOUR_SETS[f"{of}-{part}"]]
        (sets.lists / f"CASIA-SURF_CeFA_{part}.txt").write_text("\n".join(both))
    wmca = [_three(line) for part in ("train", "test") for line in FOUR_SETS[f"W-{part}"]]
    (sets.lists / "WMCA_test.txt").write_text("\n".join(wmca))
    trials = [line.split() for name in FOUR_SETS if name[0] == "P" for line in FOUR_SETS[name]]
    rows = [
        f"t,{file.removesuffix('.npz')},{'m00000' if label == '1' else 'm50302'},{file[:7]}"
        for file, label in trials
    ]
    head = "transaction_id,trial_id,ground_truth,participant_id"
    table = sets.root / "PADISI-Face" / "padisi_USC_FACE_ground_truth.csv"
    table.write_text("\n".join([head, *rows]))
    return sets


def _three(line: str) -> str:
    path, label = line.split()
    if path.endswith(".npz"):
        return line
    colour = Path(path).parts[-2]
    pictures = [path.replace(f"/{colour}/", f"/{sensor}/") for sensor in (colour, "depth", "ir")]
    return " ".join([*pictures, label])


def _draw(root: Path, path: str) -> None:
    rng = np.random.default_rng(list(path.encode()))
    if path.endswith(".npz"):
        (root / "PADISI-Face").mkdir(parents=True, exist_ok=True)
        array = rng.integers(0, 256, (1, 22, 10, 8)) / 255
        np.savez(root / "PADISI-Face" / path, data=array.astype(np.float32))
        return
    colour = Path(path).parts[-2]
    for sensor, shape in ((colour, (8, 8, 3)), ("depth", (8, 8)), ("ir", (8, 8))):
        file = root / path.replace(f"/{colour}/", f"/{sensor}/")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(file)
