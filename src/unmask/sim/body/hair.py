"""Hair: a shell that gives body, locks over it that give texture and a ragged edge.

A person's hair is groomed once on the mean head (locks.py) and follows every pose of the head
(worn.py). Coordinates that the painter reads: place across the strands, place along them (mm),
share of the length from the root, tone.

Axes: N locks, S steps, A angles of the hairline, R rows of a shell, P points.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from unmask.sim.body.face_map import hairline
from unmask.sim.body.heads import Floats, Integers
from unmask.sim.body.locks import BUN, Cut, Locks, grow, scalp_roots, thickening
from unmask.sim.body.skin import sample
from unmask.sim.body.worn import SKULL_CENTRE, Worn, at_height, dome, tie
from unmask.sim.optics.materials import Kind, Paint, hair_infrared
from unmask.sim.optics.mesh import Part, grid_triangles, vertex_normals
from unmask.sim.people import Person

_SHORT: dict[str, Any] = {"comb": "crown", "clump": 0.55, "width": (2.8, 4.2), "count": 680}
_FALL: dict[str, Any] = {"comb": "fall", "clump": 0.45, "width": (4.4, 6.4), "count": 280}
CUTS: dict[str, dict[str, Any]] = {
    "crop": _SHORT | {"top": (14, 26), "sides": (5, 9), "volume": (3, 7), "lift": 0.2,
                      "stray": 0.35, "steps": 3},
    "side_part": _SHORT | {"top": (38, 60), "sides": (9, 15), "volume": (7, 12), "lift": 0.25,
                           "stray": 0.25, "steps": 4},
    "swept_back": _SHORT | {"comb": "back", "top": (50, 75), "sides": (7, 12), "volume": (8, 16),
                            "lift": 0.3, "stray": 0.2, "steps": 4},
    "pixie": _SHORT | {"top": (50, 70), "sides": (26, 40), "volume": (8, 13), "lift": 0.15,
                       "stray": 0.25, "steps": 5},
    "curly": _SHORT | {"top": (45, 70), "sides": (22, 45), "volume": (11, 22), "lift": 0.5,
                       "stray": 0.5, "steps": 6, "wave": (3, 5.5), "curls": (4, 6)},
    "afro": _SHORT | {"comb": "out", "top": (9, 14), "sides": (8, 12), "volume": (8, 36),
                      "lift": 0.5, "stray": 1.0, "steps": 2, "width": (4.0, 6.0),
                      "count": 1400, "clump": 0.0},
    "bob": _FALL | {"top": (175, 205), "sides": (75, 105), "volume": (9, 15), "lift": 0.05,
                    "stray": 0.10, "steps": 7},
    "long": _FALL | {"top": (260, 350), "sides": (160, 250), "volume": (8, 14), "lift": 0.05,
                     "stray": 0.10, "steps": 8, "wave": (0, 2), "curls": (0.4, 0.8)},
    "wavy": _FALL | {"top": (240, 330), "sides": (140, 230), "volume": (10, 18), "lift": 0.1,
                     "stray": 0.16, "steps": 9, "wave": (4, 7), "curls": (0.7, 1.2)},
    "bun": _SHORT | {"comb": "back", "top": (150, 170), "sides": (110, 130), "volume": (3, 6),
                     "lift": 0.0, "stray": 0.07, "steps": 8, "count": 450},
    "top_knot": _SHORT | {"comb": "back", "top": (110, 130), "sides": (90, 110),
                          "volume": (3, 6), "lift": 0.0, "stray": 0.09, "steps": 7, "count": 450},
}  # fmt: skip
"""Ranges from which a person's cut is drawn; other styles ("shaved", "bald") are skin's affair."""
COVERED_ABOVE = {"cap": (50, 36, 8), "beanie": (36, 8, -26)}
"""Height in mm of the edge of headwear in front, at the temples and behind: hair shows below."""
KNOT = np.array([0, 128, -100], np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Groom:
    """A person's hair, tied to the head."""

    worn: Worn
    across: Floats  # (P, 3) from a point of the path to the point of the strip
    triangles: Integers
    coordinates: Floats  # (P, 4)
    normals: Floats  # (P, 3) half those of the strips, half those of the whole head of hair
    closed: bool
    """Nothing is ever seen from within."""


def hair_parts(person: Person, vertices: Floats) -> list[Part]:
    """The hair of a person on the head ``vertices`` (V, 3)."""
    groom = groomed(person)
    if groom is None:
        return []
    rng = np.random.default_rng((*person.paint_seed, 1))
    streaks = float(rng.uniform(0.22, 0.42))
    return [
        Part(
            vertices=groom.worn.on(vertices) + groom.across,
            triangles=groom.triangles,
            coordinates=groom.coordinates,
            paint=lambda c: paint_hair(c, person, streaks),
            normals=groom.normals,
            closed=groom.closed,
        )
    ]


@lru_cache(maxsize=128)
def groomed(person: Person) -> Groom | None:
    """Groom a person's hair on the mean head; none for a shaved head or under a scarf."""
    if person.hair_style not in CUTS or person.headwear == "headscarf":
        return None
    rng = np.random.default_rng((*person.paint_seed, 2))
    cut = draw_cut(person, rng)
    angle = np.linspace(-np.pi, np.pi, 65).astype(np.float32)
    edge = hairline(angle, person.forehead, person.recession).astype(np.float32)
    roots, above = scalp_roots(cut.count, edge, cut, rng)
    pieces: list[tuple[Floats, Integers, Floats, Floats]] = []
    if person.headwear:
        front, temple, nape = COVERED_ABOVE[person.headwear]
        turn = np.abs(np.arctan2(roots[:, 0], roots[:, 2] - SKULL_CENTRE[2]))
        shown = roots[:, 1] < np.interp(turn, [0, 1.4, 3.1], [front, temple, nape]) + 4
        roots, above = roots[shown], above[shown]
        cut = replace(cut, fringe=0.0, volume=min(cut.volume, 5.0), top=cut.sides, lift=0.05)
    else:
        pieces.append(_shell(angle, edge, cut, rng))
        pieces += _knots(person, rng)
    if len(roots):
        pieces.append(_strips(grow(roots, above, cut, rng), rng))
    if cut.comb == "fall":
        pieces.append(_backing(cut, rng))
    return _tied(pieces, closed=cut.comb != "fall" and not person.headwear)


def draw_cut(person: Person, rng: np.random.Generator) -> Cut:
    """A cut of the person's style."""
    found = CUTS[person.hair_style]

    def within(name: str, otherwise: tuple[float, float]) -> float:
        return float(rng.uniform(*found.get(name, otherwise)))

    falls = found["comb"] == "fall" or person.hair_style == "pixie"
    fringe = rng.uniform(18, 42) if falls and rng.random() < 0.4 else 0.0
    return Cut(
        comb=found["comb"],
        top=within("top", (0, 0)),
        sides=within("sides", (0, 0)),
        volume=within("volume", (0, 0)),
        lift=found["lift"] * float(rng.uniform(0.6, 1.4)),
        parting=float(rng.choice([-1, 1]) * rng.choice([2.0, 18.0, 30.0])),
        fringe=float(fringe),
        wave=within("wave", (0, 1)),
        curls=within("curls", (0.5, 1)),
        stray=found["stray"] * float(rng.uniform(0.7, 1.4)),
        clump=found["clump"],
        width=within("width", (3, 4)),
        count=found["count"],
        steps=found["steps"],
    )


def _tied(pieces: list[tuple[Floats, Integers, Floats, Floats]], *, closed: bool) -> Groom | None:
    """Join (points, triangles, coordinates, across)."""
    if not pieces:
        return None
    starts = np.cumsum([0] + [len(p[0]) for p in pieces[:-1]])
    points = np.concatenate([p[0] for p in pieces])
    across = np.concatenate([p[3] for p in pieces]).astype(np.float32)
    triangles = np.concatenate([p[1] + s for p, s in zip(pieces, starts, strict=True)])
    out = points - SKULL_CENTRE
    out[:, 1] = np.maximum(out[:, 1], 0)  # hanging hair faces the horizon
    normals = vertex_normals(points + across, triangles.astype(np.int32))
    normals = normals + out / np.linalg.norm(out, axis=1, keepdims=True)
    return Groom(
        worn=tie(points),
        across=across,
        triangles=triangles.astype(np.int32),
        coordinates=np.concatenate([p[2] for p in pieces]).astype(np.float32),
        normals=normals.astype(np.float32),
        closed=closed,
    )


def _strips(locks: Locks, rng: np.random.Generator) -> tuple[Floats, Integers, Floats, Floats]:
    count, points = locks.path.shape[:2]
    path = np.repeat(locks.path.reshape(-1, 3), 2, axis=0)  # left and right of each point
    across = np.stack([-locks.across, locks.across], axis=2).reshape(-1, 3)
    t = np.broadcast_to(np.linspace(0, 1, points), (count, points))
    lane = rng.uniform(0, 1100, (count, 1)) + 0 * t
    wide = np.linalg.norm(locks.across, axis=2)
    tone = rng.normal(0, 1, (count, 1)) + 0 * t
    along = t * locks.reach[:, None] + rng.uniform(0, 40, (count, 1))
    left, right = (np.stack([lane + s * 3.5 * wide, along, t, tone], axis=-1) for s in (-1.0, 1.0))
    coordinates = np.stack([left, right], axis=2).reshape(-1, 4)
    return path, locks.triangles(), coordinates, across


def _shell(
    angle: Floats, edge: Floats, cut: Cut, rng: np.random.Generator
) -> tuple[Floats, Integers, Floats, Floats]:
    """A dome from the crown down to the hairline, below the outer locks."""
    rows = 15
    direction, skin = dome(angle, edge, rows)
    t = np.broadcast_to(np.linspace(0, 1, rows)[:, None], skin.shape)
    inner = thickening(90 * (1 - t))
    share = 0.75 if cut.comb == "out" else 0.55
    lumps = 1 + 0.10 * rng.standard_normal(skin.shape)
    lumps[:, -1] = lumps[:, 0]
    radius = skin - 1.5 + (share * cut.volume * lumps + 2.0) * inner
    points = SKULL_CENTRE + radius[..., None] * direction
    lane, along = (120, 900) if cut.comb == "out" else (200, 110)  # tight curls have no strands
    coordinates = np.stack(
        [lane * (angle + 3.2) + 0 * t, along * t, 0.25 + 0 * t, -0.7 + 0 * t], axis=-1
    ).reshape(-1, 4)
    flat = points.reshape(-1, 3)
    return flat, grid_triangles(rows, len(angle)), coordinates, 0 * flat


def _backing(cut: Cut, rng: np.random.Generator) -> tuple[Floats, Integers, Floats, Floats]:
    """A sheet behind long locks, so that nothing shines through."""
    angle = np.linspace(1.25, 2 * np.pi - 1.25, 40)
    angle = np.where(angle > np.pi, angle - 2 * np.pi, angle).astype(np.float32)
    calm = replace(cut, stray=0.0, clump=0.0, wave=0.0, fringe=0.0, volume=0.5 * cut.volume)
    roots = at_height(angle, np.full(40, 45, np.float32), 1.0)
    locks = grow(roots, np.full(40, 60.0), replace(calm, top=0.93 * cut.sides + 25,
                                                   sides=0.93 * cut.sides + 25), rng)  # fmt: skip
    steps = locks.path.shape[1]
    path = locks.path.reshape(-1, 3)
    t = np.broadcast_to(np.linspace(0, 1, steps), (40, steps))
    lane = 6.0 * np.arange(40)[:, None] + 0 * t
    coordinates = np.stack([lane, t * 150, 0.3 + 0.4 * t, -1.0 + 0 * t], axis=-1).reshape(-1, 4)
    return path, grid_triangles(40, steps), coordinates, 0 * path


def _knots(
    person: Person, rng: np.random.Generator
) -> list[tuple[Floats, Integers, Floats, Floats]]:
    """The ball of a bun behind or on top of the head."""
    places = {"bun": BUN + np.array([0, 0, -12]), "top_knot": KNOT}
    if person.hair_style not in places:
        return []
    size = rng.uniform(20, 30)
    turn, rise = np.meshgrid(np.linspace(-np.pi, np.pi, 19), np.linspace(1.5, -1.5, 11))
    lumps = 1 + 0.06 * rng.standard_normal(turn.shape)
    lumps[:, -1] = lumps[:, 0]
    ball = np.stack([np.cos(rise) * np.sin(turn), 0.8 * np.sin(rise), np.cos(rise) * np.cos(turn)])
    points = places[person.hair_style] + size * np.moveaxis(ball * lumps, 0, -1)
    coordinates = np.stack(
        [40 * rise + 300 + 25 * turn, 30 * turn + 120, 0.5 + 0 * turn, -0.2 + 0 * turn], axis=-1
    )
    flat = points.reshape(-1, 3)
    return [(flat, grid_triangles(*turn.shape), coordinates.reshape(-1, 4), 0 * flat)]


def paint_hair(c: Floats, person: Person, streaks: float) -> Paint:
    """Strands at (across, along, share of length, tone), darker at the roots, some of them grey."""
    strand = sample(_strands(), np.mod(c[:, 0], 1190), np.mod(c[:, 1] * 0.7, 398))[:, 0] / 128 - 1
    tone = 0.4 * c[:, 3] + 1.5 * strand
    level = np.exp(streaks * tone) * (0.72 + 0.4 * c[:, 2])
    grey = np.clip(2.2 * (person.grey - 0.5) + 0.8 + 0.55 * tone, 0, 1) * (person.grey > 0)
    hue = person.hair_colour + (GREY - person.hair_colour) * grey[:, None]
    infrared = hair_infrared(hue) * (0.55 + 0.45 * level)
    paint = Paint.uniform(len(c), Kind.HAIR, hue * level[:, None], infrared, (0.024, 0.50))
    paint.specular *= np.clip(0.8 + 0.9 * strand, 0.1, 2.0)
    paint.openness[:] = np.clip(0.5 + 0.22 * c[:, 3] + 0.3 * c[:, 2], 0.2, 1)
    return paint


GREY = np.array([0.36, 0.355, 0.35], np.float32)


@cache
def _strands() -> npt.NDArray[np.uint8]:
    """Streaks along the rows' direction (H, W, 1)."""
    rng = np.random.default_rng(5)
    fine = cv2.resize(rng.standard_normal((12, 1200)).astype(np.float32), (1200, 400))
    broad = cv2.resize(rng.standard_normal((6, 240)).astype(np.float32), (1200, 400))
    both = 128 + 48 * (0.75 * fine + 0.7 * broad)
    return np.asarray(np.clip(both, 0, 255), np.uint8)[..., None]
