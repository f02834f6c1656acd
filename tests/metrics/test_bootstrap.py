"""Weighted figures against replicated score tables, and draws against their moments."""

from collections.abc import Callable

import numpy as np
import pytest

from unmask.metrics.bootstrap import Difference, Judged, resampled, weighted_auc, weighted_hter
from unmask.metrics.curves import auc
from unmask.metrics.rates import hter
from unmask.metrics.scores import Scores

ScoresOf = Callable[[np.random.Generator], Scores]


def replicated(scores: Scores, weight: np.ndarray) -> Scores:
    """Each row as often as its weight says."""
    table = scores.table[np.repeat(np.arange(len(scores)), weight.astype(int))]
    keys = [f"r{i}" for i in range(table.height)]
    columns = {name: table[name].to_list() for name in ("score", "label", "pai_species")}
    return Scores.from_columns({"key": keys, "presentation": keys, **columns})


def test_weighted_figures_are_those_of_rows_that_stand_there_so_often(scores_of: ScoresOf) -> None:
    rng = np.random.default_rng(0)
    scores = scores_of(rng)
    weight = rng.integers(0, 4, (5, len(scores))).astype(float)
    run = Judged.of(scores, threshold=0.55)
    for row, h, a in zip(
        weight, weighted_hter(run, weight), weighted_auc(run, weight), strict=True
    ):
        rows = replicated(scores, row)
        assert h == pytest.approx(hter(rows, 0.55))
        assert a == pytest.approx(auc(rows))


def test_presentations_without_a_response_are_left_out_and_nameless_people_stand_alone() -> None:
    scores = Scores.from_columns(
        {
            "key": ["a", "b", "c", "d"],
            "presentation": ["a", "b", "c", "d"],
            "score": [0.9, float("nan"), 0.2, 0.4],
            "label": ["bona_fide", "bona_fide", "attack", "attack"],
            "pai_species": [None, None, "print", "print"],
            "subject": ["x", "x", "", ""],
        }
    )
    run = Judged.of(scores, threshold=0.5)
    assert run.score.tolist() == [0.9, 0.2, 0.4]
    assert run.bona_fide.tolist() == [True, False, False]
    assert len(set(run.person)) == 3


def test_an_interval_without_a_width_is_not_clear() -> None:
    assert not Difference(value=0.1, low=0.1, high=0.1).is_clear
    assert Difference(value=0.1, low=0.05, high=0.15).is_clear


def test_one_fewer_is_drawn_which_gives_the_variance_of_a_mean() -> None:
    rng = np.random.default_rng(3)
    values = rng.normal(size=3)
    drawn = resampled(3, 40_000, rng)
    assert (drawn.sum(axis=1) == 2).all()
    assert np.var(drawn @ values / 2) == pytest.approx(values.var(ddof=1) / 3, rel=0.03)
    assert (resampled(1, 4, rng) == 1).all()
