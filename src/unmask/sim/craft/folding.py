"""Paper folded around a face: flat facets between creases, approximating the head below.

Creases join control points that lie on the head; the paper is laid out on a chart around the skull,
85 mm times the angle across and the height up, where holes are cut. A facet is plane in space.

Axes: K control points, F facets, V vertices of the head, N places on the chart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.spatial import Delaunay

from unmask.sim.body.heads import AXIS_Z, SKIN, Floats, Integers, around, head_model
from unmask.sim.craft.sheet import cut_mesh
from unmask.sim.optics.mesh import vertex_normals

RADIUS = 85.0
"""mm on the chart per radian."""
BLUNT = 1.5
"""mm farther that the blank line of a crease seems when it is hardly bent."""
MIDDLE = ((0, 92), (0, 58), (0, 28), (0, 8), (0, -20), (0, -43), (0, -54), (0, -74), (0, -100),
          (0, -122))  # fmt: skip
FOLDED = (
    *((s, 88) for s in (34, 66, 90)),
    *((s, 30) for s in (20, 50, 74, 102)),
    *((s, -14) for s in (9, 44, 74, 104)),
    *((s, -47) for s in (15, 50, 80)),
    *((s, -78) for s in (22, 52, 84)),
    *((s, -110) for s in (20, 46)),
)
"""Half the points of a mask folded by hand: brow, nose ridge and wings, cheeks, jaw."""
GLUED = (
    *((s, 90) for s in (16, 34, 54, 74, 96)),
    *((s, 62) for s in (22, 44, 66, 92)),
    *((s, 34) for s in (10, 22, 36, 54, 76, 104)),
    *((s, 14) for s in (7, 48, 66, 90)),
    *((s, -14) for s in (8, 14, 28, 44, 60, 80, 106)),
    *((s, -34) for s in (8, 14, 34, 54, 72)),
    *((s, -48) for s in (13, 24, 44, 64, 88)),
    *((s, -66) for s in (8, 18, 34, 56)),
    *((s, -80) for s in (14, 24, 44, 68, 88)),
    *((s, -104) for s in (14, 30, 50)),
    *((s, -120) for s in (16, 34)),
)
"""Half the points of a mask glued from a cut-out pattern: four times the facets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Where the creases run."""

    chart: Floats  # (K, 2) mm
    facets: Integers  # (F, 3)
    vertex: npt.NDArray[np.intp]  # (K,) of the head below each control point
    edge: npt.NDArray[np.bool_]  # (K,) on the outline of the paper
    locate: Delaunay

    def weights(self, places: Floats, facet: npt.NDArray[np.intp]) -> Floats:
        """Shares (N, 3) of the corners of facets (N,) at places (N, 2) of the chart."""
        solve = self.locate.transform[facet]  # (N, 3, 2)
        first = np.einsum("nij,nj->ni", solve[:, :2], places - solve[:, 2])
        return np.concatenate([first, 1 - first.sum(axis=1, keepdims=True)], axis=1)

    def at(self, places: Floats, values: Floats) -> Floats:
        """Values (N, C) at places (N, 2) from those at the control points (K, C); nan off it."""
        facet = self.locate.find_simplex(places)
        found = np.einsum("nk,nkc->nc", self.weights(places, facet), values[self.facets[facet]])
        return np.where(facet[:, None] < 0, np.nan, found).astype(np.float32)


def chart_of(home: Floats) -> Floats:
    """Places on the chart (N, 2) of home coordinates (N, 3)."""
    return np.stack([RADIUS * around(home), home[..., 1]], axis=-1)


@cache
def pattern(kind: str) -> Pattern:
    """The creases of a ``folded`` or a ``glued_3d`` mask."""
    half = np.array(GLUED if kind == "glued_3d" else FOLDED, float)
    chart = np.concatenate([np.array(MIDDLE, float), half, half * [-1, 1]])
    locate = Delaunay(chart)
    edge = np.zeros(len(chart), bool)
    edge[locate.convex_hull.ravel()] = True
    return Pattern(
        chart=chart,
        facets=locate.simplices.astype(np.int32),
        vertex=_outermost(chart),
        edge=edge,
        locate=locate,
    )


def _outermost(chart: Floats) -> npt.NDArray[np.intp]:
    """The vertex (K,) of the mean head that stands out most near each place (K, 2)."""
    model = head_model()
    out = np.hypot(model.home[:, 0], model.home[:, 2] - AXIS_Z)
    front = np.flatnonzero((model.part == SKIN) & (out > 45) & (model.home[:, 2] > AXIS_Z - 20))
    where = chart_of(model.home[front])
    gap = np.linalg.norm(chart[:, None] - where, axis=2)  # (K, V)
    return np.asarray(front[np.argmax(out[front] - 8 * gap, axis=1)])


def control_points(made: Pattern, wearer: Floats, shape: Floats, off: float, lift: float) -> Floats:
    """Where the creases meet (K, 3), ``off`` mm outside of a head ``shape`` and of the wearer's.

    The outline of the paper stands ``lift`` mm farther off. Both heads are (V, 3).
    """
    normal = vertex_normals(shape, head_model().triangles)[made.vertex]
    on_shape, on_wearer = shape[made.vertex], wearer[made.vertex]
    inner = np.einsum("kc,kc->k", on_wearer - on_shape, normal)  # where the wearer is larger
    out = np.clip(inner, 0, None) + off + lift * made.edge
    ahead = normal + np.array([0, 0, 1])  # rather than sideways, lest noses broaden
    ahead /= np.maximum(np.linalg.norm(ahead, axis=1, keepdims=True), 0.3)
    return np.asarray(on_shape + out[:, None] * ahead, np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The paper as a mesh whose triangles share no vertices, so that creases are sharp."""

    vertices: Floats  # (3 T, 3)
    triangles: Integers  # (T, 3)
    picture: Floats  # (3 T, C) what was given at the control points
    crease: Floats  # (3 T, 3) mm from the three creases around the facet, blunt ones seeming far
    rim: Floats  # (3 T,) mm from the holes


def fold(
    made: Pattern, control: Floats, picture: Floats, holes: Sequence[Floats], cell: float = 9.0
) -> Folded:
    """Fold paper over control points (K, 3) that carry ``picture`` (K, C); holes on the chart."""
    places, triangles, rim = cut_mesh(_scattered(made, cell), holes)
    middle = places[triangles].mean(axis=1)
    facet = made.locate.find_simplex(middle)
    triangles, facet = triangles[facet >= 0], facet[facet >= 0]
    corner = np.repeat(facet, 3)
    share = made.weights(places[triangles.ravel()], corner)  # (3 T, 3)
    around_it = made.facets[corner]
    height, blunt = _altitudes(control[made.facets]), BLUNT * (1 - _sharpness(made, control))
    vertices = np.einsum("nk,nkc->nc", share, control[around_it])
    return Folded(
        vertices=vertices.astype(np.float32),
        triangles=np.arange(len(vertices), dtype=np.int32).reshape(-1, 3),
        picture=np.einsum("nk,nkc->nc", share, picture[around_it]).astype(np.float32),
        crease=(share * height[corner] + blunt[corner]).astype(np.float32),
        rim=rim[triangles.ravel()],
    )


def _scattered(made: Pattern, cell: float) -> Floats:
    """Places (N, 2) along all creases, about every ``cell`` mm."""
    a, b = made.facets, np.roll(made.facets, -1, axis=1)
    pairs = np.unique(np.sort(np.stack([a.ravel(), b.ravel()], axis=1), axis=1), axis=0)
    found = [made.chart]
    for start, end in made.chart[pairs]:
        count = int(np.linalg.norm(end - start) / cell)
        share = np.arange(1, count + 1)[:, None] / (count + 1)
        found.append(start + share * (end - start))
    return np.concatenate(found)


def _sharpness(made: Pattern, control: Floats) -> Floats:
    """How sharply paper is creased across each side of the facets (F, 3): 1 at 45 degrees or more.

    The outline counts as sharp.
    """
    a, b, c = np.moveaxis(control[made.facets], 1, 0)
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-6)
    other = made.locate.neighbors  # (F, 3) across the side opposite to each corner
    cosine = np.einsum("fc,fkc->fk", normal, normal[other])
    bent = np.degrees(np.arccos(np.clip(cosine, -1, 1))) / 45
    return np.where(other < 0, 1.0, np.clip(bent, 0, 1))


def _altitudes(corners: Floats) -> Floats:
    """Height (F, 3) of triangles (F, 3, 3) over the side opposite to each corner."""
    side = np.roll(corners, -1, axis=1) - np.roll(corners, 1, axis=1)
    area = np.linalg.norm(np.cross(side[:, 0], side[:, 1]), axis=1)
    return np.asarray(area[:, None] / np.maximum(np.linalg.norm(side, axis=2), 1e-6))
