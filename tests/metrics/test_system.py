import math

import numpy as np
import polars as pl
import pytest

from unmask.errors import DatasetError
from unmask.metrics.rates import Rate
from unmask.metrics.scores import Scores
from unmask.metrics.system import whole_system


def with_matches(scores: Scores, match: list[str]) -> Scores:
    return Scores(table=scores.table.with_columns(match=pl.Series(match)), source="e.csv")


@pytest.mark.parametrize("seed", range(20))
def test_rates_are_those_of_a_loop_over_presentations(random_scores, seed):
    scores = random_scores(seed)
    random = np.random.default_rng(seed)
    match = [f"{m:.2f}" if random.random() > 0.1 else "" for m in random.random(len(scores))]
    found = whole_system(with_matches(scores, match), "match", 0.4, 0.5)
    accepted: dict[str, list[bool]] = {}
    for row, m in zip(scores.table.iter_rows(named=True), match, strict=True):
        yes = bool(m) and float(m) >= 0.4 and row["score"] >= 0.5  # NaN is not
        accepted.setdefault(row["pai_species"], []).append(yes)
    genuine = accepted.pop("")
    assert found.guarded.frr == Rate(genuine.count(False), len(genuine))
    assert found.guarded.iapar == {n: Rate(sum(yes), len(yes)) for n, yes in accepted.items()}
    worst = max(np.mean(yes) for yes in accepted.values())
    assert found.guarded.riapar == pytest.approx(1 + worst - np.mean(genuine))
    assert found.unmatched == match.count("")


def test_detection_never_lets_more_attacks_through_and_riapar_is_zero_only_for_the_ideal(
    make_scores,
):
    scores = make_scores([0.9, 0.8], {"print": [0.1, 0.7], "mask": [0.2]})
    found = whole_system(with_matches(scores, ["1", "1", "1", "1", "1"]), "match", 0.5, 0.5)
    assert found.alone.iapar == {"mask": Rate(1, 1), "print": Rate(2, 2)}
    assert found.guarded.iapar == {"mask": Rate(0, 1), "print": Rate(1, 2)}
    assert (found.alone.riapar, found.guarded.riapar) == (1, 0.5)
    ideal = whole_system(with_matches(scores, ["1", "1", "1", "1", "1"]), "match", 0.5, 0.75)
    assert ideal.guarded.riapar == 0


def test_frames_are_aggregated_by_the_rule_of_the_report():
    columns = {
        "key": ["a0", "a1", "b0"],
        "presentation": ["a", "a", "b"],
        "score": [0.9, math.nan, 0.1],
        "label": ["bona_fide", "bona_fide", "attack"],
        "pai_species": ["", "", "print"],
        "match": ["0.2", "0.8", "0.9"],
    }
    scores = Scores.from_columns(columns)
    assert whole_system(scores, "match", 0.6, 0.5).alone.frr == Rate(1, 1)
    assert whole_system(scores, "match", 0.6, 0.5, "max").alone.frr == Rate(0, 1)


def test_what_is_no_number_is_named_with_its_row(make_scores):
    scores = make_scores([0.9], {"print": [0.1]})
    for text in ("high", "nan", "inf"):
        with pytest.raises(DatasetError, match=rf"e\.csv, row 2, column match: '{text}' is not a"):
            whole_system(with_matches(scores, ["1", text]), "match", 0.5, 0.5)
    with pytest.raises(DatasetError, match="no column 'match' with verification scores"):
        whole_system(scores, "match", 0.5, 0.5)
