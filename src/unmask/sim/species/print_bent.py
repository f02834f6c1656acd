"""A photograph printed on paper that is bent while it is held.

It is no plane any more, which defeats the simplest use of depth, but it is a cylinder: there is no
nose, no eye socket, and along one direction the depth stays straight. Shading and gloss run in
stripes along that axis. Ink and paper are those of print_flat.
"""

from __future__ import annotations

import numpy as np

from unmask.sim.craft.holding import hold
from unmask.sim.craft.ink import INKS, draw_ink, paint_ink
from unmask.sim.craft.photo import found_photo
from unmask.sim.craft.sheet import Bend, sheet
from unmask.sim.plan import Plan
from unmask.sim.stage import Presented

VARIANTS = {"round": 0.5, "hollow": 0.2, "slanted": 0.2, "nodding": 0.1}
"""Bent about an upright axis with its edges away or towards the lens, a slanted, a level axis."""


def present(plan: Plan) -> Presented:
    """Print a portrait of the subject, bend it and hold it up."""
    rng = plan.rng(0)
    photo = found_photo(plan)
    ink = draw_ink(rng, str(rng.choice(INKS)))
    half = photo.half(rng.uniform(52, 66))
    border = rng.uniform(0, 14, 2)
    size = (2 * (half + border[0]), 2 * (half + border[1]))
    bend = draw_bend(rng, plan.pick(VARIANTS), max(size) / 2, plan.moment.flex)
    paper = sheet(size, bend, lambda c: paint_ink(c, photo, half, ink), cells=32)
    return hold(plan, [paper], size, photo.landmarks * half, rng, bend)


def draw_bend(rng: np.random.Generator, variant: str, reach: float, flex: float) -> Bend:
    """How a sheet is bent, and by how much more after ``flex``."""
    slant = rng.choice([-1, 1]) * np.radians(rng.uniform(20, 45))
    across = {"slanted": slant, "nodding": np.pi / 2}.get(variant, 0.0)
    radius = rng.uniform(90, 190)
    sign = -0.7 if variant == "hollow" else 1.0
    return Bend(
        curvature=float(sign * max(1 + flex, 0.4) / radius),
        across=float(across + rng.normal(0, np.radians(4))),
        reach=reach,
        ease=float(rng.uniform(0.3, 0.8)),
    )
