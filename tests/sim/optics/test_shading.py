"""Light on surfaces against closed forms."""

import numpy as np
import pytest

from unmask.sim.body.heads import Floats
from unmask.sim.optics.light import InfraredLight, Lamp, RoomLight, black_body
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Part, plate, rotation
from unmask.sim.optics.shading import shade_colour, shade_infrared, shadow
from unmask.sim.optics.tracing import Window, trace

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
    lit = shade_colour(trace([sheet(600)], WINDOW, 16), room)
    np.testing.assert_allclose(lit, 0.5 * 0.8, rtol=1e-3)
    screen = sheet(300, size=300)
    screen.vertices[:, 1] += 225  # above the view, between the sheet and the lamp
    shaded = shade_colour(trace([sheet(600), screen], WINDOW, 16), room)
    assert shaded.max() < 0.05


def test_half_a_lamp_lights_the_middle_of_a_penumbra() -> None:
    edge = sheet(300, size=900)
    edge.vertices[:, 0] += 450  # its left edge stands over the middle
    window = Window(centre=(0.0, 0.0), half=0.002)  # of the sheet only what lies under that edge
    hits = trace([sheet(600)], window, 64)
    hits.scene = trace([sheet(600), edge], window, 64).scene
    reaching = shadow(hits, np.array([0, 0, 1], np.float32), 0.2)
    assert reaching.std() < 0.05  # every pixel sees the whole lamp: no grain
    assert reaching.mean() == pytest.approx(0.5, abs=0.06)


def test_a_highlight_agrees_with_the_vectors_of_the_formula() -> None:
    def glossy(coordinates: Floats) -> Paint:
        return Paint.uniform(len(coordinates), Kind.PLASTIC, 0 * GREY, 0.0, (0.04, 0.4))

    lamp = Lamp(direction=np.array([0.3, 0.2, 0.9]), colour=np.ones(3, np.float32), spread=0.0)
    part = sheet(600, yaw=8)
    part.paint = glossy
    hits = trace([part], WINDOW, 8)
    light = RoomLight(lamps=(lamp,), ambient=np.zeros(3, np.float32))
    seen = shade_colour(hits, light)[..., 0].ravel()[5::9]
    for level, point in zip(seen, hits.source[5::9], strict=True):
        direction = lamp.direction / np.linalg.norm(lamp.direction)
        view = -hits.position[point] / np.linalg.norm(hits.position[point])
        half = (view + direction) / np.linalg.norm(view + direction)
        fresnel = 0.04 + 0.96 * (1 - view @ half) ** 5
        sharp = 2 / 0.4**4 - 2
        lobe = fresnel * (sharp + 2) / 8 * (hits.normal[point] @ half) ** sharp
        assert level == pytest.approx(lobe * (hits.normal[point] @ direction), rel=1e-3)


def test_a_lit_screen_shows_in_colour_and_not_in_infrared() -> None:
    def lit(coordinates: Floats) -> Paint:
        paint = Paint.uniform(len(coordinates), Kind.SCREEN, 0 * GREY, 0.0, (0.0, 1.0))
        paint.emission[:] = 0.7
        return paint

    part = sheet(600)
    part.paint = lit
    hits = trace([part], WINDOW, 8)
    dark = RoomLight(lamps=(), ambient=np.zeros(3, np.float32))
    assert shade_colour(hits, dark).min() == pytest.approx(0.7)
    beam = InfraredLight(position=np.zeros(3, np.float32), ambient=0.1)
    assert shade_infrared(hits, beam).max() < 1e-6


def test_warm_light_is_red_and_cool_light_blue() -> None:
    warm, cool = black_body(3000), black_body(9000)
    assert warm[0] > 1.3 > 0.8 > warm[2]
    assert cool[0] < 1 < cool[2]
    np.testing.assert_allclose(black_body(6500), 1)
