"""Depth cameras fail where and how real ones do."""

from dataclasses import replace

import numpy as np
import pytest

from unmask.sim.body.heads import Floats
from unmask.sim.sensors.depth import DepthSensor, Echo, measure, projector_shadow
from unmask.sim.sites import SITES

STRUCTURED = DepthSensor(
    principle="structured_light", focal=475.0, baseline=26.0, noise=0.8, step=0.6
)
FLIGHT = replace(STRUCTURED, principle="time_of_flight")
STEREO = DepthSensor(principle="stereo", focal=600.0, baseline=55.0, noise=0.9, step=0.5)
ALL = pytest.mark.parametrize(
    "sensor", [STRUCTURED, FLIGHT, STEREO], ids=lambda s: str(s.principle)
)
SIDE = 96


def echo(
    depth: Floats, signal: float = 0.5, glare: float = 0.0, mirror: float = 0.03, sun: float = 0.0
) -> Echo:
    def even(level: float) -> Floats:
        return np.full(depth.shape, level, np.float32)

    return Echo(
        depth=depth.astype(np.float32),
        signal=even(signal),
        glare=even(glare),
        mirror=even(mirror),
        daylight=even(sun),
        focal=450.0,
    )


def plane(z: float) -> Floats:
    return np.full((2 * SIDE, 2 * SIDE), z, np.float32)


def box_before_wall() -> Floats:
    depth = plane(1200.0)
    depth[:, 60:130] = 500.0
    return depth


def look(scene: Echo, sensor: DepthSensor, seed: int = 0) -> Floats:
    return measure(scene, sensor, SIDE, np.random.default_rng(seed)).astype(np.float32)


@ALL
def test_a_plane_is_measured_within_its_noise(sensor: DepthSensor) -> None:
    found = measure(echo(plane(600)), sensor, SIDE, np.random.default_rng(0))
    assert found.dtype == np.uint16
    seen = found[found > 0].astype(float)
    assert seen.size > 0.97 * found.size
    assert abs(seen.mean() - 600) < 1.0
    assert 0.2 < seen.std() < 3.0


@ALL
def test_noise_grows_with_distance(sensor: DepthSensor) -> None:
    spread = []
    for z in (500.0, 1500.0):
        found = look(echo(plane(z)), sensor)
        spread.append(np.std(found[found > 0]))
    assert spread[1] > 2 * spread[0]


@ALL
def test_black_glaring_empty_and_distant_surfaces_are_holes(sensor: DepthSensor) -> None:
    flat = plane(600)
    for lost in (echo(flat, signal=0.0), echo(flat, glare=4.0), echo(0 * flat), echo(9 * flat)):
        assert not look(lost, sensor).any()


@ALL
def test_sunlight_makes_the_noise_grow(sensor: DepthSensor) -> None:
    spread = []
    for sun in (0.0, 0.6):
        found = look(echo(plane(800), signal=0.25, sun=sun), sensor)
        spread.append(np.std(found[found > 0]))
    assert spread[1] > 1.3 * spread[0]


@ALL
def test_dark_glass_gives_holes_and_wrong_depth_in_patches(sensor: DepthSensor) -> None:
    holes, wrong = [], []
    for seed in range(4):
        paper = look(echo(plane(600), signal=0.5), sensor, seed)
        glass = look(echo(plane(600), signal=0.03, mirror=0.6), sensor, seed)
        holes.append((glass == 0).mean() - (paper == 0).mean())
        wrong.append((np.abs(glass - 600) > 30)[glass > 0].mean())
        assert not (np.abs(paper - 600) > 30)[paper > 0].any()
        hole = glass == 0  # patches: a hole's neighbours are holes more often than not
        if 0.05 < hole.mean() < 0.6:
            assert hole[1:][hole[:-1]].mean() > 1.5 * hole.mean()
    assert np.mean(holes) > 0.1
    assert np.mean(wrong) > 0.01


def test_only_time_of_flight_has_points_that_hang_at_edges() -> None:
    depth = box_before_wall()
    depth[:, 59] = 500.0  # the edge falls inside a pixel
    hanging = {}
    for sensor in (STRUCTURED, FLIGHT):
        found = look(echo(depth), sensor)
        hanging[sensor.principle] = int(((found > 560) & (found < 1100)).sum())
    assert hanging["structured_light"] == 0
    assert hanging["time_of_flight"] > 40


def test_outlines_are_ragged_for_matched_patterns() -> None:
    for sensor in (STRUCTURED, STEREO):
        found = look(echo(box_before_wall()), sensor)
        last = np.array([np.flatnonzero((r > 0) & (r < 560)).max() for r in found])  # right side
        assert np.ptp(last) >= 1
        assert abs(np.median(last) - 64.5) <= 3


def test_stereo_fattens_what_is_near() -> None:
    near = {
        sensor.principle: ((found := look(echo(box_before_wall()), sensor)) > 0) & (found < 560)
        for sensor in (STRUCTURED, STEREO)
    }
    assert near["stereo"].sum() > 1.02 * near["structured_light"].sum()
    assert near["stereo"][:, 66:].any()  # the box ends at 65


def test_stereo_needs_texture_or_dots_that_the_sun_does_not_drown() -> None:
    lost = []
    for signal, sun in ((0.3, 0.0), (0.06, 1.0)):
        lost.append((look(echo(plane(900), signal=signal, sun=sun), STEREO) == 0).mean())
    assert lost[0] < 0.03
    assert lost[1] > 0.3
    rich = echo(plane(900), signal=0.06, sun=1.0)
    rng = np.random.default_rng(1)
    rich.signal[:] *= np.repeat(np.repeat(rng.uniform(0.4, 1.6, (SIDE, SIDE)), 2, 0), 2, 1)
    assert (look(rich, STEREO) == 0).mean() < 0.5 * lost[1]


def test_stereo_is_quantised_in_disparity() -> None:
    for z in (600.0, 1200.0):
        found = np.unique(look(echo(plane(z)), replace(STEREO, step=6.0, noise=12.0)))
        found = found[(found > 0.8 * z) & (found < 1.25 * z)]
        assert np.median(np.diff(found)) == pytest.approx(6 * (z / 600) ** 2, rel=0.2)


def test_residual_to_a_plane_is_that_of_a_real_stereo_camera() -> None:
    """0.3, 0.4, 0.6 mm (10th, 50th, 90th percentile) in 9 x 9 pixels at 500 to 590 mm."""
    tilted = plane(545) + np.linspace(-45, 45, 2 * SIDE, dtype=np.float32)
    scene = replace(echo(tilted), focal=SITES["D"].depth.focal)  # a pixel for a pixel
    found = look(scene, SITES["D"].depth)
    row, column = np.mgrid[0:9, 0:9].reshape(2, -1)
    design = np.stack([row, column, np.ones(81)], axis=1)
    rest = []
    for top in range(0, SIDE - 9, 6):
        for left in range(0, SIDE - 9, 6):
            z = found[top : top + 9, left : left + 9].ravel()
            if z.all():
                rest.append(np.std(z - design @ np.linalg.lstsq(design, z, rcond=None)[0]))
    low, middle, high = np.percentile(rest, [10, 50, 90])
    np.testing.assert_allclose([low, middle, high], [0.3, 0.4, 0.6], atol=0.1)


def test_projector_shadow_agrees_with_a_naive_search() -> None:
    rng = np.random.default_rng(4)
    depth = np.repeat(rng.uniform(400, 1500, (6, 12)), 5, axis=1)
    found = projector_shadow(depth, 260.0 * 26.0)
    for row in range(depth.shape[0]):
        landing = [c - 260.0 * 26.0 / depth[row, c] for c in range(depth.shape[1])]
        for column in range(depth.shape[1]):
            naive = any(landing[column] > other + 1.0 for other in landing[column:])
            assert found[row, column] == naive


@pytest.mark.parametrize("sensor", [STRUCTURED, STEREO], ids=lambda s: str(s.principle))
def test_what_the_other_eye_cannot_see_lies_left_of_near_things(sensor: DepthSensor) -> None:
    found = look(echo(box_before_wall()), sensor)
    left, right = (found[:, 5:30] == 0).sum(), (found[:, 66:91] == 0).sum()
    width = 450 * sensor.baseline * (1 / 500 - 1 / 1200)
    assert left > 2 * right
    assert left / SIDE == pytest.approx(width, rel=0.35)


def test_structured_light_sees_a_slope_as_terraces() -> None:
    slope = np.broadcast_to(np.linspace(1500, 1530, 2 * SIDE, dtype=np.float32), (2 * SIDE,) * 2)
    found = look(echo(slope), replace(STRUCTURED, noise=0.0))[:, 4:-4]
    levels = np.unique(found[found > 0])
    assert 7 <= len(levels) <= 11  # steps of 0.6 mm at 600 mm are 3.75 mm here
    assert np.diff(levels).min() >= 3
    true = np.broadcast_to(np.linspace(1500, 1530, SIDE), (SIDE, SIDE))[:, 4:-4]
    assert np.abs(found - true)[found > 0].max() < 3.5
