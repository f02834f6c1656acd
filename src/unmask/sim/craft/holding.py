"""How a thing that shows a face is held in front of the lens.

The thing is built around its own middle, facing +z, with the shown face at known (u, v). It is
turned and placed so that the middle of the shown eyes lies where the acquisition wants eyes, as for
a person. Hands grip its edges; the holder may stand behind it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.body.bust import Look, bust, draw_look, pose
from unmask.sim.body.hands import Limb, hand, hand_part
from unmask.sim.body.heads import Floats
from unmask.sim.craft.sheet import Surface, flat
from unmask.sim.optics.mesh import Part, rotation, vertex_normals
from unmask.sim.plan import Plan
from unmask.sim.stage import Presented, eyes_place

REACH = 15.0
"""mm over which a hand takes the slope of what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How things are held."""

    top: float = 0.0
    """Chance to hang from both upper corners."""
    below: float = 0.25
    """Chance to be held by the lower edge, else by the sides."""
    both: float = 0.65
    """Chance of two hands."""
    bystander: float = 0.7
    """Chance that the holder's head is behind."""


def hold(
    plan: Plan,
    things: list[Part],
    size: tuple[float, float],
    face: Floats,
    rng: np.random.Generator,
    surface: Surface = flat,
    manner: Manner = Manner(),
) -> Presented:
    """Place ``things`` of ``size`` (mm) with a face at ``face`` (L, 2), mm on their surface."""
    at = plan.acquisition
    turn = held_turn(plan)
    points = surface(face)  # (L, 3)
    move = eyes_place(at) - (points[:2].mean(axis=0) @ turn.T)
    look = draw_look(rng, plan.wearer, 0.0, 0.0).later(plan.moment)
    limbs = grips(size, rng, surface, manner)
    parts = [*things, hand_part(limbs, plan.wearer, look.outfit)]
    for part in parts:
        part.vertices = (part.vertices @ turn.T + move).astype(np.float32)
        part.normals = vertex_normals(part.vertices, part.triangles)
    if rng.random() < manner.bystander:
        parts += _holder(plan, look, rng)
    return Presented(parts=parts, landmarks=(points @ turn.T + move).astype(np.float32))


def held_turn(plan: Plan) -> Floats:
    """How a held thing is turned (3, 3): as a head would be, and trembling."""
    at, shake = plan.acquisition, plan.moment.tremor
    return rotation(at.yaw + shake[0], at.pitch + shake[1], at.roll + shake[2])


def _holder(plan: Plan, look: Look, rng: np.random.Generator) -> list[Part]:
    """The attacker, some way behind."""
    at = plan.acquisition
    parts, face = bust(plan.wearer, look)
    place = eyes_place(at) + np.array(
        [rng.normal(0, 35), rng.normal(10, 40), -rng.uniform(150, 300)], np.float32
    )
    yaw, pitch, roll = (float(a) for a in rng.normal(0, (8, 5, 4)))
    pose(parts, face, (yaw, pitch, roll), place)
    return parts


def grips(
    size: tuple[float, float], rng: np.random.Generator, surface: Surface, manner: Manner
) -> list[Limb]:
    """One or two hands at the edges of a thing, in its frame."""
    w, h = size[0] / 2, size[1] / 2
    top, below = rng.random() < manner.top, rng.random() < manner.below
    signs = (-1.0, 1.0) if top or rng.random() < manner.both else (float(rng.choice([-1, 1])),)
    limbs = []
    for sign in signs:
        if top:
            place, out, tilt = (sign * w * 0.97, h * 0.9), (sign, 0.35), rng.uniform(0.6, 1.1)
        elif below:
            place, out, tilt = (sign * w * rng.uniform(0.25, 0.8), -h), (0.15 * sign, -1.0), 0.0
            tilt = rng.uniform(-0.5, 0.1)
        else:
            place = (sign * w, h * rng.uniform(-0.85, 0.1))
            out, tilt = (sign, 0.0), rng.uniform(0.3, 1.0)
        limbs.append(_gripping(hand(rng, tilt), np.array(place), np.array(out), sign, surface))
    return limbs


def _gripping(grip: Limb, place: Floats, out: Floats, sign: float, surface: Surface) -> Limb:
    """A hand brought to the edge at ``place`` (2,), its forearm leaving towards ``out`` (2,).

    Inside the edge it follows the surface.
    """
    v, t, c = grip
    out = out / np.linalg.norm(out)
    along = sign * np.array([-out[1], out[0]])  # upwards at the sides, outwards below
    here, a, b = surface(np.stack([place, place - REACH * out, place + REACH * along]))
    x, y = (here - a) / np.linalg.norm(here - a), (b - here) / np.linalg.norm(b - here)
    z = np.cross(x, y)
    z = z * np.sign(z[2]) / np.linalg.norm(z)
    reached = surface(place + np.minimum(v[:, :1], 0) * out + v[:, 1:2] * along)  # (N, 3)
    placed = reached + np.maximum(v[:, :1], 0) * x + v[:, 2:] * z
    return placed.astype(np.float32), t if sign > 0 else t[:, ::-1], c
