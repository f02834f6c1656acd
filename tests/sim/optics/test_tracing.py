"""Rays and projection against closed forms; few samples per pixel against all of them."""

from dataclasses import fields, replace

import cv2
import numpy as np
import pytest

from unmask.sim.body.bust import bust, draw_look, pose
from unmask.sim.body.heads import Floats
from unmask.sim.optics.light import InfraredLight, Lamp, RoomLight
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Part, box, plate, rotation
from unmask.sim.optics.shading import shade_colour, shade_infrared
from unmask.sim.optics.tracing import Hits, Window, trace
from unmask.sim.people import person

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


def depth_of(hits: Hits) -> Floats:
    return hits.picture(-hits.position[:, 2])


def somebody() -> list[Part]:
    """A person with spectacles before a wall."""
    rng = np.random.default_rng(4)
    who = replace(person(0, "A", 7), glasses=True)
    look = replace(draw_look(rng, who, 10, 0), glasses=True)
    parts, points = bust(who, look)
    pose(parts, points, (10.0, 4.0, -3.0), np.array([0, 0, -600.0], np.float32))
    return [*parts, sheet(1500, size=3000)]


@pytest.mark.parametrize("oversample", [1, 2])
def test_depth_of_a_tilted_plane_is_that_of_the_formula(oversample: int) -> None:
    depth = depth_of(trace([sheet(600, yaw=25)], WINDOW, 24, oversample))
    depth = cv2.resize(depth, (24, 24), interpolation=cv2.INTER_AREA)
    normal = rotation(25, 0, 0) @ np.array([0, 0, 1.0])
    axis = (np.arange(24) + 0.5) / 24 * 2 - 1
    for row in (0, 11, 23):
        for column in (0, 7, 23):
            ray = np.array([0.05 + 0.2 * axis[column], -0.02 - 0.2 * axis[row], -1.0])
            expected = normal @ np.array([0, 0, -600.0]) / (normal @ ray)
            assert depth[row, column] == pytest.approx(expected, rel=1e-4)


def test_projection_is_the_inverse_of_the_rays() -> None:
    hits = trace([sheet(600, yaw=25)], WINDOW, 16)
    at = WINDOW.project(hits.position)[hits.source]
    column, row = (at[:, 0] + 1) * 8 - 0.5, (1 - at[:, 1]) * 8 - 0.5
    np.testing.assert_allclose(row * 16 + column, np.arange(256), atol=1e-2)


def test_the_nearest_part_is_seen() -> None:
    near = sheet(400, size=60)
    depth = depth_of(trace([sheet(600), near], Window(centre=(0.0, 0.0), half=0.3), 32))
    assert depth[16, 16] == pytest.approx(400, rel=1e-4)
    assert depth[0, 0] == pytest.approx(600, rel=1e-4)


@pytest.mark.parametrize("oversample", [1, 2])
def test_where_nothing_is_met_every_picture_is_zero(oversample: int) -> None:
    hits = trace([sheet(400, size=60)], Window(centre=(0.0, 0.0), half=0.3), 32, oversample)
    middle, corner = depth_of(hits)[[16 * oversample, 0], [16 * oversample, 0]]
    assert middle == pytest.approx(400, rel=1e-4)
    assert corner == 0
    aside = trace([sheet(400, size=60)], Window(centre=(5.0, 0.0), half=0.3), 8, oversample)
    assert not depth_of(aside).any()


def test_few_samples_show_what_all_samples_show() -> None:
    parts, window, side = somebody(), Window(centre=(0.0, -0.04), half=0.19), 96
    lamp = Lamp(direction=np.array([0.5, 0.5, 0.7]), colour=np.ones(3, np.float32), spread=0.1)
    room = RoomLight(lamps=(lamp,), ambient=np.full(3, 0.4, np.float32))
    beam = InfraredLight(position=np.array([30.0, 0, 0], np.float32), ambient=0.1)

    def mean(picture: Floats) -> Floats:
        return np.asarray(cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA))

    few, every = trace(parts, window, side, 2), trace(parts, window, 2 * side)
    assert len(few.position) < 0.7 * len(every.position)
    for shade in (lambda hits: shade_colour(hits, room), lambda hits: shade_infrared(hits, beam)):
        error = np.abs(np.sqrt(mean(shade(few))) - np.sqrt(mean(shade(every))))
        assert error.mean() < 0.005
        assert np.quantile(error, 0.99) < 0.06
    rims = (
        mean(h.picture((h.paint.kind == Kind.PLASTIC).astype(np.float32))) for h in (few, every)
    )
    thin, naive = rims
    assert naive.sum() > 50  # pixels of frames, narrower than a pixel: none may be lost
    assert np.abs(thin - naive).mean() < 0.03 * naive.mean()


def test_the_far_side_of_a_closed_part_is_never_missed() -> None:
    vertices, triangles, coordinates = box((60.0, 80.0, 50.0))
    turned = vertices @ rotation(35, 20, 0).T + np.array([0, 0, -500.0], np.float32)
    solid, hollow = (
        Part(vertices=turned, triangles=triangles, coordinates=coordinates, paint=matte, closed=c)
        for c in (True, False)
    )
    pictures = [depth_of(trace([p, sheet(900)], WINDOW, 40)) for p in (solid, hollow)]
    np.testing.assert_array_equal(*pictures)


def test_paint_joins_and_picks_point_by_point() -> None:
    rng = np.random.default_rng(0)
    both = [Paint.uniform(n, Kind.SKIN, rng.random((n, 3)), rng.random(n), (0, 1)) for n in (5, 3)]
    picked = Paint.joined(both).at(np.array([6, 0]))
    for field in fields(Paint):
        a, b = (getattr(p, field.name) for p in both)
        np.testing.assert_array_equal(getattr(picked, field.name), np.stack([b[1], a[0]]))
