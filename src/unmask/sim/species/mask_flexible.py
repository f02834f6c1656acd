"""A flexible silicone mask of the subject, worn by somebody else.

Its shape is a true head a few millimetres out, so depth hardly tells; what tells is the eye holes
with other eyes behind them, a smoother and glossier surface, colour without living blood, an
infrared level set by pigments, and a face that follows the wearer's only in part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.bust import Look, collar_height, draw_look, dress, paint_body, pose
from unmask.sim.eyes import EYE_CENTRE
from unmask.sim.heads import SKIN, Floats, head_model
from unmask.sim.materials import BARE_SKIN_INFRARED, Kind, Paint
from unmask.sim.mesh import vertex_normals
from unmask.sim.plan import Plan
from unmask.sim.skin import skin_map
from unmask.sim.stage import Presented, eyes_place

VARIANTS = {"silicone_dark": 0.5, "silicone_light": 0.5}
"""Pigments that miss the infrared level of skin on one side or the other."""
DETAIL = 22
"""Identity components that survive casting; finer ones are lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """How a mask was made."""

    thickness: float
    """mm"""
    hole: tuple[float, float]
    """Half width and half height of the eye holes, mm."""
    tint: Floats  # (3,)
    evenness: float
    """Share of the skin's variation that the paint leaves out."""
    infrared: float
    hair: float
    """Share of brows and stubble that is real hair, punched in; the rest is paint."""
    gloss: tuple[float, float]
    gap: float
    """How dark the rim of the eye holes is."""


def present(plan: Plan) -> Presented:
    """Cast the subject's head, put it on the wearer."""
    at, rng = plan.acquisition, plan.rng(0)
    look = draw_look(rng, plan.subject, at.yaw, at.pitch).later(plan.moment)
    cast = draw_cast(rng, plan.pick(VARIANTS))
    model = head_model()
    follow = {k: v * 0.45 for k, v in look.expression.items() if k not in ("blink", "squint")}
    identity = plan.subject.identity.copy()
    identity[DETAIL:] *= 0.35
    vertices = model.vertices(identity, follow)
    normals = vertex_normals(vertices, model.triangles)
    vertices = vertices + (cast.thickness * _covered(model.home, cast))[:, None] * normals
    vertices = vertices.astype(np.float32)
    mean = skin_map(plan.subject).mean_colour()
    parts = dress(vertices, plan.subject, look, lambda c: _paint(c, plan, look, cast, mean))
    face = model.points(vertices)
    points = pose(parts, face, (at.yaw, at.pitch, at.roll), eyes_place(at))
    return Presented(parts=parts, landmarks=points)


def draw_cast(rng: np.random.Generator, variant: str) -> Cast:
    """A maker, a silicone, a paint job."""
    wide, tall = rng.uniform(17.5, 22), rng.uniform(9.0, 13)
    levels = (0.22, 0.40) if variant == "silicone_dark" else (0.66, 0.85)
    return Cast(
        thickness=float(rng.uniform(1.5, 4.0)),
        hole=(float(wide), float(tall)),
        tint=np.exp(rng.normal([0.03, 0.0, 0.0], [0.05, 0.04, 0.06])).astype(np.float32),
        evenness=float(rng.uniform(0.5, 0.95)),
        infrared=float(rng.uniform(*levels)),
        hair=float(rng.choice([0.0, 0.4, 1.0], p=[0.5, 0.3, 0.2])),
        gloss=(float(rng.uniform(0.035, 0.06)), float(rng.uniform(0.22, 0.40))),
        gap=float(rng.uniform(0.6, 1.0)),
    )


def _hole(home: Floats, cast: Cast) -> Floats:
    """Below 1 inside the eye holes."""
    x = (np.abs(home[:, 0]) - EYE_CENTRE[0]) / cast.hole[0]
    y = (home[:, 1] + 0.5) / cast.hole[1]
    return np.asarray(np.where(home[:, 2] > -10, np.hypot(x, y), 9.0), np.float32)


def _covered(home: Floats, cast: Cast) -> Floats:
    """Where the mask adds its thickness: not inside the holes, not on the eyes."""
    out = np.clip((_hole(home, cast) - 1.0) / 0.12, 0, 1)
    return np.asarray(np.where(head_model().part == SKIN, out, 0.0), np.float32)


def _paint(c: Floats, plan: Plan, look: Look, cast: Cast, mean: Floats) -> Paint:
    """The wearer inside the holes, silicone outside."""
    paint = paint_body(c, plan.subject, look)
    hole = _hole(c[:, :3], cast)
    inside = np.flatnonzero((hole < 1) & (c[:, 1] > -60))
    paint.put(inside, paint_body(c[inside], plan.wearer, look))
    skin = (paint.kind == Kind.SKIN) & (hole >= 1) & (c[:, 5] < 0.5)
    skin &= c[:, 1] > collar_height(c, look)
    at = np.flatnonzero(skin)
    flat = 0.6 * cast.evenness
    paint.colour[at] = (paint.colour[at] * (1 - flat) + mean * flat) * cast.tint
    shown = 1 - cast.hair + cast.hair * paint.infrared[at] / BARE_SKIN_INFRARED
    paint.infrared[at] = cast.infrared * shown
    paint.specular[at], paint.roughness[at] = cast.gloss
    paint.softness[at] = 0.7
    paint.kind[at] = Kind.SILICONE
    rim = np.exp(-(((hole - 1.04) / 0.07) ** 2)) * cast.gap
    paint.colour *= (1 - rim)[:, None]
    paint.openness *= 1 - rim
    return paint
