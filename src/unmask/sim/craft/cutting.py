"""Cutting a mesh along a smooth line, and the wall that a thick material shows there.

What is kept is where a level, one value per vertex, is above zero. Triangles on the line are cut in
two, so the line is as smooth as the level, however coarse the mesh.

Axes: V vertices of the whole, W of the piece, T triangles, C coordinates, R edges of the rim.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.body.heads import Floats, Integers
from unmask.sim.optics.mesh import Painter, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a mesh: each vertex lies between two of the whole."""

    first: Integers  # (W,)
    second: Integers  # (W,)
    share: Floats  # (W,) 0 at the first, 1 at the second
    triangles: Integers  # (T, 3)
    rim: Integers  # (R, 2) edges made by the cut

    def of(self, values: Floats) -> Floats:
        """Values of the whole (V, C) at the vertices of the piece (W, C)."""
        start = values[self.first]
        return np.asarray(start + self.share[:, None] * (values[self.second] - start), np.float32)

    def part(
        self, vertices: Floats, coordinates: Floats, paint: Painter, *, closed: bool = False
    ) -> Part:
        """The surface, from what the whole has (V, 3), (V, C); ``closed`` as in ``Part``."""
        return Part(
            vertices=self.of(vertices),
            triangles=self.triangles,
            coordinates=self.of(coordinates),
            paint=paint,
            closed=closed,
        )

    def edge(self, vertices: Floats, inward: Floats, coordinates: Floats, paint: Painter) -> Part:
        """The wall along the rim, from the surface to ``inward`` (V, 3) mm below it."""
        outer, index = np.unique(self.rim, return_inverse=True)
        index = index.reshape(-1, 2).astype(np.int32)
        front = self.of(vertices)[outer]
        back = front + self.of(inward)[outer]
        a, b, below = index[:, 0], index[:, 1], np.int32(len(outer))
        quads = [np.stack([a, a + below, b], 1), np.stack([b, a + below, b + below], 1)]
        return Part(
            vertices=np.concatenate([front, back]),
            triangles=np.concatenate(quads),
            coordinates=np.tile(self.of(coordinates)[outer], (2, 1)),
            paint=paint,
        )


def cut(level: Floats, triangles: Integers) -> Piece:
    """The piece of a mesh where ``level`` (V,) is above zero."""
    inside = level > 0
    corners = inside[triangles].sum(axis=1)
    whole = triangles[corners == 3]
    one = _alone_first(triangles[corners == 1], inside)
    two = _alone_first(triangles[corners == 2], ~inside)
    pairs = np.concatenate([one[:, [0, 1]], one[:, [0, 2]], two[:, [0, 1]], two[:, [0, 2]]])
    kept = np.flatnonzero(inside)
    crossed, index = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True)
    number = np.full(len(level), -1, np.int32)
    number[kept] = np.arange(len(kept))
    new = (len(kept) + index.ravel()).astype(np.int32)
    n, m = len(one), len(two)
    p, q, r, s = new[:n], new[n : 2 * n], new[2 * n : 2 * n + m], new[2 * n + m :]
    b, c = number[two[:, 1]], number[two[:, 2]]
    pieces = [
        number[whole],
        np.stack([number[one[:, 0]], p, q], axis=1),
        np.stack([r, b, c], axis=1),
        np.stack([r, c, s], axis=1),
    ]
    start, end = level[crossed[:, 0]], level[crossed[:, 1]]
    return Piece(
        first=np.concatenate([kept, crossed[:, 0]]).astype(np.int32),
        second=np.concatenate([kept, crossed[:, 1]]).astype(np.int32),
        share=np.concatenate([np.zeros(len(kept)), start / (start - end)]).astype(np.float32),
        triangles=np.concatenate(pieces).astype(np.int32),
        rim=np.concatenate([np.stack([p, q], axis=1), np.stack([s, r], axis=1)]),
    )


def _alone_first(triangles: Integers, alone: np.ndarray) -> Integers:
    """Triangles turned so that their one vertex with ``alone`` (V,) comes first."""
    turn = alone[triangles].argmax(axis=1)[:, None]
    return np.take_along_axis(triangles, (turn + np.arange(3)) % 3, axis=1)
