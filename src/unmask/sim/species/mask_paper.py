"""A paper mask of the subject's face on somebody else: a portrait folded around a head.

It has a forehead, a nose and cheeks, so depth sees a face, but one of flat facets between sharp
creases, and its outline stands off the head. The wearer's eyes look out of holes with paper rims.
Ink and paper are those of print_flat: dull, and in infrared as bright as the ink leaves it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from unmask.sim.body.bust import bust, draw_look, pose
from unmask.sim.body.heads import AXIS_Z, Floats, head_model
from unmask.sim.craft.folding import Folded, chart_of, control_points, fold, pattern
from unmask.sim.craft.ink import Ink, draw_ink, paint_ink
from unmask.sim.craft.photo import Photo, found_photo
from unmask.sim.craft.scissors import snipped
from unmask.sim.optics.materials import Paint
from unmask.sim.optics.mesh import Part
from unmask.sim.plan import Plan
from unmask.sim.stage import Presented, eyes_place

VARIANTS = {"folded": 0.55, "glued_3d": 0.45}
"""A print creased by hand over the wearer's face; a pattern of the subject's, cut out and glued."""
INKS = ("dye_matte", "carbon_matte", "carbon_matte", "carbon_glossy")
PRESSED = 14.0
"""mm that hair gives way under paper; skin is drawn as far back where paper hides it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mask:
    """How a paper mask was made."""

    ink: Ink
    half: float
    off: float
    """mm from skin to paper."""
    lift: float
    """mm that the outline stands off besides."""
    hole: tuple[float, float]
    """Half width and half height of the eye holes, mm on the chart."""
    crack: float
    """How white the creases are."""
    line: float
    """Half width of the white along creases and rims, mm."""


def present(plan: Plan) -> Presented:
    """Fold a portrait of the subject over the wearer's face."""
    at, rng = plan.acquisition, plan.rng(0)
    photo, variant = found_photo(plan), plan.pick(VARIANTS)
    mask = draw_mask(rng, photo, variant)
    creases, model = pattern(variant), head_model()
    look = replace(draw_look(rng, plan.wearer, at.yaw, at.pitch), glasses=False)
    parts, face = bust(plan.wearer, look.later(plan.moment))
    still = model.vertices(plan.wearer.identity, {})
    shape = still if variant == "folded" else _beside(plan, still)
    lift = mask.lift * (1 + plan.moment.flex)
    control = control_points(creases, still, shape, mask.off, lift)
    holes = draw_holes(rng, mask)
    paper = fold(creases, control, photo.skin[creases.vertex] * mask.half, holes)
    shown = creases.at(chart_of(model.points(model.home)), control)
    points = np.where(np.isnan(shown), face, shown)
    points[:2] = face[:2]  # the eyes in the holes
    for part in parts:
        home = model.home if part is parts[0] else part.vertices
        part.vertices = _pressed(part.vertices, home, mask)
    parts.append(_paper_part(paper, photo, mask))
    points = pose(parts, points, (at.yaw, at.pitch, at.roll), eyes_place(at))
    return Presented(parts=parts, landmarks=points)


def draw_mask(rng: np.random.Generator, photo: Photo, variant: str) -> Mask:
    """A printer, a pair of scissors, a hand."""
    glued = variant == "glued_3d"
    return Mask(
        ink=draw_ink(rng, str(rng.choice(INKS))),
        half=photo.half(62),
        off=float(rng.uniform(1.5, 3.5) if glued else rng.uniform(2.5, 6)),
        lift=float(rng.uniform(1, 4) if glued else rng.uniform(3, 14)),
        hole=(float(rng.uniform(12.5, 16)), float(rng.uniform(7.5, 11))),
        crack=float(rng.uniform(0.4, 0.8) if glued else rng.uniform(0.2, 0.55)),
        line=float(rng.uniform(0.25, 0.55)),
    )


def draw_holes(rng: np.random.Generator, mask: Mask) -> list[Floats]:
    """Eye holes as scissors cut them, (P, 2) each, on the chart."""
    eyes = head_model().points(head_model().home)[:2]
    return [(middle + snipped(rng, *mask.hole, 12)).astype(np.float32) for middle in chart_of(eyes)]


def _beside(plan: Plan, wearer: Floats) -> Floats:
    """The subject's head (V, 3), its eyes where the wearer's are."""
    model = head_model()
    shape = model.vertices(plan.subject.identity, {})
    apart = model.points(wearer)[:2].mean(axis=0) - model.points(shape)[:2].mean(axis=0)
    return np.asarray(shape + apart, np.float32)


def _pressed(vertices: Floats, home: Floats, mask: Mask) -> Floats:
    """What lies under the paper (V, 3), out of its way; around the eyes all stays."""
    chart = chart_of(home)
    hole = (np.abs(chart) - chart_of(head_model().points(head_model().home)[:1])) / mask.hole
    below = np.clip((90 - chart[:, 1]) / 10, 0, 1) * np.clip((chart[:, 1] + 118) / 10, 0, 1)
    below *= np.clip((92 - np.abs(chart[:, 0])) / 10, 0, 1) * (home[:, 2] > AXIS_Z)
    below *= np.clip(np.hypot(*hole.T) - 1.15, 0, 1)
    out = vertices - [0, 0, AXIS_Z]
    out = out * [1, 0, 1] / np.maximum(np.hypot(out[:, :1], out[:, 2:]), 20.0)
    return np.asarray(vertices - PRESSED * below[:, None] * out, np.float32)


def _paper_part(paper: Folded, photo: Photo, mask: Mask) -> Part:
    """The folded print; the painter reads (u, v) mm, creases and rim."""
    return Part(
        vertices=paper.vertices,
        triangles=paper.triangles,
        coordinates=np.concatenate([paper.picture, paper.crease, paper.rim[:, None]], axis=1),
        paint=lambda c: paint_folded(c, photo, mask),
    )


def paint_folded(c: Floats, photo: Photo, mask: Mask) -> Paint:
    """The print, its ink broken along creases and cut away at rims (N, 6)."""
    paint = paint_ink(c[:, :2], photo, mask.half, mask.ink)
    crease = mask.crack * np.exp(-((np.clip(c[:, 2:5], 0, None).min(axis=1) / mask.line) ** 2))
    bare = np.maximum(crease, np.clip((mask.line - c[:, 5]) / 0.3, 0, 1))
    paint.colour += bare[:, None] * (mask.ink.white - paint.colour)
    paint.infrared += bare * (mask.ink.infrared - paint.infrared)
    paint.openness[:] = 0.9
    return paint
