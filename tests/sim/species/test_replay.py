"""Screens: what they show, what they hide at 850 nm, what a camera sees of their pixels."""

from dataclasses import replace

import numpy as np
import pytest

from unmask.sim.body.heads import Floats
from unmask.sim.craft.display import Screen, Sight, draw_windows, mirrored, moire, paint_screen
from unmask.sim.craft.photo import Photo
from unmask.sim.optics.materials import Kind
from unmask.sim.optics.mesh import rotation
from unmask.sim.optics.tracing import trace
from unmask.sim.plan import Plan, make_plan
from unmask.sim.sites import SITES
from unmask.sim.species.replay import DEVICES, VARIANTS, present
from unmask.sim.stage import capture, crop_window

WHITE = Photo(
    pixels=np.full((32, 32, 3), 255, np.uint8),
    landmarks=np.array([[0.3, 0.2], [-0.3, 0.2], [0, -0.2]], np.float32),
    skin=np.zeros((1, 2), np.float32),
)
PLAIN = Screen(
    size=(200.0, 200.0),
    corner=0.0,
    half=80.0,
    place=np.zeros(2, np.float32),
    margin=0.0,
    brightness=1.5,
    tint=np.ones(3, np.float32),
    gamut=1.0,
    black=0.0,
    pitch=0.2,
    grid=0.0,
    lean=0.0,
    band=(0.0, 1.0, 0.0),
    gloss=(0.04, 0.05),
    panel=0.02,
    smudges=np.zeros((8, 8, 1), np.uint8),
    windows=np.zeros((0, 5), np.float32),
)


def look_at(side: int = 200, half: float = 90.0, z: float = 500.0, yaw: float = 0.0) -> Sight:
    """A grid of points on a plate turned by ``yaw``."""
    axis = np.linspace(-half, half, side, dtype=np.float32)
    uv = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    turn = rotation(yaw, 0, 0)
    flat = np.concatenate([uv, np.zeros((len(uv), 1), np.float32)], axis=1)
    position = flat @ turn.T + np.array([0, 0, -z], np.float32)
    return Sight(uv=uv, position=position, turn=turn, distance=z, focal=1900.0)


def plans_of(device: str, count: int) -> list[Plan]:
    """Replays at site A on one device."""
    site = replace(SITES["A"], species=("replay",))
    plans = (make_plan(2, site, site.species, k) for k in range(400))
    found = [p for p in plans if p.kind == "replay" and p.pick(VARIANTS) == device]
    return found[:count]


def test_the_picture_is_shown_within_its_frame_and_the_rest_is_dark() -> None:
    sight = look_at()
    emission = paint_screen(sight, WHITE, PLAIN).emission
    inside = np.abs(sight.uv).max(axis=1) < 79
    np.testing.assert_allclose(emission[inside], 1.5, rtol=1e-3)
    assert not emission[np.abs(sight.uv).max(axis=1) > 81].any()


def test_a_screen_without_a_fine_grid_has_no_moire() -> None:
    np.testing.assert_array_equal(moire(look_at(), PLAIN), 1)


def test_moire_is_the_beat_of_pixels_and_camera() -> None:
    """Sampled at the camera's own pixels, the beat is the grid itself."""
    z, focal = 500.0, 1900.0
    pixel = z / focal  # mm on the screen
    screen = replace(PLAIN, grid=0.5, pitch=pixel / 1.06)  # 1.06 stripes per camera pixel
    column = np.arange(-150, 150, dtype=np.float32)
    uv = np.stack([column * pixel, np.zeros_like(column)], axis=1)
    position = np.concatenate([uv, np.full((300, 1), -z, np.float32)], axis=1)
    sight = Sight(
        uv=uv, position=position, turn=np.eye(3, dtype=np.float32), distance=z, focal=focal
    )
    beat = moire(sight, screen)[:, 0]
    grid = np.cos(2 * np.pi * uv[:, 0].astype(float) / screen.pitch)
    assert np.corrcoef(beat, grid)[0, 1] > 0.999
    spectrum = np.abs(np.fft.rfft(beat - beat.mean()))
    assert spectrum.argmax() / 300 == pytest.approx(0.06, abs=0.004)


def test_moire_is_coloured_keeps_the_mean_and_is_stronger_for_coarse_pixels() -> None:
    depth = []
    for stripes in (1.03, 2.03, 4.03):
        screen = replace(PLAIN, grid=0.5, pitch=500 / 1900 / stripes)
        found = moire(look_at(), screen)
        np.testing.assert_allclose(found.mean(axis=0), 1, atol=0.05)
        assert np.abs(found - found.mean(axis=1, keepdims=True)).max() > 0.3 * np.ptp(found) / 2
        depth.append(float(np.ptp(found)))
    assert depth[0] > 1.5 * depth[1] > 1.5 * depth[2]


def test_moire_does_not_depend_on_which_points_are_asked_for() -> None:
    screen = replace(PLAIN, grid=0.5, pitch=0.26)
    whole = look_at(yaw=20)
    some = np.arange(0, len(whole.uv), 7)
    part = replace(whole, uv=whole.uv[some], position=whole.position[some])
    np.testing.assert_allclose(moire(part, screen), moire(whole, screen)[some], atol=1e-4)


def test_glass_mirrors_a_window_where_the_law_of_reflection_says() -> None:
    yaw, window = 15.0, np.array([[0.5, 0.1, 0.05, 0.05, 4.0]], np.float32)
    sight = look_at(side=120, yaw=yaw)
    light = mirrored(sight, replace(PLAIN, windows=window))
    normal = np.array([np.sin(np.radians(yaw)), 0, np.cos(np.radians(yaw))])
    lit = light > 0.5 * light.max()
    assert 0 < lit.sum() < 0.5 * len(lit)
    for point in sight.position[lit][::20].astype(float):
        out = point - 2 * (point @ normal) * normal  # to where the light came from
        assert out[2] > 0
        assert abs(out[0] / out[2] - 0.5) <= 0.05 + 1e-4
        assert abs(out[1] / out[2] - 0.1) <= 0.05 + 1e-4
    assert light.max() == pytest.approx(0.04 * 4.0, rel=0.01)


def test_windows_are_drawn_around_the_camera_and_brighter_than_paper() -> None:
    drawn = np.concatenate([draw_windows(np.random.default_rng(k)) for k in range(30)])
    assert drawn[:, 0].min() < -0.5 < 0.5 < drawn[:, 0].max()
    assert drawn[:, 4].min() >= 1


def test_bands_run_along_the_rows_of_the_camera() -> None:
    sight = look_at(side=60, half=70, yaw=0)
    banded = replace(PLAIN, band=(0.2, 9.0, 0.25))
    level = paint_screen(sight, WHITE, banded).emission[:, 0].reshape(60, 60)
    assert np.ptp(level, axis=1).max() < 0.01 < 0.3 < np.ptp(level.mean(axis=1))


@pytest.mark.parametrize("device", DEVICES)
def test_a_screen_is_dark_plane_and_lit_in_colour_alone(device: str) -> None:
    for plan in plans_of(device, 2):
        presented = present(plan)
        hits = trace(presented.parts, crop_window(presented.landmarks, 0.5), 48)
        screen = hits.paint.kind == Kind.SCREEN
        assert screen.mean() > 0.8
        assert hits.paint.infrared[screen].max() < 0.16
        lit = hits.paint.emission[screen].max(axis=1) > 0.05
        assert lit.mean() > 0.5
        place = hits.position[screen].astype(float)
        rest = place - place.mean(axis=0)
        assert np.linalg.svd(rest, full_matrices=False)[1][2] / np.sqrt(len(rest)) < 0.01


def test_a_phone_shows_a_smaller_face_and_more_of_what_is_around_it() -> None:
    between: dict[str, Floats] = {}
    for device in ("phone", "monitor"):
        points = [present(p).landmarks for p in plans_of(device, 3)]
        between[device] = np.array([np.linalg.norm(p[0] - p[1]) for p in points])
    assert between["phone"].max() < 36 < 48 < between["monitor"].min()
    plan = plans_of("phone", 1)[0]
    taken = capture(plan, present(plan), 64, with_truth=True)
    assert taken.truth is not None
    assert 0.2 < (taken.truth.material == Kind.SCREEN).mean() < 0.9


def test_a_film_moves_while_a_still_picture_does_not() -> None:
    changes = []
    for plan in plans_of("tablet", 8):
        lit = [present(plan.frame(k)).parts[0] for k in (0, 6)]
        axis = np.linspace(-60, 60, 40, dtype=np.float32)
        uv = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
        space = np.tile(np.array([0, 0, -600], np.float32), (len(uv), 1))
        shown = [part.paint(np.concatenate([uv, space], axis=1)).emission for part in lit]
        shown = [s / s.mean() for s in shown]
        changes.append(float(np.abs(shown[0] - shown[1]).mean()))
    assert min(changes) < 0.05 < 0.08 < max(changes)
