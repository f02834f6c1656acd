"""Solids are closed, of the size asked for, and face outwards."""

import numpy as np

from unmask.sim.body.heads import head_model
from unmask.sim.optics.mesh import box, grid_triangles, plate, rotation, tube, vertex_normals


def test_vertex_normals_agree_with_a_naive_loop() -> None:
    model = head_model()
    vertices, triangles = model.home[:400], model.triangles
    triangles = triangles[(triangles < 400).all(axis=1)]
    naive = np.zeros((400, 3))
    for a, b, c in triangles:
        face = np.cross(vertices[b] - vertices[a], vertices[c] - vertices[a])
        for corner in (a, b, c):
            naive[corner] += face
    length = np.linalg.norm(naive, axis=1, keepdims=True)
    used = length[:, 0] > 1e-6
    np.testing.assert_allclose(
        vertex_normals(vertices, triangles)[used],
        (naive / np.maximum(length, 1e-9))[used],
        atol=1e-4,
    )


def test_plate_faces_the_camera_and_has_the_size_asked_for() -> None:
    vertices, triangles, uv = plate((30.0, 50.0), cells=3)
    np.testing.assert_allclose(vertex_normals(vertices, triangles), [[0, 0, 1]] * len(vertices))
    np.testing.assert_allclose(np.ptp(uv, axis=0), [30, 50])


def test_box_faces_outwards_on_all_six_sides() -> None:
    vertices, triangles, _ = box((30.0, 50.0, 8.0))
    middle = np.array([0, 0, -4.0])
    normals = vertex_normals(vertices, triangles)
    assert np.all(((vertices - middle) * normals).sum(axis=1) > 0)
    np.testing.assert_allclose(np.ptp(vertices, axis=0), [30, 50, 8])


def test_tube_keeps_its_radius_round_a_bend() -> None:
    turn = np.linspace(0, 1.5, 9)
    path = np.stack([60 * np.cos(turn), 60 * np.sin(turn), 0 * turn], axis=1).astype(np.float32)
    vertices, _, _ = tube(path, np.full(9, 5.0, np.float32), sides=12)
    distance = np.linalg.norm(vertices.reshape(9, 12, 3) - path[:, None], axis=2)
    np.testing.assert_allclose(distance, 5, rtol=1e-4)


def test_closed_grid_joins_its_last_column_to_its_first() -> None:
    open_edges, closed = grid_triangles(3, 5), grid_triangles(3, 5, closed=True)
    assert len(closed) - len(open_edges) == 4
    assert {0, 4} <= set(closed[np.isin(closed, [0, 4]).sum(axis=1) == 2].ravel())


def test_rotation_turns_left_nods_down_and_tilts() -> None:
    nose = np.array([0, 0, 1.0])
    assert (rotation(20, 0, 0) @ nose)[0] > 0  # towards the subject's left
    assert (rotation(0, 20, 0) @ nose)[1] < 0  # down
    assert (rotation(0, 0, 20) @ np.array([1.0, 0, 0]))[1] > 0
    turn = rotation(12, -7, 30)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-6)
    assert np.linalg.det(turn) > 0.99
