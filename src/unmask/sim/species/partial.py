"""Something over part of the attacker's own face that shows that part of somebody else.

All the rest is a living person with their own skin, hair and motion: only what is covered tells.
Paper glasses and novelty glasses carry printed eyes of the subject, half a mask the subject's nose,
mouth and chin.

Axes: V vertices of the head, N points on the surface.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from unmask.sim.body.bust import Look, draw_look, dress, paint_body, pose
from unmask.sim.body.heads import SKIN, Floats, head_model
from unmask.sim.craft.casting import Shell, cast_identity, in_front
from unmask.sim.craft.false_eyes import (
    Portrait,
    draw_novelty,
    draw_strip,
    novelty_glasses,
    paper_glasses,
)
from unmask.sim.craft.finish import (
    Finish,
    draw_strokes,
    pigment_infrared,
    sheen,
    shows_through,
    skin_tint,
)
from unmask.sim.craft.ink import INKS, draw_ink
from unmask.sim.craft.photo import found_photo
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Part, vertex_normals
from unmask.sim.people import Person
from unmask.sim.plan import Plan
from unmask.sim.stage import Presented, eyes_place

VARIANTS = {"paper_glasses": 0.35, "funny_eyes": 0.3, "half_mask": 0.35}
EYE_LEVEL = slice(0, 2)
"""Of the points of a face, the eyes; the rest but the crown is what half a mask covers."""


def present(plan: Plan) -> Presented:
    """The wearer, with a piece of the subject."""
    at, rng = plan.acquisition, plan.rng(0)
    look = draw_look(rng, plan.wearer, at.yaw, at.pitch).later(plan.moment)
    head = head_model().vertices(plan.wearer.identity, look.expression)
    cover = _half_mask if plan.pick(VARIANTS) == "half_mask" else _eyes_only
    parts, face = cover(plan, look, head, rng)
    points = pose(parts, face, (at.yaw, at.pitch, at.roll), eyes_place(at))
    return Presented(parts=parts, landmarks=points)


def _eyes_only(
    plan: Plan, look: Look, head: Floats, rng: np.random.Generator
) -> tuple[list[Part], Floats]:
    """False eyes before the wearer's, in place of spectacles; and the points of the face."""
    look = replace(look, glasses=False)
    face = head_model().points(head)
    between = float(np.linalg.norm(face[0] - face[1]))
    ink = draw_ink(rng, str(rng.choice(INKS)))
    print_ = Portrait(photo=found_photo(plan), ink=ink, between=between)
    if plan.pick(VARIANTS) == "paper_glasses":
        worn, eyes = paper_glasses(head, draw_strip(rng), print_)
    else:
        worn, eyes = novelty_glasses(head, draw_novelty(rng), print_, plan.subject.eye_colour)
    face[EYE_LEVEL] = eyes
    person = dress(head, plan.wearer, look, lambda c: paint_body(c, plan.wearer, look))
    return [*person, *worn], face


def _half_mask(
    plan: Plan, look: Look, head: Floats, rng: np.random.Generator
) -> tuple[list[Part], Floats]:
    """The subject's lower face over the wearer's; and the points of the face."""
    shell = cast_half(plan.subject, rng)
    finish = draw_finish(rng)
    body, *rest = dress(
        shell.pressed(head), plan.wearer, look, lambda c: paint_body(c, plan.wearer, look)
    )

    def paint(c: Floats) -> Paint:
        return finish.paint(c, plan.subject, look)

    face = head_model().points(shell.shape)
    own = head_model().points(head)
    face[EYE_LEVEL], face[-1] = own[EYE_LEVEL], own[-1]
    return [shell.uncovered(body), *rest, *shell.parts(body.coordinates, paint, paint)], face


def cast_half(person: Person, rng: np.random.Generator) -> Shell:
    """Nose, cheeks, mouth and chin of a person; its upper edge runs below the eyes."""
    model = head_model()
    thickness = float(rng.uniform(1.5, 3.5))
    shape = model.vertices(cast_identity(person.identity, 26, 0.45), {"press": 0.2})
    normals = vertex_normals(shape, model.triangles)
    shape = shape + thickness * normals + np.array([0, 0, rng.uniform(0.5, 3.0)], np.float32)
    home = model.home
    cheek, bridge = rng.uniform(-32, -19), rng.uniform(-8, 2)
    over_nose = (bridge - cheek) * np.exp(-((home[:, 0] / rng.uniform(11, 15)) ** 2))
    below = cheek + over_nose - home[:, 1]
    level = np.minimum(in_front(home, float(rng.uniform(0.85, 1.2)), 90.0, -123.0), below)
    return Shell(
        shape=shape.astype(np.float32),
        normals=normals,
        level=np.where(model.part == SKIN, level, -99.0).astype(np.float32),
        thickness=thickness,
    )


def draw_finish(rng: np.random.Generator) -> Finish:
    """Silicone or resin, painted as skin."""
    silicone = bool(rng.random() < 0.5)
    return Finish(
        kind=Kind.SILICONE if silicone else Kind.RESIN,
        base=np.full(3, 0.5, np.float32),
        painted=1.0,
        evenness=float(rng.uniform(0.2, 0.9)),
        tint=skin_tint(rng, 0.08),
        infrared=pigment_infrared(rng),
        contrast=shows_through(rng),
        gloss=sheen(rng, 0.5),
        softness=float(rng.uniform(0.5, 0.95)) if silicone else 0.0,
        strokes=draw_strokes(rng, float(rng.uniform(8, 30))),
        unevenness=float(rng.uniform(0.01, 0.06)),
    )
