"""Time moves a presentation as it moves people and hands, and says nothing about the label."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from unmask.sim.body.heads import Floats
from unmask.sim.contact_sheet import find
from unmask.sim.motion import FRAMES_PER_SECOND, STILL, Moment, moment
from unmask.sim.optics.materials import Kind
from unmask.sim.plan import BONA_FIDE, Plan, make_plan
from unmask.sim.sites import SITES
from unmask.sim.species import present
from unmask.sim.stage import capture

SECONDS = 20


@pytest.fixture(scope="module")
def films() -> list[list[Moment]]:
    """Twenty seconds of fifty presentations."""
    frames = range(int(SECONDS * FRAMES_PER_SECOND))
    return [[moment(np.random.default_rng(n), k) for k in frames] for n in range(50)]


def spans(points: Floats) -> Floats:
    """Distances between all landmarks (L, L)."""
    return np.asarray(np.linalg.norm(points[:, None] - points[None], axis=-1))


def test_nothing_has_moved_in_frame_0(films: list[list[Moment]]) -> None:
    assert all(film[0] == STILL for film in films)


def test_frame_0_is_the_presentation_itself() -> None:
    plan = find(0, SITES["A"], BONA_FIDE, 1)[0]
    assert plan.frame(0) is plan
    assert plan.frame(3).frame_key == f"{plan.key}-003"
    assert plan.frame(3).key == plan.key


def test_a_head_drifts_slowly_and_not_far(films: list[list[Moment]]) -> None:
    turn = np.array([[m.turn for m in film] for film in films])  # (N, F, 3)
    assert np.percentile(np.abs(np.diff(turn, axis=1)), 99) < 4  # degrees per frame
    assert 2 < turn[..., 0].std() < 9
    move = np.array([[m.move for m in film] for film in films])
    assert np.percentile(np.abs(np.diff(move, axis=1)), 99) < 12  # mm per frame
    assert np.abs(move).max() < 120


def test_tremor_is_quick_and_small(films: list[list[Moment]]) -> None:
    tremor = np.array([[m.tremor for m in film] for film in films])
    assert np.abs(tremor).max() < 4
    signs = np.sign(np.diff(tremor[..., 0], axis=1))
    assert (signs[:, 1:] != signs[:, :-1]).mean() > 0.3  # it turns back and forth


def test_lids_close_for_a_quarter_of_a_second_every_few_seconds(films: list[list[Moment]]) -> None:
    closed = np.array([[m.blink > 0 for m in film] for film in films])  # (N, F)
    starts = (closed[:, 1:] & ~closed[:, :-1]).sum(axis=1)
    per_minute = 60 * starts.mean() / SECONDS
    assert 10 < per_minute < 25
    runs = closed.sum() / starts.sum() / FRAMES_PER_SECOND
    assert 0.15 < runs < 0.4
    assert all(0 <= m.blink <= 1 for film in films for m in film)


def test_some_people_talk(films: list[list[Moment]]) -> None:
    talk = np.array([max(m.talk for m in film) for film in films])
    assert 0.15 < (talk > 0).mean() < 0.5


@pytest.mark.parametrize("site", sorted(SITES))
def test_motion_does_not_tell_the_label(site: str) -> None:
    place = SITES[site]
    plans = [make_plan(0, place, place.species, n) for n in range(700)]
    label = [p.kind == BONA_FIDE for p in plans]
    paths = [[p.frame(k).acquisition for k in (1, 4, 9)] for p in plans]
    for trait in ("yaw", "pitch", "roll", "distance"):
        reach = [
            np.ptp([getattr(at, trait) for at in (p.acquisition, *path)])
            for p, path in zip(plans, paths, strict=True)
        ]
        area = roc_auc_score(label, reach)
        assert 0.42 < area < 0.58


def test_only_noise_and_motion_change_between_frames() -> None:
    plan = find(0, SITES["A"], "print_flat", 1)[0]
    later = plan.frame(2)
    assert later.rng(1).random() == plan.rng(1).random()  # light and settings stay
    assert later.grain().random() != plan.grain().random()
    assert (later.subject, later.wearer, later.kind) == (plan.subject, plan.wearer, plan.kind)


def test_a_print_moves_as_one_piece_and_a_talking_face_does_not() -> None:
    for plan in find(0, SITES["A"], "print_flat", 2):
        still = spans(present(plan).landmarks)
        np.testing.assert_allclose(spans(present(plan.frame(5)).landmarks), still, atol=0.2)
    talking, number = next(
        (p, k)
        for p in find(0, SITES["A"], BONA_FIDE, 20)
        for k in range(12)
        if p.frame(k).moment.talk > 0.5
    )
    change = spans(present(talking.frame(number)).landmarks) - spans(present(talking).landmarks)
    assert np.abs(change).max() > 0.5


def test_a_blink_hides_the_eye() -> None:
    def eye(plan: Plan) -> int:
        truth = capture(plan, present(plan), 96, with_truth=True).truth
        assert truth is not None
        return int((truth.material == Kind.EYE).sum())

    plan, number = next(
        (p, k)
        for p in find(0, SITES["C"], BONA_FIDE, 20)
        for k in range(24)
        if p.frame(k).moment.blink > 0.9
    )
    assert eye(plan.frame(number)) < 0.4 * eye(plan)
