"""A flexible silicone mask of the subject, pulled over somebody else's head.

Its shape is a true head a few millimetres out, drawn a little towards the bones below, so depth
hardly tells. What tells: the wearer's own lids and eyes in its holes, an edge there a millimetre or
two thick, colour without living blood, a different gloss, an infrared level set by pigments, and a
face that follows the wearer's only in part.

Axes: V vertices of the head, N points on the surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.body.bust import Look, collar_height, draw_look, dress, paint_body, pose
from unmask.sim.body.eyes import EYE_CENTRE
from unmask.sim.body.heads import MOUTH_INSIDE, SKIN, Floats, head_model
from unmask.sim.craft.casting import Shell, cast_identity, in_holes, is_eye, off_eyes
from unmask.sim.craft.finish import (
    LEVELS,
    Finish,
    draw_strokes,
    sheen,
    shows_through,
    skin_tint,
)
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Painter, vertex_normals
from unmask.sim.plan import Plan
from unmask.sim.stage import Presented, eyes_place

VARIANTS = {"silicone_dark": 0.3, "silicone_alike": 0.4, "silicone_light": 0.3}
"""Pigments beside the infrared level of skin."""
DETAIL, KEPT = 22, 0.35
"""Identity components that survive casting, and the share kept of the finer ones."""
OWN_LIDS = ("blink", "squint", "wide")
"""Expressions that the wearer's lids make inside the holes, and the mask does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """How a mask was made and how it sits."""

    thickness: float
    """mm"""
    edge: float
    """Thickness at the eye holes, where it is thinned, mm."""
    recess: float
    """How far the wearer's eyes lie behind those that were cast, mm."""
    hole: tuple[float, float]
    """Half width and half height of the eye holes, mm."""
    yields: float
    """How far it takes the shape of the head below, 0 not at all, 1 wholly."""
    follows: float
    """Share of the wearer's expression that comes through."""
    neck: float
    """Height of its lower edge, mm; a collar mostly hides it."""
    finish: Finish


def present(plan: Plan) -> Presented:
    """Cast the subject's head, put it on the wearer."""
    at, rng = plan.acquisition, plan.rng(0)
    look = draw_look(rng, plan.subject, at.yaw, at.pitch).later(plan.moment)
    mask = draw_mask(rng, plan.pick(VARIANTS))
    wearer = head_model().vertices(plan.wearer.identity, look.expression)
    shell = cast_head(plan, mask, look, wearer)
    body, *worn = dress(shell.shape, plan.subject, look, _under(plan, look, mask))
    clothed = body.coordinates[:, 1] < collar_height(body.coordinates[:, :3], look)
    body.vertices = np.where(clothed[:, None], body.vertices, shell.pressed(wearer))

    def paint(c: Floats) -> Paint:
        made = Paint.empty(len(c))
        cast = np.round(c[:, 5]) == SKIN
        for where, by in ((cast, mask.finish.paint), (~cast, paint_body)):
            at = np.flatnonzero(where)
            made.put(at, by(c[at], plan.subject, look))
        return made

    surface = shell.parts(body.coordinates, paint, paint)
    parts = [shell.uncovered(body), *surface, *worn]
    face = head_model().points(shell.shape)
    face[:2] = head_model().points(wearer)[:2]
    points = pose(parts, face, (at.yaw, at.pitch, at.roll), eyes_place(at))
    return Presented(parts=parts, landmarks=points)


def draw_mask(rng: np.random.Generator, variant: str) -> Mask:
    """A maker, a silicone, a paint job."""
    wide, tall = rng.uniform((15.5, 6.5), (19.5, 10.0))
    return Mask(
        thickness=float(rng.uniform(1.5, 4.0)),
        edge=float(rng.uniform(0.5, 2.0)),
        recess=float(rng.uniform(0.0, 2.0)),
        hole=(float(wide), float(tall)),
        yields=float(rng.uniform(0.1, 0.3)),
        follows=float(rng.uniform(0.3, 0.7)),
        neck=float(rng.uniform(-215, -150)),
        finish=Finish(
            kind=Kind.SILICONE,
            base=np.full(3, 0.5, np.float32),
            painted=1.0,
            evenness=float(rng.uniform(0.2, 0.9)),
            tint=skin_tint(rng, 0.06),
            infrared=float(rng.uniform(*LEVELS[variant.removeprefix("silicone_")])),
            contrast=shows_through(rng),
            gloss=sheen(rng, 0.6),
            softness=float(rng.uniform(0.5, 0.95)),
            strokes=draw_strokes(rng, float(rng.uniform(6, 25))),
            unevenness=float(rng.uniform(0.01, 0.06)),
        ),
    )


def cast_head(plan: Plan, mask: Mask, look: Look, wearer: Floats) -> Shell:
    """The mask as it sits on the wearer's head (V, 3)."""
    model = head_model()
    cast = cast_identity(plan.subject.identity, DETAIL, KEPT)
    identity = cast + mask.yields * (plan.wearer.identity - cast)
    follow = {k: v * mask.follows for k, v in look.expression.items() if k not in OWN_LIDS}
    shape = model.vertices(identity, follow)
    hole = off_eyes(model.home, mask.hole)
    thin = np.clip(hole / 14.0, 0, 1)
    normals = vertex_normals(shape, model.triangles)
    shape = shape + (mask.edge + (mask.thickness - mask.edge) * thin)[:, None] * normals
    shape = _stretched(shape, wearer, mask)
    level = np.minimum(hole, model.home[:, 1] - mask.neck)
    level = np.minimum(level, model.home[:, 1] - collar_height(model.home, look) + 3.0)
    level = np.where(is_eye(), -99.0, level)
    return Shell(
        shape=shape.astype(np.float32),
        normals=normals,
        level=np.where(model.part == MOUTH_INSIDE, 99.0, level).astype(np.float32),
        thickness=mask.edge,
    )


def _stretched(shape: Floats, wearer: Floats, mask: Mask) -> Floats:
    """Pulled about each eye, so that its holes lie over the wearer's eyes."""
    model = head_model()
    for name, side in (("eye_left", 1), ("eye_right", -1)):
        away = model.home[:, :2] - EYE_CENTRE[:2] * [side, 1]
        near = np.exp(-(away**2).sum(axis=1) / 30.0**2) * (model.part == SKIN)
        pull = model.point(wearer, name) - model.point(shape, name) + [0, 0, mask.recess]
        shape = shape + near[:, None] * pull
    return np.asarray(shape, np.float32)


def _under(plan: Plan, look: Look, mask: Mask) -> Painter:
    """The wearer; a little less light from around comes into the holes."""

    def paint(c: Floats) -> Paint:
        made = paint_body(c, plan.wearer, look)
        made.openness *= 1 - 0.2 * in_holes(c[:, :3], mask.hole)
        return made

    return paint
