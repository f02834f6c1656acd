"""A mannequin's head in the likeness of the subject: plastic, wax or foam.

A whole head that nobody is in: no expression, no blink, eyes of glass or paint that look straight
ahead and not at the lens, hair that is moulded or a wig. It stands on shoulders in clothes or on a
neck that ends in a base, and turns as one piece. Depth sees a true head; colour sees one even coat
of paint and its gloss; infrared sees the plastic.

Axes: V vertices of the head, N points on the surface.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from unmask.sim.body.bust import Look, draw_look, dress, paint_body
from unmask.sim.body.clothes import collars
from unmask.sim.body.face_map import hairline
from unmask.sim.body.glasses import glasses
from unmask.sim.body.hair import hair_parts
from unmask.sim.body.heads import AXIS_Z, SKIN, Floats, around, head_model
from unmask.sim.body.headwear import headwear
from unmask.sim.craft.casting import cast_identity, pose_rigid
from unmask.sim.craft.cutting import cut
from unmask.sim.craft.finish import (
    Finish,
    draw_strokes,
    pigment_infrared,
    shows_through,
    skin_tint,
)
from unmask.sim.optics.materials import Kind, Paint, hair_infrared
from unmask.sim.optics.mesh import Part, tube, vertex_normals
from unmask.sim.people import Person
from unmask.sim.plan import Plan
from unmask.sim.stage import Presented, eyes_place

VARIANTS = {"plastic": 0.5, "wax": 0.3, "foam": 0.2}
DETAIL = {"plastic": (16, 0.2), "wax": (40, 0.7), "foam": (12, 0.1)}
"""Identity components that the sculptor keeps whole, and the share kept of the finer ones."""
SCULPTED = {"wide": 0.35, "press": 0.15, "smile_left": 0.12, "smile_right": 0.12}
PLASTICS = (0.78, 0.77, 0.74), (0.02, 0.02, 0.022), (0.62, 0.45, 0.34), (0.40, 0.41, 0.42)
FOAMS = (0.84, 0.84, 0.83), (0.84, 0.84, 0.83), (0.12, 0.12, 0.13)
"""Colours before paint."""
NECK_RADIUS = 72.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How a mannequin was made and dressed."""

    finish: Finish
    hair: str
    """wig, moulded or bald."""
    glass_eyes: bool
    wall_eyed: float
    """How far its eyes miss straight ahead, radians."""
    lock: float
    """Height of moulded hair over the scalp, mm."""
    neck: float
    """Height (mm) at which the neck ends in a base; 0 for shoulders in clothes."""
    base: Floats  # (3,)


def present(plan: Plan) -> Presented:
    """Stand the subject's likeness before the lens."""
    at, rng = plan.acquisition, plan.rng(0)
    variant = plan.pick(VARIANTS)
    figure = draw_figure(rng, variant)
    look = draw_look(rng, plan.subject, 0.0, 0.0)
    look = replace(look, gaze=(figure.wall_eyed, 0.0))
    model = head_model()
    vertices = model.vertices(cast_identity(plan.subject.identity, *DETAIL[variant]), SCULPTED)
    if figure.hair == "moulded":
        vertices = vertices + _locks(figure)[:, None] * vertex_normals(vertices, model.triangles)
    body = dress(vertices, plan.subject, look, lambda c: _paint(c, plan.subject, look, figure))[0]
    parts = standing(body, look, figure)
    if figure.hair == "wig":
        parts += [*hair_parts(plan.subject, vertices), *headwear(plan.subject, vertices)]
    if look.glasses:
        parts += glasses(vertices, plan.subject)
    face = model.points(vertices)
    points = pose_rigid(parts, face, (at.yaw, at.pitch, at.roll), eyes_place(at))
    return Presented(parts=parts, landmarks=points)


def draw_figure(rng: np.random.Generator, variant: str) -> Figure:
    """A workshop, a material, a paint job, a stand."""
    hair = {"plastic": (0.45, 0.30, 0.25), "wax": (0.9, 0.0, 0.1), "foam": (0.4, 0.0, 0.6)}
    return Figure(
        finish=draw_finish(rng, variant),
        hair=str(rng.choice(["wig", "moulded", "bald"], p=hair[variant])),
        glass_eyes=bool(variant == "wax" or (variant == "plastic" and rng.random() < 0.4)),
        wall_eyed=float(rng.normal(0, 0.04)),
        lock=float(rng.uniform(4, 10)),
        neck=float(rng.uniform(-170, -138)) if rng.random() < 0.45 else 0.0,
        base=np.full(3, rng.choice([0.02, 0.35, 0.75]), np.float32),
    )


def draw_finish(rng: np.random.Generator, variant: str) -> Finish:
    """The material and what is painted on it."""
    bare = FOAMS if variant == "foam" else PLASTICS
    base = np.array(bare[rng.integers(len(bare))], np.float32)
    painted = {"plastic": rng.choice([1.0, 0.0], p=[0.7, 0.3]), "wax": 1.0,
               "foam": rng.choice([0.0, rng.uniform(0.3, 0.9)])}[variant]  # fmt: skip
    shiny = bool(rng.random() < 0.6)
    gloss = {
        "plastic": (0.045, rng.uniform(0.14, 0.30) if shiny else rng.uniform(0.45, 0.65)),
        "wax": (0.035, rng.uniform(0.30, 0.45)),
        "foam": (0.015, 0.9),
    }[variant]
    evenness = {"plastic": (0.75, 1.0), "wax": (0.2, 0.6), "foam": (0.3, 0.9)}[variant]
    foamed = float(base.mean()) * rng.uniform(0.9, 1.05)
    infrared = foamed if variant == "foam" else pigment_infrared(rng)
    return Finish(
        kind=Kind.PLASTIC,
        base=base,
        painted=float(painted),
        evenness=float(rng.uniform(*evenness)),
        tint=skin_tint(rng, 0.05 if variant == "wax" else 0.10),
        infrared=float(infrared),
        contrast=shows_through(rng),
        gloss=(gloss[0], float(gloss[1])),
        softness=float(rng.uniform(0.7, 1.0)) if variant == "wax" else 0.0,
        strokes=draw_strokes(rng, 5.0 if variant == "foam" else float(rng.uniform(10, 30))),
        unevenness=0.05 if variant == "foam" else float(rng.uniform(0.0, 0.03)),
    )


def standing(body: Part, look: Look, figure: Figure) -> list[Part]:
    """Head and shoulders in clothes, or head and neck on a base."""
    if figure.neck == 0:
        return [body, *collars(look.outfit, body.vertices, body.normals)]
    home = body.coordinates[:, :3]
    column = NECK_RADIUS - np.hypot(home[:, 0], home[:, 2] - AXIS_Z)  # a neck without shoulders
    column += 6 * np.clip(home[:, 1] + 133, 0, None)  # but with a whole chin
    piece = cut(np.minimum(home[:, 1] - figure.neck, column), body.triangles)
    head = piece.part(body.vertices, body.coordinates, body.paint, closed=True)
    rim = head.vertices[np.unique(piece.rim)]
    middle = (rim.min(axis=0) + rim.max(axis=0)) / 2
    reach = float(np.ptp(rim[:, 0])) / 2
    fall = np.array([[0, 2, 0], [0, -1, 0], [0, -3, 0], [0, -26, 0], [0, -30, 0], [0, -31, 0]])
    radius = np.array([0.1, 0.97, 1.05, 1.35, 1.35, 0.1], np.float32) * reach
    v, t, c = tube((middle + fall).astype(np.float32), radius, sides=32)
    base = Part(
        vertices=v,
        triangles=t,
        coordinates=c,
        paint=lambda c: Paint.uniform(
            len(c), Kind.PLASTIC, figure.base, 0.1 + 0.6 * float(figure.base[0]), (0.05, 0.25)
        ),
        closed=True,
    )
    return [head, base]


def _locks(figure: Figure) -> Floats:
    """How far moulded hair stands off the scalp (V,), mm."""
    model = head_model()
    grooves = 1 + 0.22 * np.clip(figure.finish.strokes.at(model.home), -2, 2)
    return np.asarray(figure.lock * grooves * _scalp(model.home) * (model.part == SKIN), np.float32)


def _scalp(home: Floats) -> Floats:
    """1 on the scalp, 0 below the hairline and on the ears (N,)."""
    angle = around(home)
    ear = (np.abs(home[:, 0]) > 70) & (home[:, 1] < 34) & (np.abs(angle) < 2.1)
    return np.asarray(np.clip((home[:, 1] - hairline(angle)) / 9, 0, 1) * ~ear, np.float32)


def _paint(c: Floats, person: Person, look: Look, figure: Figure) -> Paint:
    """The coat on the head; clothes stay cloth."""
    paint = paint_body(c, person, look)
    finish = figure.finish
    coated = (Kind.SKIN, Kind.CLOTH) if figure.neck else (Kind.SKIN,)
    skin = np.flatnonzero(np.isin(paint.kind, coated))
    paint.put(skin, finish.paint(c[skin], person, look))
    if figure.hair == "moulded":
        _colour_hair(paint, c, person, finish)
    eye = np.flatnonzero(paint.kind == Kind.EYE)
    paint.colour[eye] = finish.base + (paint.colour[eye] - finish.base) * min(
        finish.painted + figure.glass_eyes, 1.0
    )
    painted = 0.06 + 0.7 * paint.colour[eye].mean(axis=1)
    paint.infrared[eye] = painted if finish.painted or figure.glass_eyes else finish.infrared
    paint.specular[eye], paint.roughness[eye] = (0.06, 0.1) if figure.glass_eyes else finish.gloss
    paint.kind[eye] = Kind.PLASTIC
    return paint


def _colour_hair(paint: Paint, c: Floats, person: Person, finish: Finish) -> None:
    cover = (np.clip(2 * _scalp(c[:, :3]), 0, 1) * (paint.kind == Kind.PLASTIC)).astype(np.float32)
    cover *= finish.painted
    paint.colour += cover[:, None] * (person.hair_colour - paint.colour)
    paint.infrared += cover * (float(hair_infrared(person.hair_colour)) - paint.infrared)
