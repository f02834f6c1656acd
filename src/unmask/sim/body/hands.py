"""Hands that hold a sheet or a device by its edge: a thumb in front, four fingers behind.

A hand is built around the place where it grips: x away from the thing, y along its edge, z towards
the viewer; the forearm leaves along x. Fingers taper, thicken at the joints and end in nails.

Axes: J joints, P stations along a limb, S corners of its section, N points on the surface.
Painter's coordinates: mm from the tip, mm across, how far towards the back of the hand (-1 to 1),
and 1 for a sleeve.
"""

from __future__ import annotations

import numpy as np

from unmask.sim.body.clothes import Outfit, paint_cloth
from unmask.sim.body.heads import Floats, Integers
from unmask.sim.optics.materials import Kind, Paint, skin_reflectance
from unmask.sim.optics.mesh import Part, grid_triangles
from unmask.sim.people import Person

SIDES = 12
FREE_EDGE = (0.55, 0.50, 0.45)
"""Colour of a nail where it stands off the finger."""
Limb = tuple[Floats, Integers, Floats]
"""Vertices, triangles, coordinates."""


def hand(rng: np.random.Generator, tilt: float) -> Limb:
    """One hand with its wrist and sleeve, the forearm ``tilt`` radians below the x axis."""
    size = rng.uniform(0.9, 1.08)
    limbs = [_thumb(rng), *(_finger(rng, k) for k in range(4)), *_palm(rng)]
    v, t, c = join(limbs)
    cosine, sine = np.cos(-tilt), np.sin(-tilt)
    turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]], np.float32)
    return (size * v @ turn.T).astype(np.float32), t, c


def _thumb(rng: np.random.Generator) -> Limb:
    """Flat on the front, pointing inwards and up."""
    up, reach = rng.uniform(0.2, 0.8), rng.uniform(12, 30)
    ahead = np.array([-np.cos(up), np.sin(up), 0])
    bent = np.array([-np.cos(up - 0.4), np.sin(up - 0.4), 0.05])
    tip = np.array([-reach, rng.uniform(10, 22), 6.5])
    middle = tip - 31 * ahead + np.array([0, 0, 5.0])
    base = middle - 34 * bent + np.array([0, 0, -9.0])
    root = np.array([64.0, base[1] * 0.4 - 16, -16])
    radius = np.array([15.0, 11.0, 10.2, 8.2])
    return limb(np.stack([root, base, middle, tip]), radius, (0.3, 0.2, 1.0))


def _finger(rng: np.random.Generator, k: int) -> Limb:
    """Index (0) to little finger (3), behind the thing, its tip against the back of it."""
    length = (44.0, 48.0, 44.0, 34.0)[k] * rng.uniform(0.92, 1.05)
    level = (29.0, 9.0, -11.0, -29.0)[k]
    knuckle = np.array([40.0 - (5.0 if k == 3 else 0.0), level, -22])
    bend = np.array([knuckle[0] - length, level * 0.96 + rng.uniform(-1, 1), -20])
    tip = bend + np.array([-0.75 * length, rng.uniform(-3, 3), 11])
    radius = np.array([9.8, 8.8, 7.0]) * (0.86 if k == 3 else 1.0)
    return limb(np.stack([knuckle + np.array([14, 0, -1]), bend, tip]), radius, (0.0, 0.0, -1.0))


def _palm(rng: np.random.Generator) -> list[Limb]:
    """From the knuckles to the wrist, then the sleeve."""
    drop = rng.uniform(-10, 25)
    wrist = np.array([122.0, -6.0, -24.0])
    elbow = np.array([330.0, -6.0 - drop, -40.0])
    path = np.stack(
        [[36.0, 0, -20], [58.0, -1, -20], [92.0, -4, -22], wrist, 0.7 * wrist + 0.3 * elbow]
    )
    flat = [(36, 8), (40, 13.5), (35, 15.5), (27, 18.5), (29, 22)]
    cuff = wrist + np.array([rng.uniform(0, 30), 0, 0])
    sleeve = np.stack([cuff, 0.5 * (wrist + elbow), elbow])
    wide = np.array([34.0, 42.0, 50.0])
    return [
        limb(path, np.array(flat, float), (0.0, 0.0, -1.0), closed=False),
        limb(sleeve, np.stack([wide, wide * 0.85], 1), (0.0, 0.0, -1.0), closed=False, cloth=True),
    ]  # fmt: skip


def limb(
    joints: Floats,
    radius: Floats,
    back: tuple[float, float, float],
    *,
    closed: bool = True,
    cloth: bool = False,
) -> Limb:
    """A limb along joints (J, 3), of radius (J,) or half axes (J, 2: across and to the back)."""
    radius = radius if radius.ndim == 2 else np.stack([radius, radius], axis=1)
    step = np.linalg.norm(np.diff(joints, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(step)])
    end = radius[-1, 0]
    place = np.linspace(0, along[-1] - end, 11)
    if closed:  # stations crowd at the rounded tip
        place = np.concatenate([place, along[-1] - end * np.array([0.75, 0.5, 0.28, 0.12, 0.01])])
    else:
        place = np.append(place, along[-1])
    path = np.stack([np.interp(place, along, joints[:, k]) for k in range(3)], axis=1)
    path[1:-1] = 0.25 * path[:-2] + 0.5 * path[1:-1] + 0.25 * path[2:]
    axes = np.stack([np.interp(place, along, radius[:, k]) for k in range(2)], axis=1)  # (P, 2)
    if closed:
        swell = np.exp(-(((place[:, None] - along[1:-1]) / 6.0) ** 2)).sum(axis=1)
        left = np.clip((along[-1] - place) / end, 0, 1)
        axes = axes * (1 + 0.07 * swell)[:, None] * np.sqrt(1 - (1 - left) ** 2)[:, None]
    return _skin_over(path, axes, np.array(back), along[-1] - place, cloth=cloth)


def _skin_over(path: Floats, axes: Floats, back: Floats, left: Floats, *, cloth: bool) -> Limb:
    """Elliptic rings of half axes (P, 2) around a path (P, 3)."""
    ahead = np.gradient(path, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    rear = back - (ahead @ back)[:, None] * ahead
    rear /= np.linalg.norm(rear, axis=1, keepdims=True)
    side = np.cross(ahead, rear)
    angle = np.linspace(0, 2 * np.pi, SIDES, endpoint=False)
    across, up = np.cos(angle), np.sin(angle)
    offset = (axes[:, :1] * across)[..., None] * side[:, None] + (axes[:, 1:] * up)[
        ..., None
    ] * rear[:, None]  # (P, S, 3)
    vertices = path[:, None] + offset
    shape = (len(path), SIDES)
    coordinates = np.stack(
        [
            np.broadcast_to(left[:, None], shape),
            axes[:, :1] * across,
            np.broadcast_to(up, shape),
            np.full(shape, float(cloth)),
        ],
        axis=-1,
    )
    return (
        vertices.reshape(-1, 3).astype(np.float32),
        grid_triangles(*shape, closed=True),
        coordinates.reshape(-1, 4).astype(np.float32),
    )


def join(limbs: list[Limb]) -> Limb:
    """Several meshes as one."""
    starts = np.cumsum([0] + [len(v) for v, _, _ in limbs])
    triangles = [t + s for (_, t, _), s in zip(limbs, starts[:-1], strict=True)]
    return (
        np.concatenate([v for v, _, _ in limbs]),
        np.concatenate(triangles).astype(np.int32),
        np.concatenate([c for _, _, c in limbs]),
    )


def hand_part(limbs: list[Limb], person: Person, outfit: Outfit) -> Part:
    """Hands as one part, of a person's skin and sleeves."""
    v, t, c = join(limbs)
    return Part(
        vertices=v,
        triangles=t,
        coordinates=c,
        paint=lambda c: paint_hand(c, person, outfit),
        closed=True,
    )


def paint_hand(c: Floats, person: Person, outfit: Outfit) -> Paint:
    """Skin, lighter and redder inside the hand, with nails and creases; sleeves (N, 4)."""
    left, across, back = c[:, 0], c[:, 1], c[:, 2]
    inner = np.clip(0.4 - 1.2 * back, 0, 1)
    tip = np.exp(-((left / 14) ** 2))
    crease = np.exp(-(((left - 27) / 1.3) ** 2)) + 0.6 * np.exp(-(((left - 30.5) / 1.0) ** 2))
    crease *= np.clip(0.5 + back, 0.3, 1)
    blotch = 0.04 * np.sin(0.11 * left + 2 * np.sin(0.13 * across)) * np.sin(0.17 * across + 1)
    melanin = person.melanin * (1 - 0.42 * inner + 0.12 * crease + blotch)
    blood = person.blood * (1.1 + 0.35 * inner + 0.3 * tip + 0.5 * crease + 2 * blotch)
    nail = (np.abs(across) < 5.4) & (back > 0.45) & (left > 0.8) & (left < 13 - 0.08 * across**2)
    melanin = np.where(nail, 0.45 * melanin, melanin)
    blood = np.where(nail, 1.25 * person.blood, blood)
    colour, infrared = skin_reflectance(melanin, blood)
    colour[nail & (left < 2.6)] = FREE_EDGE
    paint = Paint.uniform(
        len(c), Kind.SKIN, colour * (1 - 0.15 * crease)[:, None], infrared, (0.028, 0.5)
    )
    paint.roughness[nail] = 0.3
    paint.softness[:] = 1
    paint.openness[:] = 0.75
    sleeve = np.flatnonzero(c[:, 3] > 0.5)
    behind, none = np.full(len(sleeve), -200.0), np.zeros(len(sleeve))
    body = np.stack([across[sleeve], left[sleeve], behind, none, none + 0.75], axis=1)
    paint.put(sleeve, paint_cloth(body, outfit))
    return paint
