"""A photograph printed on flat paper.

Paper diffuses light, so the print is lit by the room like a face, but it is plane: depth gives it
away. Its dye ink is transparent at 850 nm (blank paper in infrared); carbon ink stays black.
"""

from __future__ import annotations

import numpy as np

from unmask.sim.body.heads import Floats
from unmask.sim.craft.holding import hold
from unmask.sim.craft.ink import draw_ink, paint_ink
from unmask.sim.craft.photo import found_photo
from unmask.sim.craft.sheet import sheet
from unmask.sim.plan import Plan
from unmask.sim.stage import Presented

VARIANTS = {"dye_matte": 0.25, "dye_glossy": 0.2, "carbon_matte": 0.35, "carbon_glossy": 0.2}
CURL = 2.5
"""How far (mm) the edges of a sheet that is held flat stray from the plane."""


def present(plan: Plan) -> Presented:
    """Print a portrait of the subject and hold it up."""
    rng = plan.rng(0)
    photo = found_photo(plan)
    ink = draw_ink(rng, plan.pick(VARIANTS))
    half = photo.half(rng.uniform(52, 66))
    border = rng.uniform(0, 14, 2)
    size = (2 * (half + border[0]), 2 * (half + border[1]))
    curl = rng.uniform(-1, 1, 3) * CURL * (1 + plan.moment.flex)

    def surface(uv: Floats) -> Floats:
        x, y = (uv / half).T
        lift = curl[0] * x**2 + curl[1] * y**2 + curl[2] * x * y
        return np.stack([uv[:, 0], uv[:, 1], lift], axis=1).astype(np.float32)

    paper = sheet(size, surface, lambda c: paint_ink(c, photo, half, ink))
    return hold(plan, [paper], size, photo.landmarks * half, rng, surface)
