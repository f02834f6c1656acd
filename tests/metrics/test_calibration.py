import json
import math

import numpy as np
import pytest

from unmask.errors import ConfigError, DatasetError
from unmask.metrics.calibration import Calibration, calibration
from unmask.metrics.rates import Rate
from unmask.metrics.scores import Scores
from unmask.parsing import to_plain

TARGETS = ("bpcer<=0%", "bpcer<=1%", "bpcer<=7.5%", "apcer<=0%", "apcer<=5%", "apcer<=20%")


def limit_of(target):
    return float(target.partition("<=")[2].rstrip("%")) / 100


def codes(point):
    return [flag.code for flag in point.flags]


def text(point, code):
    return next(flag.text for flag in point.flags if flag.code == code)


@pytest.mark.parametrize("seed", range(40))
def test_no_rate_exceeds_the_target_on_the_captures(random_scores, make_scores, seed):
    scores = random_scores(seed)
    alone = make_scores(scores.bona_fide.score.tolist(), {})
    for target in TARGETS:
        sets = [(scores, None), (scores, random_scores(seed + 500))]
        if target.startswith("bpcer"):
            sets += [(alone, None), (alone, random_scores(seed + 500))]
        for captures, dev in sets:
            if target.startswith("apcer") and not captures.pooled.score.size:
                continue
            point = calibration(captures, target, dev)
            # a naive count, independent of the rates that the record carries
            rejected = sum(score < point.threshold for score in captures.bona_fide.score)
            assert point.bpcer.errors == rejected
            if target.startswith("bpcer"):
                assert rejected <= limit_of(target) * captures.bona_fide.score.size + 1e-9
                continue
            for name, group in captures.attacks.items():
                accepted = sum(score >= point.threshold for score in group.score)
                assert point.apcer[name].errors == accepted
                assert accepted <= limit_of(target) * group.score.size + 1e-9


@pytest.mark.parametrize("target", ["bpcer<=1%", "bpcer<=30%", "apcer<=1%", "apcer<=40%"])
def test_separable_captures_take_the_middle_whatever_the_target_would_allow(make_scores, target):
    scores = make_scores([0.8, 0.9, 1.0, 0.85], {"print": [0.0, 0.2], "replay": [0.1]})
    point = calibration(scores, target)
    assert point.threshold == pytest.approx(0.5)
    assert point.bpcer.errors == sum(rate.errors for rate in point.apcer.values()) == 0
    assert "between 0.2, the highest of the attacks captured, and 0.8" in text(point, "empty_band")


def test_neighbouring_numbers_still_keep_the_classes_apart(make_scores):
    low = 0.5
    high = math.nextafter(low, 1)
    point = calibration(make_scores([high], {"print": [low]}), "apcer<=0%")
    assert low < point.threshold <= high


def test_captures_without_attacks_are_set_beside_those_of_dev(make_scores):
    captures = make_scores([0.9, 0.8], {})
    dev = make_scores([0.7], {"print": [0.1, 0.4]})
    point = calibration(captures, "bpcer<=1%", dev)
    assert point.threshold == pytest.approx(0.6)
    assert "the attacks of dev" in text(point, "empty_band")
    assert "no_attacks" in codes(point)


def test_without_any_attack_the_threshold_is_a_hair_below_the_lowest_that_must_pass(make_scores):
    point = calibration(make_scores([0.9, 0.8], {}), "bpcer<=1%")
    assert 0.7999 < point.threshold < 0.8
    assert point.apcer == {}


def test_dev_attacks_above_the_captures_do_not_raise_the_threshold(make_scores):
    dev = make_scores([0.99], {"print": [0.95]})
    assert calibration(make_scores([0.5, 0.6], {}), "bpcer<=1%", dev).threshold < 0.5


def test_one_capture_gives_a_threshold_and_says_how_many_are_missing(make_scores):
    point = calibration(make_scores([0.7], {}), "bpcer<=1%")
    assert (point.bpcer.errors, point.bpcer.trials) == (0, 1)
    assert (point.bpcer.low, point.bpcer.high) == (0, pytest.approx(0.975))
    assert "299 bona fide presentations" in text(point, "too_few")
    assert "capture 298 more" in text(point, "too_few")


@pytest.mark.parametrize(("percent", "needed"), [(15, 19), (7, 42), (3, 99), (1, 299)])
def test_the_flag_goes_exactly_with_the_last_missing_capture(make_scores, percent, needed):
    def flagged(number):
        scores = make_scores(np.linspace(0.5, 1, number).tolist(), {})
        return "too_few" in codes(calibration(scores, f"bpcer<={percent}%"))

    assert flagged(needed - 1)
    assert not flagged(needed)


def test_each_species_needs_captures_of_its_own(make_scores):
    scores = make_scores([0.9], {"print": [0.1] * 42, "replay": [0.2] * 40})
    flags = [flag.text for flag in calibration(scores, "apcer<=7%").flags if flag.code == "too_few"]
    assert len(flags) == 1
    assert "42 replay presentations, and 40 have a score: capture 2 more" in flags[0]


def test_no_number_of_captures_shows_a_rate_of_zero(make_scores):
    point = calibration(make_scores([0.9] * 50, {}), "bpcer<=0%")
    assert "no number of presentations" in text(point, "too_few")


def test_equal_scores_keep_the_target_and_are_flagged(make_scores):
    scores = make_scores([0.3, 0.3], {"print": [0.3, 0.3]})
    genuine, attacks = calibration(scores, "bpcer<=1%"), calibration(scores, "apcer<=1%")
    assert genuine.bpcer.errors == 0
    assert attacks.apcer["print"].errors == 0
    assert "all_equal" in codes(genuine)
    assert "all_equal" in codes(attacks)


def test_scores_at_the_ends_keep_the_target(make_scores):
    assert calibration(make_scores([0.0, 0.0], {}), "bpcer<=1%").bpcer.errors == 0
    point = calibration(make_scores([1.0], {"print": [1.0]}), "apcer<=1%")
    assert point.apcer["print"].errors == 0
    assert point.threshold > 1


def test_missing_answers_and_repeated_people_are_told(make_scores):
    point = calibration(make_scores([0.9, float("nan")], {"print": [0.1]}), "bpcer<=1%")
    assert point.silent == 1
    assert "1 of 3 presentations have no score" in text(point, "no_response")
    assert "repeated_subjects" not in codes(point)
    columns = {
        "key": ["a", "b", "c"],
        "presentation": ["a", "b", "c"],
        "score": [0.9, 0.8, 0.1],
        "label": ["bona_fide", "bona_fide", "attack"],
        "pai_species": ["", "", "print"],
        "subject": ["anna", "anna", "anna"],
    }
    repeated = calibration(Scores.from_columns(columns), "bpcer<=1%")
    assert repeated.subjects == 1
    assert "repeated_subjects" in codes(repeated)
    other = Scores.from_columns({**columns, "subject": ["anna", "bert", "anna"]})
    assert "repeated_subjects" not in codes(calibration(other, "bpcer<=1%"))


def test_a_shift_and_captures_of_dev_are_told(make_scores):
    dev = make_scores(np.linspace(0.8, 1, 40).tolist(), {"print": [0.1, 0.2]})
    low = make_scores(np.linspace(0.3, 0.5, 20).tolist(), {})
    point = calibration(low, "bpcer<=10%", dev)
    assert "bona fide scores differ from those of dev" in text(point, "shift")
    assert "0 % of pairs" in text(point, "shift")
    same = calibration(dev, "bpcer<=10%", dev)
    assert "shift" not in codes(same)
    assert "42 presentations are in dev too" in text(same, "in_dev")
    assert "no_dev" in codes(calibration(low, "bpcer<=10%"))


@pytest.mark.parametrize("size", [7, 40])
@pytest.mark.parametrize("target", ["bpcer<=0%", "bpcer<=20%"])
def test_the_interval_covers_the_true_rate_of_a_threshold_from_the_same_captures(
    make_scores, size, target
):
    random = np.random.default_rng(size)
    runs = 200
    covered = 0
    for _ in range(runs):  # uniform scores: the true BPCER is the threshold itself
        point = calibration(make_scores(random.random(size).tolist(), {}), target)
        covered += point.bpcer.low <= point.threshold <= point.bpcer.high
    assert covered / runs >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / runs)


def test_intervals_are_those_of_the_rates(make_scores):
    scores = make_scores(np.linspace(0, 1, 50).tolist(), {"print": np.linspace(0, 1, 30).tolist()})
    point = calibration(scores, "apcer<=10%")
    rate = point.apcer["print"]
    assert (rate.errors, rate.trials) == (3, 30)
    assert (rate.low, rate.high) == Rate(3, 30).interval()


@pytest.mark.parametrize("target", ["eer", "fixed=0.5", "bpcer<=100%", "acer<=1%", "bpcer=1%"])
def test_what_limits_no_rate_is_no_target(make_scores, target):
    with pytest.raises(ConfigError, match=r"no (target|threshold rule)"):
        calibration(make_scores([0.9], {"print": [0.1]}), target)


def test_captures_that_the_target_is_not_about_are_refused(make_scores):
    with pytest.raises(DatasetError, match="has no score of an attack presentation"):
        calibration(make_scores([0.9], {}), "apcer<=5%")
    with pytest.raises(DatasetError, match="has no score of an attack presentation"):
        calibration(make_scores([0.9], {"print": [float("nan")]}), "apcer<=5%")
    with pytest.raises(DatasetError, match="has no score of a bona fide presentation"):
        calibration(make_scores([float("nan")], {"print": [0.1]}), "apcer<=5%")


@pytest.mark.parametrize("seed", range(10))
def test_a_calibration_survives_json(random_scores, seed):
    point = calibration(random_scores(seed), "apcer<=5%", random_scores(seed + 1))
    assert Calibration.from_plain(json.loads(json.dumps(to_plain(point)))) == point


def test_a_damaged_calibration_is_refused(make_scores):
    plain = to_plain(calibration(make_scores([0.9], {}), "bpcer<=1%"))
    for damage in ({"threshold": "high"}, {"threshold": 7.0}, {"bpcer": {"errors": 1}}):
        with pytest.raises((KeyError, TypeError, ValueError)):
            Calibration.from_plain({**plain, **damage})
