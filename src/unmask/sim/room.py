"""What lies behind: a wall some way back with whatever hangs and stands there, out of focus."""

from __future__ import annotations

import cv2
import numpy as np

from unmask.sim.filters import blur
from unmask.sim.heads import Floats
from unmask.sim.materials import Kind, Paint
from unmask.sim.mesh import Part, plate
from unmask.sim.skin import sample


def wall(rng: np.random.Generator, distance: float, gap: tuple[float, float]) -> Part:
    """A wall ``gap`` mm behind a face at ``distance`` mm."""
    z = distance + rng.uniform(*gap)
    vertices, triangles, uv = plate((2.2 * z, 2.2 * z))
    vertices[:, 2] = -z
    colour, infrared = _view(rng)
    tilt = rng.uniform(-0.12, 0.12)
    vertices[:, 2] += tilt * vertices[:, 0]
    scale = colour.shape[0] / (2.2 * z)

    def paint(c: Floats) -> Paint:
        column, row = (c[:, 0] * scale + 128), (128 - c[:, 1] * scale)
        found = sample(colour, column, row) / 255
        paper = Paint.uniform(len(c), Kind.BACKGROUND, found, 0.0, (0.0, 1.0))
        paper.infrared[:] = sample(infrared, column, row)[:, 0] / 255
        paper.openness[:] = 0.75
        return paper

    return Part(vertices=vertices, triangles=triangles, coordinates=uv, paint=paint)


def _view(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Reflectance of the wall, 256 x 256, colour and infrared, 8 bits."""
    side = 256
    view = np.tile(muted(rng, 0.12, 0.8), (side, side, 1))
    for _ in range(int(rng.integers(2, 16))):
        x, y = rng.integers(20, side - 60, 2)
        w, h = rng.integers(6, 90, 2)
        tone = muted(rng, 0.02, 0.85).tolist()
        cv2.rectangle(view, (int(x), int(y)), (int(x + w), int(y + h)), tone, -1)
    for _ in range(int(rng.integers(0, 4))):
        x, y = rng.integers(0, side, 2)
        tone = muted(rng, 0.02, 0.85).tolist()
        cv2.circle(view, (int(x), int(y)), int(rng.integers(5, 40)), tone, -1, cv2.LINE_AA)
    view = blur(view, float(rng.uniform(0.8, 5)))
    slope = np.linspace(rng.uniform(0.6, 1), rng.uniform(0.6, 1), side, dtype=np.float32)
    view = np.clip(view * slope[:, None, None], 0, 0.95)
    infrared = np.clip(0.25 + 0.5 * view.mean(axis=2) + rng.normal(0, 0.06), 0.03, 0.9)
    return np.round(255 * view).astype(np.uint8), np.round(255 * infrared[..., None]).astype(
        np.uint8
    )


def muted(rng: np.random.Generator, low: float, high: float) -> Floats:
    """A reflectance as rooms and clothes have it: mostly near grey, now and then a strong hue."""
    level = low * (high / low) ** rng.random()
    strength = rng.choice([0.05, 0.12, 0.3], p=[0.5, 0.35, 0.15])
    hue = np.exp(rng.normal(0, strength, 3))
    return np.asarray(np.clip(level * hue, 0.01, 0.92), np.float32)
