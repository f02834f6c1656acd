"""Rays, shading and projection against closed forms."""

import numpy as np
import pytest

from unmask.sim.heads import Floats
from unmask.sim.light import InfraredLight, Lamp, RoomLight, black_body
from unmask.sim.materials import Kind, Paint
from unmask.sim.mesh import Part, plate, rotation
from unmask.sim.render import Window, shade_colour, shade_infrared, trace

WINDOW = Window(centre=(0.05, -0.02), half=0.2)
GREY = np.full(3, 0.5, np.float32)


def matte(coordinates: Floats) -> Paint:
    return Paint.uniform(len(coordinates), Kind.PAPER, GREY, 0.5, (0.0, 1.0))


def sheet(distance: float, size: float = 900.0, yaw: float = 0.0) -> Part:
    vertices, triangles, uv = plate((size, size))
    turned = vertices @ rotation(yaw, 0, 0).T + np.array([0, 0, -distance])
    return Part(
        vertices=turned.astype(np.float32), triangles=triangles, coordinates=uv, paint=matte
    )


def test_depth_of_a_tilted_plane_is_that_of_the_formula() -> None:
    hits = trace([sheet(600, yaw=25)], WINDOW, 24)
    depth = hits.picture(-hits.position[:, 2])
    normal = rotation(25, 0, 0) @ np.array([0, 0, 1.0])
    axis = (np.arange(24) + 0.5) / 24 * 2 - 1
    for row in (0, 11, 23):
        for column in (0, 7, 23):
            ray = np.array([0.05 + 0.2 * axis[column], -0.02 - 0.2 * axis[row], -1.0])
            expected = normal @ np.array([0, 0, -600.0]) / (normal @ ray)
            assert depth[row, column] == pytest.approx(expected, rel=1e-4)


def test_projection_is_the_inverse_of_the_rays() -> None:
    hits = trace([sheet(600, yaw=25)], WINDOW, 16)
    at = WINDOW.project(hits.position)
    column, row = (at[:, 0] + 1) * 8 - 0.5, (1 - at[:, 1]) * 8 - 0.5
    np.testing.assert_allclose(row * 16 + column, hits.index, atol=1e-2)


def test_infrared_falls_with_the_square_of_distance() -> None:
    beam = InfraredLight(position=np.zeros(3, np.float32), ambient=0.0)
    level = [shade_infrared(trace([sheet(z)], WINDOW, 8), beam) for z in (400.0, 800.0)]
    np.testing.assert_allclose(level[0] / level[1], 4, rtol=1e-3)


def test_infrared_of_a_matte_sheet_is_reflectance_times_cosine() -> None:
    beam = InfraredLight(position=np.zeros(3, np.float32), ambient=0.0)
    straight = Window(centre=(0.0, 0.0), half=1e-4)
    for yaw in (0, 40):
        level = shade_infrared(trace([sheet(600, yaw=yaw)], straight, 4), beam)
        np.testing.assert_allclose(level, 0.5 * np.cos(np.radians(yaw)), rtol=1e-3)


def test_a_lamp_is_shadowed_by_what_stands_before_it() -> None:
    lamp = Lamp(
        direction=np.array([0, 0.6, 0.8], np.float32), colour=np.ones(3, np.float32), spread=0.0
    )
    room = RoomLight(lamps=(lamp,), ambient=np.zeros(3, np.float32))
    lit = shade_colour(trace([sheet(600)], WINDOW, 16), room, np.random.default_rng(0))
    np.testing.assert_allclose(lit, 0.5 * 0.8, rtol=1e-3)
    screen = sheet(300, size=300)
    screen.vertices[:, 1] += 225  # above the view, between the sheet and the lamp
    shaded = shade_colour(trace([sheet(600), screen], WINDOW, 16), room, np.random.default_rng(0))
    assert shaded.max() < 0.05


def test_a_lit_screen_shows_in_colour_and_not_in_infrared() -> None:
    def lit(coordinates: Floats) -> Paint:
        paint = Paint.uniform(len(coordinates), Kind.SCREEN, 0 * GREY, 0.0, (0.0, 1.0))
        paint.emission[:] = 0.7
        return paint

    part = sheet(600)
    part.paint = lit
    hits = trace([part], WINDOW, 8)
    dark = RoomLight(lamps=(), ambient=np.zeros(3, np.float32))
    assert shade_colour(hits, dark, np.random.default_rng(0)).min() == pytest.approx(0.7)
    beam = InfraredLight(position=np.zeros(3, np.float32), ambient=0.1)
    assert shade_infrared(hits, beam).max() < 1e-6


def test_the_nearest_part_is_seen() -> None:
    near = sheet(400, size=60)
    hits = trace([sheet(600), near], Window(centre=(0.0, 0.0), half=0.3), 32)
    depth = hits.picture(-hits.position[:, 2])
    assert depth[16, 16] == pytest.approx(400, rel=1e-4)
    assert depth[0, 0] == pytest.approx(600, rel=1e-4)


def test_warm_light_is_red_and_cool_light_blue() -> None:
    warm, cool = black_body(3000), black_body(9000)
    assert warm[0] > 1.3 > 0.8 > warm[2]
    assert cool[0] < 1 < cool[2]
    np.testing.assert_allclose(black_body(6500), 1)
