"""Sheets of paper: flat, bent about an axis, or cut; lengths on a bent sheet stay what they were.

A surface maps places on the sheet (u, v), in mm from its middle with v up, into space.

Axes: N places on a sheet, H holes, P points of an outline, T triangles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial import Delaunay, cKDTree

from unmask.sim.body.heads import Floats, Integers
from unmask.sim.optics.mesh import Painter, Part, plate

Surface = Callable[[Floats], Floats]
"""From (N, 2) on the sheet to (N, 3) in its own frame, z towards the viewer."""


def flat(uv: Floats) -> Floats:
    """A plane."""
    return np.concatenate([uv, np.zeros((len(uv), 1))], axis=1).astype(np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bend:
    """A sheet bent one way only, as hands bend paper: a cylinder whose edges are straighter.

    The tangent turns by ``curvature * (s - ease * s**3 / (3 * reach**2))`` over the length s.
    """

    curvature: float
    """1 / mm in the middle; positive: the edges go away from the viewer."""
    across: float
    """Direction on the sheet along which it bends, radians; 0: its axis stands upright."""
    reach: float
    """mm from the middle to the edge."""
    ease: float
    """Share of the curvature that is gone at the edge: nothing bends a free edge."""

    def __call__(self, uv: Floats) -> Floats:
        """Places in space (N, 3)."""
        c, s = np.cos(self.across), np.sin(self.across)
        length, along, drop = self.profile()
        bent, straight = uv[:, 0] * c + uv[:, 1] * s, uv[:, 1] * c - uv[:, 0] * s
        x, z = np.interp(bent, length, along), -np.interp(bent, length, drop)
        return np.stack([x * c - straight * s, x * s + straight * c, z], axis=1).astype(np.float32)

    def height(self, xy: Floats) -> Floats:
        """How high (z) the sheet is (N,) over places (N, 2) of space."""
        _, along, drop = self.profile()
        x = xy[:, 0] * np.cos(self.across) + xy[:, 1] * np.sin(self.across)
        return np.asarray(-np.interp(x, along, drop), np.float32)

    def profile(self) -> tuple[Floats, Floats, Floats]:
        """Length on the sheet, place across and drop behind the middle, from edge to edge."""
        length = np.linspace(-1.5 * self.reach, 1.5 * self.reach, 193)
        turn = self.curvature * (length - self.ease * length**3 / (3 * self.reach**2))
        middle = (turn[1:] + turn[:-1]) / 2
        step = np.diff(length)
        along = np.concatenate([[0], np.cumsum(np.cos(middle) * step)])
        drop = np.concatenate([[0], np.cumsum(np.sin(middle) * step)])
        half = len(length) // 2
        return length, along - along[half], drop - drop[half]


def sheet(size: tuple[float, float], surface: Surface, paint: Painter, cells: int = 16) -> Part:
    """A whole sheet of ``size`` mm; the painter is given (u, v)."""
    _, triangles, uv = plate(size, cells)
    return Part(vertices=surface(uv), triangles=triangles, coordinates=uv, paint=paint)


def inside(uv: Floats, outline: Floats) -> npt.NDArray[np.bool_]:
    """Which places (N, 2) lie within a closed outline (P, 2): even-odd rule."""
    found = np.zeros(len(uv), np.bool_)
    near = ((uv > outline.min(axis=0)) & (uv < outline.max(axis=0))).all(axis=1).nonzero()[0]
    a, b = outline, np.roll(outline, -1, axis=0)
    x, y = uv[near, :1], uv[near, 1:]
    rise = np.where(a[:, 1] == b[:, 1], 1e-9, b[:, 1] - a[:, 1])
    crossing = a[:, 0] + (y - a[:, 1]) * (b[:, 0] - a[:, 0]) / rise  # (N, P)
    straddles = (a[:, 1] > y) != (b[:, 1] > y)
    found[near] = ((x < crossing) & straddles).sum(axis=1) % 2 == 1
    return found


def cut_mesh(
    points: Floats, outlines: Sequence[Floats], collar: float = 1.5
) -> tuple[Floats, Integers, Floats]:
    """Triangulate places (N, 2) around holes: (u, v), triangles, mm from the rims.

    The rims are edges of the mesh; a second ring, ``collar`` mm off, keeps the distance true.
    """
    rims = [resample(outline, 2.5) for outline in outlines]
    rings = np.concatenate([_grown(rim, collar) for rim in rims])
    edge = np.concatenate(rims)
    distance = cKDTree(edge).query(points)[0]
    clear = distance > 2 * collar
    uv = np.concatenate([points[clear], edge, rings]).astype(np.float32)
    off = [distance[clear], np.zeros(len(edge)), np.full(len(rings), collar)]
    triangles = Delaunay(uv).simplices.astype(np.int32)
    middle = uv[triangles].mean(axis=1)
    hole = np.any([inside(middle, outline) for outline in outlines], axis=0)
    return uv, triangles[~hole], np.concatenate(off).astype(np.float32)


def resample(outline: Floats, step: float) -> Floats:
    """Points about every ``step`` mm along a closed outline, its corners kept."""
    following = np.roll(outline, -1, axis=0)
    pieces = []
    for a, b in zip(outline, following, strict=True):
        count = max(1, int(np.linalg.norm(b - a) / step))
        pieces.append(a + np.arange(count)[:, None] / count * (b - a))
    return np.concatenate(pieces).astype(np.float32)


def _grown(outline: Floats, by: float) -> Floats:
    """A closed outline, ``by`` mm wider all round."""
    tangent = np.roll(outline, -1, axis=0) - np.roll(outline, 1, axis=0)
    out = np.stack([tangent[:, 1], -tangent[:, 0]], axis=1)
    out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
    ahead = np.roll(outline, -1, axis=0)
    area = (outline[:, 0] * ahead[:, 1] - outline[:, 1] * ahead[:, 0]).sum()
    return np.asarray(outline + np.sign(area) * by * out, np.float32)


def strip(rim: Floats, surface: Surface, thick: float) -> tuple[Floats, Integers]:
    """The cut edge of a sheet ``thick`` mm thick along a rim (P, 2): vertices, triangles."""
    front = surface(rim)
    back = front - np.array([0, 0, thick], np.float32)
    here = np.arange(len(rim), dtype=np.int32)
    there = np.roll(here, -1)
    below = len(rim)
    triangles = np.concatenate(
        [
            np.stack([here, there, here + below], 1),
            np.stack([there, there + below, here + below], 1),
        ]
    )
    return np.concatenate([front, back]), triangles
