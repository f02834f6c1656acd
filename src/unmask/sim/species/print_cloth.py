"""A photograph printed on cloth, which hangs in folds.

The dyes of cloth are transparent at 850 nm and the threads scatter, so infrared shows little of the
face and much of the folds; the blacks are grey, nothing shines, threads show in both. Folds give
depth, but not that of a face: they run from where the hands hold the cloth.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.body.heads import Floats
from unmask.sim.craft.drape import Drape, draw_drape
from unmask.sim.craft.holding import Manner, hold
from unmask.sim.craft.ink import Ink, paint_ink
from unmask.sim.craft.photo import Photo, found_photo
from unmask.sim.craft.sheet import sheet
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.plan import Plan
from unmask.sim.stage import Presented

VARIANTS = {"hanging": 0.45, "stretched": 0.35, "creased": 0.2}
MANNERS = {
    "hanging": Manner(top=1.0),
    "stretched": Manner(below=0.0, both=1.0),
    "creased": Manner(top=0.5, below=0.0, both=1.0),
}
THREADS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Fabric:
    """A plain weave and what was printed on it."""

    ink: Ink
    pitch: float
    """Millimetres from thread to thread."""
    depth: float
    """How dark the gaps are."""
    thread: Floats  # (2, THREADS) lightness of each thread along v and along u
    hem: float
    """Millimetres from the seam to the edge."""
    size: tuple[float, float]


def present(plan: Plan) -> Presented:
    """Print a portrait of the subject on cloth and hold it up."""
    rng = plan.rng(0)
    photo, variant = found_photo(plan), plan.pick(VARIANTS)
    half = photo.half(rng.uniform(54, 70))
    border = rng.uniform(4, 36, 2)
    size = (2 * (half + border[0]), 2 * (half + border[1]))
    fabric = draw_fabric(rng, size)
    drape = draw_drape(rng, variant, size, plan.moment.flex)
    cloth = sheet(size, drape, lambda c: paint_fabric(c, photo, half, fabric, drape), cells=60)
    return hold(plan, [cloth], size, photo.landmarks * half, rng, drape, MANNERS[variant])


def draw_fabric(rng: np.random.Generator, size: tuple[float, float]) -> Fabric:
    """Polyester or cotton under a fabric printer."""
    white = rng.uniform(0.68, 0.85) * np.exp(rng.normal([0.02, 0, -0.03], 0.02))
    ink = Ink(
        carbon=float(rng.choice([0.0, rng.uniform(0.15, 0.4)], p=[0.7, 0.3])),
        black=float(rng.uniform(0.04, 0.09)),
        white=white.astype(np.float32),
        infrared=float(rng.uniform(0.62, 0.82)),
        contrast=float(rng.uniform(0.8, 1.1)),
        gamut=float(rng.uniform(0.6, 0.85)),
        tint=np.exp(rng.normal(0, 0.07, 3)).astype(np.float32),
        gloss=(0.012, 0.95),
        bands=0.0,
        band=1.0,
        dots=0.0,
        dot=1.0,
    )
    return Fabric(
        ink=ink,
        pitch=float(rng.uniform(0.7, 1.5)),
        depth=float(rng.uniform(0.12, 0.28)),
        thread=np.exp(rng.normal(0, rng.uniform(0.04, 0.09), (2, THREADS))).astype(np.float32),
        hem=float(rng.uniform(5, 12)),
        size=size,
    )


def paint_fabric(c: Floats, photo: Photo, half: float, fabric: Fabric, drape: Drape) -> Paint:
    """Threads over and under one another, darker in the valleys, at (u, v) mm (N, 2)."""
    paint = paint_ink(c, photo, half, fabric.ink, Kind.CLOTH)
    number = np.floor(c / fabric.pitch).astype(int) % THREADS  # (N, 2)
    warp, weft = fabric.thread[0, number[:, 0]], fabric.thread[1, number[:, 1]]
    wave = np.cos(c.astype(np.float32) * np.float32(2 * np.pi / fabric.pitch))
    over = number.sum(axis=1) % 2 == 0  # which thread is on top
    gap = 1 - fabric.depth * (0.5 + 0.25 * (wave[:, 0] + wave[:, 1]))
    weave = np.where(over, warp, weft) * (0.6 + 0.4 * np.where(over, weft, warp)) * gap
    edge = (np.array(fabric.size) / 2 - np.abs(c)).min(axis=1)
    seam = 1 - 0.35 * np.exp(-(((edge - fabric.hem) / 0.7) ** 2))
    paint.colour *= (weave * seam)[:, None]
    paint.infrared *= weave * seam
    lift = drape.folds(c) + drape.creases(c)
    paint.openness[:] = 0.92 + np.clip(lift / 25, -0.35, 0.08)
    paint.softness[:] = 0.15
    return paint
