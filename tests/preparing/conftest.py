"""Raw frames: simulated pictures in larger frames, as three aligned sensors would record them."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest

from unmask.config import SimulateConfig
from unmask.datasets.manifest import index
from unmask.sim.generate import generate

WIDTH, HEIGHT, SIDE = 480, 360, 176


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six presentations with what is true of them."""
    out = tmp_path_factory.mktemp("prepare") / "simulated"
    settings = {"per_site": 6, "sites": ("A",), "image_size": SIDE, "truth": True, "workers": 1}
    return generate(SimulateConfig(out=out, seed=3, **settings))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def recorded(simulated: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Frames of 480 x 360 with the simulated pictures somewhere in them, and their manifest."""
    root = tmp_path_factory.mktemp("prepare") / "recorded"
    rng = np.random.default_rng(0)
    rows = []
    for sample in index(simulated):
        left, top = int(rng.integers(20, WIDTH - SIDE - 20)), int(rng.integers(20, 140))
        paths = {}
        for modality, path in sample.paths.items():
            picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            frame = np.full((HEIGHT, WIDTH, *picture.shape[2:]), 90, picture.dtype)
            if modality == "depth":
                frame[:] = 1500
            frame[top : top + SIDE, left : left + SIDE] = picture
            paths[str(modality)] = f"{modality}/{sample.key}.png"
            (root / modality).mkdir(parents=True, exist_ok=True)
            assert cv2.imwrite(str(root / paths[str(modality)]), frame)
        row = {"key": sample.key, **paths, "label": sample.label.name.lower()}
        told = {"pai_species": sample.pai_species, "subject": sample.subject, "split": "train"}
        rows.append(row | told | {"left": str(left), "top": str(top), "lamp": "warm"})
    pl.DataFrame(rows).write_parquet(root / "manifest.parquet")
    return root


@pytest.fixture
def recording(recorded: Path, tmp_path: Path) -> Callable[[], Path]:
    """A copy of the recording that the test may spoil."""
    import shutil

    return lambda: Path(shutil.copytree(recorded, tmp_path / "recording"))
