import math

import numpy as np
import pytest
from scipy.stats import binomtest

from unmask.metrics.rates import (
    Rate,
    acer,
    apcer,
    apcer_pooled,
    apcer_worst,
    apnrr,
    bpcer,
    bpnrr,
    hter,
)


@pytest.mark.parametrize("seed", range(20))
def test_rates_are_those_of_a_loop_over_the_rows(random_scores, seed):
    scores = random_scores(seed)
    for threshold in (0.0, 0.25, 0.5, 1.0, math.nextafter(1.0, 2.0)):
        accepted, attacks, silent, rejected, genuine, unheard = {}, {}, {}, 0, 0, 0
        for row in scores.table.iter_rows(named=True):
            species, score = row["pai_species"], row["score"]
            if row["label"] == "bona_fide":
                genuine += not math.isnan(score)
                unheard += math.isnan(score)
                rejected += score < threshold
            else:
                attacks[species] = attacks.get(species, 0) + (not math.isnan(score))
                silent[species] = silent.get(species, 0) + math.isnan(score)
                accepted[species] = accepted.get(species, 0) + (score >= threshold)
        assert apcer(scores, threshold) == {n: Rate(accepted[n], attacks[n]) for n in attacks}
        assert bpcer(scores, threshold) == Rate(rejected, genuine)
        assert apnrr(scores) == {n: Rate(silent[n], silent[n] + attacks[n]) for n in attacks}
        assert bpnrr(scores) == Rate(unheard, unheard + genuine)
        total = Rate(sum(accepted.values()), sum(attacks.values()))
        assert apcer_pooled(scores, threshold) == total
        worst = max(accepted[n] / attacks[n] for n in attacks)
        assert apcer_worst(scores, threshold)[1].value == worst
        assert hter(scores, threshold) == (total.value + rejected / genuine) / 2
        assert acer(scores, threshold) == (worst + rejected / genuine) / 2


def test_a_score_at_the_threshold_is_accepted(make_scores):
    scores = make_scores([0.5], {"print": [0.5]})
    assert bpcer(scores, 0.5) == Rate(0, 1)
    assert apcer(scores, 0.5) == {"print": Rate(1, 1)}


def test_of_equally_bad_species_the_least_tested_is_the_worst(make_scores):
    scores = make_scores([0.9], {"print": [0.1] * 5, "mask": [0.1] * 2, "replay": [0.1] * 9})
    assert apcer_worst(scores, 0.5) == ("mask", Rate(0, 2))


def test_a_species_that_never_got_a_response_is_not_the_worst(make_scores):
    scores = make_scores([0.9], {"print": [math.nan, math.nan], "replay": [0.1]})
    assert apcer_worst(scores, 0.5) == ("replay", Rate(0, 1))
    assert apcer(scores, 0.5)["print"] == Rate(0, 0)
    assert apnrr(scores)["print"] == Rate(2, 2)


@pytest.mark.parametrize(
    ("errors", "trials", "low", "high"),
    [
        (0, 20, 0, 16.8),
        (0, 50, 0, 7.1),
        (0, 150, 0, 2.4),
        (1, 150, 0.02, 3.7),
        (0, 300, 0, 1.2),
        (7, 50, 5.8, 26.7),
    ],
)
def test_intervals_are_the_published_ones(errors, trials, low, high):
    found = Rate(errors, trials).interval()
    assert 100 * found[0] == pytest.approx(low, abs=0.05 if low > 1 else 0.005)
    assert 100 * found[1] == pytest.approx(high, abs=0.05)


def test_intervals_are_those_of_scipy_at_any_confidence():
    for errors, trials in ((0, 1), (1, 1), (3, 120), (120, 120), (500_000, 1_000_000)):
        for confidence in (0.5, 0.9, 0.95, 0.999):
            oracle = binomtest(errors, trials).proportion_ci(confidence, method="exact")
            found = Rate(errors, trials).interval(confidence)
            np.testing.assert_allclose(found, (oracle.low, oracle.high), rtol=1e-9, atol=1e-12)


def test_a_rate_without_trials_has_no_value_and_the_widest_interval():
    assert math.isnan(Rate(0, 0).value)
    assert Rate(0, 0).interval() == (0, 1)
