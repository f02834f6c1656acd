"""Hair as shells over the scalp: a cap that follows the skull, and a curtain for long hair.

Strands are streaks of light and dark along the fall of the hair. Coordinates that the painter
reads: angle about the skull's axis, height.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from unmask.sim.heads import AXIS_Z, SKIN, Floats, Integers, around, head_model
from unmask.sim.materials import Kind, Paint, hair_infrared
from unmask.sim.mesh import Part, grid_triangles
from unmask.sim.people import Person
from unmask.sim.skin import hairline, sample

CAP_MM = {"short": (4.0, 11.0), "medium": (12.0, 22.0), "long": (8.0, 15.0), "bun": (4.0, 8.0)}
"""Thickness of the cap by style; other styles have none."""


def hair_parts(person: Person, vertices: Floats, normals: Floats) -> list[Part]:
    """Cap and curtain of a person, in the head's frame."""
    if person.hair_style not in CAP_MM:
        return []
    rng = np.random.default_rng((*person.paint_seed, 1))
    thickness = float(rng.uniform(*CAP_MM[person.hair_style]))
    streaks = float(rng.uniform(0.2, 0.42))
    fringe = (
        float(rng.uniform(12, 45)) if person.hair_style != "bun" and rng.random() < 0.3 else 0.0
    )
    curl = (
        float(rng.uniform(3.5, 9)) if person.hair_style == "short" else float(rng.uniform(0.8, 2))
    )
    shells = [_cap(vertices, normals, thickness, fringe, rng)]
    if person.hair_style in ("long", "medium") and person.femininity > 0:
        drop = rng.uniform(110, 230) if person.hair_style == "long" else rng.uniform(45, 85)
        shells.append(_curtain(vertices, thickness, float(drop), rng))
    return [
        Part(
            vertices=v,
            triangles=t,
            coordinates=c,
            paint=lambda c: paint_hair(c, person.hair_colour, streaks, curl),
        )
        for v, t, c in shells
    ]


def paint_hair(c: Floats, colour: Floats, streaks: float, curl: float) -> Paint:
    """Streaked hair at (angle, height); ``curl`` shortens the streaks."""
    row = np.mod((c[:, 1] + 250) * 0.8 * curl, 398)
    grain = sample(_strands(), c[:, 0] * 190 + 600, row)[:, 0] / 128 - 1
    tone = np.exp(1.6 * streaks * grain)[:, None]
    paint = Paint.uniform(
        len(c), Kind.HAIR, colour * tone, float(hair_infrared(colour)) * tone[:, 0], (0.035, 0.42)
    )
    paint.specular *= np.clip(1 + 1.6 * grain, 0.1, 2.5)
    paint.openness[:] = np.clip(0.62 + 0.5 * grain, 0.2, 1)
    return paint


@cache
def _strands() -> npt.NDArray[np.uint8]:
    """Streaks along the rows' direction (H, W, 1)."""
    rng = np.random.default_rng(5)
    fine = cv2.resize(rng.standard_normal((9, 1200)).astype(np.float32), (1200, 400))
    broad = cv2.resize(rng.standard_normal((5, 200)).astype(np.float32), (1200, 400))
    both = 128 + 48 * (0.75 * fine + 0.7 * broad)
    return np.asarray(np.clip(both, 0, 255), np.uint8)[..., None]


def _wave(points: Floats, rng: np.random.Generator, wavelength: float) -> Floats:
    """A smooth random field over space, about unit variance: locks of hair."""
    waves = rng.normal(size=(3, 8)) / wavelength * 2
    phase = rng.uniform(0, 2 * np.pi, 8)
    return np.asarray(np.sin(points @ waves + phase).sum(axis=1) / 2, np.float32)


def _cap(
    vertices: Floats, normals: Floats, thickness: float, fringe: float, rng: np.random.Generator
) -> tuple[Floats, Integers, Floats]:
    """A shell that comes out of the skin along the hairline and thickens behind it."""
    model = head_model()
    home, angle = model.home, around(model.home)
    ear = (np.abs(home[:, 0]) > 70) & (home[:, 1] < 34) & (np.abs(angle) < 2.1)
    lowered = fringe * np.clip(1.35 - np.abs(angle), 0, 0.5) / 0.5
    above = home[:, 1] - hairline(angle) + lowered + 2.5 * _wave(home, rng, 12)  # mm
    above = np.where((model.part == SKIN) & ~ear, above, -30.0)
    keep = (above[model.triangles] > -18).all(axis=1) & (above[model.triangles] > 0).any(axis=1)
    used, index = np.unique(model.triangles[keep], return_inverse=True)
    inner = np.clip(above[used] / 30, 0, 1)
    lock = 1 + 0.14 * _wave(home[used], rng, 22) + 0.10 * _wave(home[used], rng, 9)
    rise = thickness * lock * inner ** (0.45 if fringe else 0.8)
    lift = np.where(above[used] > 0, 0.3 + rise, 0.4 * above[used])
    shell = vertices[used] + normals[used] * lift[:, None]
    coordinates = np.stack([angle[used], home[used, 1]], axis=1)
    return (
        shell.astype(np.float32),
        index.reshape(-1, 3).astype(np.int32),
        coordinates.astype(np.float32),
    )


def _curtain(
    vertices: Floats, thickness: float, drop: float, rng: np.random.Generator
) -> tuple[Floats, Integers, Floats]:
    """A sheet that falls from the temples round the back of the head."""
    columns, rows = 72, 26
    opening = rng.uniform(1.0, 1.25)
    angle = np.linspace(opening, 2 * np.pi - opening, columns)
    skin = head_model().part == SKIN
    band = vertices[skin & (np.abs(vertices[:, 1] - 30) < 45)]
    theta = np.mod(around(band), 2 * np.pi)
    reach = np.hypot(band[:, 0], band[:, 2] - AXIS_Z)
    widest = np.array([reach[np.abs(theta - a) < 0.16].max(initial=60.0) for a in angle])
    widest = np.convolve(np.pad(widest, 4, mode="edge"), np.ones(9) / 9, mode="valid")
    t = np.linspace(0, 1, rows)[:, None]
    ragged = drop * (
        1 + 0.06 * np.sin(9 * angle + rng.uniform(0, 6)) + 0.03 * rng.normal(size=columns)
    )
    height = 88 - (88 + ragged) * t  # (R, C)
    dome = np.sqrt(np.clip(1 - (np.clip(height + 5, 0, None) / 128) ** 2, 0.05, 1))
    flow = 1 + 0.05 * np.sin(7 * angle + rng.uniform(0, 6)) + 0.03 * np.sin(17 * angle + 4 * t)
    radius = (widest + 0.6 * thickness + 3) * dome * flow
    back = np.abs(np.pi - angle) < 1.2
    radius = radius * np.where(back & (height < -60), 0.86, 1.0)
    points = np.stack(
        [
            radius * np.sin(angle),
            np.broadcast_to(height, radius.shape),
            radius * np.cos(angle) + AXIS_Z,
        ],
        axis=-1,
    )
    signed = np.broadcast_to(np.where(angle > np.pi, angle - 2 * np.pi, angle), radius.shape)
    coordinates = np.stack([signed, height], axis=-1)
    return (
        points.reshape(-1, 3).astype(np.float32),
        grid_triangles(rows, columns),
        coordinates.reshape(-1, 2).astype(np.float32),
    )
