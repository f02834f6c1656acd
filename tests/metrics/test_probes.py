import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from unmask.metrics.probes import STRENGTHS, fit_probe


def people(count, each):
    return [("data", f"p{number // each}", "") for number in range(count)]


def test_a_plane_is_found_among_noise_and_holds_for_others():
    rng = np.random.default_rng(0)
    x, truth = rng.normal(size=(600, 20)), rng.normal(size=20)
    target = x @ truth > 0
    probe = fit_probe(x[:300], target[:300], people(300, 5))
    assert roc_auc_score(target[300:], probe.decision_function(x[300:])) > 0.97


def test_what_only_names_people_gets_the_strongest_regularisation():
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(40), 6)
    x = rng.normal(size=(40, 60))[who] + 0.1 * rng.normal(size=(240, 60))
    target = rng.permutation(np.arange(40) % 2 == 0)[who]
    strangers = [("data", "", str(number)) for number in range(240)]
    chosen = [fit_probe(x, target, who).C for who in (people(240, 6), strangers)]
    assert chosen == [min(STRENGTHS), max(STRENGTHS)], "of strangers, to know people would pay"


def test_a_rare_class_counts_as_much_as_a_frequent_one():
    rng = np.random.default_rng(2)
    target = np.arange(2000) % 10 == 0
    x = rng.normal(size=(2000, 1)) + 1.5 * target[:, None]
    says = fit_probe(x, target, people(2000, 4)).decision_function(x) >= 0
    assert np.mean(says[~target]) == pytest.approx(np.mean(~says[target]), abs=0.05)


def test_several_classes_are_told_apart():
    rng = np.random.default_rng(3)
    target = np.array(["rgb", "depth", "infrared"] * 60)
    x = rng.normal(size=(180, 4)) + 6 * np.eye(4)[np.array([0, 1, 2] * 60)]
    assert np.mean(fit_probe(x, target, people(180, 6)).predict(x) == target) > 0.98
