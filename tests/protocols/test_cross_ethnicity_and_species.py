"""Each fold learns from its own skin types and replays, and is judged on neither."""

from collections.abc import Callable

import polars as pl
import pytest

from unmask.config import THREE, DataConfig
from unmask.errors import DatasetError
from unmask.protocols import load_protocol
from unmask.protocols.cross_ethnicity_and_species import FOLDS
from unmask.types import Sample

Ask = Callable[[pl.DataFrame, str], DataConfig]
JUDGED = {None, "print_cloth", "mask_paper", "mask_rigid", "mask_flexible"}


def load(table: pl.DataFrame, ask: Ask, variant: str = "types_1_2") -> dict[str, list[Sample]]:
    protocol = load_protocol(ask(table, f"cross_ethnicity_and_species/{variant}"), THREE)
    assert protocol.name == f"cross_ethnicity_and_species/{variant}"
    assert protocol.threshold_from == "dev"
    return {"train": protocol.train, "dev": protocol.dev, "eval": protocol.eval}


@pytest.mark.parametrize(
    ("variant", "learned"),
    [("types_1_2", {"I", "II"}), ("types_3_4", {"III", "IV"}), ("types_5_6", {"V", "VI"})],
)
def test_skin_types_and_species_of_each_set(
    variant: str, learned: set[str], grid: pl.DataFrame, ask: Ask
) -> None:
    sets = load(grid, ask, variant)
    others = {"I", "II", "III", "IV", "V", "VI"} - learned
    for split, types, kinds in (
        ("train", learned, {None, "replay"}),
        ("dev", learned, {None, "replay"}),
        ("eval", others, JUDGED),
    ):
        expected = [
            row["key"]
            for row in grid.iter_rows(named=True)
            if row["split"] == split and row["skin_type"] in types and row["pai_species"] in kinds
        ]
        assert [s.key for s in sets[split]] == expected


def test_every_skin_type_is_learned_from_in_one_fold_and_judged_in_two(
    grid: pl.DataFrame, ask: Ask
) -> None:
    folds = [load(grid, ask, variant) for variant in FOLDS]
    for skin in ("I", "II", "III", "IV", "V", "VI"):
        for split, times in (("train", 1), ("dev", 1), ("eval", 2)):
            sets = [{s.attributes["skin_type"] for s in fold[split]} for fold in folds]
            assert sum(skin in types for types in sets) == times


def refusal(table: pl.DataFrame, ask: Ask) -> str:
    with pytest.raises(DatasetError) as caught:
        load(table, ask)
    message = str(caught.value)
    assert "\n" not in message
    assert "unmask simulate --sites A,B,C,D --per-site 500" in message
    return message


def test_a_table_without_skin_types_is_refused(grid: pl.DataFrame, ask: Ask) -> None:
    message = refusal(grid.drop("skin_type"), ask)
    assert "have no skin_type I, II; they have: none; " in message
    assert "in the column skin_type" in message


def test_a_missing_skin_type_is_named(grid: pl.DataFrame, ask: Ask) -> None:
    message = refusal(grid.filter(pl.col("skin_type") != "VI"), ask)
    assert "the eval rows of " in message
    assert "have no skin_type VI; they have: I, II, III, IV, V; " in message


def test_a_species_missing_among_the_judged_skin_types_is_named(
    grid: pl.DataFrame, ask: Ask
) -> None:
    paper = pl.col("pai_species").eq_missing("mask_paper")
    of_others = pl.col("skin_type").is_in(["III", "IV", "V", "VI"])
    message = refusal(grid.filter(~(paper & of_others)), ask)
    assert "the eval rows of " in message
    assert " with skin_type III, IV, V, VI have no pai_species mask_paper; " in message
