"""A photograph printed on flat paper.

Paper diffuses light, so the print is lit by the room like a face, but it is plane: depth gives it
away. Its dye ink is transparent at 850 nm (blank paper in infrared); carbon ink stays black.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.heads import Floats
from unmask.sim.holding import hold
from unmask.sim.materials import Kind, Paint, linear
from unmask.sim.mesh import Part, plate
from unmask.sim.photo import Photo, found_photo
from unmask.sim.plan import Plan
from unmask.sim.skin import sample
from unmask.sim.stage import Presented

VARIANTS = {"dye_matte": 0.25, "dye_glossy": 0.2, "carbon_matte": 0.35, "carbon_glossy": 0.2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """How a sheet was printed."""

    half: float
    """Half the side of the printed picture, mm."""
    carbon: float
    """Share of the dark that is laid down with carbon black; 0 for dye alone."""
    black: float
    white: float
    """Reflectance of full ink and of bare paper."""
    contrast: float
    tint: Floats  # (3,)
    gloss: tuple[float, float]
    lines: float
    """Depth of the printer's banding."""
    screen: float
    """Depth of the half-tone dots."""


def present(plan: Plan) -> Presented:
    """Print a portrait of the subject and hold it up."""
    rng = plan.rng(0)
    photo = found_photo(plan)
    made = draw_print(rng, photo, plan.pick(VARIANTS))
    border = rng.uniform(0, 14, 2)
    size = (2 * (made.half + border[0]), 2 * (made.half + border[1]))
    vertices, triangles, uv = plate(size, cells=12)
    curl = rng.uniform(-1, 1, 2) * 1.2 / made.half**2 * 4
    vertices[:, 2] = curl[0] * uv[:, 0] ** 2 + curl[1] * uv[:, 1] ** 2
    sheet = Part(
        vertices=vertices,
        triangles=triangles,
        coordinates=uv,
        paint=lambda c: paint_print(c, photo, made),
    )
    return hold(plan, [sheet], size, photo.landmarks * made.half, rng)


def draw_print(rng: np.random.Generator, photo: Photo, variant: str) -> Print:
    """A printer, an ink, a paper; the face comes out near life size."""
    eyes = float(np.linalg.norm(photo.landmarks[0] - photo.landmarks[1]))  # in half sides
    ink, paper = variant.split("_")
    glossy = paper == "glossy"
    return Print(
        half=float(rng.uniform(52, 66) / eyes),
        carbon=0.0 if ink == "dye" else float(rng.uniform(0.4, 0.95)),
        black=float(rng.uniform(0.02, 0.07)),
        white=float(rng.uniform(0.75, 0.90)),
        contrast=float(rng.uniform(0.75, 1.15)),
        tint=np.exp(rng.normal(0, 0.06, 3)).astype(np.float32),
        gloss=(0.04, float(rng.uniform(0.25, 0.4))) if glossy else (0.025, 0.8),
        lines=float(rng.choice([0.0, rng.uniform(0.01, 0.06)])),
        screen=float(rng.uniform(0.0, 0.12)),
    )


def paint_print(c: Floats, photo: Photo, made: Print) -> Paint:
    """Ink on paper at (u, v) mm."""
    pixels = photo.pixels.shape[0]
    column = (c[:, 0] / made.half + 1) / 2 * pixels - 0.5
    row = (1 - c[:, 1] / made.half) / 2 * pixels - 0.5
    picture = linear(sample(photo.pixels, column, row) / 255) ** made.contrast * made.tint
    picture *= 1 + made.lines * np.sin(2 * np.pi * c[:, 1:] / 2.7)
    dots = np.sin(2 * np.pi * c[:, 0] / 0.42) * np.sin(2 * np.pi * c[:, 1] / 0.42)
    picture *= 1 + made.screen * dots[:, None] * (1 - picture)
    inside = (np.abs(c).max(axis=1) < made.half)[:, None]
    colour = np.where(
        inside, made.black + (made.white - made.black) * np.clip(picture, 0, 1), made.white
    )
    dark = 1 - np.clip(picture.min(axis=1) * 0.4 + picture.max(axis=1) * 0.6, 0, 1) ** 0.6
    infrared = (
        0.86 * (1 - 0.06 * dark * inside[:, 0]) * (1 - 0.93 * made.carbon * dark * inside[:, 0])
    )
    paint = Paint.uniform(
        len(c), Kind.PAPER, colour.astype(np.float32), infrared.astype(np.float32), made.gloss
    )
    paint.softness[:] = 0.1
    return paint
