"""Figures of distance against loops, scikit-learn, and what must not change them."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, silhouette_score

from unmask.metrics.separability import (
    balanced_accuracy,
    distances,
    fisher_ratio,
    gap,
    silhouette,
)


@pytest.fixture
def clouds():
    rng = np.random.default_rng(3)
    group = rng.random(40) < 0.4
    x = rng.normal(size=(40, 5)) * [1, 2, 0.5, 1, 3] + 1.5 * group[:, None] + 100
    return x, group


def everybody(group):
    return np.ones((1, group.size))


def test_fisher_ratio_and_gap_are_those_of_the_formula(clouds):
    x, group = clouds
    one, other = x[group], x[~group]
    apart = sum((a - b) ** 2 for a, b in zip(one.mean(0), other.mean(0), strict=True))
    spread = one.var(axis=0).sum() + other.var(axis=0).sum()
    weight = everybody(group)
    assert fisher_ratio(x, group, weight) == pytest.approx([apart / spread], abs=1e-9)
    assert gap(x, group, weight) == pytest.approx([np.sqrt(apart / (spread / 2))], abs=1e-9)


def test_the_gap_of_two_normal_clouds_is_their_distance_in_standard_deviations():
    rng = np.random.default_rng(0)
    group = np.arange(20_000) < 10_000
    x = rng.normal(size=(20_000, 1))
    x[group] += 1.7
    assert gap(x, group, everybody(group)) == pytest.approx([1.7], abs=0.05)


def test_chance_gives_a_fisher_ratio_of_about_one_by_n():
    rng = np.random.default_rng(1)
    group = np.arange(100) < 50
    found = [fisher_ratio(rng.normal(size=(100, 8)), group, everybody(group)) for _ in range(300)]
    assert np.mean(found) == pytest.approx(1 / 50, rel=0.1)


def test_silhouette_is_that_of_scikit_learn(clouds):
    x, group = clouds
    found = silhouette(distances(x), group, everybody(group))
    assert found == pytest.approx([silhouette_score(x, group)], abs=1e-9)


def test_a_weighted_silhouette_is_that_of_a_loop_in_which_nobody_is_his_own_neighbour(clouds):
    x, group = clouds
    weight = np.random.default_rng(5).integers(0, 4, group.size).astype(float)
    total = 0.0
    for i in range(group.size):
        mean = {}
        for same in (True, False):
            others = [j for j in range(group.size) if (group[j] == group[i]) == same and j != i]
            far = [weight[j] * np.linalg.norm(x[i] - x[j]) for j in others]
            mean[same] = sum(far) / sum(weight[j] for j in others)
        total += weight[i] * (mean[False] - mean[True]) / max(mean.values())
    found = silhouette(distances(x), group, weight[None])
    assert found == pytest.approx([total / weight.sum()], abs=1e-9)


def test_one_that_is_alone_in_its_group_counts_zero():
    x, group = np.array([[0.0], [5.0], [5.5]]), np.array([True, False, False])
    found = silhouette(distances(x), group, everybody(group))
    assert found == pytest.approx([silhouette_score(x, group)], abs=1e-12)


def test_to_weigh_a_picture_twice_is_to_have_it_twice(clouds):
    x, group = clouds
    times = np.random.default_rng(4).integers(1, 4, group.size)
    twice = fisher_ratio(
        np.repeat(x, times, axis=0), np.repeat(group, times), np.ones((1, sum(times)))
    )
    assert fisher_ratio(x, group, times[None].astype(float)) == pytest.approx(twice, abs=1e-9)


def test_no_figure_changes_when_features_are_rotated_scaled_and_moved(clouds):
    x, group = clouds
    rotation = np.linalg.qr(np.random.default_rng(6).normal(size=(5, 5)))[0]
    turned = 7 * x @ rotation - 3
    weight = np.random.default_rng(7).integers(0, 3, (6, group.size)).astype(float)
    for figure in (fisher_ratio, gap):
        assert figure(turned, group, weight) == pytest.approx(figure(x, group, weight))
    before = silhouette(distances(x), group, weight)
    assert silhouette(distances(turned), group, weight) == pytest.approx(before)


def test_a_draw_without_one_of_the_groups_has_no_figure(clouds):
    x, group = clouds
    weight = np.stack([group, ~group, np.ones(group.size)]).astype(float)
    for found in (fisher_ratio(x, group, weight), silhouette(distances(x), group, weight)):
        assert np.isnan(found).tolist() == [True, True, False]


def test_balanced_accuracy_is_that_of_scikit_learn():
    rng = np.random.default_rng(8)
    target, predicted = rng.choice(["a", "b", "c"], (2, 60), p=[0.6, 0.3, 0.1])
    times = rng.integers(1, 4, 60)
    found = balanced_accuracy(target, predicted, np.stack([np.ones(60), times]))
    naive = [
        balanced_accuracy_score(target, predicted),
        balanced_accuracy_score(np.repeat(target, times), np.repeat(predicted, times)),
    ]
    assert found == pytest.approx(naive)
