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
    for split, sites in (("train", learned), ("dev", learned), ("eval", judged)):
        expected = grid.filter(pl.col("site").is_in(list(sites)), split=split)
        assert [s.key for s in getattr(protocol, split)] == expected["key"].to_list()


def test_missing_sites_are_named_with_the_command_that_makes_them(
    grid: pl.DataFrame, ask: Ask
) -> None:
    two = grid.filter(pl.col("site").is_in(["A", "B"]))
    with pytest.raises(DatasetError) as caught:
        load_protocol(ask(two, "limited_sites/ab_to_cd"), THREE)
    message = str(caught.value)
    assert "the eval rows of " in message
    assert "have no site C, D; they have: A, B; " in message
    assert message.endswith("unmask simulate --sites A,B,C,D")
