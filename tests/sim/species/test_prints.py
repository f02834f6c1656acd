"""Prints on paper and cloth: sheets keep lengths, inks differ at 850 nm, holes show a person."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from unmask.sim.body.clothes import draw_outfit
from unmask.sim.body.hands import hand, paint_hand
from unmask.sim.body.heads import LANDMARKS, Floats, head_model
from unmask.sim.contact_sheet import find
from unmask.sim.craft.drape import draw_drape
from unmask.sim.craft.folding import control_points, fold, pattern
from unmask.sim.craft.ink import INKS, draw_ink, paint_ink
from unmask.sim.craft.photo import found_photo
from unmask.sim.craft.sheet import Bend, cut_mesh, flat, inside, resample, strip
from unmask.sim.optics.materials import Kind
from unmask.sim.optics.tracing import Hits, Window, trace
from unmask.sim.people import Person
from unmask.sim.plan import Plan
from unmask.sim.sites import SITES
from unmask.sim.species import mask_paper, present, print_bent, print_cut, variant
from unmask.sim.stage import Presented, crop_window

SIDE = 128
BENDS = [
    Bend(curvature=1 / 90, across=0.0, reach=130, ease=0.5),
    Bend(curvature=-1 / 150, across=0.6, reach=150, ease=0.3),
    Bend(curvature=1 / 110, across=np.pi / 2, reach=120, ease=0.8),
]


def plans(kind: str, count: int, seed: int = 0) -> list[Plan]:
    site = next(s for s in SITES.values() if kind in s.species)
    return find(seed, site, kind, count)


def frontal(plan: Plan) -> Plan:
    """The same presentation, looking straight into the lens."""
    return replace(plan, acquisition=replace(plan.acquisition, yaw=0.0, pitch=0.0, roll=0.0))


def seen(presented: Presented) -> tuple[Hits, Window]:
    window = crop_window(presented.landmarks, 1.0)
    return trace(presented.parts, window, SIDE), window


def around_place(picture: Floats, place: Floats, reach: int = 1) -> Floats:
    """The pixels near a place in crop coordinates."""
    column, row = ((1 + place * [1, -1]) / 2 * SIDE).astype(int)
    return picture[row - reach : row + reach + 1, column - reach : column + reach + 1]


def normals_and_areas(vertices: Floats, triangles: npt.NDArray[np.int32]) -> tuple[Floats, Floats]:
    """Unit normals (T, 3) and areas (T,) of triangles."""
    a, b, c = (vertices[triangles[:, k]].astype(float) for k in range(3))
    normal = np.cross(b - a, c - a)
    size = np.linalg.norm(normal, axis=1)
    return normal / np.maximum(size, 1e-9)[:, None], size / 2


@pytest.mark.parametrize("bend", BENDS)
def test_a_bent_sheet_keeps_every_length(bend: Bend) -> None:
    rng = np.random.default_rng(0)
    start, turn = rng.uniform(-80, 80, (60, 2)), rng.uniform(0, 2 * np.pi, 60)
    step = 30 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    path = start[:, None] + np.linspace(0, 1, 400)[:, None] * step[:, None]  # (60, 400, 2)
    there = bend(path.reshape(-1, 2)).reshape(60, 400, 3).astype(float)
    length = np.linalg.norm(np.diff(there, axis=1), axis=2).sum(axis=1)
    np.testing.assert_allclose(length, 30, rtol=2e-3)


@pytest.mark.parametrize("bend", BENDS)
def test_the_height_of_a_bent_sheet_is_that_of_its_points(bend: Bend) -> None:
    places = bend(np.random.default_rng(1).uniform(-90, 90, (200, 2)))
    np.testing.assert_allclose(bend.height(places[:, :2]), places[:, 2], atol=0.05)


@pytest.mark.parametrize("plan", plans("print_bent", 6), ids=lambda p: p.key)
def test_a_bent_print_is_no_plane_but_a_cylinder(plan: Plan) -> None:
    sheet = present(plan).parts[0].vertices.astype(float)
    middle = sheet - sheet.mean(axis=0)
    height = middle @ np.linalg.svd(middle, full_matrices=False)[2][2]  # off the best plane
    assert np.percentile(np.abs(height), 90) > 3
    normal = print_normals(plan)
    across, along = np.linalg.svd(normal - normal.mean(axis=0))[2][[0, 2]]
    assert np.ptp(normal @ across) > 0.25  # it turns one way only: normals lie in a plane
    assert np.ptp(normal @ along) < 0.1 * np.ptp(normal @ across)
    near = middle[np.linalg.norm(middle, axis=1) < 75]
    assert roundness(near - (near @ along)[:, None] * along, along) < 1.0


def roundness(points: Floats, axis: Floats) -> float:
    """How far (mm, 95th percentile) points (N, 3) across an axis stray from the best circle."""
    first = np.linalg.svd(axis[None])[2][1:]  # two directions across
    x, y = first @ points.T
    design = np.stack([x, y, np.ones_like(x)], axis=1)
    a, b, c = np.linalg.lstsq(design, x**2 + y**2, rcond=None)[0] / [2, 2, 1]
    rest = np.hypot(x - a, y - b) - np.sqrt(c + a * a + b * b)
    return float(np.percentile(np.abs(rest), 95))


def print_normals(plan: Plan) -> Floats:
    """Normals of the triangles of the sheet (T, 3)."""
    part = present(plan).parts[0]
    return normals_and_areas(part.vertices, part.triangles)[0]


def test_each_way_of_bending_is_what_its_name_says() -> None:
    rng = np.random.default_rng(2)
    made = {n: print_bent.draw_bend(rng, n, 130.0, 0.0) for n in print_bent.VARIANTS}
    sides, ends = np.array([[-90.0, 0], [90, 0]]), np.array([[0.0, -90], [0, 90]])
    assert made["round"](sides)[:, 2].max() < -10
    assert made["hollow"](sides)[:, 2].min() > 8
    assert made["nodding"](ends)[:, 2].max() < -10
    assert np.abs(made["nodding"](sides)[:, 2]).max() < 3
    assert made["slanted"](sides)[:, 2].max() < -3
    assert made["slanted"](ends)[:, 2].max() < -1


def test_frames_of_a_bent_print_differ_in_bend_and_share_the_ink() -> None:
    plan = plans("print_bent", 1)[0]
    first, later = (present(plan.frame(n)).parts[0] for n in (0, 5))
    normals = [print_normals(plan.frame(n)) for n in (0, 5)]
    turned = [np.degrees(np.arccos(n[0] @ n[-1])) for n in normals]
    assert abs(turned[0] - turned[1]) > 0.2
    places = np.random.default_rng(0).uniform(-100, 100, (500, 2)).astype(np.float32)
    np.testing.assert_array_equal(first.paint(places).colour, later.paint(places).colour)
    np.testing.assert_array_equal(first.paint(places).infrared, later.paint(places).infrared)


def test_dye_vanishes_in_infrared_and_carbon_keeps_the_face() -> None:
    plan = plans("print_flat", 1)[0]
    photo, rng = found_photo(plan), np.random.default_rng(0)
    grid = np.stack(np.meshgrid(*[np.linspace(-90, 90, 120)] * 2), -1).reshape(-1, 2)
    contrast = {}
    for kind in INKS:
        ink = replace(draw_ink(rng, kind), bands=0.0, dots=0.0)
        paint = paint_ink(grid.astype(np.float32), photo, 100.0, ink)
        darkest, lightest = np.percentile(paint.infrared, [5, 95])
        contrast[kind] = lightest / darkest
        darkest, lightest = np.percentile(paint.colour, [5, 95])
        assert lightest / darkest > 2  # in the light all inks show it
    assert max(contrast["dye_matte"], contrast["dye_glossy"]) < 1.08
    assert min(contrast["carbon_matte"], contrast["carbon_glossy"]) > 1.25


def test_gloss_is_a_matter_of_the_paper() -> None:
    rng = np.random.default_rng(0)
    gloss = {kind: draw_ink(rng, kind).gloss for kind in INKS}
    for ink in ("dye", "carbon"):
        assert gloss[f"{ink}_glossy"][1] < 0.5 < gloss[f"{ink}_matte"][1]


def test_a_border_of_bare_paper_surrounds_the_picture() -> None:
    photo = found_photo(plans("print_flat", 1)[0])
    ink = draw_ink(np.random.default_rng(0), "carbon_matte")
    paint = paint_ink(np.array([[101.0, 0], [0, -104]], np.float32), photo, 100.0, ink)
    np.testing.assert_allclose(paint.colour, np.tile(ink.white, (2, 1)), atol=1e-6)
    np.testing.assert_allclose(paint.infrared, ink.infrared, atol=1e-6)


def by_variant(kind: str, wanted: tuple[str, ...]) -> dict[str, Plan]:
    """One plan of each variant."""
    found: dict[str, Plan] = {}
    for plan in plans(kind, 20):
        found.setdefault(variant(plan), plan)
    assert set(wanted) <= set(found)
    return found


def test_each_of_the_six_cuts_opens_the_features_it_names() -> None:
    features = {"eye_left": "eyes", "eye_right": "eyes", "nose_tip": "nose", "mouth": "mouth"}
    eyes = 0
    for name, plan in by_variant("print_cut", tuple(print_cut.VARIANTS)).items():
        presented = present(frontal(plan))
        hits, window = seen(presented)
        kinds = hits.picture(hits.paint.kind)
        eyes += (kinds == Kind.EYE).sum()
        places = dict(zip(LANDMARKS, window.project(presented.landmarks), strict=True))
        for landmark, feature in features.items():
            met = around_place(kinds, places[landmark])
            living = np.isin(met, (Kind.SKIN, Kind.EYE))
            assert living.all() if feature in name.split("_") else (met == Kind.PAPER).all()
    assert eyes > 60  # the wearers', not printed ones


def test_what_is_seen_through_the_holes_lies_close_behind_the_paper() -> None:
    for name, plan in by_variant("print_cut", ()).items():
        presented = present(plan)
        hits, window = seen(presented)
        z, kinds = hits.picture(-hits.position[:, 2]), hits.picture(hits.paint.kind)
        for place, point in zip(window.project(presented.landmarks)[:2], presented.landmarks[:2],
                                strict=True):  # fmt: skip
            behind = around_place(z, place) + point[2]
            assert (np.abs(behind) < 50).all(), name
            assert np.median(behind) > 2, name
        assert (kinds == Kind.PAPER).mean() > 0.3


def test_eyes_in_the_holes_are_the_wearers_and_blink() -> None:
    plan = plans("print_cut", 1)[0]
    wide = replace(plan, moment=replace(plan.moment, frame=1, blink=0.0))
    shut = replace(plan, moment=replace(plan.moment, frame=1, blink=1.0))
    open_, closed = (
        (hits.paint.kind == Kind.EYE).sum() for hits, _ in (seen(present(p)) for p in (wide, shut))
    )
    assert closed < 0.3 * open_


def test_paper_ends_in_white_fibres_at_the_holes() -> None:
    plan = by_variant("print_cut", ())["eyes_flat"]
    made = print_cut.draw_sheet(plan.rng(0), plan)
    place = found_photo(plan).landmarks[2] * made.half  # lips
    c = np.array([[*place, 0.0], [*place, made.torn + 1]], np.float32)
    rim, beside = print_cut.paint_cut(c, made).colour
    np.testing.assert_allclose(rim, made.ink.white, atol=0.3)
    assert beside.mean() < 0.8 * rim.mean()


def test_cutting_takes_away_the_holes_and_nothing_else() -> None:
    x = np.linspace(-100, 100, 18)
    points = np.stack(np.meshgrid(x, x), -1).reshape(-1, 2)
    turn = np.arange(16) * np.pi / 8
    oval = np.stack([20 * np.cos(turn), 9 * np.sin(turn)], axis=1)
    holes = [np.array([40 * s, 10]) + oval for s in (-1, 1)]
    uv, triangles, distance = cut_mesh(points, holes)
    one = 16 / 2 * np.sin(np.pi / 8) * 20 * 9
    assert normals_and_areas(np.pad(uv, ((0, 0), (0, 1))), triangles)[1].sum() == pytest.approx(
        40000 - 2 * one, rel=2e-3
    )
    used = np.unique(triangles)
    assert not any(inside(uv[used][distance[used] > 0.1], hole).any() for hole in holes)
    walls = [strip(resample(hole, 2.5), flat, 0.5) for hole in holes]
    around = [np.linalg.norm(np.roll(h, -1, 0) - h, axis=1).sum() for h in holes]
    assert [normals_and_areas(*wall)[1].sum() for wall in walls] == pytest.approx(
        [0.5 * a for a in around], rel=0.03
    )


def test_inside_agrees_with_the_winding_number() -> None:
    star = np.array([[0, 3], [1, 1], [3, 1], [1, -0.5], [2, -3], [0, -1], [-2, -2], [-1, 1]], float)
    places = np.random.default_rng(0).uniform(-3, 3, (400, 2))
    for place, found in zip(places, inside(places, star), strict=True):
        a = star - place
        b = np.roll(a, -1, axis=0)
        turn = np.arctan2(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], (a * b).sum(axis=1)).sum()
        assert found == (abs(turn) > np.pi)


@pytest.mark.parametrize("name", ["hanging", "stretched", "creased"])
def test_folds_of_cloth_give_relief_within_bounds(name: str) -> None:
    grid = np.stack(np.meshgrid(*[np.linspace(-100, 100, 60)] * 2), -1).reshape(-1, 2)
    for seed in range(12):
        z = draw_drape(np.random.default_rng(seed), name, (260.0, 280.0), 0.0)(grid)[:, 2]
        design = np.concatenate([grid, np.ones((len(grid), 1))], axis=1)
        rest = z - design @ np.linalg.lstsq(design, z, rcond=None)[0]
        assert 1 < np.ptp(np.percentile(rest, [2, 98])) < 45


def test_cloth_moves_in_time_and_keeps_its_threads() -> None:
    plan = plans("print_cloth", 1)[0]
    still, later = (present(plan.frame(n)) for n in (0, 4))
    first, second = (p.parts[0].vertices - p.parts[0].vertices.mean(axis=0) for p in (still, later))
    lengths = [np.linalg.norm(v - v[len(v) // 2], axis=1) for v in (first, second)]
    assert np.abs(lengths[0] - lengths[1]).max() > 0.05  # it is not only carried
    places = np.random.default_rng(0).uniform(-90, 90, (300, 2)).astype(np.float32)
    paints = [p.parts[0].paint(places) for p in (still, later)]
    np.testing.assert_array_equal(paints[0].colour, paints[1].colour)
    assert (paints[0].kind == Kind.CLOTH).all()


def test_facets_of_a_paper_mask_are_plane_and_creases_sharp() -> None:
    creases, model = pattern("folded"), head_model()
    control = control_points(creases, model.home, model.home, 4.0, 6.0)
    holes = mask_paper.draw_holes(
        np.random.default_rng(0),
        mask_paper.draw_mask(
            np.random.default_rng(0), found_photo(plans("mask_paper", 1)[0]), "folded"
        ),
    )
    paper = fold(creases, control, control, holes)
    np.testing.assert_allclose(paper.picture, paper.vertices, atol=1e-3)  # linear on facets
    across = [
        normals_and_areas(v, t)
        for v, t in ((paper.vertices, paper.triangles), (control, creases.facets))
    ]
    (pieces, size), (facets, _) = across
    alike = (pieces @ facets.T).max(axis=1) > np.cos(np.radians(1))
    assert size[alike].sum() > 0.95 * size.sum()
    shares = [len(np.unique(t)) / t.size for t in (paper.triangles, creases.facets)]
    assert shares[0] == 1 > shares[1]  # no vertex is shared, so no normal is smoothed


def test_a_paper_mask_has_a_nose_of_paper_and_the_wearers_eyes() -> None:
    for name, plan in by_variant("mask_paper", tuple(mask_paper.VARIANTS)).items():
        presented = present(frontal(plan))
        hits, window = seen(presented)
        kinds = hits.picture(hits.paint.kind)
        places = dict(zip(LANDMARKS, window.project(presented.landmarks), strict=True))
        for landmark in ("nose_tip", "mouth"):
            assert (around_place(kinds, places[landmark]) == Kind.PAPER).mean() > 0.8, name
        for landmark in ("eye_left", "eye_right"):
            living = np.isin(around_place(kinds, places[landmark]), (Kind.SKIN, Kind.EYE))
            assert living.mean() > 0.8, name
        eye_to_nose = presented.landmarks[:2, 2].mean() - presented.landmarks[5, 2]
        assert -50 < eye_to_nose < -8


def test_hands_have_nails_skin_and_sleeves() -> None:
    plan = plans("print_flat", 1)[0]
    v, t, c = hand(np.random.default_rng(0), 0.5)
    assert 0 <= t.min() <= t.max() < len(v)
    gripping = v[v[:, 0] < -5]
    assert gripping[:, 2].min() < -8 < 8 < gripping[:, 2].max()  # fingers behind, a thumb in front
    outfit = draw_outfit(np.random.default_rng(0))
    paint = paint_hand(c, plan.wearer, outfit)
    assert set(np.unique(paint.kind)) == {Kind.SKIN, Kind.CLOTH}
    back = np.array([[20.0, 0, 1, 0], [20, 0, -1, 0], [7, 0, 1, 0]], np.float32)
    knuckle, palm, nail = paint_hand(back, dark(plan), outfit).colour.mean(axis=1)
    assert palm > 1.1 * knuckle
    assert nail > 1.1 * knuckle


def dark(plan: Plan) -> Person:
    return replace(plan.wearer, melanin=0.9)
