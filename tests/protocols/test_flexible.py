"""The sets of flexible models: other species, other skin types and species, or other people."""

from collections.abc import Callable

import polars as pl
import pytest

from unmask.config import THREE, DataConfig
from unmask.errors import DatasetError
from unmask.protocols import load_protocol
from unmask.protocols.flexible import JUDGED, LEARNED, PROTOCOLS
from unmask.sim.sites import SITES
from unmask.types import Sample

Ask = Callable[[pl.DataFrame, str], DataConfig]
Sets = dict[str, list[Sample]]
TYPES = {"I", "II", "III", "IV", "V", "VI"}
FOLDS = {
    "cross_ethnicity_1": {"I", "II"},
    "cross_ethnicity_2": {"III", "IV"},
    "cross_ethnicity_3": {"V", "VI"},
}
TAUGHT = {"replay", "mask_paper"}
OTHERS = {"print_cloth", "mask_rigid", "mask_flexible"}


def load(table: pl.DataFrame, ask: Ask, variant: str) -> Sets:
    protocol = load_protocol(ask(table, f"flexible/{variant}"), THREE)
    assert protocol.name == f"flexible/{variant}"
    assert protocol.threshold_from == "dev"
    assert protocol.modalities == THREE
    return {"train": protocol.train, "dev": protocol.dev, "eval": protocol.eval}


def rows_of(table: pl.DataFrame, split: str, types: set[str], species: set[str]) -> list[str]:
    """Keys that a set should have, by a naive loop."""
    return [
        row["key"]
        for row in table.iter_rows(named=True)
        if row["split"] == split
        and row["skin_type"] in types
        and row["pai_species"] in {None, *species}
    ]


def test_the_species_learned_from_and_those_judged_share_none_and_are_all(
    grid: pl.DataFrame, ask: Ask
) -> None:
    sets = load(grid, ask, "cross_species")
    assert not set(LEARNED) & set(JUDGED)
    assert {*LEARNED, *JUDGED} == set(grid["pai_species"].drop_nulls())
    for split, species in (("train", LEARNED), ("dev", JUDGED), ("eval", JUDGED)):
        assert [s.key for s in sets[split]] == rows_of(grid, split, TYPES, set(species))


def test_every_simulated_site_has_species_to_learn_from_and_to_judge() -> None:
    for site in SITES.values():
        assert set(site.species) & set(LEARNED), site.name
        assert set(site.species) & set(JUDGED), site.name


@pytest.mark.parametrize("variant", FOLDS)
def test_skin_types_and_species_of_a_fold(variant: str, grid: pl.DataFrame, ask: Ask) -> None:
    sets, learned = load(grid, ask, variant), FOLDS[variant]
    for split in ("train", "dev"):
        assert [s.key for s in sets[split]] == rows_of(grid, split, learned, TAUGHT)
    assert [s.key for s in sets["eval"]] == rows_of(grid, "eval", TYPES - learned, OTHERS)


def test_every_skin_type_is_learned_from_in_one_fold_and_judged_in_two(
    grid: pl.DataFrame, ask: Ask
) -> None:
    folds = [load(grid, ask, variant) for variant in FOLDS]
    for skin in TYPES:
        for split, times in (("train", 1), ("dev", 1), ("eval", 2)):
            sets = [{s.attributes["skin_type"] for s in fold[split]} for fold in folds]
            assert sum(skin in types for types in sets) == times


def test_in_distribution_is_everything(grid: pl.DataFrame, ask: Ask) -> None:
    for split, samples in load(grid, ask, "in_distribution").items():
        assert [s.key for s in samples] == grid.filter(split=split)["key"].to_list()


@pytest.mark.parametrize("variant", PROTOCOLS)
def test_nobody_is_in_two_sets_and_every_sample_keeps_its_sensors(
    variant: str, grid: pl.DataFrame, ask: Ask
) -> None:
    sets = load(grid, ask, variant)
    people = [{s.subject for s in samples} for samples in sets.values()]
    assert len(set.union(*people)) == sum(map(len, people))
    assert {frozenset(s.paths) for samples in sets.values() for s in samples} == {frozenset(THREE)}


@pytest.mark.parametrize("variant", PROTOCOLS)
def test_a_person_in_two_sets_is_refused(variant: str, grid: pl.DataFrame, ask: Ask) -> None:
    subject = pl.col("subject").str.replace("-(train|eval)-.*", "-1")
    with pytest.raises(DatasetError, match=r"subject '.-1' is in train .* and in eval"):
        load(grid.with_columns(subject), ask, variant)


def refusal(table: pl.DataFrame, ask: Ask, variant: str) -> str:
    with pytest.raises(DatasetError) as caught:
        load(table, ask, variant)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith("unmask simulate --sites A,B,C,D --per-site 500")
    return message


def test_a_table_without_skin_types_is_refused(grid: pl.DataFrame, ask: Ask) -> None:
    message = refusal(grid.drop("skin_type"), ask, "cross_ethnicity_1")
    assert "have no skin_type I, II; they have: none; " in message


def test_a_species_missing_among_the_judged_skin_types_is_named(
    grid: pl.DataFrame, ask: Ask
) -> None:
    cloth = pl.col("pai_species").eq_missing("print_cloth")
    of_others = pl.col("skin_type").is_in(["III", "IV", "V", "VI"])
    message = refusal(grid.filter(~(cloth & of_others)), ask, "cross_ethnicity_1")
    assert "the eval rows of " in message
    assert " with skin_type III, IV, V, VI have no pai_species print_cloth; " in message


def test_a_species_to_learn_from_that_is_missing_is_named(grid: pl.DataFrame, ask: Ask) -> None:
    less = grid.filter(~pl.col("pai_species").eq_missing("mannequin"))
    message = refusal(less, ask, "cross_species")
    assert "the train rows of " in message
    assert "have no pai_species mannequin; " in message
