"""The statistics against naive loops and simulated experiments."""

from collections.abc import Callable
from statistics import mean, stdev

import numpy as np
import pytest

from unmask.experiments.statistics import difference, draws_of, people_of, spread
from unmask.metrics.bootstrap import Judged, resampled, weighted_hter
from unmask.metrics.scores import Scores

ScoresOf = Callable[[np.random.Generator], Scores]


def test_a_person_is_drawn_with_all_that_they_present(scores_of: ScoresOf) -> None:
    """Every presentation twice tells nothing new, so the draws stay as they are."""
    rng = np.random.default_rng(1)
    scores = scores_of(rng)
    run = Judged.of(scores, threshold=0.5)
    twice = Judged(
        score=np.tile(run.score, 2),
        bona_fide=np.tile(run.bona_fide, 2),
        person=run.person * 2,
        threshold=0.5,
    )
    assert np.allclose(draws_of([[run]], 50), draws_of([[twice]], 50), equal_nan=True)


def test_draws_are_those_of_a_naive_loop(scores_of: ScoresOf) -> None:
    rng = np.random.default_rng(2)
    runs = [[Judged.of(scores_of(rng), threshold=0.5) for _ in range(2)] for _ in range(3)]
    people = sorted(set(runs[0][0].person))
    weight = resampled(len(people), 20, np.random.default_rng((0, 0)))
    drawn = draws_of(runs, 20)
    assert drawn.shape == (2, 3, 2, 20)
    for p, of_seed in enumerate(runs):
        for s, run in enumerate(of_seed):
            for r in range(20):
                w = np.array([weight[r, people.index(person)] for person in run.person])
                accepted = run.score >= 0.5
                apcer = w[~run.bona_fide & accepted].sum() / w[~run.bona_fide].sum()
                bpcer = w[run.bona_fide & ~accepted].sum() / w[run.bona_fide].sum()
                assert drawn[0, p, s, r] == pytest.approx((apcer + bpcer) / 2)


def test_a_person_missing_in_one_system_leaves_the_others_paired(scores_of: ScoresOf) -> None:
    run = Judged.of(scores_of(np.random.default_rng(7)), threshold=0.5)
    there = np.array([person != run.person[0] for person in run.person])
    short = Judged(
        score=run.score[there],
        bona_fide=run.bona_fide[there],
        person=tuple(person for person in run.person if person != run.person[0]),
        threshold=0.5,
    )
    drawn = draws_of([[short]], 50, others=people_of([[run]]))
    people = sorted(people_of([[run]]))
    weight = resampled(len(people), 50, np.random.default_rng((0, 0)))
    rows = weight[:, [people.index(person) for person in short.person]]
    assert np.allclose(drawn[0, 0, 0], weighted_hter(short, rows), equal_nan=True)


def test_the_spread_is_over_seeds_of_means_over_protocols() -> None:
    values = [[0.1, 0.3, 0.2], [0.5, 0.2, 0.9]]
    found = spread(values)
    over_protocols = [mean(pair) for pair in zip(*values, strict=True)]
    assert found.mean == pytest.approx(mean([v for row in values for v in row]))
    assert found.std == pytest.approx(stdev(over_protocols))
    assert spread([[0.1], [0.5]]).std is None


def test_a_difference_turns_round_with_its_systems_and_is_nothing_for_one_system() -> None:
    rng = np.random.default_rng(4)
    ours, theirs = rng.random((2, 4, 3, 100))
    there = difference(ours, theirs, 0.2, people=100)
    back = difference(theirs, ours, -0.2, people=100)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    same = difference(ours, ours, 0.0, people=100)
    assert (same.low, same.high) == (0, 0)
    assert not same.is_clear


@pytest.mark.parametrize(("protocols", "seeds"), [(4, 3), (2, 3), (3, 2)])
def test_the_interval_covers_the_truth_of_few_seeds(protocols: int, seeds: int) -> None:
    """Experiments without any difference: about 95 of 100 intervals contain zero."""
    rng = np.random.default_rng(5)
    covered = 0
    for number in range(500):
        apart = rng.normal(size=(protocols, seeds))
        draws = np.repeat(apart[..., None], 300, axis=2)  # the same for all draws of people
        zeros, value = np.zeros_like(draws), float(apart.mean())
        found = difference(draws, zeros, value, people=1000, seed=number)
        covered += found.low <= 0 <= found.high
    assert 0.92 <= covered / 500 <= 0.98


def test_the_interval_covers_the_truth_of_few_people_and_seeds() -> None:
    """Seeds and people both vary: the interval is wide enough, and no more than a little wider."""
    rng = np.random.default_rng(6)
    covered = 0
    for number in range(150):
        runs = [[_run(rng, shift) for shift in rng.normal(0, 0.3, 3)] for _ in range(2)]
        others = [[_run(rng, shift) for shift in rng.normal(0, 0.3, 3)] for _ in range(2)]
        ours, theirs = draws_of(runs, 200)[0], draws_of(others, 200)[0]
        apart = [
            [_hter(a) - _hter(b) for a, b in zip(*pair, strict=True)]
            for pair in zip(runs, others, strict=True)
        ]
        found = difference(ours, theirs, float(np.mean(apart)), people=30, seed=number)
        covered += found.low <= 0 <= found.high
    assert covered / 150 >= 0.93


def test_the_interval_covers_the_truth_of_few_people_and_one_seed() -> None:
    """Two systems that err on other people: eight people are not taken for many."""
    rng = np.random.default_rng(8)
    covered = 0
    for number in range(300):
        runs = [_run(rng, rng.normal(0, 0.6, 8).repeat(2), people=8) for _ in range(2)]
        ours, theirs = (draws_of([[run]], 200)[0] for run in runs)
        apart = _hter(runs[0]) - _hter(runs[1])
        found = difference(ours, theirs, apart, people=8, seed=number)
        covered += found.low <= 0 <= found.high
    assert covered / 300 >= 0.92


def _run(rng: np.random.Generator, shift: float | np.ndarray, people: int = 30) -> Judged:
    genuine = np.tile([True, False], people)
    score = rng.normal(np.where(genuine, 1.0, -1.0) + shift, 1.0)
    person = tuple(("", f"p{i // 2}", "") for i in range(2 * people))
    return Judged(score=score, bona_fide=genuine, person=person, threshold=0.0)


def _hter(run: Judged) -> float:
    return float(weighted_hter(run, np.ones((1, run.score.size)))[0])
