"""Caps, beanies and headscarves, shaped on the mean head and tied to the wearer's.

Axes: A angles around the head, R rows, P points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from unmask.sim.body.face_map import skin_radius
from unmask.sim.body.heads import AXIS_Z, Floats, Integers
from unmask.sim.body.worn import SKULL_CENTRE, Worn, dome, tie
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Part, grid_triangles
from unmask.sim.people import Person
from unmask.sim.scene.scenery import muted

TURN = np.linspace(-np.pi, np.pi, 57).astype(np.float32)
FACE_TOP = 62.0
"""Height in mm at which a headscarf begins above the face."""
Grid = tuple[Floats, Integers, Floats]
"""Points (P, 3) in home coordinates, triangles, coordinates for the painter (P, 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Something worn on the head."""

    worn: Worn
    triangles: Integers
    coordinates: Floats  # (P, 2)
    colour: Floats  # (3,)
    infrared: float


def headwear(person: Person, vertices: Floats) -> list[Part]:
    """What a person wears on the head ``vertices`` (V, 3)."""
    if not person.headwear:
        return []
    return [
        Part(
            vertices=piece.worn.on(vertices),
            triangles=piece.triangles,
            coordinates=piece.coordinates,
            paint=_painter(piece, knit=person.headwear == "beanie"),
        )
        for piece in _pieces(person)
    ]


@lru_cache(maxsize=64)
def _pieces(person: Person) -> list[Piece]:
    rng = np.random.default_rng((*person.paint_seed, 4))
    grids = {"cap": _cap, "beanie": _beanie, "headscarf": _headscarf}[person.headwear](rng)
    colour, infrared = muted(rng, 0.012, 0.7), float(rng.uniform(0.2, 0.7))
    return [
        Piece(worn=tie(v), triangles=t, coordinates=c, colour=colour, infrared=infrared)
        for v, t, c in grids
    ]


def _cap(rng: np.random.Generator) -> list[Grid]:
    """Six panels and a bent peak."""
    edge = np.interp(np.abs(TURN), [0, 0.6, 1.4, 2.4, 3.2], [58, 56, 44, 26, 14])
    direction, skin = dome(TURN, edge.astype(np.float32), 14)
    t = np.linspace(0, 1, 14)[:, None]
    front = np.clip(np.cos(TURN), 0, 1)
    lift = 7 + (6 + 9 * front) * np.sin(np.pi * np.clip(t * 0.9 + 0.1, 0, 1)) ** 0.7
    crown = SKULL_CENTRE + (skin + lift)[..., None] * direction
    across = np.linspace(-1.05, 1.05, 21)
    rim = np.stack([np.interp(across, TURN, crown[-1, :, k]) for k in range(3)], axis=1)
    length, bend, drop = rng.uniform(58, 72), rng.uniform(0.002, 0.006), rng.uniform(0.15, 0.45)
    s = np.linspace(0, 1, 6)[:, None]
    reach = length * s * np.clip(np.cos(across * 1.35), 0.02, 1) ** 0.6
    peak = np.stack(
        [
            rim[:, 0] * (1 + 0.04 * s),
            rim[:, 1] + 2 - drop * reach - bend * rim[:, 0] ** 2 * s,
            rim[:, 2] + reach,
        ],
        axis=-1,
    )
    return [_grid(crown, 90 * TURN, 130 * t), _grid(peak, 30 * across + 47, 130 + length * s)]


def _beanie(rng: np.random.Generator) -> list[Grid]:
    """A knitted dome over the tops of the ears, with a turned-up cuff."""
    front = rng.uniform(40, 58)
    edge = np.interp(np.abs(TURN), [0, 0.7, 1.5, 2.4, 3.2], [front, front - 4, 14, -16, -26])
    rows, slouch = 18, rng.uniform(4, 26)
    direction, skin = dome(TURN, edge.astype(np.float32), rows)
    t = np.linspace(0, 1, rows)[:, None]
    ear = 9 * np.exp(-(((np.abs(TURN) - 1.65) / 0.35) ** 2)) * np.clip(3 * t - 2, 0, 1)
    cuff = np.where(t > 0.68, 3.5, 0.0) + np.where(t > 0.98, -2.0, 0.0)
    crumple = 0.7 * rng.standard_normal(skin.shape)
    crumple[:, -1] = crumple[:, 0]
    crumple[0] = 0
    lift = 5 + slouch * (1 - t) ** 1.5 + ear + cuff + crumple * (t < 0.65)
    return [_grid(SKULL_CENTRE + (skin + lift)[..., None] * direction, 90 * TURN, 140 * t)]


def _headscarf(rng: np.random.Generator) -> list[Grid]:
    """A cloth over head and shoulders that leaves the face free."""
    phase = rng.uniform(0, 6, 2)
    top = dome(TURN, np.full(len(TURN), FACE_TOP, np.float32), 9)
    rise = np.linspace(0, 1, 9)[:, None]
    crown = SKULL_CENTRE + (top[1] + _lift(TURN, FACE_TOP * rise, phase))[..., None] * top[0]
    y = np.concatenate([np.linspace(FACE_TOP + 14, -112, 20), np.linspace(-122, -245, 10)])[:, None]
    oval = 72 * np.sqrt(np.clip(1 - ((y + 23) / 89.5) ** 2, 0, 1))
    opening = np.arcsin(np.clip(oval / 96, 0.0, 0.9))
    angle = opening + (2 * np.pi - 2 * opening) * np.linspace(0, 1, 61)
    radius = skin_radius(angle, y) + _lift(angle, y, phase)
    radius = np.maximum(radius, _spread(angle, y))
    radius *= 1 + 0.022 * np.clip((-70 - y) / 60, 0, 1.6) * np.sin(9 * angle + 0.02 * y + phase[0])
    points = np.stack(
        [radius * np.sin(angle), y + 0 * angle, radius * np.cos(angle) + AXIS_Z], axis=-1
    )
    return [_grid(crown, 90 * TURN, 60 * rise), _grid(points, 90 * angle, 60 - y)]


def _lift(angle: Floats, y: Floats, phase: Floats) -> Floats:
    """How far a scarf lies off the skin, mm: it covers the ears and has folds."""
    ear = 5 * np.sin(angle) ** 4 * np.exp(-(((y + 5) / 60) ** 2))
    jaw = 3 * np.clip((-25 - y) / 30, 0, 1)
    fold = 0.9 * np.sin(0.16 * y + 3 * np.abs(np.sin(angle / 2)) + phase[1])
    return np.asarray(6 + ear + jaw + fold)


def _spread(angle: Floats, y: Floats) -> Floats:
    """The least radius at a height: over neck and shoulders the cloth is stretched."""
    level = [-245, -205, -165, -125, -112, -84, -40, 40]
    wide = np.interp(y, level, [240, 188, 118, 92, 90, 88, 88, 60])
    ahead = np.interp(y, level, [66, 56, 50, 58, 40, 40, 40, 40])
    behind = np.interp(y, level, [138, 122, 104, 92, 90, 86, 86, 60])
    reach = np.where(np.cos(angle) > 0, ahead, behind)
    return np.asarray(1 / np.hypot(np.sin(angle) / wide, np.cos(angle) / reach))


def _grid(points: Floats, across: Floats, along: Floats) -> Grid:
    rows, columns = points.shape[:2]
    c = np.stack(np.broadcast_arrays(across, along), axis=-1)
    return (
        points.reshape(-1, 3).astype(np.float32),
        grid_triangles(rows, columns),
        c.reshape(-1, 2).astype(np.float32),
    )


def _painter(piece: Piece, *, knit: bool) -> Callable[[Floats], Paint]:
    """Knit shows ribs, cloth shows seams and a little weave."""

    def paint(c: Floats) -> Paint:
        if knit:
            shade = 1 + 0.22 * np.sin(c[:, 0] * 1.5) * (0.7 + 0.3 * np.sin(c[:, 1] * 1.2))
        else:
            seam = np.abs(np.mod(c[:, 0] / 94.2 + 0.5, 1) - 0.5) < 0.012
            shade = 1 - 0.3 * seam + 0.05 * np.sin(2.0 * c[:, 0]) * np.sin(2.0 * c[:, 1])
        paint = Paint.uniform(
            len(c), Kind.CLOTH, piece.colour * shade[:, None], piece.infrared, (0.02, 0.9)
        )
        paint.openness[:] = 0.8
        return paint

    return paint
