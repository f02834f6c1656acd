from itertools import product

import numpy as np
import pytest

from unmask.metrics.shift import shifts


@pytest.mark.parametrize("seed", range(10))
def test_sizes_equal_those_of_loops_over_pairs_and_thresholds(random_scores, seed):
    mine, theirs = random_scores(seed), random_scores(seed + 100)
    found = shifts(mine, theirs)[0]
    a, b = mine.bona_fide.score.tolist(), theirs.bona_fide.score.tolist()
    wins = sum((x > y) + 0.5 * (x == y) for x, y in product(a, b))
    assert found.above == pytest.approx(wins / (len(a) * len(b)))
    gaps = [abs(np.mean([x <= t for x in a]) - np.mean([y <= t for y in b])) for t in a + b]
    assert found.distance == pytest.approx(max(gaps))
    assert (found.name, found.presentations, found.others) == ("bona fide", len(a), len(b))


def test_a_species_is_compared_with_itself_and_one_that_is_new_with_nothing(make_scores):
    mine = make_scores([0.9, 0.8], {"mask": [0.4], "print": [0.1, 0.2]})
    theirs = make_scores([0.9, 0.8], {"print": [0.1, 0.2], "replay": [0.7]})
    assert [shift.name for shift in shifts(mine, theirs)] == ["bona fide", "print"]


def test_the_same_scores_are_no_shift_and_lower_ones_are(make_scores):
    scores = [0.9 + i / 1000 for i in range(30)]
    theirs = make_scores(scores, {"print": [0.1]})
    same = shifts(make_scores(scores, {}), theirs)[0]
    assert (same.distance, same.above, same.found) == (0, 0.5, False)
    lower = shifts(make_scores([s - 0.5 for s in scores], {}), theirs)[0]
    assert (lower.distance, lower.above, lower.found) == (1, 0, True)


def test_one_capture_is_too_few_to_find_any_shift(make_scores):
    theirs = make_scores([0.9] * 10, {})
    assert not shifts(make_scores([0.1], {}), theirs)[0].found


def test_shifts_are_found_where_there_are_none_no_more_often_than_the_level_says(make_scores):
    random = np.random.default_rng(5)
    runs = 50
    found = 0
    for _ in range(runs):
        sets = [
            make_scores(random.random(9).tolist(), {"print": random.random(9).tolist()})
            for _ in range(2)
        ]
        found += any(shift.found for shift in shifts(*sets))
    assert found / runs <= 0.05
