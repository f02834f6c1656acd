"""A rigid mask of the subject's face, of cast resin or 3D-printed, worn by somebody else.

It covers the front of the face only and stands off it: a hard rim runs round it, the wearer's eyes
lie in holes, well behind the surface, and nothing on it moves. Its shape is the subject's, so depth
sees little more than rim and holes; colour sees paint without blood below it, a hard gloss or the
contour lines of printed layers; infrared sees the level of its pigments.

Axes: V vertices of the head, N points on the surface.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from unmask.sim.body.bust import Look, draw_look, dress, paint_body, pose
from unmask.sim.body.glasses import glasses
from unmask.sim.body.heads import SKIN, Floats, head_model
from unmask.sim.craft.casting import Shell, cast_identity, in_front, in_holes, off_eyes, pose_rigid
from unmask.sim.craft.finish import (
    Finish,
    draw_strokes,
    pigment_infrared,
    sheen,
    shows_through,
    skin_tint,
)
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Part, vertex_normals
from unmask.sim.people import Person
from unmask.sim.plan import Plan
from unmask.sim.stage import Presented, eyes_place

VARIANTS = {
    "resin_painted": 0.40, "resin_plain": 0.15, "printed_painted": 0.25, "printed_plain": 0.20,
}  # fmt: skip
"""How it was made, and whether it was painted."""
DETAIL, KEPT = 30, 0.5
"""Identity components that a scan keeps whole, and the share kept of the finer ones."""
SCULPTED = {"wide": 0.3, "press": 0.2}
"""The expression of everybody who is scanned."""
RESINS = (0.62, 0.60, 0.56), (0.30, 0.31, 0.33), (0.48, 0.38, 0.27)
FILAMENTS = (0.70, 0.70, 0.68), (0.25, 0.25, 0.26), (0.55, 0.40, 0.28), (0.05, 0.05, 0.055)
"""Colours before paint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """How a mask was made and how it sits."""

    thickness: float
    """mm"""
    off: float
    """How far it stands before the wearer's face, mm."""
    hole: tuple[float, float]
    """Half width and half height of the eye holes, mm."""
    outline: tuple[float, float, float]
    """Radians to a side, height of the upper and lower edge (mm)."""
    layer: float
    """Height of a printed layer as the lens sees it, mm; 0 for cast resin."""
    relief: float
    """Depth of the shade between layers."""
    finish: Finish


def present(plan: Plan) -> Presented:
    """Make the subject's face, tie it before the wearer's."""
    at, rng = plan.acquisition, plan.rng(0)
    look = draw_look(rng, plan.wearer, at.yaw, at.pitch).later(plan.moment)
    mask = draw_mask(rng, plan.pick(VARIANTS))
    shell = cast_face(plan.subject, mask)
    wearer = head_model().vertices(plan.wearer.identity, look.expression)
    body, *hair = dress(
        shell.pressed(wearer),
        plan.wearer,
        replace(look, glasses=False),
        lambda c: _in_shade(paint_body(c, plan.wearer, look), c, mask),
    )
    person = [shell.uncovered(body), *hair]
    worn = shell_parts(shell, body.coordinates, mask, plan.subject, look)
    if look.glasses:
        worn += glasses(shell.shape, plan.subject)
    face, angles = face_points(shell, wearer), (at.yaw, at.pitch, at.roll)
    pose(person, face, angles, eyes_place(at))
    points = pose_rigid(worn, face, angles, eyes_place(at))
    return Presented(parts=[*person, *worn], landmarks=points)


def draw_mask(rng: np.random.Generator, variant: str) -> Mask:
    """A maker, a material, a paint job."""
    made, finished = variant.split("_")
    printed, painted = made == "printed", finished == "painted"
    bare = FILAMENTS if printed else RESINS
    base = np.array(bare[rng.integers(len(bare))]) * np.exp(rng.normal(0, 0.05, 3))
    wide, top, bottom = rng.uniform((0.95, 48, -128), (1.3, 92, -118))
    wide_hole, tall_hole = rng.uniform((14.5, 6.5), (19, 10.5))
    return Mask(
        thickness=float(rng.uniform(1.5, 4.0)),
        off=float(rng.uniform(1.5, 6.0)),
        hole=(float(wide_hole), float(tall_hole)),
        outline=(float(wide), float(top), float(bottom)),
        layer=float(rng.uniform(0.9, 1.8)) if printed else 0.0,
        relief=float(rng.uniform(0.04, 0.14) if painted else rng.uniform(0.08, 0.2)),
        finish=Finish(
            kind=Kind.RESIN,
            base=base.astype(np.float32),
            painted=float(rng.uniform(0.92, 1.0)) if painted else 0.0,
            evenness=float(rng.uniform(0.2, 0.9)),
            tint=skin_tint(rng, 0.10),
            infrared=pigment_infrared(rng),
            contrast=shows_through(rng),
            gloss=sheen(rng, 0.5 if painted else 0.1),
            softness=0.0,
            strokes=draw_strokes(rng, float(rng.uniform(8, 30))),
            unevenness=float(rng.uniform(0.01, 0.08)),
        ),
    )


def cast_face(person: Person, mask: Mask) -> Shell:
    """The mask of a person."""
    model = head_model()
    shape = model.vertices(cast_identity(person.identity, DETAIL, KEPT), SCULPTED)
    normals = vertex_normals(shape, model.triangles)
    shape = shape + mask.thickness * normals + np.array([0, 0, mask.off], np.float32)
    level = np.minimum(in_front(model.home, *mask.outline), off_eyes(model.home, mask.hole))
    return Shell(
        shape=shape.astype(np.float32),
        normals=normals,
        level=np.where(model.part == SKIN, level, -99.0).astype(np.float32),
        thickness=mask.thickness,
    )


def face_points(shell: Shell, wearer: Floats) -> Floats:
    """The points of the face that is seen (L, 3): the mask's, but the wearer's eyes and crown."""
    face, behind = (head_model().points(v) for v in (shell.shape, wearer))
    face[:2], face[-1] = behind[:2], behind[-1]
    return face


def shell_parts(
    shell: Shell, coordinates: Floats, mask: Mask, person: Person, look: Look
) -> list[Part]:
    """The mask in its finish; its edge is bare."""
    finish = mask.finish
    columns = coordinates.shape[1]

    def paint(c: Floats) -> Paint:
        made = finish.paint(c[:, :columns], person, look)
        return _layered(made, c[:, columns], mask) if mask.layer else made

    def wall(c: Floats) -> Paint:
        made = Paint.uniform(len(c), finish.kind, finish.base, finish.infrared, finish.gloss)
        made.openness[:] = 0.5
        return made

    deep = shell.shape[:, 2:]  # layers are counted from the back of the mask
    return shell.parts(np.concatenate([coordinates, deep], axis=1), paint, wall)


def _layered(paint: Paint, height: Floats, mask: Mask) -> Paint:
    """Contour lines of a print that grew from the back of the mask to the nose."""
    step = np.sin(2 * np.pi * height / mask.layer)
    groove = 1 - mask.relief * np.clip(step, 0, 1)
    paint.openness *= groove
    paint.colour *= groove[:, None]
    paint.specular *= 1 + 4 * mask.relief * step
    return paint


def _in_shade(paint: Paint, c: Floats, mask: Mask) -> Paint:
    """Less light from around comes into the holes."""
    paint.openness *= 1 - 0.45 * in_holes(c[:, :3], mask.hole)
    return paint
