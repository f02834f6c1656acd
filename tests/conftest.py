"""What many tests share: a data set of coloured squares, drawn in a moment, and random scores."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

from unmask.metrics.scores import Scores

torch.set_num_threads(1)  # two test processes share the cores, and small tensors gain nothing

SIDE = 40
SPECIES = ("print", "replay")


def draw_dataset(root: Path, *, per_split: int = 12, dataset: str = "squares") -> Path:
    """Write ``per_split`` presentations per set; attacks are flat in depth and dark in infrared."""
    rows = []
    (root / "images").mkdir(parents=True)
    for split in ("train", "dev", "eval"):
        for i in range(per_split):
            species = None if i % 2 else SPECIES[i // 2 % 2]
            key = f"{split}{i:03d}"
            paths = _draw_images(root, key, attack=species is not None)
            label = "bona_fide" if species is None else "attack"
            who = {"subject": f"{split}-person{i // 4}", "site": "AB"[i % 2], "split": split}
            rows.append(
                {"key": key, "presentation": key, **paths, "label": label, "pai_species": species}
                | who
                | {"dataset": dataset, "session": str(i % 3)}
            )
    pl.DataFrame(rows).write_parquet(root / "manifest.parquet")
    return root


def _draw_images(root: Path, key: str, *, attack: bool) -> dict[str, str]:
    rng = np.random.default_rng(list(key.encode()))
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j]  # (H, W)
    bulge = np.zeros_like(x) if attack else 80 * np.clip(1 - x**2 - y**2, 0, 1)
    rgb = rng.integers(60, 200, 3) + rng.normal(0, 12, (SIDE, SIDE, 3))
    depth = rng.uniform(450, 900) - bulge + rng.normal(0, 1, (SIDE, SIDE))
    infrared = rng.uniform(0.1, 0.4 if attack else 0.8) + rng.normal(0, 0.05, (SIDE, SIDE))
    pictures = {
        "rgb": np.clip(rgb, 0, 255).astype(np.uint8),
        "depth": depth.round().astype(np.uint16),
        "infrared": (255 * np.clip(infrared, 0, 1)).astype(np.uint8),
    }
    paths = {}
    for modality, picture in pictures.items():
        paths[modality] = f"images/{key}_{modality}.png"
        Image.fromarray(picture).save(root / paths[modality])
    return paths


@pytest.fixture(scope="session")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set that tests may read and not change."""
    return draw_dataset(tmp_path_factory.mktemp("squares") / "data")


@pytest.fixture
def new_squares(tmp_path: Path) -> Callable[..., Path]:
    """Draws a data set that the test may spoil."""
    return lambda **settings: draw_dataset(tmp_path / "data", **settings)


@pytest.fixture
def scores_of() -> Callable[[np.random.Generator], Scores]:
    """Scores with ties; each of twelve people presents bona fide and attacks."""

    def make(rng: np.random.Generator, count: int = 40, people: int = 12) -> Scores:
        genuine = np.arange(count) % 2 == 0
        keys = [f"k{i}" for i in range(count)]
        return Scores.from_columns(
            {
                "key": keys,
                "presentation": keys,
                "score": np.clip(np.round(rng.normal(0.5 + 0.1 * genuine, 0.2), 1), 0, 1).tolist(),
                "label": ["bona_fide" if g else "attack" for g in genuine],
                "pai_species": [None if g else "print" for g in genuine],
                "subject": [f"person{i // 2 % people}" for i in range(count)],
            }
        )

    return make
