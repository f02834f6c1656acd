"""Casting a head: what a cast loses, where it is cut, and how it sits on somebody else's head.

All heads share one mesh, so the shell of one lies over another vertex by vertex.

Axes: V vertices of the head, K identity components, N points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.body.eyes import EYE_CENTRE
from unmask.sim.body.heads import (
    EYE_LEFT,
    EYE_RIGHT,
    MOUTH_INSIDE,
    SKIN,
    Floats,
    around,
    head_model,
)
from unmask.sim.craft.cutting import cut
from unmask.sim.optics.mesh import Painter, Part, rotation

REACH = 22.0
"""The wearer's skin is built this far (mm) under a shell; the rest is never seen."""
BLEND = 9.0
"""Beyond a shell's edge, skin is no longer pressed down after this many mm."""


def cast_identity(identity: Floats, detail: int, kept: float) -> Floats:
    """Identity (K,) with all but the first ``detail`` components reduced to a share ``kept``."""
    fine = np.arange(len(identity)) >= detail
    return np.asarray(np.where(fine, kept * identity, identity), np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """A cast that lies over a head."""

    shape: Floats  # (V, 3) its outer surface
    normals: Floats  # (V, 3)
    level: Floats  # (V,) mm inside its edges; it ends where this is 0
    thickness: float
    """mm"""

    def parts(self, coordinates: Floats, paint: Painter, wall: Painter) -> list[Part]:
        """The surface, and the wall along its edges, from coordinates (V, C) of the head."""
        piece = cut(self.level, head_model().triangles)
        down = -self.thickness * self.normals
        return [
            piece.part(self.shape, coordinates, paint, closed=True),
            piece.edge(self.shape, down, coordinates, wall),
        ]

    def pressed(self, wearer: Floats, room: float = 1.0) -> Floats:
        """The wearer's head (V, 3), its skin pressed ``room`` mm below the shell where it lies."""
        under = np.clip(1 + self.level / BLEND, 0, 1)  # 1 below the shell, 0 well outside
        well_under = 0.6 * np.clip(self.level, 0, 20)  # unseen: nothing may come through
        depth = self.thickness + room + well_under - 30.0 * (1 - under)
        proud = np.einsum("vc,vc->v", wearer - self.shape, self.normals) + depth
        skin = head_model().part == SKIN
        push = np.where(skin, np.clip(proud, 0, None), 0.0)[:, None] * self.normals
        return np.asarray(wearer - push, np.float32)

    def uncovered(self, body: Part) -> Part:
        """A body without what the shell hides for sure; a hidden mouth goes with it."""
        part = head_model().part
        hidden = np.where(part == MOUTH_INSIDE, self.level[part == SKIN].max(), self.level)
        hidden = np.where(is_eye(), -99.0, hidden)
        piece = cut(REACH - hidden, body.triangles)
        return piece.part(body.vertices, body.coordinates, body.paint, closed=body.closed)


def pose_rigid(
    parts: list[Part], points: Floats, angles: tuple[float, float, float], eyes_at: Floats
) -> Floats:
    """Turn in one piece and bring the eyes to ``eyes_at``; return posed points. Moves in place.

    ``bust.pose`` does the same to a person, but for a neck that twists.
    """
    turn, middle = rotation(*angles), points[:2].mean(axis=0)
    for part in parts:
        part.vertices = np.asarray((part.vertices - middle) @ turn.T + eyes_at, np.float32)
        part.normals = np.asarray(part.normals @ turn.T, np.float32)
    return np.asarray((points - middle) @ turn.T + eyes_at, np.float32)


def is_eye() -> np.ndarray:
    """Which vertices (V,) of the head are eyeballs."""
    part = head_model().part
    found: np.ndarray = (part == EYE_LEFT) | (part == EYE_RIGHT)
    return found


def off_eyes(home: Floats, half: tuple[float, float]) -> Floats:
    """Millimetres (N,) outside ellipses of half width and half height around the eyes."""
    x = (np.abs(home[:, 0]) - EYE_CENTRE[0]) / half[0]
    y = (home[:, 1] - 0.5) / half[1]
    away = (np.sqrt(x**2 + y**2) - 1) * min(half)
    return np.asarray(np.where(home[:, 2] > -12, away, 60.0), np.float32)


def in_front(home: Floats, wide: float, top: float, bottom: float) -> Floats:
    """Millimetres (N,) inside a face's outline: ``wide`` radians to a side, ``top`` to ``bottom``.

    The outline is cut off under the chin, where a face turns into a neck.
    """
    middle, tall = (top + bottom) / 2, (top - bottom) / 2
    x, y = around(home) / wide, (home[:, 1] - middle) / tall
    round_ = (1 - (np.abs(x) ** 2.6 + np.abs(y) ** 2.6) ** (1 / 2.6)) * 80
    under = home[:, 2] + 18.0 + 0.004 * home[:, 0] ** 2 + np.clip(home[:, 1] + 85, 0, None) * 2
    return np.asarray(np.minimum(round_, under), np.float32)


def in_holes(home: Floats, half: tuple[float, float]) -> Floats:
    """1 well inside eye holes, 0 at 4 mm from their rim and beyond (N,)."""
    deep = np.clip(1 - off_eyes(home, half) / 4.0, 0, 1)
    return np.asarray(deep * (home[:, 2] > -12), np.float32)
