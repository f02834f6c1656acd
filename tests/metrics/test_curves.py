import math
from fractions import Fraction

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score, roc_curve

from unmask.metrics.curves import auc, bpcer_at_apcer, bpcer_at_pooled_apcer, curve, eer
from unmask.metrics.rates import Rate, apcer, bpcer


@pytest.mark.parametrize("seed", range(40))
def test_auc_is_that_of_scikit_learn(random_scores, seed):
    scores = random_scores(seed)
    table = scores.table.drop_nans("score")
    oracle = roc_auc_score((table["label"] == "bona_fide").to_numpy(), table["score"].to_numpy())
    assert auc(scores) == pytest.approx(oracle, abs=1e-12)


def test_auc_counts_a_tie_as_half(make_scores):
    assert auc(make_scores([0.5, 0.5], {"print": [0.5]})) == 0.5
    assert auc(make_scores([0.9], {"print": [0.1]})) == 1
    assert auc(make_scores([0.1], {"print": [0.9]})) == 0


@pytest.mark.parametrize("seed", range(20))
def test_every_point_of_a_curve_has_the_rates_at_its_threshold(random_scores, seed):
    scores = random_scores(seed)
    for name, group in scores.attacks.items():
        if not group.score.size:
            continue
        found = curve(scores.bona_fide, group)
        for threshold, accepted, rejected in zip(
            found.threshold, found.apcer, found.bpcer, strict=True
        ):
            assert accepted == apcer(scores, threshold)[name].value
            assert rejected == bpcer(scores, threshold).value
        assert (found.apcer[0], found.bpcer[0]) == (1, 0)
        assert (found.apcer[-1], found.bpcer[-1]) == (0, 1)
        assert np.all(np.diff(found.threshold) > 0)
        assert np.all(np.diff(found.apcer) <= 0)
        assert np.all(np.diff(found.bpcer) >= 0)


def test_eer_is_zero_where_scores_are_separable_and_half_where_they_are_equal(make_scores):
    assert eer(make_scores([0.8], {"print": [0.2]})) == 0
    assert eer(make_scores([0.3], {"print": [0.3]})) == 0.5


def test_eer_is_where_both_rates_meet(make_scores):
    genuine, attack = [0.2, 0.6, 0.7, 0.8], [0.1, 0.3, 0.4, 0.65]
    assert eer(make_scores(genuine, {"print": attack})) == 0.25


@pytest.mark.parametrize("seed", range(40))
def test_bpcer_at_apcer_is_the_least_that_a_loop_over_thresholds_finds(random_scores, seed):
    scores = random_scores(seed)
    values = np.unique(scores.table["score"].drop_nans().to_numpy())
    for limit in (Fraction(1, 10), Fraction(1, 20), Fraction(1, 100)):
        allowed = [
            bpcer(scores, threshold)
            for threshold in (*values, math.inf)
            if all(r.errors <= limit * r.trials for r in apcer(scores, threshold).values())
        ]
        assert bpcer_at_apcer(scores, limit) == min(allowed, key=lambda rate: rate.errors)


def test_bpcer_at_apcer_holds_for_every_species_and_not_for_the_pool(make_scores):
    scores = make_scores([0.5, 0.9], {"print": [0.0] * 99, "mask": [0.7]})
    assert bpcer_at_apcer(scores, Fraction(1, 10)) == Rate(1, 2)


@pytest.mark.parametrize("seed", range(40))
def test_bpcer_at_pooled_apcer_is_the_best_point_of_scikit_learn_within_the_limit(
    random_scores, seed
):
    scores = random_scores(seed)
    table = scores.table.drop_nans("score")
    fpr, tpr, _ = roc_curve(
        (table["label"] == "bona_fide").to_numpy(),
        table["score"].to_numpy(),
        drop_intermediate=False,
    )
    for limit in (Fraction(1, 5), Fraction(1, 10), Fraction(1, 100)):
        found = bpcer_at_pooled_apcer(scores, limit)
        if scores.pooled.score.size < 1 / limit:
            assert found is None, "such a limit lies between zero and one error"
        else:
            best = tpr[fpr <= float(limit) + 1e-12].max()
            assert found is not None
            assert 1 - found.value == pytest.approx(best)


@pytest.mark.parametrize("seed", range(20))
def test_a_curve_has_the_points_of_scikit_learn(random_scores, seed):
    scores = random_scores(seed)
    table = scores.table.drop_nans("score")
    fpr, tpr, thresholds = roc_curve(
        (table["label"] == "bona_fide").to_numpy(),
        table["score"].to_numpy(),
        drop_intermediate=False,
    )
    found = curve(scores.bona_fide, scores.pooled)
    np.testing.assert_allclose(found.apcer[::-1], fpr)
    np.testing.assert_allclose(1 - found.bpcer[::-1], tpr)
    np.testing.assert_array_equal(found.threshold[::-1], thresholds)


def test_a_thinned_curve_has_true_points_up_to_the_smallest_rates(make_scores):
    random = np.random.default_rng(0)
    scores = make_scores(random.beta(4, 1, 5000), {"print": random.beta(1, 4, 5000)})
    found = curve(scores.bona_fide, scores.attacks["print"], 200)
    assert found.threshold.size <= 202
    for threshold, accepted, rejected in zip(
        found.threshold, found.apcer, found.bpcer, strict=True
    ):
        assert accepted == apcer(scores, threshold)["print"].value
        assert rejected == bpcer(scores, threshold).value
    for rate in (found.apcer, found.bpcer):
        assert rate[rate > 0].min() == 1 / 5000
