"""All sites are seen, nobody is seen twice, and only simulated people are meant."""

from collections.abc import Callable

import polars as pl
import pytest

from unmask.config import THREE, DataConfig
from unmask.errors import DatasetError
from unmask.protocols import load_protocol

Ask = Callable[[pl.DataFrame, str], DataConfig]
NAME = "simulated/within"


def test_every_row_is_in_the_set_of_its_split(grid: pl.DataFrame, ask: Ask) -> None:
    protocol = load_protocol(ask(grid, NAME), THREE)
    assert protocol.name == NAME
    for split in ("train", "dev", "eval"):
        samples = getattr(protocol, split)
        assert [s.key for s in samples] == grid.filter(split=split)["key"].to_list()
        assert {s.site for s in samples} == {"A", "B", "C", "D"}
    assert protocol.threshold_from == "dev"


def test_a_person_in_two_sets_is_refused(grid: pl.DataFrame, ask: Ask) -> None:
    shown = pl.when(pl.col("key") == "C-eval-II-replay").then(pl.lit("C-train-II"))
    grid = grid.with_columns(shown.otherwise("subject").alias("subject"))
    with pytest.raises(DatasetError, match=r"subject 'C-train-II' is in train .* and in eval"):
        load_protocol(ask(grid, NAME), THREE)


def test_other_data_are_pointed_to_the_protocol_for_them(grid: pl.DataFrame, ask: Ask) -> None:
    grid = grid.with_columns(dataset=pl.lit("wmca"))
    with pytest.raises(DatasetError) as caught:
        load_protocol(ask(grid, NAME), THREE)
    message = str(caught.value)
    assert "have no dataset simulated; they have: wmca; " in message
    assert "manifest/split" in message


def test_rows_of_other_data_sets_are_in_no_set(grid: pl.DataFrame, ask: Ask) -> None:
    other = pl.when(pl.col("site") == "D").then(pl.lit("wmca")).otherwise("dataset")
    protocol = load_protocol(ask(grid.with_columns(dataset=other), NAME), THREE)
    used = [*protocol.train, *protocol.dev, *protocol.eval]
    assert {s.site for s in used} == {"A", "B", "C"}
