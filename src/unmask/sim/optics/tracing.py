"""First hits by ray casting: what is seen through each pixel of the crop, and what it is made of.

The camera sits at the origin and looks along -z, so depth is -z in millimetres. The picture is the
crop itself. One ray goes through the middle of each pixel; where the neighbours differ in shape or
paint, ``oversample`` squared rays spread over the pixel take its place. Edges, lashes and rims are
as smooth as if all rays had been cast, and cheeks and walls cost a quarter.

Axes: S samples of the picture (row by row), N rays that hit something, V vertices, T triangles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from scipy.sparse import csr_array

from unmask.sim.body.heads import Floats, Integers
from unmask.sim.optics.materials import Paint
from unmask.sim.optics.mesh import Part

COLOUR_STEP, INFRARED_STEP, NORMAL_STEP, SLOPE = 0.14, 0.08, 0.45, 8.0
"""What neighbouring pixels may differ by: square root of reflectance, reflectance at 850 nm,
normals over roughness / 0.5, depth in pixels' widths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The crop, in normalised image coordinates (x / depth, y / depth)."""

    centre: tuple[float, float]
    half: float

    def project(self, points: Floats) -> Floats:
        """Points (..., 3) to crop coordinates (..., 2), -1 to 1, x right and y up."""
        plane = points[..., :2] / -points[..., 2:]
        return np.asarray((plane - np.array(self.centre)) / self.half, np.float32)

    def rays(self, sample: Integers, side: int) -> Floats:
        """Directions (N, 3) through ``sample`` (N,) of a picture of side x side samples."""
        row, column = np.divmod(sample, np.int32(side))
        step = np.float32(2 * self.half / side)
        ray = np.empty((len(sample), 3), np.float32)
        ray[:, 0] = self.centre[0] + step * (column - np.float32((side - 1) / 2))
        ray[:, 1] = self.centre[1] - step * (row - np.float32((side - 1) / 2))
        ray[:, 2] = -1
        return ray


@dataclass(slots=True, kw_only=True)
class Hits:
    """What the rays met. Arrays over the N rays that hit; ``source`` places them."""

    side: int
    source: Integers  # (S,) which of the N rays each sample shows, -1 for none
    position: Floats  # (N, 3)
    normal: Floats  # (N, 3) unit, towards the camera side
    facing: Floats  # (N,) cosine between normal and line of sight
    paint: Paint
    scene: EmbreeScene

    def picture(self, values: Floats) -> Floats:
        """Values (N, ...) at their samples: (side, side, ...); 0 where nothing was hit."""
        shown = np.concatenate([values, np.zeros_like(values, shape=(1, *values.shape[1:]))])
        found = np.take(shown, self.source, axis=0, mode="wrap")  # -1 is the zero at the end
        return found.reshape(self.side, self.side, *values.shape[1:])


@dataclass(slots=True, kw_only=True)
class _Scene:
    """Parts as one mesh to cast rays at."""

    parts: list[Part]
    normals: Floats  # (V, 3)
    triangles: Integers  # (T, 3)
    owner: npt.NDArray[np.int16]  # (T,) number of the part
    first: Integers  # (parts,) the first vertex of each part
    embree: EmbreeScene


def _scene(parts: list[Part]) -> _Scene:
    """Join the parts; of closed ones only triangles that may face the lens are kept."""
    first = np.cumsum([0] + [len(p.vertices) for p in parts[:-1]], dtype=np.int32)
    vertices = np.concatenate([p.vertices for p in parts], dtype=np.float32)
    seen = [_seen(part) for part in parts]
    triangles = np.concatenate([t + start for t, start in zip(seen, first, strict=True)])
    used = np.zeros(len(vertices), bool)
    used[triangles] = True
    number = np.cumsum(used, dtype=np.int32) - 1
    embree = EmbreeScene()
    TriangleMesh(embree, vertices[used], number[triangles])  # it copies slowly: give it few
    return _Scene(
        parts=parts,
        normals=np.concatenate([p.normals for p in parts], dtype=np.float32),
        triangles=triangles,
        owner=np.repeat(np.arange(len(parts), dtype=np.int16), [len(t) for t in seen]),
        first=first,
        embree=embree,
    )


def _seen(part: Part) -> Integers:
    """Triangles (T', 3) of a part that are not on the far side of something closed."""
    if not part.closed:
        return part.triangles
    near = (_dot(part.normals, part.vertices) < 0)[part.triangles]  # (T, 3)
    return part.triangles[near[:, 0] | near[:, 1] | near[:, 2]]


@dataclass(slots=True, kw_only=True)
class _Look:
    """What some rays met: N of them something."""

    hit: npt.NDArray[np.intp]  # (N,) which rays
    owner: npt.NDArray[np.int16]  # (N,) number of the part
    position: Floats  # (N, 3)
    normal: Floats  # (N, 3)
    facing: Floats  # (N,)
    paint: Paint


def trace(parts: list[Part], window: Window, side: int, oversample: int = 1) -> Hits:
    """Look through each of side x side pixels, at ``oversample`` squared samples where it matters.

    The picture of the hits has side * oversample samples per side.
    """
    scene, whole = _scene(parts), side * oversample
    look = _look(scene, window.rays(np.arange(side * side, dtype=np.int32), side))
    source = np.full(whole * whole, -1, np.int32)
    if oversample == 1:
        source[look.hit] = np.arange(len(look.hit))
    else:
        samples = _samples(side, oversample)
        rough = uneven(look, side, window) | _slender(parts, side, window)
        inner = samples[rough].ravel()
        close = _look(scene, window.rays(inner, whole))
        smooth = np.flatnonzero(~rough[look.hit])
        source[samples[look.hit[smooth]]] = np.arange(len(smooth))[:, None]
        source[inner[close.hit]] = len(smooth) + np.arange(len(close.hit))
        look = _join(look, smooth, close)
    return Hits(
        side=whole,
        source=source,
        position=look.position,
        normal=look.normal,
        facing=look.facing,
        paint=look.paint,
        scene=scene.embree,
    )


def _look(scene: _Scene, ray: Floats) -> _Look:
    """Cast rays (R, 3) from the lens and paint what they meet, part by part."""
    found = scene.embree.run(np.zeros_like(ray), ray, output=1)
    hit = np.flatnonzero(found["primID"] >= 0)
    owner = scene.owner[found["primID"][hit]]
    order = np.argsort(owner, kind="stable")
    hit, owner = hit[order], owner[order]
    corner = np.take(scene.triangles, found["primID"][hit], axis=0)  # (N, 3)
    weight = np.empty((len(hit), 3), np.float32)
    weight[:, 1], weight[:, 2] = found["u"][hit], found["v"][hit]
    weight[:, 0] = 1 - weight[:, 1] - weight[:, 2]
    position = np.take(ray, hit, axis=0) * found["tfar"][hit, None]
    normal = _between(corner, weight, scene.normals)
    along = _dot(normal, position)
    scale = 1 / np.sqrt(np.maximum(_dot(normal, normal), 1e-12))
    edges = np.searchsorted(owner, np.arange(len(scene.parts) + 1))
    pieces = []
    for part, start, a, b in zip(scene.parts, scene.first, edges[:-1], edges[1:], strict=True):
        if b > a:
            local = _between(corner[a:b] - start, weight[a:b], part.coordinates)
            pieces.append(part.paint(local))
    return _Look(
        hit=hit,
        owner=owner,
        position=position,
        normal=normal * np.copysign(scale, -along)[:, None],
        facing=np.minimum(np.abs(along) * scale / np.sqrt(_dot(position, position)), 1),
        paint=Paint.joined(pieces or [Paint.empty(0)]),
    )


def _between(corner: Integers, weight: Floats, values: Floats) -> Floats:
    """Values (V, C) at points (N, C) between three corners (N, 3) each, by weight (N, 3)."""
    start = np.arange(0, 3 * len(corner) + 1, 3, dtype=np.int32)
    mean = csr_array((weight.ravel(), corner.ravel(), start), shape=(len(corner), len(values)))
    return np.asarray(mean @ values)


def uneven(look: _Look, side: int, window: Window) -> npt.NDArray[np.bool_]:
    """Pixels (side^2,) in whose 3 x 3 neighbourhood something changes more than a little."""
    paint = look.paint
    root = np.sqrt(np.maximum(paint.colour + paint.emission, 0)) / COLOUR_STEP
    normal = look.normal * (0.5 / NORMAL_STEP / np.clip(paint.roughness, 0.15, 0.6))[:, None]
    steepness = side / (2 * window.half * SLOPE)  # of the logarithm of depth
    traits = (
        *root.T,
        *normal.T,
        paint.infrared / INFRARED_STEP,
        steepness * np.log(np.maximum(-look.position[:, 2], 1)),
        2 * look.owner,
    )  # (N,) each, in units of what is allowed
    changed = np.zeros((side, side), bool)
    box = np.ones((3, 3), np.uint8)
    for trait in traits:
        picture = np.full((side, side), -9, np.float32)
        picture.reshape(-1)[look.hit] = trait
        changed |= cv2.dilate(picture, box) - cv2.erode(picture, box) > 1
    return changed.ravel()


def _slender(parts: list[Part], side: int, window: Window) -> npt.NDArray[np.bool_]:
    """Pixels (side^2,) where something may pass between the rays: around vertices of thin parts."""
    near = np.zeros((side, side), np.uint8)
    for part in parts:
        if part.thin:
            place = (1 + window.project(part.vertices) * np.array([1, -1])) / 2 * side
            column, row = place[np.abs(place - side / 2).max(axis=1) < side / 2].astype(int).T
            near[row, column] = 1
    return cv2.dilate(near, np.ones((3, 3), np.uint8)).ravel() > 0


@cache
def _samples(side: int, oversample: int) -> Integers:
    """The samples that lie in each pixel (side^2, oversample^2)."""
    whole = side * oversample
    number = np.arange(whole * whole, dtype=np.int32).reshape(side, oversample, side, oversample)
    return number.transpose(0, 2, 1, 3).reshape(side * side, oversample**2)


def _join(look: _Look, kept: npt.NDArray[np.intp], close: _Look) -> _Look:
    """The hits ``kept`` (N',) of one look, then all of another."""

    def both(name: str) -> npt.NDArray[Any]:
        return np.concatenate([np.take(getattr(look, name), kept, axis=0), getattr(close, name)])

    arrays = {name: both(name) for name in ("hit", "owner", "position", "normal", "facing")}
    return _Look(**arrays, paint=Paint.joined([look.paint.at(kept), close.paint]))


def _dot(a: Floats, b: Floats) -> Floats:
    """Row by row: (N, 3), (N, 3) -> (N,)."""
    product = a * b
    return np.asarray(product[:, 0] + product[:, 1] + product[:, 2])
