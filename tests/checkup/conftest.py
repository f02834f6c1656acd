"""A clean tree of simulated presentations, and the way to spoil one thing in a copy of it."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from PIL import Image

from unmask.checkup.findings import Checkup, Finding
from unmask.checkup.run import examine
from unmask.config import DoctorConfig, SimulateConfig

Change = Callable[[npt.NDArray[np.generic]], npt.NDArray[np.generic]]


class Tree:
    """A copy of the clean tree: its table, its folder, and what the doctor says of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = DoctorConfig(root=root, images="none", workers=1)

    @property
    def table(self) -> pl.DataFrame:
        return pl.read_parquet(self.root / "manifest.parquet")

    def write(self, table: pl.DataFrame) -> None:
        table.write_parquet(self.root / "manifest.parquet")

    def put(self, row: int, **cells: str) -> None:
        """Other values in one row of the table."""
        at = pl.int_range(pl.len()) == row
        changes = {n: pl.when(at).then(pl.lit(v)).otherwise(n) for n, v in cells.items()}
        self.write(self.table.with_columns(**changes))

    def file(self, row: int, modality: str) -> Path:
        return self.root / self.table[modality][row]

    def redraw(self, rows: Sequence[int], modality: str, change: Change) -> list[str]:
        """Replace pictures by what ``change`` makes of them, without loss; their paths."""
        paths = []
        for row in rows:
            file = self.file(row, modality)
            picture = Image.fromarray(change(np.asarray(Image.open(file))))
            picture.save(file, format="png")  # the reader looks at what is inside, not at the name
            paths.append(self.table[modality][row])
        return paths

    def examine(self, **settings: object) -> Checkup:
        return examine(replace(self.config, **settings))

    def found(self, **settings: object) -> list[Finding]:
        return [finding for _, finding in self.examine(**settings).findings]

    def seen(self) -> list[Finding]:
        """What is found with the pictures of all rows."""
        return self.found(images="all")


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 presentations of three kinds, as the simulator makes them; not to be changed."""
    from unmask.sim.generate import generate

    out = tmp_path_factory.mktemp("clean") / "data"
    species = ("print_flat", "replay")
    settings = {"sites": ("B",), "per_site": 48, "image_size": 48, "workers": 1, "seed": 1}
    return generate(SimulateConfig(out=out, species=species, **settings))


@pytest.fixture
def tree(clean: Path, tmp_path: Path) -> Tree:
    """A copy to spoil."""
    shutil.copytree(clean, tmp_path / "data")
    return Tree(tmp_path / "data")
