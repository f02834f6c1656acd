"""A person as parts of a scene: head, eyes, mouth, hair, spectacles, clothes.

Coordinates that the painter reads: home x, y, z; lips; openness; part (see heads.py).

Axes: V vertices, N points on the surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.hair import hair_parts
from unmask.sim.heads import EYE_LEFT, EYE_RIGHT, SKIN, Floats, head_model
from unmask.sim.materials import Kind, Paint
from unmask.sim.mesh import Part, rotation, tube, vertex_normals
from unmask.sim.people import Person
from unmask.sim.room import muted
from unmask.sim.skin import skin_map

EYE_CENTRE = np.array([31.2, 0.0, 0.0], np.float32)
EYE_RADIUS = 16.2
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


@dataclass(slots=True, kw_only=True)
class Skull:
    """The head's vertices and where its named points lie, in the head's frame."""

    vertices: Floats  # (V, 3)

    def point(self, name: str) -> Floats:
        """A named point of the model."""
        place: Floats = self.vertices[head_model().landmarks[name]]
        return place

    def face_points(self) -> Floats:
        """Left eye, right eye, middle of the mouth (3, 3), as a face detector marks them."""
        mouth = (self.point("mouth_left") + self.point("mouth_right")) / 2
        mouth = mouth + np.array([0, 0, 8], np.float32)  # the lips bulge before their corners
        return np.stack([self.point("eye_left"), self.point("eye_right"), mouth])


def bust(person: Person, look: Look) -> tuple[list[Part], Skull]:
    """All parts of a person, in the head's frame."""
    model = head_model()
    skull = Skull(vertices=model.vertices(person.identity, look.expression))
    body = Part(
        vertices=dressed(skull.vertices, look),
        triangles=model.triangles,
        coordinates=body_coordinates(),
        paint=lambda c: paint_body(c, person, look),
    )
    parts = [body, *hair_parts(person, skull.vertices, body.normals)]
    if look.glasses:
        parts += glasses(skull, person)
    return parts, skull


def body_coordinates() -> Floats:
    """Home, lips, openness and part of every vertex (V, 6)."""
    model = head_model()
    extra = np.stack([model.lips, model.openness, model.part.astype(np.float32)], axis=1)
    return np.concatenate([model.home, extra], axis=1)


def dressed(vertices: Floats, look: Look) -> Floats:
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
        paint.put(eye, paint_eye(c[eye, :3], person, look, sign))
    mouth = np.flatnonzero(part > EYE_RIGHT)
    paint.put(mouth, _teeth(c[mouth]))
    return paint


def paint_skin(c: Floats, person: Person, look: Look) -> Paint:
    """Skin with lips, lashes and painted hair."""
    home, lips = c[:, :3], c[:, 3]
    colour, infrared, cover, relief = skin_map(person).look_up(home)
    lip = np.clip(1.6 * lips - 0.3, 0, 1)[:, None]
    red = np.array([0.92, 0.52, 0.52], np.float32) - 0.10 * max(person.femininity, 0)
    colour = colour * (1 - lip * (1 - red))
    lash = lash_line(home, person)
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


def lash_line(home: Floats, person: Person) -> Floats:
    """Cover of the lashes: skin within about a millimetre of the eyeball, denser above."""
    mirrored = home * np.array([1, 1, 1], np.float32)
    mirrored[:, 0] = np.abs(home[:, 0])
    away = mirrored - EYE_CENTRE
    gap = np.linalg.norm(away, axis=1) - EYE_RADIUS
    upper = away[:, 1] > -1.5
    reach = np.where(upper, 2.0 + 0.5 * max(person.femininity, 0), 1.0)
    line = np.clip(1.3 - gap / reach, 0, 1) * np.where(upper, 1.0, 0.5)
    return np.asarray(line * (away[:, 2] > 0), np.float32)


def _mouth_inside(home: Floats) -> Floats:
    """Depth behind the lips, 0 outside, 1 well inside."""
    near = (np.abs(home[:, 0]) < 32) & (home[:, 1] > -100) & (home[:, 1] < -50)
    front = 30.0 - 0.012 * home[:, 0] ** 2
    return np.asarray(near * np.clip((front - 10 - home[:, 2]) / 8, 0, 1), np.float32)


def paint_eye(home: Floats, person: Person, look: Look, sign: float) -> Paint:
    """Sclera, iris with limbal ring, pupil; wet all over."""
    centre = EYE_CENTRE * np.array([sign, 1, 1], np.float32)
    direction = (home - centre) / EYE_RADIUS
    yaw, pitch = look.gaze
    axis = np.array([np.sin(yaw) * np.cos(pitch), np.sin(pitch), np.cos(yaw) * np.cos(pitch)])
    off = np.linalg.norm(direction - axis * (direction @ axis)[:, None], axis=1) * EYE_RADIUS
    off = np.where(direction @ axis > 0, off, EYE_RADIUS)  # mm from the middle of the pupil
    around_axis = np.arctan2(direction[:, 1], direction[:, 0])
    fibre = (
        1
        + 0.18 * np.sin(23 * around_axis + 7 * person.eye_colour[0])
        + 0.1 * np.sin(41 * around_axis)
    )
    iris = np.clip((6.3 - off) / 0.6, 0, 1)[:, None]
    limbus = np.clip((off - 4.9) / 1.2, 0, 1)[:, None]
    pupil = np.clip((2.3 - off) / 0.4, 0, 1)[:, None]
    white = np.array([0.62, 0.56, 0.53]) - 0.10 * np.abs(direction[:, :1])
    coloured = person.eye_colour * fibre[:, None] * (1 - 0.75 * limbus)
    colour = white * (1 - iris) + coloured * iris
    colour = colour * (1 - pupil) + 0.004 * pupil
    shade = np.clip(
        1.05 - 0.045 * np.clip(direction[:, 1] * EYE_RADIUS + 1.0, 0, 9) ** 1.3, 0.35, 1
    )
    infrared = (0.50 * (1 - iris) + 0.30 * iris)[:, 0] * (1 - pupil[:, 0]) + 0.10 * pupil[:, 0]
    paint = Paint.uniform(
        len(home),
        Kind.EYE,
        (colour * shade[:, None]).astype(np.float32),
        infrared * shade,
        (0.03, 0.16),
    )
    paint.openness[:] = 0.75 * shade
    paint.softness[:] = 0.4
    return paint


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


def glasses(skull: Skull, person: Person) -> list[Part]:
    """Rims, bridge and temples; the lenses are taken as clear."""
    rng = np.random.default_rng((*person.paint_seed, 3))
    metal = rng.random() < 0.4
    colour = np.array([0.35, 0.33, 0.30] if metal else rng.uniform(0.005, 0.06, 3), np.float32)
    thick = 0.8 if metal else float(rng.uniform(1.2, 2.2))
    wide, tall, square = rng.uniform(23, 26), rng.uniform(16, 21), rng.uniform(2, 4)
    turn = np.linspace(0, 2 * np.pi, 41)
    paths = []
    for name, sign in (("eye_left", 1), ("eye_right", -1)):
        x0, y0, z0 = skull.point(name)
        cosine, sine = np.cos(turn), np.sin(turn)
        x = x0 + sign * 2 + wide * np.sign(cosine) * np.abs(cosine) ** (2 / square)
        y = y0 - 3 + tall * np.sign(sine) * np.abs(sine) ** (2 / square)
        z = np.full_like(x, z0 + 13) - 0.0022 * (x - 0) ** 2
        paths.append(np.stack([x, y, z], axis=1))
        hinge = np.array([x0 + sign * (2 + wide), y0 + 5, z0 + 12])
        ear = np.array([sign * 78.0, y0 + 4, -85.0])
        paths.append(hinge + np.linspace(0, 1, 6)[:, None] * (ear - hinge))
    inner = [paths[k][np.argmin(np.abs(paths[k][:, 0]))] for k in (0, 2)]
    bend = np.array([0, 3.0, 3.0])
    paths.append(np.stack([inner[0], (inner[0] + inner[1]) / 2 + bend, inner[1]]))
    parts = []
    for path in paths:
        v, t, c = tube(path.astype(np.float32), np.full(len(path), thick, np.float32), sides=6)
        parts.append(
            Part(
                vertices=v, triangles=t, coordinates=c,
                paint=lambda c: Paint.uniform(len(c), Kind.PLASTIC, colour, 0.1, (0.06, 0.25)),
            )
        )  # fmt: skip
    return parts


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
