"""A print with features cut out, held before the attacker's own face: the six kinds of CASIA-SURF.

Through the holes the wearer's living eyes (and nose, and mouth) are seen, a few to some thirty
millimetres behind the paper, or the nose comes through. So eyes blink, nose and mouth have relief
and skin has its infrared level, in islands with sharp rims; the rest is a print, flat or bent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from unmask.sim.body.bust import bust, draw_look, pose
from unmask.sim.body.heads import Floats
from unmask.sim.craft.holding import Manner, held_turn, hold
from unmask.sim.craft.ink import INKS, Ink, draw_ink, paint_ink
from unmask.sim.craft.photo import Photo, found_photo
from unmask.sim.craft.scissors import draw_outlines
from unmask.sim.craft.sheet import Bend, cut_mesh, inside, strip
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Painter, Part, plate
from unmask.sim.plan import Plan
from unmask.sim.stage import Presented, eyes_place

OPEN = {
    "eyes": ("eye_left", "eye_right"),
    "eyes_nose": ("eye_left", "eye_right", "nose"),
    "eyes_nose_mouth": ("eye_left", "eye_right", "nose", "mouth"),
}
VARIANTS = {f"{cut}_{shape}": 1 / 6 for cut in OPEN for shape in ("flat", "bent")}
CELL = 12.0
"""Side of the mesh's cells away from the holes, mm."""
CHIN = -115.0
"""Home height (mm) below which nobody's face touches the sheet."""
MOST_GAP = 33.0
"""mm from eyes to paper; a long nose is pressed flat."""
SHADED = 0.5
"""Share of the ambient light that finds its way behind the sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutSheet:
    """A print with holes."""

    photo: Photo
    ink: Ink
    half: float
    size: tuple[float, float]
    surface: Bend
    outlines: Mapping[str, Floats]  # feature -> (P, 2) mm
    torn: float
    """Width (mm) of the white fibres along the rims."""
    thick: float


def present(plan: Plan) -> Presented:
    """Cut a print and hold it before the wearer's face."""
    rng = plan.rng(0)
    made = draw_sheet(rng, plan)
    points = np.stack([a.ravel() for a in plate(made.size, int(max(made.size) / CELL))[2].T], 1)
    rims = list(made.outlines.values())
    uv, triangles, distance = cut_mesh(points, rims)
    paper = Part(
        vertices=made.surface(uv),
        triangles=triangles,
        coordinates=np.concatenate([uv, distance[:, None]], axis=1),
        paint=lambda c: paint_cut(c, made),
    )
    edges = [_rim(rim, made) for rim in rims]
    shown = made.photo.landmarks * made.half
    wearer = _behind(plan, made, shown, rng)
    presented = hold(
        plan, [paper, *edges], made.size, shown, rng, made.surface, Manner(bystander=0, below=0.1)
    )
    presented.parts += wearer
    return presented


def draw_sheet(rng: np.random.Generator, plan: Plan) -> CutSheet:
    """A print near life size, its holes cut by hand."""
    photo = found_photo(plan)
    cut, shape = plan.pick(VARIANTS).rsplit("_", 1)
    ink = draw_ink(rng, str(rng.choice(INKS)))
    half = photo.half(rng.uniform(57, 65))
    border = rng.uniform(0, 14, 2)
    size = (2 * (half + border[0]), 2 * (half + border[1]))
    radius = rng.uniform(80, 150)
    bend = Bend(
        curvature=float(max(1 + plan.moment.flex, 0.4) / radius) if shape == "bent" else 1e-5,
        across=float(rng.normal(0, np.radians(4))),
        reach=max(size) / 2,
        ease=float(rng.uniform(0.3, 0.8)),
    )
    outlines = draw_outlines(rng, photo.landmarks * half)
    return CutSheet(
        photo=photo,
        ink=ink,
        half=half,
        size=size,
        surface=bend,
        outlines={name: outlines[name] for name in OPEN[cut]},
        torn=float(rng.uniform(0.2, 0.8)),
        thick=float(rng.uniform(0.2, 0.8)),
    )


def paint_cut(c: Floats, made: CutSheet) -> Paint:
    """The print, white where the knife laid the fibres bare; u, v and mm from the rims (N, 3)."""
    paint = paint_ink(c[:, :2], made.photo, made.half, made.ink)
    bare = np.clip((made.torn - c[:, 2]) / 0.3, 0, 1)
    paint.colour += bare[:, None] * (made.ink.white - paint.colour)
    paint.infrared += bare * (made.ink.infrared - paint.infrared)
    paint.specular *= 1 - bare
    return paint


def _rim(outline: Floats, made: CutSheet) -> Part:
    """The thickness of the paper along a hole."""
    vertices, triangles = strip(outline, made.surface, made.thick)

    def paint(c: Floats) -> Paint:
        return Paint.uniform(
            len(c), Kind.PAPER, 0.9 * made.ink.white, made.ink.infrared, (0.02, 0.9)
        )

    return Part(vertices=vertices, triangles=triangles, coordinates=vertices, paint=paint)


def _behind(plan: Plan, made: CutSheet, shown: Floats, rng: np.random.Generator) -> list[Part]:
    """The wearer, as near to the sheet as the face allows, eyes at the holes."""
    at = plan.acquisition
    look = draw_look(rng, plan.wearer, at.yaw, at.pitch).later(plan.moment)
    parts, face = bust(plan.wearer, replace(look, glasses=False))
    aside = rng.normal(0, 1.5, 2)
    points = made.surface(shown)  # (L, 3)
    eyes = points[:2].mean(axis=0)
    if "nose" in made.outlines:  # holes cannot suit another face; the mismatch is shared
        aside += 0.5 * ((points[2] - eyes) - (face[2] - face[:2].mean(axis=0)))[:2]
    sight = eyes_place(at) @ held_turn(plan)  # from the lens, in the sheet's frame
    sideways = sight[:2] / -sight[2]  # who looks through holes stands in line with them
    origin = face[:2].mean(axis=0) - eyes  # of the wearer's frame in the sheet's
    on_face = parts[0].coordinates[:, 1] > CHIN
    slack, gap = rng.uniform(0.5, 5), 15.0
    for _ in range(2):  # how far behind it can be depends on where it is
        place = np.array([*(aside + sideways * gap), 0], np.float32)
        head = parts[0].vertices - origin + place
        over, free = _beyond(head, made), _in_holes(head, made)
        gap = min(max(float(over[on_face & ~free].max()), 0.0) + slack, MOST_GAP)
    for part in parts:  # hair, peaks and noses give way
        through = np.clip(_beyond(part.vertices - origin + place, made) - gap + 0.5, 0, None)
        part.vertices[:, 2] -= np.where(free, 0, through) if part is parts[0] else through
    offset = (place - [0, 0, gap]) @ held_turn(plan).T
    pose(parts, face, (at.yaw, at.pitch, at.roll), (eyes_place(at) + offset).astype(np.float32))
    parts[0].paint = _in_shade(parts[0].paint)
    return parts


def _beyond(points: Floats, made: CutSheet) -> Floats:
    """How far points (N, 3) stick out of the sheet."""
    uncovered = (np.abs(points[:, :2]) > np.array(made.size) / 2).any(axis=1)
    over = points[:, 2] - made.surface.height(points[:, :2])
    return np.where(uncovered, -np.inf, over)


def _in_holes(points: Floats, made: CutSheet) -> npt.NDArray[np.bool_]:
    """Whether points (N, 3) have a hole to stick out of."""
    held = [inside(points[:, :2], rim) for rim in made.outlines.values()]
    return np.asarray(np.any(held, axis=0), np.bool_)


def _in_shade(paint: Painter) -> Painter:
    """A body whose face is behind a sheet: less light from all around comes in."""

    def shaded(c: Floats) -> Paint:
        found = paint(c)
        face = (np.abs(c[:, 0]) < 75) & (c[:, 1] > -110) & (c[:, 2] > -30)
        found.openness[face] *= SHADED
        return found

    return shaded
