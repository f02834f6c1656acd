"""Spectacles: two rims, a bridge, two temples; the lenses are taken as clear and without glare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.body.heads import Floats, head_model
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Part, tube
from unmask.sim.people import Person

PLASTICS = ((0.008, 0.008, 0.009), (0.045, 0.022, 0.010), (0.012, 0.016, 0.035), (0.09, 0.05, 0.03),
            (0.06, 0.008, 0.010), (0.16, 0.15, 0.14))  # fmt: skip
METALS = ((0.20, 0.19, 0.18), (0.28, 0.20, 0.09), (0.03, 0.03, 0.03))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A pair of spectacles; lengths in mm."""

    wide: float
    tall: float
    """Half width and half height of a lens."""
    square: float
    """Exponent of the outline: 2 an ellipse, 4 nearly a rectangle."""
    thick: float
    """Radius of the rim."""
    half_rim: bool
    """No rim below the lens."""


def glasses(vertices: Floats, person: Person) -> list[Part]:
    """A person's spectacles on the head ``vertices`` (V, 3)."""
    rng = np.random.default_rng((*person.paint_seed, 3))
    metal = rng.random() < 0.45
    palette = METALS if metal else PLASTICS
    colour = np.array(palette[rng.integers(len(palette))], np.float32)
    gloss = (0.12, 0.42) if metal else (0.04, 0.38)
    frame = _draw(rng, metal=metal)

    def paint(c: Floats) -> Paint:
        return Paint.uniform(len(c), Kind.PLASTIC, colour, 0.12, gloss)

    parts = []
    for path, thick in _paths(vertices, frame):
        v, t, c = tube(path, np.full(len(path), thick, np.float32), sides=6)
        piece = Part(vertices=v, triangles=t, coordinates=c, paint=paint, closed=True, thin=True)
        parts.append(piece)
    return parts


def _draw(rng: np.random.Generator, *, metal: bool) -> Frame:
    if rng.random() < 0.3:  # round lenses
        wide = rng.uniform(20.5, 23.5)
        tall, square = wide * rng.uniform(0.92, 1.0), 2.0
    else:
        wide, tall, square = rng.uniform(23, 25.5), rng.uniform(15, 19), rng.uniform(2.5, 4)
    thick = rng.uniform(0.55, 0.75) if metal else rng.uniform(0.9, 1.6)
    return Frame(
        wide=float(wide),
        tall=float(tall),
        square=float(square),
        thick=float(thick),
        half_rim=metal and square > 2 and rng.random() < 0.4,
    )


def _paths(vertices: Floats, frame: Frame) -> list[tuple[Floats, float]]:
    """Paths (P, 3) of rims, temples and bridge, each with its radius."""
    turn = np.linspace(0, np.pi, 25) if frame.half_rim else np.linspace(0, 2 * np.pi, 49)
    cosine, sine = np.cos(turn), np.sin(turn)
    power = 2 / frame.square
    eyes = [head_model().point(vertices, f"eye_{side}") for side in ("left", "right")]
    middle = (eyes[0] + eyes[1]) / 2
    rims, temples = [], []
    for eye, side in zip(eyes, (1, -1), strict=True):
        x0 = eye[0] + side * 1.0
        x = x0 + frame.wide * np.sign(cosine) * np.abs(cosine) ** power
        up = frame.tall * np.sign(sine) * np.abs(sine) ** power
        up = np.where(up < 0, up * (1 - 0.004 * np.abs(x - x0) ** 1.2), up)  # rounder below
        z = middle[2] + 13.5 - 0.0022 * (x - middle[0]) ** 2 + 0.10 * up
        rims.append(np.stack([x, middle[1] - 3 + up, z], axis=1))
        hinge = np.array([x0 + side * frame.wide, middle[1] + 0.45 * frame.tall, 0.0])
        hinge[2] = middle[2] + 12.5 - 0.0022 * (hinge[0] - middle[0]) ** 2
        bow = np.array([side * 76.0, middle[1] + 5, -30.0])
        ear = np.array([side * 80.0, middle[1] + 3, -92.0])
        t = np.linspace(0, 1, 9)[:, None]
        temples.append((1 - t) ** 2 * hinge + 2 * t * (1 - t) * bow + t**2 * ear)
    inner = [rim[np.argmin(np.abs(rim[:, 0] - middle[0]) - 0.3 * rim[:, 1])] for rim in rims]
    span = np.linspace(0, 1, 7)[:, None]
    arch = np.sin(np.pi * span) * np.array([0, 2.5, 2.5])
    bridge = inner[0] + (inner[1] - inner[0]) * span + arch
    return [
        *((rim.astype(np.float32), frame.thick) for rim in rims),
        *((path.astype(np.float32), min(frame.thick, 1.1)) for path in temples),
        (bridge.astype(np.float32), 0.9 * frame.thick),
    ]
