"""Two sites teach, the other two judge, and neither side sees anything of the other."""

from collections.abc import Callable

import polars as pl
import pytest

from unmask.config import THREE, DataConfig
from unmask.errors import DatasetError
from unmask.protocols import load_protocol

Ask = Callable[[pl.DataFrame, str], DataConfig]


@pytest.mark.parametrize(
    ("variant", "learned", "judged"), [("ab_to_cd", "AB", "CD"), ("cd_to_ab", "CD", "AB")]
)
def test_two_sites_are_learned_and_the_other_two_are_judged(
    variant: str, learned: str, judged: str, grid: pl.DataFrame, ask: Ask
) -> None:
    protocol = load_protocol(ask(grid, f"limited_sites/{variant}"), THREE)
    assert protocol.name == f"limited_sites/{variant}"
    assert protocol.threshold_from == "dev"
    for split in ("train", "dev"):
        expected = grid.filter(pl.col("site").is_in(list(learned)), split=split)
        assert [s.key for s in getattr(protocol, split)] == expected["key"].to_list()
    there = grid.filter(pl.col("site").is_in(list(judged)))
    assert {s.key for s in protocol.eval} == set(there["key"])


def test_who_was_learned_elsewhere_is_not_judged(grid: pl.DataFrame, ask: Ask) -> None:
    traveller, known = "C-eval-I", "B-dev-I"
    travelled = grid.with_columns(subject=pl.col("subject").replace(traveller, known))
    protocol = load_protocol(ask(travelled, "limited_sites/ab_to_cd"), THREE)
    assert traveller not in {s.key.rpartition("-")[0] for s in protocol.eval}
    assert known not in {s.subject for s in protocol.eval}


def test_missing_sites_are_named_with_the_command_that_makes_them(
    grid: pl.DataFrame, ask: Ask
) -> None:
    two = grid.filter(pl.col("site").is_in(["A", "B"]))
    with pytest.raises(DatasetError) as caught:
        load_protocol(ask(two, "limited_sites/ab_to_cd"), THREE)
    message = str(caught.value)
    assert "the rows of " in message
    assert "have no site C, D; they have: A, B; " in message
    assert message.endswith("unmask simulate --sites A,B,C,D")
