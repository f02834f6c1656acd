"""A person as parts of a scene: head, eyes, mouth, hair, spectacles, clothes.

Coordinates that the painter reads: home x, y, z; lips; openness; part (see heads.py).

Axes: V vertices, N points on the surface.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from unmask.sim.body.clothes import Outfit, collars, draw_outfit, neckline, paint_cloth
from unmask.sim.body.eyes import lash_line, paint_eye
from unmask.sim.body.glasses import glasses
from unmask.sim.body.hair import hair_parts
from unmask.sim.body.heads import EYE_LEFT, EYE_RIGHT, SKIN, Floats, head_model
from unmask.sim.body.headwear import headwear
from unmask.sim.body.skin import skin_map
from unmask.sim.motion import Moment
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Painter, Part, rotation, vertex_normals
from unmask.sim.people import Person

NECK_TURN = (-200.0, -105.0)  # mm: below, the shoulders stay; above, all turns with the head


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a person does and wears in one presentation."""

    expression: dict[str, float]
    gaze: tuple[float, float]
    """Left and up, radians, relative to the head."""
    outfit: Outfit
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
    left, up = np.radians(-yaw) * 0.9 + stray[0], np.radians(pitch) * 0.65 + stray[1]
    expression["wide"] += float(1.5 * np.clip(up, 0, 0.4))  # lids go with the eyes
    expression["blink"] += float(0.9 * np.clip(-up, 0, 0.4))
    return Look(
        expression=expression,
        gaze=(float(left), float(up)),
        outfit=draw_outfit(rng),
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
        closed=True,
    )
    return [
        body,
        *collars(look.outfit, body.vertices, body.normals),
        *hair_parts(person, vertices),
        *headwear(person, vertices),
        *(glasses(vertices, person) if look.glasses else []),
    ]


@cache
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
    """The neckline: skin above, cloth below."""
    return neckline(home, look.outfit)


def paint_body(c: Floats, person: Person, look: Look) -> Paint:
    """Skin, eyes, mouth and clothes at coordinates (N, 6)."""
    paint = Paint.empty(len(c))
    part = np.round(c[:, 5]).astype(int)
    covered = c[:, 1] < collar_height(c, look)
    skin = np.flatnonzero((part == SKIN) & ~covered)
    paint.put(skin, paint_skin(c[skin], person, look))
    cloth = np.flatnonzero((part == SKIN) & covered)
    paint.put(cloth, paint_cloth(c[cloth, :5], look.outfit))
    for number, sign in ((EYE_LEFT, 1.0), (EYE_RIGHT, -1.0)):
        eye = np.flatnonzero(part == number)
        paint.put(eye, paint_eye(c[eye, :3], person.eye_colour, look.gaze, sign, person.pupil_glow))
    mouth = np.flatnonzero(part > EYE_RIGHT)
    paint.put(mouth, _teeth(c[mouth]))
    return paint


def paint_skin(c: Floats, person: Person, look: Look) -> Paint:
    """Skin with lips, lashes and painted hair."""
    home, lips = c[:, :3], c[:, 3]
    painted = skin_map(person)
    colour, infrared, cover, sheen = painted.look_up(home)
    lip = np.clip(1.6 * lips - 0.3, 0, 1)[:, None]
    colour = colour * (1 - lip * (1 - painted.lips))
    lash = lash_line(home, reach=2.6 + 0.6 * max(person.femininity, 0))
    colour = colour * (1 - 0.88 * lash[:, None])
    paint = Paint.uniform(len(c), Kind.SKIN, colour, infrared * (1 - 0.6 * lash), (0.028, 0.5))
    paint.roughness[:] = 0.65 - 0.11 * look.oil - 0.05 * sheen - 0.10 * lips
    paint.specular[:] = 0.028 * (1 - 0.7 * cover) * (0.55 + 0.45 * sheen)
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
    """Teeth along the arch, gums above and below them, the tongue behind."""
    x, y, z = np.abs(c[:, 0]), c[:, 1], c[:, 2]
    arch = z - (19.0 - 0.0386 * x**2)  # mm, 0 at the front of the teeth
    tooth = np.clip((arch + 7) / 1.5, 0, 1) * np.clip((-59 - y) / 2, 0, 1)
    tooth *= np.clip((y + 84) / 2, 0, 1)
    gap = np.exp(-(((np.mod(x + 4.0, 8.0) - 4.0) / 0.45) ** 2))
    ivory = np.array([0.60, 0.53, 0.42], np.float32) * (1 - 0.35 * gap)[:, None]
    flesh = np.array([0.34, 0.12, 0.10], np.float32)
    paint = Paint.uniform(
        len(c), Kind.SKIN, flesh + (ivory - flesh) * tooth[:, None], 0.45, (0.035, 0.35)
    )
    depth = np.clip(1 + (arch + 1) / 25, 0.15, 1) * np.clip(1.15 - x / 45, 0.3, 1)
    paint.openness[:] = 0.5 * depth
    paint.colour *= depth[:, None]
    paint.infrared *= depth
    return paint


def pose(
    parts: list[Part], points: Floats, angles: tuple[float, float, float], eyes_at: Floats
) -> Floats:
    """Turn a bust by (yaw, pitch, roll) and bring its eyes to ``eyes_at``; return posed points.

    The neck twists: shoulders follow a third of the turn. Parts are moved in place.
    """
    head, shoulders = rotation(*angles), rotation(*(a / 3 for a in angles))
    pivot = np.array([0, -70, -70], np.float32)

    def turned(at: Floats, v: Floats) -> Floats:
        low, high = NECK_TURN
        share = np.clip((at[:, 1:2] - low) / (high - low), 0, 1)
        share = share * share * (3 - 2 * share)
        return np.asarray(v @ head.T * share + v @ shoulders.T * (1 - share), np.float32)

    middle = turned(points[:2], points[:2] - pivot).mean(axis=0)
    for part in parts:
        part.normals = turned(part.vertices, part.normals)
        part.vertices = turned(part.vertices, part.vertices - pivot) - middle + eyes_at
    return np.asarray(turned(points, points - pivot) - middle + eyes_at, np.float32)
