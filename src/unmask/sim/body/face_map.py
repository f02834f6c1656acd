"""The map that faces are painted on: a cylinder around the skull, finer in front than behind.

Rows are heights, columns angles about the skull's axis, both in home coordinates (heads.py).

Axes: H rows and W columns of the map, N points.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from scipy.spatial import cKDTree

from unmask.sim.body.heads import AXIS_Z, SKIN, Floats, around, head_model

HEIGHT, WIDTH = 464, 640
TOP, BOTTOM = 135.0, -185.0  # mm, home coordinates
FRONT = 0.6
"""How much finer the columns are at the nose: 1 + FRONT times the mean, 1 - FRONT behind."""


def columns_of(angle: Floats) -> Floats:
    """Column of an angle (radians)."""
    return np.asarray(((angle + FRONT * np.sin(angle)) / (2 * np.pi) + 0.5) * WIDTH - 0.5)


def rows_of(height: Floats) -> Floats:
    """Row of a height (mm)."""
    return np.asarray((TOP - height) / (TOP - BOTTOM) * HEIGHT - 0.5)


@cache
def places() -> tuple[Floats, Floats, Floats]:
    """Angle (H, W), height (H, W), and home x (H, W) of the skin seen there."""
    fine = np.linspace(-np.pi, np.pi, 4000)
    row, column = np.mgrid[0:HEIGHT, 0:WIDTH]
    angle = np.interp(column, columns_of(fine), fine)
    height = TOP - (row + 0.5) / HEIGHT * (TOP - BOTTOM)
    x = skin_radius(angle, height) * np.sin(angle)
    return angle.astype(np.float32), height.astype(np.float32), x.astype(np.float32)


def skin_radius(angle: Floats, height: Floats) -> Floats:
    """Distance (...) of the outer skin, ears included, from the skull's axis."""
    model = head_model()
    outer = (model.part == SKIN) & (np.hypot(model.home[:, 0], model.home[:, 2] - AXIS_Z) > 45)
    home = model.home[outer]
    radius = np.hypot(home[:, 0], home[:, 2] - AXIS_Z)
    turn, level = np.broadcast_arrays(_turned(angle), height)
    tree = cKDTree(np.stack([85 * around(home), home[:, 1]], axis=1))
    distance, near = tree.query(np.stack([85 * turn.ravel(), level.ravel()], axis=1), k=6)
    weight = 1 / (distance + 1)
    found = (radius[near] * weight).sum(1) / weight.sum(1)
    return np.asarray(found.reshape(turn.shape), np.float32)


def _turned(angle: Floats) -> Floats:
    """The same angle within -pi to pi."""
    return np.asarray(np.mod(angle + np.pi, 2 * np.pi) - np.pi)


def spot(x: float, y: float, width: float, tall: float, *, both: bool = True) -> Floats:
    """A soft patch on the face at (x, y) mm, mirrored when ``both``."""
    angle, height, px = places()
    side = np.abs(px) if both else px
    patch = np.exp(-(((side - x) / width) ** 2) - ((height - y) / tall) ** 2)
    return np.asarray(patch * (np.abs(angle) < 1.7), np.float32)


def noise(rng: np.random.Generator, cell: float, stretch: float = 1.0) -> Floats:
    """Smooth standard normal noise over the map; ``cell`` in mm, ``stretch`` along the height."""
    rows = max(2, int((TOP - BOTTOM) / (cell * stretch)))
    columns = max(2, int(560 / (1 + FRONT) / cell))
    coarse = rng.standard_normal((rows, columns), dtype=np.float32)
    coarse[:, -1] = coarse[:, 0]
    return np.asarray(
        cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.float32
    )


def grain(rng: np.random.Generator, cell: float) -> Floats:
    """As noise, for small cells: one field per cell size, shifted for each person."""
    shift = (int(rng.integers(HEIGHT)), int(rng.integers(WIDTH)))
    return np.roll(_grain(cell), shift, axis=(0, 1))


@cache
def _grain(cell: float) -> Floats:
    return noise(np.random.default_rng(int(1000 * cell)), cell)


def pixels(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Columns and rows of points (x, y) mm on the front of the face."""
    _, _, px = places()
    middle, quarter = WIDTH // 2, WIDTH // 3
    rows = rows_of(y)
    near = np.clip(np.round(rows), 0, HEIGHT - 1).astype(int)
    steps = np.arange(quarter)
    columns = [
        middle - 0.5 + np.sign(a) * np.interp(abs(a), px[r, middle : middle + quarter], steps)
        for a, r in zip(x, near, strict=True)
    ]
    return np.array(columns), rows


def stroke(canvas: np.ndarray, x: Floats, y: Floats, level: float, thick: int = 1) -> None:
    """Draw a line that fades at its ends through points (x, y) mm on a uint8 map.

    ``level`` in [0, 1] is that of the middle.
    """
    columns, rows = pixels(x, y)
    points = np.round(np.stack([columns, rows], axis=1) * 16).astype(int).tolist()
    fade = np.sin(np.pi * (np.arange(len(points) - 1) + 0.8) / (len(points) + 0.6)) ** 0.8
    for start, stop, shade in zip(points, points[1:], 255 * np.clip(level * fade, 0, 1),
                                  strict=False):  # fmt: skip
        cv2.line(canvas, start, stop, int(shade), thick, cv2.LINE_AA, shift=4)


def hairline(angle: Floats, forehead: float = 0.0, recession: float = 0.0) -> Floats:
    """Height of the hairline, mm, by angle from the nose: brow, temple, sideburn, nape."""
    knots = np.radians([0, 25, 45, 58, 70, 84, 100, 125, 180])
    heights = [77, 77, 68, 46, 32, -8, 4, -48, -62]
    side = np.abs(angle)
    bare = 26 * recession * np.exp(-(((side - 0.72) / 0.33) ** 2)) + 4 * recession
    front = np.clip(1.6 - side, 0, 1)
    return np.asarray(np.interp(side, knots, heights) + bare + forehead * front, np.float32)
