"""Rankings against the judge's own rates, naive loops, and simulated tests without a difference."""

from itertools import combinations

import numpy as np
import pytest

from unmask.metrics import rates
from unmask.metrics.bootstrap import resampled
from unmask.metrics.curves import auc
from unmask.metrics.panel import Panel, line_up
from unmask.metrics.ranking import FIGURES, Ranking, figures, rank
from unmask.metrics.scores import Scores

KINDS = ("", "", "", "", "print", "print", "mask", "")


def judged(score: np.ndarray, people: int) -> Scores:
    """Presentation i is of kind i modulo 8 and of person i // 8 modulo ``people``."""
    names = [f"p{i:04d}" for i in range(score.size)]
    species = [KINDS[i % 8] for i in range(score.size)]
    return Scores.from_columns(
        {
            "key": names,
            "presentation": names,
            "score": score.tolist(),
            "label": ["attack" if name else "bona_fide" for name in species],
            "pai_species": species,
            "subject": [f"s{i // 8 % people:03d}" for i in range(score.size)],
        }
    )


def drawn(rng: np.random.Generator, shift: float, count: int = 320, people: int = 20) -> Scores:
    """A system's scores, rounded to make ties, some without a response."""
    genuine = np.array([not KINDS[i % 8] for i in range(count)])
    score = np.clip(np.round(rng.normal(0.5 + shift * (genuine - 0.5), 0.25), 2), 0, 1)
    score[rng.random(count) < 0.03] = np.nan
    return judged(score, people)


def ranked(*systems: Scores, by: str = "acer", draws: int = 400, seed: int = 0) -> Ranking:
    panel = line_up({f"system {i}": scores for i, scores in enumerate(systems)})
    return rank(panel, [0.5] * len(systems), by, draws=draws, seed=seed)


def test_figures_of_everybody_once_are_those_of_the_judge() -> None:
    rng = np.random.default_rng(0)
    systems = [drawn(rng, shift) for shift in (0.3, 0.6, 0.9)]
    expected = {
        "acer": [rates.acer(s, 0.5) for s in systems],
        "hter": [rates.hter(s, 0.5) for s in systems],
        "auc": [auc(s) for s in systems],
    }
    for by in FIGURES:
        found = {s.name: s.figure.value for s in ranked(*systems, by=by).standings}
        values = [found[f"system {i}"] for i in range(3)]
        assert values == (pytest.approx(expected[by]) if by == "auc" else expected[by])


def test_draws_are_those_of_rows_that_stand_there_so_often() -> None:
    rng = np.random.default_rng(1)
    scores = drawn(rng, 0.5)
    panel = line_up({"one": scores})
    weight = resampled(panel.people, 5, rng)
    for by, of in (("acer", rates.acer), ("hter", rates.hter), ("auc", lambda s, _: auc(s))):
        values = figures(panel, [0.5], by, weight)[0]
        for row, value in zip(weight, values, strict=True):
            often = row[panel.person].astype(int)
            table = scores.table.sort("presentation")[np.repeat(np.arange(len(scores)), often)]
            assert value == pytest.approx(of(Scores(table=table), 0.5))


def test_a_draw_without_a_class_says_nothing() -> None:
    panel = line_up({"one": drawn(np.random.default_rng(2), 0.5)})
    assert np.isnan(figures(panel, [0.5], "acer", np.zeros((1, panel.people)))).all()


def test_the_best_comes_first_whichever_way_its_figure_points() -> None:
    rng = np.random.default_rng(3)
    systems = [drawn(rng, shift) for shift in (0.2, 1.2, 0.7)]
    for by in FIGURES:
        assert [s.name[-1] for s in ranked(*systems, by=by).standings] == ["1", "2", "0"]


def test_far_systems_are_told_apart_and_one_system_twice_is_not() -> None:
    rng = np.random.default_rng(4)
    good, bad = drawn(rng, 1.2), drawn(rng, 0.2)
    for by in FIGURES:
        found = ranked(good, bad, good, by=by)
        assert [(s.rank, s.best_rank, s.worst_rank) for s in found.standings] == [
            (1, 1, 2),
            (1, 1, 2),
            (3, 3, 3),
        ]
        assert found.groups == (("system 0", "system 2"),)
        clear = {(p.better, p.worse) for p in found.pairs if p.difference.is_clear}
        assert clear == {("system 0", "system 1"), ("system 2", "system 1")}


def test_a_perfect_and_a_useless_system_are_told_apart_though_no_draw_differs() -> None:
    genuine = np.array([not KINDS[i % 8] for i in range(320)])
    perfect, useless = judged(genuine.astype(float), 20), judged(np.ones(320), 20)
    found = ranked(perfect, useless)
    assert found.pairs[0].difference.is_clear
    assert found.pairs[0].difference.value == -0.5
    few = ranked(judged(genuine.astype(float), 2), judged(np.ones(320), 2))
    assert not few.pairs[0].difference.is_clear, "two people cannot show it"
    assert found.standings[0].figure.high == pytest.approx(1 - 0.025 ** (1 / 20))


def test_groups_are_the_longest_runs_without_a_clear_pair() -> None:
    rng = np.random.default_rng(5)
    found = ranked(*(drawn(rng, shift) for shift in (1.4, 1.2, 1.0, 0.8, 0.6, 0.4)))
    order = [s.name for s in found.standings]
    clear = {(p.better, p.worse) for p in found.pairs if p.difference.is_clear}
    assert clear
    runs = [
        order[i:j]
        for i in range(6)
        for j in range(i + 2, 7)
        if not clear & set(combinations(order[i:j], 2))
    ]
    longest = [tuple(r) for r in runs if not any(set(r) < set(other) for other in runs)]
    assert list(found.groups) == longest


def test_the_order_in_which_systems_are_named_changes_nothing() -> None:
    rng = np.random.default_rng(6)
    one, two = drawn(rng, 0.8), drawn(rng, 0.7)
    there, back = ranked(one, two).pairs[0], ranked(two, one).pairs[0]
    assert there.difference == back.difference


def test_more_systems_make_the_demand_on_each_pair_stricter() -> None:
    rng = np.random.default_rng(7)
    systems = [drawn(rng, 0.7) for _ in range(6)]
    assert ranked(*systems[:2]).stretch < ranked(*systems).stretch


def test_equal_systems_are_seldom_told_apart_however_many_pairs_there_are() -> None:
    """Four equal systems, people who differ: at most about 5 of 100 tests find any difference."""
    rng = np.random.default_rng(8)
    wrong = 0
    for number in range(200):
        people = rng.normal(0, 0.5, 30)
        person, genuine = np.repeat(np.arange(30), 8), np.tile([True, False], 120)
        score = np.where(genuine, 1.0, -1.0) + people[person] + rng.normal(0, 1, (4, 240))
        panel = Panel(
            names=("a", "b", "c", "d"),
            score=1 / (1 + np.exp(-score)),
            bona_fide=genuine,
            species=np.where(genuine, "", "print"),
            person=person,
            nameless=0,
        )
        found = rank(panel, [0.5] * 4, "hter", draws=300, seed=number)
        wrong += any(pair.difference.is_clear for pair in found.pairs)
    assert wrong / 200 <= 0.08
