"""Triangle meshes and the few solids that presentations are built of. Millimetres.

Axes: V vertices, T triangles, C coordinates that a painter reads, N points on the surface.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import csr_array

from unmask.sim.body.heads import Floats, Integers
from unmask.sim.optics.materials import Paint

Painter = Callable[[Floats], Paint]
"""From interpolated coordinates (N, C) to what the surface is made of there."""


@dataclass(slots=True, kw_only=True)
class Part:
    """A piece of the scene: a mesh, and a painter that says what it is made of."""

    vertices: Floats  # (V, 3)
    triangles: Integers  # (T, 3)
    coordinates: Floats  # (V, C)
    paint: Painter
    normals: Floats = field(default_factory=lambda: np.empty((0, 3), np.float32))  # (V, 3)
    closed: bool = False
    """Whether it encloses a volume: then what faces away from the lens is never seen."""
    thin: bool = False
    """Whether it may be narrower than a pixel: then rays are cast densely around it."""

    def __post_init__(self) -> None:
        if not self.normals.size:
            self.normals = vertex_normals(self.vertices, self.triangles)


def vertex_normals(vertices: Floats, triangles: Integers) -> Floats:
    """Unit normals (V, 3), the area-weighted mean over the triangles that meet."""
    corner = np.ascontiguousarray(vertices.T, np.float32)[:, triangles.T]  # (3 axes, 3 corners, T)
    u, v = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    face = u[[1, 2, 0]] * v[[2, 0, 1]] - u[[2, 0, 1]] * v[[1, 2, 0]]  # (3, T)
    start = np.arange(0, triangles.size + 1, 3, dtype=np.int32)
    meets = csr_array(
        (np.ones(triangles.size, np.float32), triangles.ravel(), start),
        shape=(len(triangles), len(vertices)),
    )
    normal = meets.T @ np.ascontiguousarray(face.T)  # (V, 3)
    length = np.sqrt(np.einsum("vc,vc->v", normal, normal))
    return np.asarray(normal / np.maximum(length, 1e-9)[:, None], np.float32)


def grid_triangles(rows: int, columns: int, *, closed: bool = False) -> Integers:
    """Triangles of a grid of vertices stored row by row; ``closed`` joins last and first column."""
    cell = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
    right = np.roll(cell, -1, axis=1)
    keep = slice(None) if closed else slice(0, -1)
    a, b = cell[:-1, keep], right[:-1, keep]
    c, d = cell[1:, keep], right[1:, keep]
    return np.concatenate([np.stack([a, c, b], -1), np.stack([b, c, d], -1)]).reshape(-1, 3)


def plate(size: tuple[float, float], cells: int = 1) -> tuple[Floats, Integers, Floats]:
    """A rectangle facing +z: vertices, triangles and (u, v) in mm from its middle, v up."""
    x = np.linspace(-size[0] / 2, size[0] / 2, cells + 1, dtype=np.float32)
    y = np.linspace(size[1] / 2, -size[1] / 2, cells + 1, dtype=np.float32)
    u, v = np.meshgrid(x, y)
    uv = np.stack([u.ravel(), v.ravel()], axis=1)
    vertices = np.concatenate([uv, np.zeros((len(uv), 1), np.float32)], axis=1)
    return vertices, grid_triangles(cells + 1, cells + 1), uv


def box(size: tuple[float, float, float]) -> tuple[Floats, Integers, Floats]:
    """A box whose front face lies at z = 0: vertices, triangles, (x, y, z) as coordinates."""
    w, h, d = size
    front, _, _ = plate((w, h))
    corners = np.concatenate([front, front - np.array([0, 0, d], np.float32)])  # (8, 3)
    quads = np.array(
        [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]]
    )
    vertices = corners[quads].reshape(-1, 3)  # each face has its own corners: hard edges
    base = 4 * np.arange(6)[:, None]
    triangles = np.concatenate([base + np.array([0, 1, 2]), base + np.array([0, 2, 3])]).astype(
        np.int32
    )
    return vertices, triangles, vertices.copy()


def tube(path: Floats, radius: Floats, sides: int = 10) -> tuple[Floats, Integers, Floats]:
    """A tube along ``path`` (P, 3) of ``radius`` (P,): vertices, triangles, (along, angle)."""
    tangent = np.gradient(path, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    helper = np.where(np.abs(tangent[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    side = np.cross(tangent, helper)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, tangent)
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    ring = side[:, None] * np.cos(angle)[:, None] + up[:, None] * np.sin(angle)[:, None]
    vertices = path[:, None] + radius[:, None, None] * ring  # (P, S, 3)
    along = np.broadcast_to(np.linspace(0, 1, len(path))[:, None], (len(path), sides))
    coordinates = np.stack([along, np.broadcast_to(angle, along.shape)], axis=-1)
    return (
        vertices.reshape(-1, 3).astype(np.float32),
        grid_triangles(len(path), sides, closed=True),
        coordinates.reshape(-1, 2).astype(np.float32),
    )


def rotation(yaw: float, pitch: float, roll: float) -> Floats:
    """Turn (yaw), nod (pitch), tilt (roll), in degrees; rows of points turn as ``v @ R.T``."""
    a, b, c = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    tilt = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(tilt @ turn @ nod, np.float32)
