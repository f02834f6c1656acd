import numpy as np
import polars as pl
import pytest
from scipy.stats import hypergeom

from unmask.errors import DatasetError
from unmask.metrics import rates
from unmask.metrics.groups import by_column
from unmask.metrics.scores import Scores


def grouped(random_scores, seed: int) -> Scores:
    table = random_scores(seed).table
    named = np.random.default_rng(seed).choice(["a", "b", "c", ""], table.height)
    return Scores(table=table.with_columns(pl.Series("sex", named)))


@pytest.mark.parametrize("seed", range(20))
def test_rates_of_a_group_are_those_of_its_rows_alone(random_scores, seed):
    scores = grouped(random_scores, seed)
    found = by_column(scores, "sex", 0.5)
    assert sorted(g.name for g in found.groups) == scores.table["sex"].unique().sort().to_list()
    for group in found.groups:
        alone = Scores(table=scores.table.filter(sex=group.name))
        assert group.bpcer == rates.bpcer(alone, 0.5)
        assert group.apcer_pooled == rates.apcer_pooled(alone, 0.5)
        assert group.no_response.trials == len(alone)
        if alone.attacks:
            assert (group.worst, group.apcer) == rates.apcer_worst(alone, 0.5)
    assert [g.highest for g in found.groups] == sorted(g.highest for g in found.groups)[::-1]


def test_chance_is_told_by_the_exact_test_times_the_number_of_groups(make_scores):
    scores = make_scores([0.1] * 6 + [0.9] * 4 + [0.9] * 19 + [0.1], {"print": [0.1]})
    sex = ["f"] * 10 + ["m"] * 20 + ["m"]
    found = by_column(Scores(table=scores.table.with_columns(sex=pl.Series(sex))), "sex", 0.5)
    assert found.worst_bpcer == "f"
    chances = hypergeom(30, 7, 10).pmf(np.arange(8))  # of so many errors among 10 of 30
    two_sided = chances[chances <= chances[6] * (1 + 1e-9)].sum()
    assert found.p_value == pytest.approx(2 * two_sided)


def test_a_single_group_or_one_without_bona_fide_is_compared_with_nobody(make_scores):
    scores = make_scores([0.9, 0.1], {"print": [0.1, 0.2]})
    table = scores.table.with_columns(camera=pl.Series(["x", "x", "y", "y"]))
    found = by_column(Scores(table=table), "camera", 0.5)
    assert (found.worst_bpcer, found.p_value) == ("", 1.0)
    assert {g.name: g.worst for g in found.groups} == {"x": "", "y": "print"}


def test_a_column_that_is_not_there_is_named_beside_those_that_are(make_scores):
    with pytest.raises(DatasetError, match="no column 'age' to group by; it has: key, presentat"):
        by_column(make_scores([0.9], {"print": [0.1]}), "age", 0.5)
