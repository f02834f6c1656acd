"""Cutting a mesh leaves exactly what lies above the level, with a closed rim."""

import numpy as np

from unmask.sim.body.heads import Floats, Integers
from unmask.sim.craft.cutting import cut
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import plate


def grey(c: Floats) -> Paint:
    return Paint.uniform(len(c), Kind.RESIN, np.full(3, 0.5, np.float32), 0.5, (0.04, 0.5))


def area(vertices: Floats, triangles: Integers) -> float:
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def test_the_piece_of_a_plate_within_a_circle_has_the_area_of_the_circle() -> None:
    vertices, triangles, uv = plate((100.0, 100.0), cells=40)
    piece = cut(30.0 - np.hypot(uv[:, 0], uv[:, 1]), triangles)
    found = piece.part(vertices, uv, grey)
    assert abs(area(found.vertices, found.triangles) / (np.pi * 30**2) - 1) < 0.005
    np.testing.assert_array_less(0, found.normals[:, 2])  # no triangle was turned over


def test_a_straight_cut_is_exact_whatever_the_mesh() -> None:
    vertices, triangles, uv = plate((100.0, 60.0), cells=7)
    level = uv @ np.array([0.8, 0.6], np.float32) + 11.3
    piece = cut(level, triangles)
    found = piece.part(vertices, uv, grey)
    kept = found.coordinates @ np.array([0.8, 0.6]) + 11.3
    assert kept.min() > -1e-4
    np.testing.assert_allclose(kept[np.unique(piece.rim)], 0, atol=1e-4)
    both = area(found.vertices, found.triangles) + area(
        cut(-level, triangles).of(vertices), cut(-level, triangles).triangles
    )
    assert abs(both - 6000) < 0.1


def test_a_rim_inside_a_mesh_is_closed_and_its_wall_is_as_deep_as_asked() -> None:
    vertices, triangles, uv = plate((100.0, 100.0), cells=20)
    piece = cut(np.hypot(uv[:, 0], uv[:, 1]) - 30.0, triangles)
    _, uses = np.unique(piece.rim, return_counts=True)
    assert (uses == 2).all()
    inward = np.tile(np.array([0, 0, -4.0], np.float32), (len(vertices), 1))
    wall = piece.edge(vertices, inward, uv, grey)
    assert set(np.round(wall.vertices[:, 2], 4).tolist()) == {0.0, -4.0}
    around = 2 * np.pi * 30 * 4
    assert abs(area(wall.vertices, wall.triangles) / around - 1) < 0.01


def test_a_mesh_that_is_wholly_inside_stays_as_it_was() -> None:
    vertices, triangles, uv = plate((10.0, 10.0), cells=3)
    piece = cut(np.ones(len(uv), np.float32), triangles)
    np.testing.assert_array_equal(piece.of(vertices), vertices)
    np.testing.assert_array_equal(piece.triangles, triangles)
    assert len(piece.rim) == 0
