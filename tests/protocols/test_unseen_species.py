"""The species left out is in neither train nor dev, and is all that is judged beside bona fide."""

from collections.abc import Callable

import polars as pl
import pytest

from unmask.config import THREE, DataConfig
from unmask.errors import DatasetError
from unmask.protocols import load_protocol
from unmask.protocols.unseen_species import SPECIES

Ask = Callable[[pl.DataFrame, str], DataConfig]


@pytest.mark.parametrize("species", SPECIES)
def test_the_species_is_judged_and_not_learned(species: str, grid: pl.DataFrame, ask: Ask) -> None:
    protocol = load_protocol(ask(grid, f"unseen_species/{species}"), THREE)
    assert protocol.name == f"unseen_species/{species}"
    assert protocol.threshold_from == "dev"
    for split in ("train", "dev"):
        learned = grid.filter(~pl.col("pai_species").eq_missing(species), split=split)
        assert [s.key for s in getattr(protocol, split)] == learned["key"].to_list()
    judged = grid.filter(pl.col("pai_species").is_in([species, None], nulls_equal=True))
    assert [s.key for s in protocol.eval] == judged.filter(split="eval")["key"].to_list()


def test_a_species_that_eval_lacks_is_named_with_those_it_has(grid: pl.DataFrame, ask: Ask) -> None:
    prints = pl.col("pai_species").is_in([None, "print_flat", "replay"], nulls_equal=True)
    with pytest.raises(DatasetError) as caught:
        load_protocol(ask(grid.filter(prints), "unseen_species/partial"), THREE)
    message = str(caught.value)
    assert "the eval rows of " in message
    assert "have no pai_species partial; they have: bona_fide, print_flat, replay; " in message
    assert message.endswith("unmask simulate --sites A,B,C,D --per-site 500")


def test_the_only_species_cannot_be_left_out(grid: pl.DataFrame, ask: Ask) -> None:
    alone = grid.filter(pl.col("pai_species").is_in([None, "replay"], nulls_equal=True))
    with pytest.raises(DatasetError, match="the train set has 24 samples, but none is attack"):
        load_protocol(ask(alone, "unseen_species/replay"), THREE)


def test_the_species_are_those_of_the_simulator() -> None:
    from unmask.sim.species import SPECIES as SIMULATED_SPECIES

    assert set(SPECIES) == set(SIMULATED_SPECIES)
