"""Verdicts on named targets at their edges."""

from fractions import Fraction

import pytest
from scipy.stats import binomtest

from unmask.metrics.rates import Rate
from unmask.metrics.targets import TARGETS, Verdicts, verdicts

SIX = ("print", "replay", "mask", "silicone", "cut", "glasses")


def found(name: str, bona_fide: Rate, attacks: dict[str, Rate]) -> Verdicts:
    return next(v for v in verdicts(bona_fide, attacks) if v.target.name == name)


def test_a_pass_is_what_the_exact_one_sided_bound_allows() -> None:
    for errors, trials in ((0, 41), (0, 42), (1, 65), (1, 66), (3, 109), (3, 110)):
        verdict = found("sp800_63a", Rate(0, 50), {"print": Rate(errors, trials)})
        bound = binomtest(errors, trials, alternative="less").proportion_ci(0.95, "exact").high
        assert verdict.verdict == ("pass" if bound <= 0.07 else "not enough trials")


def test_what_is_missing_is_just_enough_without_a_further_error() -> None:
    verdict = found("fido_7", Rate(0, 50), {"print": Rate(1, 30), "mask": Rate(0, 42)})
    assert verdict.verdict == "not enough trials"
    assert set(verdict.missing) == {"print"}
    more = {"print": Rate(1, 30 + verdict.missing["print"]), "mask": Rate(0, 42)}
    assert found("fido_7", Rate(0, 50), more).verdict == "pass"
    more["print"] = Rate(1, more["print"].trials - 1)
    assert found("fido_7", Rate(0, 50), more).verdict == "not enough trials"


def test_a_limit_that_must_be_undercut_is_a_failure_itself() -> None:
    assert found("fido_15", Rate(0, 50), {"print": Rate(15, 100)}).failed == ("print",)
    assert found("fido_15", Rate(0, 50), {"print": Rate(14, 100)}).verdict == "not enough trials"


def test_one_bad_species_fails_a_target_however_good_the_others_are() -> None:
    verdict = found("fido_7", Rate(0, 50), {"print": Rate(0, 10_000), "mask": Rate(2, 10)})
    assert (verdict.verdict, verdict.failed) == ("fail", ("mask",))


def test_a_laboratory_level_goes_by_the_observed_rate_of_a_test_of_its_size() -> None:
    attacks = dict.fromkeys(SIX, Rate(0, 150))
    assert found("lab_level_1", Rate(7, 50), attacks).verdict == "pass"
    assert found("lab_level_1", Rate(8, 50), attacks).failed == ("bona fide",)
    assert found("lab_level_1", Rate(7, 50), attacks | {"mask": Rate(1, 150)}).failed == ("mask",)
    assert found("lab_level_2", Rate(7, 50), attacks | {"mask": Rate(1, 150)}).verdict == "pass"
    few = found("lab_level_1", Rate(0, 49), attacks | {"mask": Rate(0, 100)})
    assert few.missing == {"mask": 50, "bona fide": 1}
    five = {name: Rate(0, 150) for name in SIX[:5]}
    assert found("lab_level_1", Rate(0, 50), five).species_missing == 1


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: t.name)
def test_a_perfect_system_with_enough_trials_passes_and_one_without_any_does_not(target) -> None:
    many = dict.fromkeys(SIX, Rate(0, 1000))
    assert found(target.name, Rate(0, 1000), many).verdict == "pass"
    none = dict.fromkeys(SIX, Rate(0, 0))
    assert found(target.name, Rate(0, 0), none).verdict == "not enough trials"
    assert target.apcer < Fraction(1, 2)
