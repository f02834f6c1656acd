"""Spectacles: two rims, a bridge, two temples; the lenses are taken as clear."""

from __future__ import annotations

import numpy as np

from unmask.sim.heads import Floats, head_model
from unmask.sim.materials import Kind, Paint
from unmask.sim.mesh import Part, tube
from unmask.sim.people import Person


def glasses(vertices: Floats, person: Person) -> list[Part]:
    """A person's spectacles on the head ``vertices`` (V, 3)."""
    rng = np.random.default_rng((*person.paint_seed, 3))
    metal = rng.random() < 0.4
    colour = np.array([0.35, 0.33, 0.30] if metal else rng.uniform(0.005, 0.06, 3), np.float32)
    thick = 0.8 if metal else float(rng.uniform(1.2, 2.2))

    def paint(c: Floats) -> Paint:
        return Paint.uniform(len(c), Kind.PLASTIC, colour, 0.1, (0.06, 0.25))

    parts = []
    for path in _frame(vertices, rng):
        radius = np.full(len(path), thick, np.float32)
        v, t, c = tube(path, radius, sides=6)
        parts.append(Part(vertices=v, triangles=t, coordinates=c, paint=paint))
    return parts


def _frame(vertices: Floats, rng: np.random.Generator) -> list[Floats]:
    """Paths (P, 3) of the rims, the temples and the bridge."""
    wide, tall, square = rng.uniform(23, 26), rng.uniform(16, 21), rng.uniform(2, 4)
    turn = np.linspace(0, 2 * np.pi, 41)
    cosine, sine = np.cos(turn), np.sin(turn)
    rims, temples = [], []
    for name, side in (("eye_left", 1), ("eye_right", -1)):
        x0, y0, z0 = head_model().point(vertices, name)
        x = x0 + side * 2 + wide * np.sign(cosine) * np.abs(cosine) ** (2 / square)
        y = y0 - 3 + tall * np.sign(sine) * np.abs(sine) ** (2 / square)
        rims.append(np.stack([x, y, z0 + 13 - 0.0022 * x**2], axis=1))
        hinge = np.array([x0 + side * (2 + wide), y0 + 5, z0 + 12])
        ear = np.array([side * 78.0, y0 + 4, -85.0])
        temples.append(hinge + np.linspace(0, 1, 6)[:, None] * (ear - hinge))
    left, right = (rim[np.argmin(np.abs(rim[:, 0]))] for rim in rims)
    bridge = np.stack([left, (left + right) / 2 + np.array([0, 3.0, 3.0]), right])
    return [path.astype(np.float32) for path in (*rims, *temples, bridge)]
