"""A person as parts of a scene: head, eyes, mouth, hair, spectacles, clothes.

Coordinates that the painter reads: home x, y, z; lips; openness; part (see heads.py).

Axes: V vertices, N points on the surface.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from unmask.sim.eyes import lash_line, paint_eye
from unmask.sim.glasses import glasses
from unmask.sim.hair import hair_parts
from unmask.sim.heads import EYE_LEFT, EYE_RIGHT, SKIN, Floats, head_model
from unmask.sim.materials import Kind, Paint
from unmask.sim.mesh import Painter, Part, rotation, vertex_normals
from unmask.sim.motion import Moment
from unmask.sim.people import Person
from unmask.sim.room import muted
from unmask.sim.skin import skin_map

NECK_TURN = (-200.0, -105.0)  # mm: below, the shoulders stay; above, all turns with the head


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a person does and wears in one presentation."""

    expression: dict[str, float]
    gaze: tuple[float, float]
    """Left and up, radians, relative to the head."""
    cloth: Floats
    cloth_infrared: float
    collar: float
    """Height of the neckline, mm."""
    oil: float
    """0 dry skin, 1 shiny."""
    glasses: bool


    def later(self, moment: Moment) -> Look:
        """The same person a little later."""
        change = {
            "blink": moment.blink,
            "jaw_open": 0.35 * moment.talk,
            "stretch": 0.25 * moment.talk,
            "smile_left": 0.5 * moment.smile,
            "smile_right": 0.5 * moment.smile,
        }
        names = {*self.expression, *change}
        then = {n: self.expression.get(n, 0.0) + change.get(n, 0.0) for n in names}
        left, up = moment.glance
        return replace(
            self,
            expression={n: min(max(v, 0.0), 1.0) for n, v in then.items()},
            gaze=(self.gaze[0] + left, self.gaze[1] + up),
        )


def draw_look(rng: np.random.Generator, person: Person, yaw: float, pitch: float) -> Look:
    """An expression that people make in front of a camera; the eyes mostly meet the lens."""
    expression: dict[str, float] = {}
    if rng.random() < 0.6:
        smile = rng.uniform(0, 0.75)
        expression |= {
            "smile_left": smile * rng.uniform(0.8, 1.1),
            "smile_right": smile * rng.uniform(0.8, 1.1),
            "squint": 0.4 * smile,
        }
    for name, chance, most in (
        ("brow_down", 0.2, 0.5), ("brow_inner_up", 0.2, 0.6), ("brow_outer_up", 0.2, 0.6),
        ("jaw_open", 0.25, 0.22), ("pucker", 0.1, 0.4), ("press", 0.2, 0.6), ("frown", 0.15, 0.4),
        ("mouth_left", 0.08, 0.3), ("mouth_right", 0.08, 0.3), ("sneer", 0.08, 0.3),
    ):  # fmt: skip
        if rng.random() < chance:
            expression[name] = float(rng.uniform(0, most))
    expression["blink"] = float(np.clip(rng.normal(0.0, 0.1), 0, 0.4))
    expression["wide"] = float(rng.uniform(0, 0.3))
    stray = rng.normal(0, 0.05, 2)
    return Look(
        expression=expression,
        gaze=(float(np.radians(-yaw) * 0.9 + stray[0]), float(np.radians(pitch) * 0.9 + stray[1])),
        cloth=muted(rng, 0.015, 0.7),
        cloth_infrared=float(rng.uniform(0.2, 0.75)),
        collar=float(rng.uniform(-185, -150)),
        oil=float(rng.uniform(0, 1)),
        glasses=person.glasses and rng.random() < 0.85,
    )


def bust(person: Person, look: Look) -> tuple[list[Part], Floats]:
    """All parts of a person in the head's frame, and the points of the face (L, 3)."""
    model = head_model()
    vertices = model.vertices(person.identity, look.expression)
    parts = dress(vertices, person, look, lambda c: paint_body(c, person, look))
    return parts, model.points(vertices)


def dress(vertices: Floats, person: Person, look: Look, paint: Painter) -> list[Part]:
    """Body under clothes, hair and spectacles over the head ``vertices`` (V, 3)."""
    body = Part(
        vertices=_clothed(vertices, look),
        triangles=head_model().triangles,
        coordinates=_coordinates(),
        paint=paint,
    )
    worn = glasses(vertices, person) if look.glasses else []
    return [body, *hair_parts(person, vertices, body.normals), *worn]


def _coordinates() -> Floats:
    """Home, lips, openness and part of every vertex (V, 6)."""
    model = head_model()
    extra = np.stack([model.lips, model.openness, model.part.astype(np.float32)], axis=1)
    return np.concatenate([model.home, extra], axis=1)


def _clothed(vertices: Floats, look: Look) -> Floats:
    """Clothes lie a few millimetres off the body."""
    model = head_model()
    off = 4.0 * np.clip((collar_height(model.home, look) - model.home[:, 1]) / 4, 0, 1)
    off = np.where(model.part == SKIN, off, 0.0)
    normals = vertex_normals(vertices, model.triangles)
    return np.asarray(vertices + off[:, None] * normals, np.float32)


def collar_height(home: Floats, look: Look) -> Floats:
    """The neckline: lowest at the throat, rising towards the nape."""
    return np.asarray(
        look.collar + 0.10 * np.abs(home[:, 0]) + 0.35 * np.clip(20 - home[:, 2], 0, 90) - 8,
        np.float32,
    )


def paint_body(c: Floats, person: Person, look: Look) -> Paint:
    """Skin, eyes, mouth and clothes at coordinates (N, 6)."""
    paint = Paint.empty(len(c))
    part = np.round(c[:, 5]).astype(int)
    covered = c[:, 1] < collar_height(c, look)
    skin = np.flatnonzero((part == SKIN) & ~covered)
    paint.put(skin, paint_skin(c[skin], person, look))
    cloth = np.flatnonzero((part == SKIN) & covered)
    paint.put(cloth, _cloth(c[cloth], look))
    for number, sign in ((EYE_LEFT, 1.0), (EYE_RIGHT, -1.0)):
        eye = np.flatnonzero(part == number)
        paint.put(eye, paint_eye(c[eye, :3], person.eye_colour, look.gaze, sign))
    mouth = np.flatnonzero(part > EYE_RIGHT)
    paint.put(mouth, _teeth(c[mouth]))
    return paint


def paint_skin(c: Floats, person: Person, look: Look) -> Paint:
    """Skin with lips, lashes and painted hair."""
    home, lips = c[:, :3], c[:, 3]
    colour, infrared, cover, relief = skin_map(person).look_up(home)
    lip = np.clip(1.6 * lips - 0.3, 0, 1)[:, None]
    red = np.array([0.92, 0.64, 0.62], np.float32) - 0.14 * max(person.femininity, 0)
    colour = colour * (1 - lip * (1 - red))
    lash = lash_line(home, reach=2.0 + 0.5 * max(person.femininity, 0))
    colour = colour * (1 - 0.85 * lash[:, None])
    paint = Paint.uniform(len(c), Kind.SKIN, colour, infrared * (1 - 0.6 * lash), (0.028, 0.5))
    paint.roughness[:] = 0.56 - 0.16 * look.oil - 0.08 * lips - 0.6 * relief
    paint.specular[:] = 0.028 * (1 - 0.7 * cover) * (1 + 2.0 * relief)
    paint.softness[:] = 1 - 0.8 * cover
    paint.openness[:] = c[:, 4] ** 1.2
    inside = _mouth_inside(home)
    paint.colour *= (1 - 0.85 * inside)[:, None]
    paint.infrared *= 1 - 0.6 * inside
    return paint


def _mouth_inside(home: Floats) -> Floats:
    """Depth behind the lips, 0 outside, 1 well inside."""
    near = (np.abs(home[:, 0]) < 32) & (home[:, 1] > -100) & (home[:, 1] < -50)
    front = 30.0 - 0.012 * home[:, 0] ** 2
    return np.asarray(near * np.clip((front - 10 - home[:, 2]) / 8, 0, 1), np.float32)


def _teeth(c: Floats) -> Paint:
    paint = Paint.uniform(
        len(c), Kind.SKIN, np.array([0.45, 0.40, 0.32], np.float32), 0.5, (0.04, 0.3)
    )
    paint.openness[:] = 0.35
    paint.colour *= 0.6
    return paint


def _cloth(c: Floats, look: Look) -> Paint:
    weave = 1 + 0.06 * np.sin(c[:, 0] * 1.9) * np.sin(c[:, 1] * 2.1)
    fold = 1 + 0.10 * np.sin(0.045 * c[:, 0] + 0.02 * c[:, 1] * np.cos(0.03 * c[:, 0]))
    paint = Paint.uniform(
        len(c), Kind.CLOTH, look.cloth * (weave * fold)[:, None], look.cloth_infrared, (0.02, 0.9)
    )
    paint.openness[:] = c[:, 4]
    return paint


def pose(
    parts: list[Part], points: Floats, angles: tuple[float, float, float], eyes_at: Floats
) -> Floats:
    """Turn a bust by (yaw, pitch, roll) and bring its eyes to ``eyes_at``; return posed points.

    The neck twists: shoulders follow a third of the turn. Parts are moved in place.
    """
    head, shoulders = rotation(*angles), rotation(*(a / 3 for a in angles))
    pivot = np.array([0, -70, -70], np.float32)

    def turned(v: Floats) -> Floats:
        low, high = NECK_TURN
        share = np.clip((v[:, 1:2] - low) / (high - low), 0, 1)
        share = share * share * (3 - 2 * share)
        local = v - pivot
        return np.asarray(local @ head.T * share + local @ shoulders.T * (1 - share), np.float32)

    middle = turned(points[:2]).mean(axis=0)
    for part in parts:
        part.vertices = turned(part.vertices) - middle + eyes_at
        part.normals = vertex_normals(part.vertices, part.triangles)
    return np.asarray(turned(points) - middle + eyes_at, np.float32)
