"""The site left out is judged and nothing else; it teaches nothing, not even the threshold."""

from collections.abc import Callable

import polars as pl
import pytest

from unmask.config import THREE, DataConfig
from unmask.errors import DatasetError
from unmask.protocols import load_protocol
from unmask.protocols.leave_one_site_out import SITES

Ask = Callable[[pl.DataFrame, str], DataConfig]


@pytest.mark.parametrize("site", SITES)
def test_eval_is_the_site_left_out_and_the_rest_is_learned(
    site: str, grid: pl.DataFrame, ask: Ask
) -> None:
    protocol = load_protocol(ask(grid, f"leave_one_site_out/{site}"), THREE)
    assert protocol.name == f"leave_one_site_out/{site}"
    assert protocol.threshold_from == "dev"
    for split in ("train", "dev"):
        learned = grid.filter(pl.col("site") != site, split=split)
        assert [s.key for s in getattr(protocol, split)] == learned["key"].to_list()
    assert {s.key for s in protocol.eval} == set(grid.filter(site=site)["key"])


def test_who_was_learned_elsewhere_is_not_judged(grid: pl.DataFrame, ask: Ask) -> None:
    traveller, known = "A-eval-I", "B-train-I"
    travelled = grid.with_columns(subject=pl.col("subject").replace(traveller, known))
    protocol = load_protocol(ask(travelled, "leave_one_site_out/A"), THREE)
    judged = grid.filter(pl.col("subject") != traveller, site="A")
    assert {s.key for s in protocol.eval} == set(judged["key"])


def test_people_without_a_name_are_judged(grid: pl.DataFrame, ask: Ask) -> None:
    nameless = grid.with_columns(subject=pl.lit(""))
    protocol = load_protocol(ask(nameless, "leave_one_site_out/A"), THREE)
    assert {s.key for s in protocol.eval} == set(grid.filter(site="A")["key"])


@pytest.mark.parametrize(("variant", "rows"), [("D", "the rows"), ("A", "the train rows")])
def test_a_missing_site_is_named_with_the_command_that_makes_it(
    variant: str, rows: str, grid: pl.DataFrame, ask: Ask
) -> None:
    without = grid.filter(pl.col("site") != "D")
    with pytest.raises(DatasetError) as caught:
        load_protocol(ask(without, f"leave_one_site_out/{variant}"), THREE)
    message = str(caught.value)
    assert f"{rows} of " in message
    assert "have no site D; they have: A, B, C; " in message
    assert message.endswith("unmask simulate --sites A,B,C,D")


def test_three_sites_do_not_pass_for_four_where_only_dev_lacks_one(
    grid: pl.DataFrame, ask: Ask
) -> None:
    without = grid.filter((pl.col("site") != "B") | (pl.col("split") != "dev"))
    with pytest.raises(DatasetError, match=r"the dev rows .* have no site B; they have: A, C, D"):
        load_protocol(ask(without, "leave_one_site_out/A"), THREE)


def test_a_table_without_sites_has_none(grid: pl.DataFrame, ask: Ask) -> None:
    with pytest.raises(DatasetError, match="have no site B, C, D; they have: none"):
        load_protocol(ask(grid.drop("site"), "leave_one_site_out/A"), THREE)


def test_further_sites_are_in_no_set(grid: pl.DataFrame, ask: Ask) -> None:
    fifth = grid.filter(site="D").with_columns(
        pl.col("key", "subject").str.replace("D", "E"), site=pl.lit("E")
    )
    protocol = load_protocol(ask(pl.concat([grid, fifth]), "leave_one_site_out/A"), THREE)
    used = [*protocol.train, *protocol.dev, *protocol.eval]
    assert {s.site for s in used} == set(SITES)


def test_the_sites_are_those_of_the_simulator() -> None:
    from unmask.sim.sites import SITES as SIMULATED_SITES

    assert set(SITES) == set(SIMULATED_SITES)
