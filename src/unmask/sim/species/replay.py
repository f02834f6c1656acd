"""A portrait shown on a tablet or laptop.

The screen gives off red, green and blue light and nothing at 850 nm: in infrared it is a dark
glossy plate with the lamp's glint. In colour it is the hardest of the three; pixel grid, bezel,
brightness and reflected lamps are what it has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.heads import Floats
from unmask.sim.holding import hold
from unmask.sim.materials import Kind, Paint, linear
from unmask.sim.mesh import Part, box, plate
from unmask.sim.photo import Photo, found_photo
from unmask.sim.plan import Plan
from unmask.sim.skin import sample
from unmask.sim.stage import Presented


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A device and how it shows the picture."""

    size: tuple[float, float]
    """Lit area, mm."""
    bezel: float
    depth: float
    frame: Floats  # (3,) colour of the bezel
    half: float
    """Half the side of the shown picture, mm."""
    brightness: float
    """Radiance of its white, white paper in the room being 1."""
    tint: Floats  # (3,)
    pitch: float
    """Pixel pitch, mm."""
    grid: float
    """Depth of the pixel grid as the lens resolves it."""
    gloss: tuple[float, float]
    dirt: float


DEVICES = {  # lit area (mm), bezel, thickness, pixel pitch
    "tablet": ((162.0, 216.0), (6.0, 16.0), 7.0, 0.096),
    "large_tablet": ((197.0, 263.0), (6.0, 12.0), 7.0, 0.096),
    "laptop": ((300.0, 190.0), (5.0, 15.0), 6.0, 0.17),
    "monitor": ((530.0, 300.0), (8.0, 16.0), 25.0, 0.27),
}

VARIANTS = {"tablet": 0.25, "large_tablet": 0.35, "laptop": 0.25, "monitor": 0.15}


def present(plan: Plan) -> Presented:
    """Show a portrait of the subject on a screen and hold it up."""
    rng = plan.rng(0)
    moving = bool(rng.random() < 0.5)  # a film, or a still picture
    photo = found_photo(plan, moving=moving)
    screen = draw_screen(rng, photo, plan.pick(VARIANTS))
    w, h = screen.size
    vertices, triangles, uv = plate(screen.size)
    lit = Part(
        vertices=vertices,
        triangles=triangles,
        coordinates=uv,
        paint=lambda c: paint_screen(c, photo, screen),
    )
    outer = (w + 2 * screen.bezel, h + 2 * screen.bezel)
    v, t, c = box((*outer, screen.depth))
    v[:, 2] -= 0.3
    body = Part(vertices=v, triangles=t, coordinates=c, paint=lambda c: _frame(c, screen))
    face = photo.landmarks * screen.half
    return hold(plan, [lit, body], outer, face.astype(np.float32), rng)


def draw_screen(rng: np.random.Generator, photo: Photo, name: str) -> Screen:
    """A device; the face comes out near life size, as far as the device allows."""
    size, bezel, depth, pitch = DEVICES[name]
    eyes = float(np.linalg.norm(photo.landmarks[0] - photo.landmarks[1]))
    wanted = rng.uniform(50, 66) / eyes
    dark = rng.random() < 0.7
    return Screen(
        size=size,
        bezel=float(rng.uniform(*bezel)),
        depth=depth,
        frame=np.full(3, rng.uniform(0.004, 0.03) if dark else rng.uniform(0.4, 0.8), np.float32),
        half=float(min(wanted, max(size) / 2)),
        brightness=float(rng.uniform(0.5, 1.8)),
        tint=np.exp(rng.normal([-0.03, 0, 0.06], 0.05)).astype(np.float32),
        pitch=pitch * float(rng.uniform(0.9, 1.1)),
        grid=float(rng.uniform(0.0, 0.10)),
        gloss=(0.04, float(rng.choice([0.06, 0.12, 0.35], p=[0.4, 0.3, 0.3]))),
        dirt=float(rng.uniform(0, 0.02)),
    )


def paint_screen(c: Floats, photo: Photo, screen: Screen) -> Paint:
    """Glass over pixels at (u, v) mm."""
    pixels = photo.pixels.shape[0]
    column = (c[:, 0] / screen.half + 1) / 2 * pixels - 0.5
    row = (1 - c[:, 1] / screen.half) / 2 * pixels - 0.5
    inside = (np.abs(c).max(axis=1) < screen.half)[:, None]
    shown = np.where(inside, linear(sample(photo.pixels, column, row) / 255), 0.004)
    phase = 2 * np.pi * (c[:, :1] / screen.pitch + np.array([0, 1 / 3, 2 / 3]))
    grid = 1 + screen.grid * np.sin(phase) * (
        0.6 + 0.4 * np.sin(2 * np.pi * c[:, 1:] / screen.pitch)
    )
    emission = screen.brightness * screen.tint * shown * grid
    paint = Paint.uniform(
        len(c),
        Kind.SCREEN,
        np.full(3, 0.012 + screen.dirt, np.float32),
        0.025 + screen.dirt,
        screen.gloss,
    )
    paint.emission[:] = emission
    return paint


def _frame(c: Floats, screen: Screen) -> Paint:
    return Paint.uniform(
        len(c), Kind.PLASTIC, screen.frame, 0.06 + 0.5 * float(screen.frame[0]), (0.04, 0.3)
    )
