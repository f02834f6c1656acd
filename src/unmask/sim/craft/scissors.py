"""Outlines that scissors cut around the features of a printed face: straight snips, not quite even.

Axes: L landmarks, P points of an outline.
"""

from __future__ import annotations

import numpy as np

from unmask.sim.body.heads import LANDMARKS, Floats


def draw_outlines(rng: np.random.Generator, shown: Floats) -> dict[str, Floats]:
    """What scissors cut around the features of a printed face (L, 2): (P, 2) each, mm."""
    at = dict(zip(LANDMARKS, shown, strict=True))
    right = at["eye_left"] - at["eye_right"]
    right = right / np.linalg.norm(right)
    up = np.array([-right[1], right[0]])
    axes = np.stack([right, up])
    wide, tall = rng.uniform(16, 20), rng.uniform(8.5, 12)
    eye = snipped(rng, wide, tall, 13)
    nose_top = (at["eye_left"] + at["eye_right"]) / 2 * 0.62 + at["nose_tip"] * 0.38
    bridge = (nose_top - at["nose_tip"]) @ axes.T
    narrow, broad, low = rng.uniform(6, 9), rng.uniform(20, 25), rng.uniform(11, 15)
    nose = np.concatenate(
        [
            bridge + np.array([[narrow, 0], [-narrow, 0]]),
            [[-0.62 * broad, 4], [-broad, -0.5 * low], [-0.6 * broad, -low]],
            [[0.6 * broad, -low], [broad, -0.5 * low], [0.62 * broad, 4]],
        ]
    )  # (P, 2) from the tip
    corner = np.abs((at["mouth_left"] - at["mouth_right"]) @ right) / 2
    mouth = snipped(rng, corner + rng.uniform(5, 9), rng.uniform(12, 15), 16)
    shapes = {"eye_left": eye, "eye_right": eye * [-1, 1], "nose": nose, "mouth": mouth}
    middles = {**at, "nose": at["nose_tip"]}
    wobble = {name: rng.normal(0, 0.6, shape.shape) for name, shape in shapes.items()}
    return {
        name: (middles[name] + (shape + wobble[name]) @ axes).astype(np.float32)
        for name, shape in shapes.items()
    }


def snipped(rng: np.random.Generator, wide: float, tall: float, count: int) -> Floats:
    """An ellipse as straight snips (count, 2)."""
    turn = 2 * np.pi * (np.arange(count) + rng.uniform(-0.25, 0.25, count)) / count
    return np.stack([wide * np.cos(turn), tall * np.sin(turn)], axis=1)
