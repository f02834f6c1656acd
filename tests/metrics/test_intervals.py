"""Tallies against weighted rows, and intervals against draws of the presentations themselves."""

import numpy as np
import pytest
from scipy.special import logit

from unmask.metrics import intervals
from unmask.metrics.bootstrap import Judged, weighted_auc
from unmask.metrics.curves import auc, eer
from unmask.metrics.intervals import Bootstrap, Tally
from unmask.metrics.rates import hter
from unmask.metrics.scores import Scores


def drawn(seed: int, count: int = 300, people: int = 20, *, apart: float = 1.0) -> Scores:
    """Scores with ties and silence; everybody presents bona fide and attacks."""
    rng = np.random.default_rng(seed)
    genuine = np.arange(count) % 3 == 0
    person = np.arange(count) // 6 % people
    lift = rng.normal(0, 0.6, people)[person]
    score = 1 / (1 + np.exp(-rng.normal(np.where(genuine, apart, -apart) + lift, 1)))
    score = score.round(2)
    score[rng.random(count) < 0.02] = np.nan
    names = [f"p{i:05d}" for i in range(count)]
    return Scores.from_columns(
        {
            "key": names,
            "presentation": names,
            "score": score.tolist(),
            "label": ["bona_fide" if g else "attack" for g in genuine],
            "pai_species": ["" if g else "print" for g in genuine],
            "subject": [f"s{i}" for i in person],
        }
    )


def tally(scores: Scores) -> tuple[Tally, np.ndarray]:
    person = np.array([int(name[1:]) for name in scores.table["subject"]])
    genuine = (scores.table["label"] == "bona_fide").to_numpy()
    return Tally.of(scores.table["score"].to_numpy(), genuine, person, 20), person


def test_a_draw_has_the_figures_of_rows_that_stand_there_so_often() -> None:
    scores = drawn(0)
    counted, person = tally(scores)
    weight = np.random.default_rng(1).integers(0, 4, (6, 20)).astype(float)
    for row, found_auc, found_eer in zip(
        weight, counted.auc(weight), counted.eer(weight), strict=True
    ):
        often = np.repeat(np.arange(len(scores)), row[person].astype(int))
        rows = Scores(table=scores.table[often])
        assert found_auc == pytest.approx(auc(rows))
        assert found_eer == pytest.approx(eer(rows), abs=1e-12)


def test_a_draw_without_a_class_has_no_figure() -> None:
    counted, _ = tally(drawn(0))
    assert np.isnan(counted.auc(np.zeros((1, 20)))).all()


def test_the_interval_of_auc_is_that_of_drawn_presentations() -> None:
    scores = drawn(2)
    run = Judged.of(scores, threshold=0.5)
    people = sorted(set(run.person))
    number = np.array([people.index(person) for person in run.person])
    rng = np.random.default_rng(3)
    weight = rng.multinomial(19, np.full(20, 1 / 20), 4000)[:, number].astype(float)
    spread = weighted_auc(run, weight).std(ddof=1)
    found = Bootstrap(scores).auc(auc(scores))
    low, odds, high = logit([found.low, found.value, found.high])
    reach = 2.093 * spread / found.value / (1 - found.value)  # t, 19 degrees
    assert (odds - low, high - odds) == pytest.approx((reach, reach), rel=0.05)
    assert found.high < 1


def test_scores_in_bins_give_the_interval_of_single_scores(monkeypatch) -> None:
    scores = drawn(4, count=900)
    exact = Bootstrap(scores)
    monkeypatch.setattr(intervals, "LEVELS", 20)
    binned = Bootstrap(scores)
    assert binned._tally.attack.shape[1] < exact._tally.attack.shape[1]
    for figure, value in (("auc", auc(scores)), ("eer", eer(scores))):
        widths = [e.high - e.low for e in (getattr(b, figure)(value) for b in (exact, binned))]
        assert widths[1] == pytest.approx(widths[0], rel=0.25)


def test_many_people_are_drawn_in_groups_with_intervals_as_wide(monkeypatch) -> None:
    scores = drawn(5, count=3000, people=400)
    alone = Bootstrap(scores)
    monkeypatch.setattr(intervals, "PEOPLE", 100)
    grouped = Bootstrap(scores)
    assert (alone.people.groups, grouped.people.groups) == (400, 100)
    assert grouped.people.named == 400
    value = hter(scores, 0.5)
    one, other = (b.hter(value, 0.5) for b in (alone, grouped))
    assert other.high - other.low == pytest.approx(one.high - one.low, rel=0.2)


def test_people_without_a_name_stand_alone_and_those_of_two_data_sets_apart() -> None:
    names = ["a", "b", "c", "d", "e"]
    columns = {
        "key": names,
        "presentation": names,
        "score": [0.9, 0.8, 0.1, 0.2, 0.3],
        "label": ["bona_fide", "bona_fide", "attack", "attack", "attack"],
        "pai_species": ["", "", "print", "print", "print"],
        "subject": ["x", "x", "x", "", ""],
        "dataset": ["one", "two", "one", "one", "two"],
    }
    people = Bootstrap(Scores.from_columns(columns)).people
    assert (people.named, people.nameless, people.groups) == (2, 2, 4)


def test_where_no_draw_differs_the_interval_is_what_so_few_people_cannot_exclude(
    make_scores,
) -> None:
    scores = make_scores([0.9] * 10, {"print": [0.1] * 30})
    found = Bootstrap(scores).auc(1.0)
    assert found.high == 1
    assert found.low == pytest.approx(0.025 ** (1 / 10))


def test_the_interval_of_hter_covers_the_truth_as_often_as_it_says() -> None:
    """Clustered people; a test that took presentations as independent would miss far more."""
    missed = 0
    truth = hter(drawn(10_000, count=60_000, people=5000, apart=0.7), 0.5)
    for seed in range(80):
        scores = drawn(seed, count=480, people=40, apart=0.7)
        found = Bootstrap(scores).hter(hter(scores, 0.5), 0.5)
        missed += not found.low <= truth <= found.high
    assert missed <= 10
