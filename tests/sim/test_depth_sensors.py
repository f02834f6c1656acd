"""Depth cameras fail where and how real ones do."""

from dataclasses import replace

import numpy as np
import pytest

from unmask.sim.depth_sensors import DepthSensor, Echo, measure, projector_shadow
from unmask.sim.heads import Floats

STRUCTURED = DepthSensor(
    principle="structured_light", focal=260.0, baseline=26.0, noise=0.8, step=0.6
)
FLIGHT = replace(STRUCTURED, principle="time_of_flight")
BOTH = pytest.mark.parametrize("sensor", [STRUCTURED, FLIGHT], ids=lambda s: s.principle)


def echo(depth: Floats, signal: float = 0.5, glare: float = 0.0) -> Echo:
    return Echo(
        depth=depth.astype(np.float32),
        signal=np.full(depth.shape, signal, np.float32),
        glare=np.full(depth.shape, glare, np.float32),
    )


def box_before_wall() -> Floats:
    depth = np.full((128, 128), 1200.0)
    depth[:, 40:90] = 500.0
    return depth


@BOTH
def test_a_plane_is_measured_within_its_noise(sensor: DepthSensor) -> None:
    found = measure(echo(np.full((128, 128), 600.0)), sensor, 64, np.random.default_rng(0))
    assert found.dtype == np.uint16
    seen = found[found > 0].astype(float)
    assert seen.size > 0.95 * found.size
    assert abs(seen.mean() - 600) < 1.0
    assert 0.2 < seen.std() < 3.0


@BOTH
def test_noise_grows_with_distance(sensor: DepthSensor) -> None:
    spread = []
    for z in (500.0, 1500.0):
        found = measure(echo(np.full((128, 128), z)), sensor, 64, np.random.default_rng(0))
        spread.append(found[found > 0].astype(float).std())
    assert spread[1] > 2 * spread[0]


@BOTH
def test_black_glaring_empty_and_distant_surfaces_are_holes(sensor: DepthSensor) -> None:
    flat = np.full((64, 64), 600.0)
    for lost in (echo(flat, signal=0.0), echo(flat, glare=3.0), echo(0 * flat), echo(9 * flat)):
        assert not measure(lost, sensor, 32, np.random.default_rng(1)).any()


def test_only_time_of_flight_has_points_that_hang_at_edges() -> None:
    depth = box_before_wall()
    depth[:, 39] = 500.0  # the edge falls inside a pixel
    hanging = {}
    for sensor in (STRUCTURED, FLIGHT):
        found = measure(echo(depth), sensor, 64, np.random.default_rng(0))
        hanging[sensor.principle] = int(((found > 560) & (found < 1100)).sum())
    assert hanging["structured_light"] == 0
    assert hanging["time_of_flight"] > 30


def test_projector_shadow_agrees_with_a_naive_search() -> None:
    rng = np.random.default_rng(4)
    depth = np.repeat(rng.uniform(400, 1500, (6, 12)), 5, axis=1)
    found = projector_shadow(depth, STRUCTURED)
    for row in range(depth.shape[0]):
        landing = [c - 260.0 * 26.0 / depth[row, c] for c in range(depth.shape[1])]
        for column in range(depth.shape[1]):
            naive = any(landing[column] > other + 1.0 for other in landing[column:])
            assert found[row, column] == naive


def test_projector_shadow_lies_on_the_far_side_from_the_projector() -> None:
    shadow = projector_shadow(box_before_wall(), STRUCTURED)
    width = 260 * 26 * (1 / 500 - 1 / 1200)
    assert (
        abs(shadow[:, :40].sum(axis=1).mean() - width) <= 2
    )  # one pixel of slack, one of rounding
    assert not shadow[:, 40:].any()
