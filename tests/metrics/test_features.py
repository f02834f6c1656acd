from pathlib import Path

import numpy as np
import polars as pl
import pytest

from unmask.metrics.features import Features, write_features
from unmask.types import Label, Modality, Sample


@pytest.fixture
def features():
    samples = [
        Sample(
            key=f"k{i}",
            presentation=f"p{i}",
            paths={Modality.RGB: Path("x"), Modality.DEPTH: Path("y")},
            label=Label(i % 2),
            pai_species=None if i % 2 else "print",
            subject="" if i == 0 else f"s{i // 2}",
            dataset="d",
        )
        for i in range(6)
    ]
    values = np.arange(18, dtype=np.float32).reshape(6, 3)
    return Features.joined(
        [
            Features.of(samples, values + 100 * n, modality=modality, split="eval")
            for n, modality in enumerate((Modality.RGB, Modality.DEPTH))
        ]
    )


def test_a_file_holds_every_picture_with_its_features_and_what_it_is(features, tmp_path):
    write_features(features, tmp_path / "f.parquet", extra=np.arange(12.0))
    table = pl.read_parquet(tmp_path / "f.parquet")
    row = table.row(
        by_predicate=(pl.col("key") == "k4") & (pl.col("modality") == "depth"), named=True
    )
    assert row["feature"] == [112, 113, 114]
    assert (row["label"], row["pai_species"], row["subject"], row["split"], row["extra"]) == (
        *("attack", "print", "s2", "eval", 10.0),
    )
    assert table.height == 12


def test_a_person_without_a_name_stands_for_the_presentation_alone(features):
    assert features.person[:3] == (("d", "", "p0"), ("d", "s0", ""), ("d", "s1", ""))


def test_a_drawn_presentation_comes_with_all_of_its_sensors(features):
    drawn = features.where(features.drawn(2))
    assert sorted(drawn.modality) == ["depth", "depth", "rgb", "rgb"]
    assert drawn.table["key"].n_unique() == 2
    assert features.drawn(6).all()
    assert (drawn.values[2:] - drawn.values[:2] == 100).all(), "rows keep their order"
