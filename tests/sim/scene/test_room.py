"""Surroundings: cheap, different every time, and believable at 850 nm."""

from dataclasses import fields

import numpy as np
import pytest

from unmask.sim.body.heads import Floats
from unmask.sim.optics.mesh import Part
from unmask.sim.scene.room import DRAWN, SCENES, VIEW, wall
from unmask.sim.scene.scenery import BRIGHTEST, LEAF, SIDE, Canvas, coded, muted, plant
from unmask.sim.sites import SITES

BY_SCENE = pytest.mark.parametrize("scene", SCENES)


def seen(part: Part, side: int = 48) -> Floats:
    """Where the middle of the view is seen (N, 2), mm."""
    half = float(-part.vertices[:, 2].mean()) * 0.4
    axis = np.linspace(-half, half, side, dtype=np.float32)
    return np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)


@BY_SCENE
def test_the_same_numbers_draw_the_same_view_and_others_another(scene: str) -> None:
    painted = []
    for seed in (3, 3, 4):
        part = wall(np.random.default_rng(seed), 600, (400, 2000), scene)  # type: ignore[arg-type]
        painted.append(part.paint(seen(part)))
    for field in fields(painted[0]):
        np.testing.assert_array_equal(*(getattr(p, field.name) for p in painted[:2]))
    assert np.abs(painted[0].colour - painted[2].colour).mean() > 0.02


@BY_SCENE
def test_reflectances_are_possible_and_only_bright_things_give_off_light(scene: str) -> None:
    for seed in range(6):
        part = wall(np.random.default_rng(seed), 600, (400, 2000), scene)  # type: ignore[arg-type]
        paint = part.paint(seen(part))
        for reflectance in (paint.colour, paint.infrared):
            assert reflectance.min() >= 0
            assert reflectance.max() <= 1
        glows = paint.emission.max(axis=1) > 0
        assert not paint.colour[glows].any()
        assert paint.emission[glows].size == 0 or paint.emission[glows].max(axis=1).min() > 1


@BY_SCENE
def test_a_view_is_more_than_a_plain_wall(scene: str) -> None:
    contrast = []
    for seed in range(12):
        part = wall(np.random.default_rng(seed), 600, (400, 2000), scene)  # type: ignore[arg-type]
        paint = part.paint(seen(part))
        contrast.append(float((paint.colour + paint.emission).std(axis=0).mean()))
    assert np.median(contrast) > 0.03  # a studio's backdrop is plain


def test_the_wall_stands_behind_the_face_by_the_gap() -> None:
    for seed in range(5):
        part = wall(np.random.default_rng(seed), 700, (300, 900), "office")
        assert 1000 <= -part.vertices[:, 2].mean() <= 1600


def test_the_sky_is_bright_to_the_eye_and_dark_at_850_nm() -> None:
    canvas = DRAWN["outdoors"](np.random.default_rng(0), VIEW * 3000)
    colour, infrared = canvas.look_up(*_grid(canvas))
    sky = (colour[:, 2] > 1.2) & (colour[:, 2] > colour[:, 0])
    assert sky.mean() > 0.1
    assert infrared[sky].max() < 0.2


def test_leaves_are_dark_to_the_eye_and_bright_at_850_nm() -> None:
    canvas = Canvas(600.0, (0.7, 0.7, 0.7, 0.05))
    plant(canvas, np.random.default_rng(0), -200, 400)
    colour, infrared = canvas.look_up(*_grid(canvas))
    leaf = (colour[:, 1] > 1.5 * colour[:, 2]) & (colour[:, 1] > 1.2 * colour[:, 0])
    assert leaf.mean() > 0.02
    assert np.median(infrared[leaf]) > 3 * np.median(colour[leaf].mean(axis=1))


def test_what_is_drawn_is_found_where_it_was_drawn() -> None:
    canvas = Canvas(400.0, LEAF)
    red = (0.8, 0.1, 0.1, 0.3)
    canvas.box(100, -50, 80, 120, red)
    canvas.disc(-200, 150, 60, red)
    x, y = (np.array(v, np.float32) for v in zip((140, 10), (-200, 150), (0, 0), strict=True))
    colour, infrared = canvas.look_up(x, y)
    np.testing.assert_allclose(colour, [red[:3], red[:3], LEAF[:3]], atol=0.01)
    np.testing.assert_allclose(infrared, [0.3, 0.3, LEAF[3]], atol=0.01)


def test_bytes_of_a_canvas_hold_reflectance_to_a_fine_step() -> None:
    for value in (0.01, 0.1, 0.5, 0.95, 2.0):
        byte = np.round(coded((value,) * 4)[0])
        assert (byte / 255) ** 2 * BRIGHTEST == pytest.approx(value, rel=0.07)


def test_a_far_wall_is_blurred_more_than_a_near_one() -> None:
    sharpness = []
    for gap in (60.0, 3000.0):
        step = []
        for seed in range(8):
            part = wall(np.random.default_rng(seed), 400, (gap, gap), "corridor")
            at = seen(part, 160)
            light = np.sqrt(part.paint(at).colour[:, 0].reshape(160, 160))
            step.append(np.percentile(np.abs(np.diff(light, axis=1)), 99.5))
        sharpness.append(np.mean(step))
    assert sharpness[0] > 1.3 * sharpness[1]


def test_hues_are_mostly_near_grey() -> None:
    rng = np.random.default_rng(0)
    found = np.array([muted(rng, 0.1, 0.6) for _ in range(400)])
    ratio = found.max(axis=1) / found.min(axis=1)
    assert np.median(ratio) < 1.4
    assert 1.5 < np.percentile(ratio, 97) < 5


def test_every_site_has_a_scene_of_its_own() -> None:
    assert {site.scene for site in SITES.values()} == set(SCENES)


def _grid(canvas: Canvas) -> tuple[Floats, Floats]:
    axis = np.linspace(-canvas.half, canvas.half, SIDE // 3, dtype=np.float32)
    x, y = np.meshgrid(axis, axis)
    return x.ravel(), y.ravel()
