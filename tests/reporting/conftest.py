from collections.abc import Callable

import numpy as np
import pytest

from unmask.metrics.scores import Scores

SIZES = {"": 120, "print": 60, "replay": 60, "silicone_mask": 20}


@pytest.fixture
def make_set() -> Callable[..., Scores]:
    """A score set of 260 presentations, two frames each; every 71st has no response."""

    def make(split: str, *, seed: int = 0, quality: float = 3.0) -> Scores:
        random = np.random.default_rng([seed, *split.encode()])
        rows = []
        species = [name for name, number in SIZES.items() for _ in range(number)]
        for index, name in enumerate(species):
            shape = (1, quality) if name else (quality, 1)
            for frame in range(2):
                score = float(random.beta(*shape)) if index % 71 != 70 else None
                unit = f"{split}{index:03d}"
                label = "attack" if name else "bona_fide"
                rows.append((f"{unit}/{frame}", unit, score, label, name, f"{split}-s{index % 30}"))
        names = ("key", "presentation", "score", "label", "pai_species", "subject")
        columns = {
            name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)
        }
        columns |= {
            "split": [split] * len(rows),
            "modalities": ["rgb+depth"] * len(rows),
            "site": ["A"] * len(rows),
        }
        return Scores.from_columns(columns, source=f"{split}.csv")

    return make
