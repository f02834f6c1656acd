"""Sizes of tests against scipy's exact intervals, loops over all sizes, and known figures."""

import itertools

import pytest
from scipy.stats import binom, binomtest

from unmask.errors import ConfigError
from unmask.metrics.planning import (
    chance_to_pass,
    more_trials_needed,
    passing_rate,
    subjects_needed,
    trials_needed,
)
from unmask.metrics.rates import Rate

LIMITS = (0.01, 0.03, 0.07, 0.15, 0.5)


@pytest.mark.parametrize(("limit", "trials"), [(0.15, 19), (0.07, 42), (0.03, 99), (0.01, 299)])
def test_without_an_error_the_numbers_are_those_of_the_textbook(limit: float, trials: int) -> None:
    assert trials_needed(0, limit, 0.95) == trials


def test_two_sided_confidence_is_that_of_the_interval_of_a_rate() -> None:
    for limit, errors in itertools.product(LIMITS, range(6)):
        enough = trials_needed(errors, limit, 0.975)
        assert Rate(errors, enough).interval(0.95)[1] <= limit
        assert Rate(errors, enough - 1).interval(0.95)[1] > limit


def upper_bound(errors: int, trials: int, confidence: float) -> float:
    """The exact one-sided bound, by scipy."""
    test = binomtest(errors, trials, alternative="less")
    return float(test.proportion_ci(confidence, "exact").high)


def test_one_trial_fewer_is_too_few_in_a_loop_over_all_sizes() -> None:
    for limit, errors, confidence in itertools.product(LIMITS[2:], (0, 1, 3), (0.8, 0.95)):
        naive = next(
            n for n in itertools.count(errors + 1) if upper_bound(errors, n, confidence) <= limit
        )
        assert trials_needed(errors, limit, confidence) == naive


def test_a_limit_of_zero_is_refused_because_nothing_can_show_it() -> None:
    for limit in (0.0, -0.1):
        with pytest.raises(ConfigError, match="no number of presentations can show a rate of"):
            trials_needed(0, limit, 0.95)


def test_a_limit_next_to_zero_is_refused_rather_than_computed_wrongly() -> None:
    with pytest.raises(ConfigError, match="aim at a higher limit"):
        trials_needed(0, 1e-9, 0.95)


def test_sizes_stay_exact_for_tiny_limits_and_many_errors() -> None:
    for errors, limit in [(0, 1e-7), (500, 1e-3)]:
        trials = trials_needed(errors, limit, 0.95)
        assert binom.cdf(errors, trials, limit) <= 0.05 < binom.cdf(errors, trials - 1, limit)


def test_what_is_missing_grows_with_errors_and_is_nothing_when_there_is_enough() -> None:
    assert more_trials_needed(0, 150, 0.01, 0.95) == 149
    assert more_trials_needed(1, 150, 0.01, 0.95) == 473 - 150
    assert more_trials_needed(0, 299, 0.01, 0.95) == 0


def test_a_system_at_the_passing_rate_passes_as_often_as_asked() -> None:
    for errors, trials, chance in [(0, 299, 0.8), (2, 628, 0.9), (10, 1693, 0.5)]:
        rate = passing_rate(errors, trials, chance)
        assert binom.cdf(errors, trials, rate) == pytest.approx(chance)
        assert chance_to_pass(errors, trials, rate) == pytest.approx(chance)


def test_subjects_lie_between_those_of_independent_and_of_equal_presentations() -> None:
    assert subjects_needed(300, 3, 0.0) == 100
    assert subjects_needed(300, 3, 1.0) == 300
    assert subjects_needed(300, 3, 0.5) == 200
    assert subjects_needed(299, 1, 0.7) == 299
    assert subjects_needed(299, 3, 0.0) == 100
