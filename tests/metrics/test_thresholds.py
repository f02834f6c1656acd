import math
from fractions import Fraction

import numpy as np
import pytest

from unmask.errors import ConfigError, DatasetError
from unmask.metrics.rates import apcer, apcer_pooled, bpcer
from unmask.metrics.thresholds import OperatingPoint, Rule, operating_point

LIMITS = ("0", "1", "5", "7.5", "20", "100")


def candidates(scores):
    """One threshold inside every gap between neighbouring scores, and one above them all."""
    values = np.unique(scores.table["score"].drop_nans().to_numpy())
    below = np.concatenate([[-np.inf], values])
    return [(float(low), float(high)) for low, high in zip(below, [*values, math.inf], strict=True)]


def gap_of(scores, threshold):
    return next(gap for gap in candidates(scores) if gap[0] < threshold <= gap[1])


@pytest.mark.parametrize("seed", range(200))
def test_a_limit_is_never_exceeded_and_never_missed_by_more_than_one_gap(random_scores, seed):
    scores = random_scores(seed)
    for percent in LIMITS:
        limit = Fraction(percent) / 100
        threshold = operating_point(scores, f"apcer<={percent}%").threshold
        assert all(r.errors <= limit * r.trials for r in apcer(scores, threshold).values())
        low, _ = gap_of(scores, threshold)
        if low > -math.inf:  # one gap lower some species must break the limit
            assert any(r.errors > limit * r.trials for r in apcer(scores, low).values())

        threshold = operating_point(scores, f"bpcer<={percent}%").threshold
        rate = bpcer(scores, threshold)
        assert rate.errors <= limit * rate.trials
        _, high = gap_of(scores, threshold)
        if high < math.inf:  # one gap higher BPCER must break the limit
            rate = bpcer(scores, math.nextafter(high, 2))
            assert rate.errors > limit * rate.trials


@pytest.mark.parametrize("seed", range(60))
def test_eer_is_the_middle_of_the_gaps_where_a_loop_finds_the_least_difference(random_scores, seed):
    scores = random_scores(seed)
    differences = []
    for low, high in candidates(scores):
        inside = high if high < math.inf else math.nextafter(max(low, 1.0), 2)
        accepted, rejected = apcer_pooled(scores, inside), bpcer(scores, inside)
        difference = Fraction(accepted.errors, accepted.trials) - Fraction(
            rejected.errors, rejected.trials
        )
        differences.append((abs(difference), low, high))
    least = min(difference for difference, _, _ in differences)
    low = min(low for difference, low, _ in differences if difference == least)
    high = max(high for difference, _, high in differences if difference == least)
    expected = (max(low, 0.0) + min(high, 1.0)) / 2
    found = operating_point(scores, "eer").threshold
    assert low < found <= high
    if low < expected <= high:  # otherwise the gap holds no number but its upper end
        assert found == expected


def test_separable_scores_give_every_rule_the_middle_of_the_gap(make_scores):
    scores = make_scores([0.8, 0.9, 1.0], {"print": [0.0, 0.1, 0.2], "replay": [0.1]})
    for rule in ("eer", "bpcer<=0%", "bpcer<=1%", "apcer<=0%", "apcer<=5%"):
        assert operating_point(scores, rule).threshold == pytest.approx(0.5)


def test_the_eer_threshold_stands_in_the_middle_whichever_class_is_called_positive(make_scores):
    random = np.random.default_rng(4)
    attack, genuine = random.uniform(0, 0.2, 500), random.uniform(0.8, 1, 500)
    middle = (attack.max() + genuine.min()) / 2
    scores = make_scores(genuine.tolist(), {"print": attack.tolist()})
    assert operating_point(scores, "eer").threshold == pytest.approx(middle)
    mirrored = make_scores((1 - attack).tolist(), {"print": (1 - genuine).tolist()})
    assert operating_point(mirrored, "eer").threshold == pytest.approx(1 - middle)


def test_equal_differences_of_opposite_sign_are_one_interval(make_scores):
    scores = make_scores([0.4, 0.8], {"print": [0.2, 0.4]})
    # below 0.4 half the attacks pass; above it half of bona fide fail: at 0.4 both change
    assert operating_point(scores, "eer").threshold == pytest.approx((0.2 + 0.8) / 2)


def test_equal_scores_everywhere_still_have_thresholds(make_scores):
    scores = make_scores([0.3, 0.3], {"print": [0.3, 0.3]})
    assert operating_point(scores, "bpcer<=0%").threshold == pytest.approx(0.15)
    assert operating_point(scores, "apcer<=0%").threshold == pytest.approx(0.65)


def test_attacks_with_the_highest_score_can_still_be_refused(make_scores):
    scores = make_scores([1.0, 0.4], {"print": [1.0, 0.0]})
    threshold = operating_point(scores, "apcer<=0%").threshold
    assert threshold > 1
    assert apcer(scores, threshold)["print"].errors == 0


def test_the_worst_species_binds_even_if_it_is_rare(make_scores):
    common, rare = [0.01] * 1000, [0.1, 0.7]
    scores = make_scores([0.6, 0.8], {"print": common, "mask": rare})
    assert operating_point(scores, "apcer<=5%").threshold == pytest.approx(0.75)


def test_a_percentage_is_exact_and_not_a_rounded_fraction(make_scores):
    # 0.29 * 100 is 28.999999999999996 in binary; 29 of 100 may be rejected
    scores = make_scores([i / 100 for i in range(100)], {"print": [0.0]})
    assert bpcer(scores, operating_point(scores, "bpcer<=29%").threshold).errors == 29


def test_a_point_says_its_rule_and_the_set_it_came_from(make_scores):
    scores = make_scores([0.9], {"print": [0.1]})
    assert operating_point(scores, "eer", split="eval") == OperatingPoint(
        threshold=0.5, rule="eer", split="eval"
    )
    fixed = operating_point(scores, "fixed=0.25")
    assert fixed == OperatingPoint(threshold=0.25, rule="fixed=0.25", split="none")


def test_rules_are_read_whatever_their_blanks_and_case():
    assert Rule.parse("BPCER <= 2.5 %") == Rule(kind="bpcer", value=Fraction(1, 40))
    assert Rule.parse(" EER ") == Rule(kind="eer")


@pytest.mark.parametrize(
    "rule", ["", "best", "bpcer=1%", "bpcer<=101%", "bpcer<=1", "apcer<=-1%", "fixed=1.5", "hter"]
)
def test_an_unknown_rule_is_refused_with_the_allowed_forms(make_scores, rule):
    with pytest.raises(ConfigError, match="allowed are: eer, bpcer<=1%, apcer<=5%"):
        operating_point(make_scores([0.9], {"print": [0.1]}), rule)


def test_a_class_without_scores_cannot_set_a_threshold(make_scores):
    with pytest.raises(DatasetError, match="has no attack presentation"):
        operating_point(make_scores([0.9], {}), "eer")
    with pytest.raises(DatasetError, match="no response to any bona fide presentation"):
        operating_point(make_scores([math.nan], {"print": [0.1]}), "eer")
