"""What is worn over a face, and heads that nobody is in: shape, matter and life."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import numpy as np
import numpy.typing as npt
import pytest

from unmask.sim.body.heads import LANDMARKS, Floats, head_model
from unmask.sim.motion import Moment
from unmask.sim.optics.materials import Kind, skin_reflectance
from unmask.sim.optics.tracing import Window, trace
from unmask.sim.people import Person
from unmask.sim.plan import BONA_FIDE, Plan, make_plan
from unmask.sim.sites import SITES
from unmask.sim.species import mannequin, mask_flexible, mask_rigid, partial, present, variant
from unmask.sim.stage import Presented, crop_window

MADE_OF = {
    "mask_rigid": (Kind.RESIN,),
    "mask_flexible": (Kind.SILICONE,),
    "mannequin": (Kind.PLASTIC,),
    "half_mask": (Kind.SILICONE, Kind.RESIN),
}
EYES, NOSE, MOUTH = LANDMARKS.index("eye_left"), LANDMARKS.index("nose_tip"), 2
FACE = [LANDMARKS.index(n) for n in ("mouth", "mouth_left", "mouth_right", "nose_tip", "chin")]
BLINKS = Moment(frame=1, blink=1.0, talk=0.8, smile=0.6)


def plans(kind: str, many: int, name: str = "") -> list[Plan]:
    """Presentations of a kind at the site that has all of these, nearly frontal."""
    return [p for p, _ in zip(_plans(kind, name), range(many), strict=False)]


def _plans(kind: str, name: str) -> Iterator[Plan]:
    site = SITES["D"]
    for index in count():
        plan = make_plan(1, site, site.species, index)
        if plan.kind == kind and name in ("", variant(plan)):
            frontal = replace(plan.acquisition, yaw=plan.acquisition.yaw / 4, pitch=0.0)
            yield replace(plan, acquisition=frontal)


def kinds(presented: Presented, side: int = 160) -> tuple[npt.NDArray[np.int64], Window]:
    """The material at each sample of the crop, and the crop."""
    window = crop_window(presented.landmarks, 1.2)
    hits = trace(presented.parts, window, side)
    return hits.picture(hits.paint.kind).astype(int), window


def kind_at(presented: Presented, name: str) -> int:
    """The material that is seen at a point of the face: the commonest of 5 x 5 samples."""
    seen, window = kinds(presented)
    x, y = window.project(presented.landmarks[LANDMARKS.index(name)])
    column, row = round((x + 1) * 80 - 0.5), round((1 - y) * 80 - 0.5)
    near = seen[row - 2 : row + 3, column - 2 : column + 3]
    return int(np.bincount(near.ravel()).argmax())


def points_of(presented: Presented, materials: tuple[Kind, ...]) -> Floats:
    """All vertices (N, 3) that are made of something."""
    found = [p.vertices[np.isin(p.paint(p.coordinates).kind, materials)] for p in presented.parts]
    return np.concatenate(found)


def misfit(a: Floats, b: Floats) -> float:
    """Root mean square distance (mm) of two shapes (N, 3), brought together rigidly."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    u, _, v = np.linalg.svd(a.T @ b)
    turn = u @ np.diag([1, 1, np.sign(np.linalg.det(u @ v))]) @ v
    return float(np.sqrt(((a @ turn - b) ** 2).sum(axis=1).mean()))


def shape(person: Person) -> Floats:
    model = head_model()
    return model.points(model.vertices(person.identity, {}))


@pytest.mark.parametrize("kind", ["mask_rigid", "mask_flexible"])
def test_a_mask_shows_its_own_matter_and_the_wearers_eyes_in_its_holes(kind: str) -> None:
    for plan in plans(kind, 4):
        presented = present(plan)
        assert kind_at(presented, "nose_tip") in MADE_OF[kind]
        assert kind_at(presented, "mouth") in MADE_OF[kind]
        seen, window = kinds(presented)
        row, column = np.nonzero(seen == Kind.EYE)
        at = np.stack([column + 0.5, 159.5 - row], axis=1) / 80 - 1
        for eye in window.project(presented.landmarks[:2]):
            assert (np.linalg.norm(at - eye, axis=1) < 0.08).sum() > 8


@pytest.mark.parametrize("name", mannequin.VARIANTS)
def test_a_mannequin_has_neither_skin_nor_living_eyes(name: str) -> None:
    for plan in plans("mannequin", 2, name):
        presented = present(plan)
        seen, _ = kinds(presented)
        assert not np.isin(seen, (Kind.SKIN, Kind.EYE)).any()
        assert {kind_at(presented, n) for n in ("eye_left", "mouth", "nose_tip")} == {Kind.PLASTIC}


def test_partial_attacks_leave_the_wearers_own_skin_on_the_rest() -> None:
    for name, over in (("paper_glasses", {Kind.PAPER}), ("funny_eyes", {Kind.PAPER, Kind.PLASTIC})):
        for plan in plans("partial", 2, name):
            presented = present(plan)
            assert kind_at(presented, "eye_left") in over
            assert kind_at(presented, "eye_right") in over
            assert kind_at(presented, "chin") == kind_at(presented, "mouth") == Kind.SKIN
    for plan in plans("partial", 3, "half_mask"):
        presented = present(plan)
        assert kind_at(presented, "mouth") in MADE_OF["half_mask"]
        assert (kinds(presented)[0] == Kind.EYE).sum() > 20


@pytest.mark.parametrize("name", ["paper_glasses", "funny_eyes"])
def test_the_uncovered_part_of_a_partial_attack_is_the_wearer_and_not_the_subject(
    name: str,
) -> None:
    found = [(present(plan).landmarks[FACE], plan) for plan in plans("partial", 4, name)]
    to_wearer = [misfit(face, shape(p.wearer)[FACE]) for face, p in found]  # but for expression
    to_subject = [misfit(face, shape(p.subject)[FACE]) for face, p in found]
    assert np.mean(to_wearer) < 0.75 * np.mean(to_subject)


@pytest.mark.parametrize("kind", ["mask_rigid", "mask_flexible", "mannequin"])
def test_the_shape_shown_is_the_subjects_and_not_the_wearers(kind: str) -> None:
    found = [(present(p).landmarks[FACE], p) for p in plans(kind, 8)]
    to_subject = [misfit(face, shape(p.subject)[FACE]) for face, p in found]
    to_wearer = [misfit(face, shape(p.wearer)[FACE]) for face, p in found]
    assert np.mean(to_subject) < 0.75 * np.mean(to_wearer)


@pytest.mark.parametrize("kind", ["mask_rigid", "mask_flexible"])
def test_the_wearers_skin_does_not_come_through_the_mask(kind: str) -> None:
    for plan in plans(kind, 5):
        presented = present(plan)
        hits = trace(presented.parts, crop_window(presented.landmarks, 1.0), 200)
        skin = hits.position[np.isin(hits.paint.kind, (Kind.SKIN, Kind.EYE))]
        middle = presented.landmarks[[NOSE, MOUTH]]
        away = np.linalg.norm(skin[:, None] - middle, axis=2).min(axis=1)
        assert (away < 20).sum() < 0.001 * len(hits.position)  # a chin too long for the mask


@pytest.mark.parametrize("kind", ["mask_rigid", "mannequin"])
def test_what_is_rigid_keeps_its_shape_in_every_frame(kind: str) -> None:
    for plan in plans(kind, 2):
        still = points_of(present(plan), MADE_OF[kind])
        for number in (3, 9):
            later = points_of(present(plan.frame(number)), MADE_OF[kind])
            assert misfit(still, later) < 0.02


def test_what_lives_changes_its_shape_and_a_flexible_mask_follows_less() -> None:
    def change(plan: Plan) -> float:
        before, after = (present(replace(plan, moment=m)) for m in (plan.moment, BLINKS))
        return misfit(before.landmarks[FACE], after.landmarks[FACE])

    alive = np.mean([change(p) for p in plans(BONA_FIDE, 4)])
    below = np.mean([change(p) for p in plans("mask_flexible", 4)])
    assert alive > 1.0
    assert 0.1 * alive < below < 0.85 * alive


@pytest.mark.parametrize("kind", ["mask_rigid", "mask_flexible"])
def test_the_wearer_blinks_in_the_holes_of_a_mask(kind: str) -> None:
    for plan in plans(kind, 3):
        before, after = (kinds(present(replace(plan, moment=m)))[0] for m in (Moment(), BLINKS))
        assert (after == Kind.EYE).sum() < 0.5 * (before == Kind.EYE).sum()


def test_a_mannequin_does_not_blink() -> None:
    plan = plans("mannequin", 1)[0]
    before, after = (kinds(present(replace(plan, moment=m)))[0] for m in (Moment(), BLINKS))
    np.testing.assert_array_equal(before, after)


def test_a_rigid_mask_stands_off_the_wearers_eyes() -> None:
    for plan in plans("mask_rigid", 4):
        presented = present(plan)
        resin = points_of(presented, (Kind.RESIN,))
        for eye in presented.landmarks[:2]:
            flat = np.hypot(*(resin[:, :2] - eye[:2]).T)
            rim = resin[(flat < 25) & (resin[:, 2] > eye[2] - 20)]
            assert rim[:, 2].max() > eye[2] + 4  # the camera looks along -z


@pytest.mark.parametrize("kind", ["mask_rigid", "mask_flexible", "mannequin", "partial"])
def test_the_points_of_the_face_lie_on_what_is_seen(kind: str) -> None:
    for plan in plans(kind, 4):
        presented = present(plan)
        window = crop_window(presented.landmarks, 1.2)
        hits = trace(presented.parts, window, 160)
        depth = hits.picture(-hits.position[:, 2])
        for point, reach in zip(presented.landmarks[[EYES, NOSE, MOUTH]], (9, 9, 22), strict=True):
            x, y = window.project(point)
            column, row = round((x + 1) * 80 - 0.5), round((1 - y) * 80 - 0.5)
            near = depth[row - 2 : row + 3, column - 2 : column + 3]
            assert np.abs(near + point[2]).min() < reach  # an open mouth is deep


def test_pigments_miss_the_infrared_level_of_skin_on_either_side_or_meet_it() -> None:
    melanin = np.linspace(0.05, 1.7, 30, dtype=np.float32)
    skin = skin_reflectance(melanin, np.full(30, 0.3, np.float32))[1]
    rngs = [np.random.default_rng(seed) for seed in range(200)]
    dark = [mask_flexible.draw_mask(r, "silicone_dark").finish.infrared for r in rngs]
    light = [mask_flexible.draw_mask(r, "silicone_light").finish.infrared for r in rngs]
    assert max(dark) < skin.mean() < min(light)
    alike = [mask_flexible.draw_mask(r, "silicone_alike").finish.infrared for r in rngs]
    assert skin.min() - 0.02 < min(alike) < max(alike) < skin.max() + 0.02
    resin = np.array([mask_rigid.draw_mask(r, "resin_painted").finish.infrared for r in rngs])
    assert 0.2 < np.mean(resin < skin.min()) < 0.4
    assert 0.2 < np.mean(resin > skin.max()) < 0.4
    spread = np.ptp([*dark, *light, *resin])
    assert spread > 5 * np.ptp(skin)  # no one level names a mask


def test_silicone_and_wax_let_light_in_and_resin_and_plastic_do_not() -> None:
    rng = np.random.default_rng(0)
    assert mask_flexible.draw_mask(rng, "silicone_light").finish.softness > 0.4
    assert mannequin.draw_finish(rng, "wax").softness > 0.4
    assert mannequin.draw_finish(rng, "plastic").softness == 0
    for name in mask_rigid.VARIANTS:
        assert mask_rigid.draw_mask(rng, name).finish.softness == 0


def test_every_variant_is_drawn() -> None:
    for kind, module in (
        ("mask_rigid", mask_rigid),
        ("partial", partial),
        ("mannequin", mannequin),
    ):
        assert {variant(p) for p in plans(kind, 40)} == set(module.VARIANTS)
