"""What is laid on the mean head and follows any head: hair, headwear, collars.

Such things are shaped once, in home coordinates (heads.py), against the skull or the neck of the
mean head; each of their points then moves as the skin nearest to it moves.

Axes: V vertices of the head, P points that are worn, K neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from unmask.sim.body.heads import AXIS_Z, SKIN, Floats, head_model

SKULL_CENTRE = np.array([0, 15, AXIS_Z], np.float32)
"""The skull is seen as a radius over directions from here (home coordinates, mm)."""
NEIGHBOURS = 5
ROWS, COLUMNS = 90, 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Worn:
    """Points in home coordinates, tied to the skin of the head."""

    points: Floats  # (P, 3)
    nearest: npt.NDArray[np.int64]  # (P, K) vertices of the head
    weight: Floats  # (P, K) sums to one

    def on(self, vertices: Floats) -> Floats:
        """The points on a head ``vertices`` (V, 3)."""
        moved = (vertices - head_model().home)[self.nearest]  # (P, K, 3)
        return np.asarray(self.points + np.einsum("pk,pkc->pc", self.weight, moved), np.float32)


def tie(points: Floats) -> Worn:
    """Tie points (P, 3) in home coordinates to the head."""
    outer, tree = _skin_tree()
    distance, near = tree.query(points, k=NEIGHBOURS)
    weight = 1 / (distance + 6.0) ** 2
    weight /= weight.sum(axis=1, keepdims=True)
    return Worn(
        points=points.astype(np.float32), nearest=outer[near], weight=weight.astype(np.float32)
    )


@cache
def _skin_tree() -> tuple[npt.NDArray[np.int64], cKDTree]:
    """Vertices of the outer skin, and a tree to find them."""
    model = head_model()
    far = np.hypot(model.home[:, 0], model.home[:, 2] - AXIS_Z) > 40
    outer = np.flatnonzero((model.part == SKIN) & far)
    return outer, cKDTree(model.home[outer])


def skull_radius(direction: Floats) -> Floats:
    """Distance (...) from SKULL_CENTRE to the skin, without ears, along unit vectors (..., 3)."""
    flat = direction.reshape(-1, 3)
    turn = np.arctan2(flat[:, 0], flat[:, 2])
    rise = np.arcsin(np.clip(flat[:, 1], -1, 1))
    column = (turn / (2 * np.pi) + 0.5) * COLUMNS - 0.5
    row = (0.5 - rise / np.pi) * ROWS - 0.5
    found = cv2.remap(
        _skull(),
        column.astype(np.float32)[:, None],
        row.astype(np.float32)[:, None],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(found.reshape(direction.shape[:-1]), np.float32)


@cache
def _skull() -> Floats:
    """The radius over (rise, turn) (ROWS, COLUMNS)."""
    model = head_model()
    home = model.home
    ear = (np.abs(home[:, 0]) > 68) & (np.abs(home[:, 1]) < 46) & (home[:, 2] < -45)
    outer = (model.part == SKIN) & ~ear & (np.hypot(home[:, 0], home[:, 2] - AXIS_Z) > 30)
    outer |= (model.part == SKIN) & (home[:, 1] > 90)
    outer &= home[:, 1] > -115  # shoulders would hide the neck from below
    away = home[outer] - SKULL_CENTRE
    radius = np.linalg.norm(away, axis=1)
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    rise, turn = (0.5 - (row + 0.5) / ROWS) * np.pi, ((column + 0.5) / COLUMNS - 0.5) * 2 * np.pi
    direction = np.stack(
        [np.cos(rise) * np.sin(turn), np.sin(rise), np.cos(rise) * np.cos(turn)], axis=-1
    )
    distance, near = cKDTree(away / radius[:, None]).query(direction.reshape(-1, 3), k=6)
    weight = 1 / (distance + 0.02) ** 2
    found = ((radius[near] * weight).sum(axis=1) / weight.sum(axis=1)).reshape(ROWS, COLUMNS)
    wide = np.pad(found.astype(np.float32), ((0, 0), (8, 8)), mode="wrap")
    return np.ascontiguousarray(cv2.GaussianBlur(wide, (0, 0), 1.2)[:, 8:-8])


def at_height(angle: Floats, height: Floats, lift: Floats | float) -> Floats:
    """Points (..., 3) at angles and heights of the skull, ``lift`` mm off the skin."""
    distance = np.full(np.broadcast(angle, height).shape, 70.0, np.float32)
    for _ in range(4):  # the radius depends on the direction, which depends on the radius
        direction = _towards(angle, height - SKULL_CENTRE[1], distance)
        r = skull_radius(direction) + lift
        level = np.clip(r**2 - (height - SKULL_CENTRE[1]) ** 2, 4.0, None)
        distance = 0.3 * distance + 0.7 * np.sqrt(level)
    return np.asarray(
        np.stack(
            [
                distance * np.sin(angle),
                np.broadcast_to(height, distance.shape),
                distance * np.cos(angle) + AXIS_Z,
            ],
            axis=-1,
        ),
        np.float32,
    )


def _towards(angle: Floats, up: Floats, out: Floats) -> Floats:
    away = np.stack(
        [out * np.sin(angle), np.broadcast_to(up, out.shape), out * np.cos(angle)], axis=-1
    )
    return np.asarray(away / np.linalg.norm(away, axis=-1, keepdims=True), np.float32)


def dome(angle: Floats, edge: Floats, rows: int) -> tuple[Floats, Floats]:
    """Directions (R, A, 3) from the top down to heights ``edge`` (A,), and the skin's distance."""
    share = np.broadcast_to(np.linspace(1, 0, rows, dtype=np.float32)[:, None], (rows, len(angle)))
    direction = above_edge(angle, edge, share)
    return direction, skull_radius(direction)


def above_edge(angle: Floats, edge: Floats, share: Floats) -> Floats:
    """Directions (..., 3) at a ``share`` of the way from the heights ``edge`` to the top."""
    rim = at_height(angle, edge, 0.0) - SKULL_CENTRE
    low = np.arcsin(rim[..., 1] / np.linalg.norm(rim, axis=-1))
    rise = low + (np.pi / 2 - low) * share
    direction = [np.cos(rise) * np.sin(angle), np.sin(rise), np.cos(rise) * np.cos(angle)]
    return np.stack(direction, axis=-1).astype(np.float32)


def settled(points: Floats, lift: Floats | float, *, stands: Floats | float) -> Floats:
    """Points (..., 3) no nearer to the skull than ``lift`` mm.

    What they are beyond that shrinks by ``stands``: 0 lies flat, 1 stays where it is.
    """
    away = points - SKULL_CENTRE
    distance = np.linalg.norm(away, axis=-1)
    direction = away / np.maximum(distance, 1e-6)[..., None]
    least = skull_radius(direction) + lift
    wanted = least + stands * np.maximum(distance - least, 0)
    return np.asarray(SKULL_CENTRE + direction * wanted[..., None], np.float32)
