"""Locks of hair: thin tapered strips that leave the scalp, are combed, fall, and lie in layers.

A lock is a path from its root; each step follows the comb of the cut and gravity, slides over the
skull at the height of its layer, and keeps clear of the face. Everything happens on the mean head
(home coordinates, mm); worn.py takes it to a person.

Axes: N locks, S steps, P = N * (S + 1) points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from unmask.sim.body.heads import Floats, Integers, around
from unmask.sim.body.worn import SKULL_CENTRE, above_edge, settled, skull_radius

CROWN = np.array([0, 112, -105], np.float32)
BUN = np.array([0, 48, -178], np.float32)
FACE_EDGE = ((-130, -70, -20, 20, 60), (62, 70, 79, 79, 62))
"""Heights, and how far from the middle hair keeps there in front of the ears (mm)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How a person's hair is cut and combed."""

    comb: Literal["fall", "crown", "back", "out"]
    """Away from a parting and down, away from the crown, to the back, straight out."""
    top: float
    sides: float
    """Length in mm above the temples and below."""
    volume: float
    """How far the outer layer lies off the scalp, mm."""
    lift: float
    """How far locks stand up: 0 flat, 1 as much up as along."""
    parting: float
    """Where the hair parts, mm to the subject's left."""
    fringe: float
    """Height at which a fringe ends, mm above the eyes; 0 for none."""
    wave: float
    """Amplitude in mm."""
    curls: float
    """Turns per 100 mm."""
    stray: float
    """Disorder of direction."""
    clump: float
    """How far neighbours lean together towards their ends, 0 to 1."""
    width: float
    """mm"""
    count: int
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Locks:
    """Strips along paths."""

    path: Floats  # (N, S + 1, 3)
    across: Floats  # (N, S + 1, 3) half the width of the strip
    reach: Floats  # (N,) length, mm

    def triangles(self) -> Integers:
        """Two points per step, left then right: (T, 3) over N * (S + 1) * 2 vertices."""
        count, steps = self.path.shape[0], self.path.shape[1] - 1
        left = 2 * (np.arange(count)[:, None] * (steps + 1) + np.arange(steps))  # (N, S)
        quad = [left, left + 1, left + 2, left + 1, left + 3, left + 2]
        return np.stack(quad, axis=-1).reshape(-1, 3).astype(np.int32)


def scalp_roots(
    count: int, edge: Floats, cut: Cut, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Roots (N, 3) and how far above the hairline they are (N,), mm.

    ``edge`` (A,) is the height of the hairline at A even angles from -pi to pi. Most roots are in
    front and near the edge, where they are seen.
    """
    angle = _wrapped(rng.normal(0, 1.1 if cut.comb == "fall" else 1.3, count))
    height = np.interp(angle, np.linspace(-np.pi, np.pi, len(edge)), edge)
    share = 1 - np.sqrt(1 - rng.random(count) ** 1.25)  # circles shrink towards the crown
    direction = above_edge(angle, height + rng.normal(0, 1.5, count), share)
    skin = skull_radius(direction)
    above = share * np.arccos(np.clip(direction[:, 1], -1, 1)) / (1.001 - share) * skin
    lift = 0.5 + 0.8 * cut.volume * thickening(above) * (cut.comb == "out")
    return SKULL_CENTRE + (skin + lift)[:, None] * direction, above


def thickening(above: Floats) -> Floats:
    """Share of its full thickness that hair has ``above`` mm behind the hairline."""
    return np.clip(above / 26, 0, 1) ** 0.6


def grow(roots: Floats, above: Floats, cut: Cut, rng: np.random.Generator) -> Locks:
    """Grow a lock from each root (N, 3); ``above`` (N,) is its distance to the hairline."""
    count = len(roots)
    on_top = np.clip((roots[:, 1] - 30) / 45, 0, 1)
    reach = (cut.sides + (cut.top - cut.sides) * on_top) * rng.uniform(0.72, 1.08, count)
    falls = (cut.fringe > 0) & (np.abs(around(roots)) < 0.85) & (above < 40)
    reach = np.where(falls, 1.25 * (roots[:, 1] - cut.fringe) + rng.uniform(-3, 5, count), reach)
    reach = np.clip(reach * np.clip(0.45 + above / 14, 0.45, 1), 4, None)
    layer = cut.volume * rng.uniform(0.5, 1, count) * np.clip(0.25 + above / 22, 0.25, 1)
    side = np.where(roots[:, 0] + rng.normal(0, 2, count) > cut.parting, 1.0, -1.0)
    stray = rng.normal(0, cut.stray, (count, 3))
    place, path = roots, [roots]
    for k in range(1, cut.steps + 1):
        want = _combed(place, side, falls, cut) + stray
        place = place + (reach / cut.steps)[:, None] * _unit(want)
        if cut.comb == "fall":
            place = np.where(falls[:, None], place, _off_face(place, side))
        level = 1.0 + layer * min(1.0, 0.3 + 2.0 * k / cut.steps)
        place = settled(place, level, stands=np.where(place[:, 1] > -25, cut.lift, 0.9))
        path.append(place)
    paths = np.stack(path, axis=1)  # (N, S + 1, 3)
    return _strips(_clumped(paths, side + 3 * falls, cut, rng), reach, cut, rng)


def _combed(place: Floats, side: Floats, falls: npt.NDArray[np.bool_], cut: Cut) -> Floats:
    """The direction (N, 3) that comb and gravity give at places (N, 3)."""
    out = _unit(place - SKULL_CENTRE)
    down = np.array([0, -1, 0], np.float32)
    if cut.comb == "fall":
        flat = np.clip((place[:, 1] - 10) / 80, 0, 1)  # the comb reaches as far as the temples
        sideways = np.stack([flat * side, np.full_like(side, -0.9), -0.35 * flat], axis=1)
        ahead = np.stack([0.25 * side, np.full_like(side, -0.9), 0.8 + 0 * side], axis=1)
        want = np.where(falls[:, None], ahead, sideways)
    elif cut.comb == "back":
        want = _unit(BUN - place)
    elif cut.comb == "crown":
        want = _unit(place - CROWN) + 0.2 * down + np.array([0, 0, 0.25], np.float32)
        want[:, 0] += 0.5 * np.sign(cut.parting) * (place[:, 1] > 60)
    else:
        want = out
    want = want - np.sum(want * out, axis=1, keepdims=True).clip(None, 0) * out  # along the skull
    return np.asarray(_unit(want) + cut.lift * out, np.float32)


def _off_face(place: Floats, side: Floats) -> Floats:
    """Hair (N, 3) in front of the ears keeps to its side of the face."""
    edge = np.interp(place[:, 1], *FACE_EDGE)
    near = (place[:, 2] > -60) & (place[:, 1] < 60)
    x = np.where(near & (place[:, 0] * side < edge), edge * side, place[:, 0])
    return np.stack([x, place[:, 1], place[:, 2]], axis=1)


def _clumped(paths: Floats, group: Floats, cut: Cut, rng: np.random.Generator) -> Floats:
    """Locks lean towards a neighbour of their group (N,), then wave."""
    count, points = paths.shape[:2]
    guides = rng.choice(count, max(1, count // 7), replace=False)
    apart = np.linalg.norm(paths[:, :1, :] - paths[guides][None, :, 0], axis=2)  # (N, G)
    apart = apart + 1000 * (group[:, None] != group[guides])
    guide = guides[apart.argmin(axis=1)]
    t = np.linspace(0, 1, points)[:, None]
    offset = 0.4 * (paths[:, :1] - paths[guide][:, :1])
    near = (apart.min(axis=1) < 14)[:, None, None]
    lean = cut.clump * t**1.2 * near
    paths = paths + lean * (paths[guide] + offset - paths)
    along = np.linalg.norm(np.diff(paths, axis=1), axis=2).cumsum(axis=1)
    along = np.concatenate([np.zeros((count, 1)), along], axis=1)  # (N, S + 1) mm
    phase = 2 * np.pi * rng.random((count,))[guide] + rng.normal(0, 0.6, count)
    turn = 2 * np.pi * cut.curls * along / 100 + phase[:, None]
    out = _unit((paths - SKULL_CENTRE).reshape(-1, 3)).reshape(paths.shape)
    aside = _aside(paths, out)
    swing = np.asarray(cut.wave * np.minimum(1, along / 25))
    sideways, outwards = swing * np.sin(turn), swing * (0.6 * np.cos(turn) + 0.5)
    waved = paths + sideways[..., None] * aside + outwards[..., None] * out
    return np.asarray(waved, np.float32)


def _strips(paths: Floats, reach: Floats, cut: Cut, rng: np.random.Generator) -> Locks:
    """Tapered strips that lie flat on their layer, each a little rolled."""
    out = _unit((paths - SKULL_CENTRE).reshape(-1, 3)).reshape(paths.shape)
    aside = _aside(paths, out)
    roll = rng.normal(0, 0.45, (len(paths), 1, 1))
    t = np.linspace(0, 1, paths.shape[1])
    taper = np.interp(t, [0, 0.25, 0.7, 1], [0.75, 1.0, 0.8, 0.06])
    half = 0.5 * cut.width * rng.uniform(0.5, 1.3, (len(paths), 1)) * taper  # (N, S + 1)
    half = half * np.clip(reach / 18, 0.4, 1)[:, None]  # the short ones at the edge are fine
    across = half[..., None] * (np.cos(roll) * aside + np.sin(roll) * out)
    return Locks(path=paths, across=across.astype(np.float32), reach=reach.astype(np.float32))


def _aside(paths: Floats, out: Floats) -> Floats:
    """Unit vectors along the surface, square to the paths."""
    tangent = np.gradient(paths, axis=1)
    return _unit(np.cross(tangent, out).reshape(-1, 3)).reshape(paths.shape)


def _wrapped(angle: Floats) -> Floats:
    return np.asarray(np.mod(angle + np.pi, 2 * np.pi) - np.pi, np.float32)


def _unit(a: Floats) -> Floats:
    return np.asarray(a / np.maximum(np.linalg.norm(a, axis=1, keepdims=True), 1e-6), np.float32)
