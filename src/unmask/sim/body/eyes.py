"""Eyes: what is painted on the eyeballs, and the lashes on the lids around them.

Both are functions of home coordinates (heads.py), so they are as sharp as the picture. The eyeball
never moves: gaze moves iris and pupil over it.

Axes: N points on the surface.
"""

from __future__ import annotations

import numpy as np

from unmask.sim.body.heads import Floats
from unmask.sim.optics.materials import Kind, Paint

EYE_CENTRE = np.array([31.2, 0.0, 0.0], np.float32)
"""Middle of the left eyeball; the right one is its mirror image. Home coordinates, mm."""
EYE_RADIUS = 16.2
IRIS_RADIUS, PUPIL_RADIUS = 6.1, 2.2
WHITE = np.array([0.56, 0.52, 0.50], np.float32)


def paint_eye(
    home: Floats, iris: Floats, gaze: tuple[float, float], side: float, glow: float
) -> Paint:
    """Sclera, iris with limbal ring, pupil, shade of the upper lid; wet all over.

    ``gaze`` is left and up in radians; ``side`` is 1 for the left eye, -1 for the right. ``glow``
    is what the retina returns through the pupil at 850 nm, when the lamp is close to the lens.
    """
    direction = (home - EYE_CENTRE * np.array([side, 1, 1], np.float32)) / EYE_RADIUS
    away, turn = _from_pupil(direction, gaze)
    fibres = (
        1 + 0.13 * np.sin(23 * turn + 7 * iris[0]) + 0.10 * np.sin(37 * turn + 3 * np.sin(turn))
    )
    fibres += 0.30 * np.exp(-(((away - 3.2) / 0.9) ** 2))  # the collarette, lighter
    in_iris = np.clip((IRIS_RADIUS - away) / 0.7, 0, 1)
    in_ring = np.clip((away - IRIS_RADIUS + 1.5) / 1.2, 0, 1)
    in_pupil = np.clip((PUPIL_RADIUS - away) / 0.4, 0, 1)
    coloured = iris * (fibres * (1 - 0.75 * in_ring))[:, None]
    to_nose = np.clip(-side * direction[:, 0] - 0.55, 0, 0.4) / 0.4
    corner = np.clip(np.abs(direction[:, 0]) - 0.35, 0, 0.6)[:, None]
    sclera = WHITE - corner * np.array([0.18, 0.30, 0.30], np.float32)
    sclera = sclera * (1 - to_nose[:, None] * np.array([0.15, 0.55, 0.55], np.float32))
    colour = sclera + (coloured - sclera) * in_iris[:, None]
    colour = colour + (0.004 - colour) * in_pupil[:, None]
    infrared = 0.48 - 0.18 * in_iris
    infrared = infrared + (glow - infrared) * in_pupil
    under_lid = np.clip(direction[:, 1] * EYE_RADIUS + 1.5, 0, 9)
    shade = np.clip(1.0 - 0.045 * under_lid**1.3, 0.35, 1)
    paint = Paint.uniform(
        len(home), Kind.EYE, colour * shade[:, None], infrared * shade, (0.035, 0.22)
    )
    paint.openness[:] = 0.7 * shade
    paint.softness[:] = 0.4
    return paint


def lash_line(home: Floats, reach: float) -> Floats:
    """Cover of the lashes (N,): skin within ``reach`` mm of the eyeball, half that below it."""
    mirrored = np.stack([np.abs(home[:, 0]), home[:, 1], home[:, 2]], axis=1)
    away = mirrored - EYE_CENTRE
    gap = np.linalg.norm(away, axis=1) - EYE_RADIUS
    upper = away[:, 1] > -1.5
    line = np.clip(1.3 - gap / np.where(upper, reach, reach / 2), 0, 1)
    return np.asarray(line * np.where(upper, 1.0, 0.5) * (away[:, 2] > 0), np.float32)


def _from_pupil(direction: Floats, gaze: tuple[float, float]) -> tuple[Floats, Floats]:
    """Millimetres from the axis of the gaze (the whole radius on the far side), angle about it."""
    left, up = gaze
    axis = np.array([np.sin(left) * np.cos(up), np.sin(up), np.cos(left) * np.cos(up)], np.float32)
    along = direction @ axis
    aside = direction - axis * along[:, None]
    away = np.linalg.norm(aside, axis=1)
    turn = np.arctan2(aside[:, 1], aside[:, 0])
    return np.asarray(np.where(along > 0, away, 1.0) * EYE_RADIUS, np.float32), turn
