"""First hits by ray casting, then shading in colour and in infrared.

The camera sits at the origin and looks along -z, so depth is -z in millimetres. The picture is the
crop itself: rays are cast through its samples only, `oversample` squared per pixel.

    colour   = emission + albedo * (ambient * openness + sum over lights of light * shadow * cos)
               + sheen (Blinn-Phong lobe with Schlick's Fresnel) + mirrored surroundings
    infrared = the same with one illuminator beside the lens, falling off as 1 / distance^2

Light that enters skin comes out elsewhere, red the farthest: the cosine is softened per channel.

Axes: S samples of the picture (row by row), N samples that hit something, L lights.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from unmask.sim.heads import Floats
from unmask.sim.light import InfraredLight, RoomLight
from unmask.sim.materials import Paint, reflectance_at
from unmask.sim.mesh import Part

SOFTENING = np.array([0.42, 0.16, 0.10], np.float32)
SOFTENING_INFRARED = 0.35
"""Skin's share of light that wraps round the terminator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The crop, in normalised image coordinates (x / depth, y / depth)."""

    centre: tuple[float, float]
    half: float

    def project(self, points: Floats) -> Floats:
        """Points (..., 3) to crop coordinates (..., 2), -1 to 1, x right and y up."""
        plane = points[..., :2] / -points[..., 2:]
        return np.asarray((plane - np.array(self.centre)) / self.half, np.float32)


@dataclass(slots=True, kw_only=True)
class Hits:
    """What the rays met. Arrays over the N samples that hit; ``index`` places them."""

    side: int
    index: npt.NDArray[np.intp]  # (N,) into the S samples
    position: Floats  # (N, 3)
    normal: Floats  # (N, 3) unit, towards the camera side
    paint: Paint
    scene: EmbreeScene

    def picture(self, values: Floats, fill: float = 0.0) -> Floats:
        """Values (N, ...) at their places: (side, side, ...)."""
        out = np.full((self.side * self.side, *values.shape[1:]), fill, np.float32)
        out[self.index] = values
        return out.reshape(self.side, self.side, *values.shape[1:])


def trace(parts: list[Part], window: Window, side: int) -> Hits:
    """Cast one ray through each of side x side samples and paint what it meets."""
    starts = np.cumsum([0] + [len(p.vertices) for p in parts])
    vertices = np.concatenate([p.vertices for p in parts]).astype(np.float32)
    normals = np.concatenate([p.normals for p in parts])
    triangles = np.concatenate(
        [p.triangles + s for p, s in zip(parts, starts[:-1], strict=True)]
    ).astype(np.int32)
    owner = np.repeat(np.arange(len(parts)), [len(p.triangles) for p in parts])
    scene = EmbreeScene()
    TriangleMesh(scene, vertices, triangles)
    direction = _rays(window, side)  # (S, 3)
    found = scene.run(np.zeros_like(direction), direction, output=1)
    index = np.flatnonzero(found["primID"] >= 0)
    triangle = found["primID"][index]
    corner = triangles[triangle]  # (N, 3)
    b, c = found["u"][index], found["v"][index]
    weight = np.stack([1 - b - c, b, c], axis=1)  # (N, 3)
    normal = _unit(np.einsum("nkc,nk->nc", normals[corner], weight))
    position = direction[index] * found["tfar"][index, None]
    away = _dot(normal, position)[:, None] > 0
    paint = Paint.empty(len(index))
    for number, part in enumerate(parts):
        mine = np.flatnonzero(owner[triangle] == number)
        if mine.size:
            local = part.coordinates[corner[mine] - starts[number]]  # (N', 3, C)
            paint.put(mine, part.paint(np.einsum("nkc,nk->nc", local, weight[mine])))
    return Hits(
        side=side,
        index=index,
        position=position,
        normal=np.where(away, -normal, normal),
        paint=paint,
        scene=scene,
    )


def _rays(window: Window, side: int) -> Floats:
    axis = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
    x, y = np.meshgrid(axis, -axis)
    ray = np.stack(
        [window.centre[0] + window.half * x, window.centre[1] + window.half * y, -np.ones_like(x)],
        axis=-1,
    )
    return np.asarray(ray.reshape(-1, 3), np.float32)


def shade_colour(hits: Hits, light: RoomLight, rng: np.random.Generator) -> Floats:
    """Linear radiance (side, side, 3) under the lights of a room."""
    paint, normal = hits.paint, hits.normal
    view = _unit(-hits.position)
    facing = np.clip(_dot(normal, view), 0, 1)
    mirror = 2 * facing[:, None] * normal - view
    fresnel = paint.specular + (1 - paint.specular) * (1 - facing) ** 5 * (1 - paint.roughness)
    sky = 0.55 + 0.45 * normal[:, 1:2]  # more ambient light from above
    diffuse = light.ambient * (paint.openness[:, None] * sky)  # (N, 3)
    sheen = light.ambient * (fresnel * paint.openness * (0.5 + 0.5 * mirror[:, 1]))[:, None]
    for lamp in light.lamps:
        reaching = _shadow(hits, lamp.direction, lamp.spread, rng)
        direction = lamp.direction / np.linalg.norm(lamp.direction)
        cosine = normal @ direction
        soft = SOFTENING * paint.softness[:, None]
        lit = np.clip((cosine[:, None] + soft) / (1 + soft), 0, None) / (1 + 0.5 * soft)
        diffuse += lamp.colour * (lit * (reaching[:, None] + 0.10 * soft))
        lobe = _lobe(paint, normal, view, direction, cosine)
        sheen += lamp.colour * (lobe * reaching)[:, None]
    return hits.picture(paint.emission + paint.colour * diffuse + sheen)


def shade_infrared(hits: Hits, light: InfraredLight) -> Floats:
    """Linear radiance (side, side) under an illuminator beside the lens, 1 = white at 600 mm."""
    paint, normal = hits.paint, hits.normal
    reflectance = reflectance_at(light.wavelength, paint.infrared, paint.kind)
    view = _unit(-hits.position)
    to_lamp = light.position - hits.position
    distance = np.sqrt(_dot(to_lamp, to_lamp))
    direction = to_lamp / distance[:, None]
    cosine = _dot(normal, direction)
    soft = SOFTENING_INFRARED * paint.softness
    lit = np.clip((cosine + soft) / (1 + soft), 0, None)
    fall = (600.0 / distance) ** 2
    lobe = _lobe(paint, normal, view, direction, cosine)
    radiance = fall * (reflectance * lit + lobe) + light.ambient * reflectance * (
        paint.openness * (0.6 + 0.4 * normal[:, 1])
    )
    return hits.picture(radiance)


def _lobe(paint: Paint, normal: Floats, view: Floats, direction: Floats, cosine: Floats) -> Floats:
    """Blinn-Phong highlight, normalised, times cosine."""
    half = _unit(view + direction)
    peak = np.clip(_dot(normal, half), 0, 1)
    grazing = paint.specular + (1 - paint.specular) * (1 - np.clip(_dot(view, half), 0, 1)) ** 5
    sharpness = 2 / np.maximum(paint.roughness, 0.05) ** 4 - 2
    lobe = grazing * (sharpness + 2) / 8 * peak ** np.maximum(sharpness, 0)
    return np.asarray(lobe * np.clip(cosine, 0, 1), np.float32)


def _shadow(hits: Hits, direction: Floats, spread: float, rng: np.random.Generator) -> Floats:
    """Share of a lamp's light that reaches each hit: jittered rays, then a small blur.

    One ray for every second row and column is enough, as the blur is wider than that.
    """
    row, column = np.divmod(hits.index, hits.side)
    few = np.flatnonzero((row % 2 == 0) & (column % 2 == 0))
    jitter = spread * rng.standard_normal((len(few), 3), dtype=np.float32)
    start = hits.position[few] + 1.5 * hits.normal[few]
    blocked = hits.scene.run(start, _unit(direction + jitter), query="OCCLUDED") != -1
    half = np.ones(((hits.side + 1) // 2,) * 2, np.float32)
    half[row[few] // 2, column[few] // 2] = np.where(blocked, 0.0, 1.0)
    width = max(3, hits.side // 85 | 1)  # odd; a fixed share of the picture
    smooth = cv2.blur(cv2.blur(half, (width, width)), (width, width))
    whole = cv2.resize(smooth, (2 * half.shape[1], 2 * half.shape[0]))
    return np.asarray(whole[row, column], np.float32)


def _dot(a: Floats, b: Floats) -> Floats:
    """Row by row: (N, 3), (N, 3) -> (N,)."""
    return np.asarray(np.einsum("nc,nc->n", a, b))


def _unit(a: Floats) -> Floats:
    """Rows (N, 3) of length 1."""
    return np.asarray(a / np.sqrt(np.maximum(_dot(a, a), 1e-12))[:, None])
