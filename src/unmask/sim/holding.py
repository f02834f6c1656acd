"""How a flat thing that shows a face is held in front of the lens.

The thing is built around its own middle, facing +z, with the shown face at known (u, v). It is
turned and placed so that the middle of the shown eyes lies where the acquisition wants eyes, as for
a person. Fingers grip its edges; the holder may stand behind it.
"""

from __future__ import annotations

import numpy as np

from unmask.sim.bust import bust, draw_look, pose
from unmask.sim.heads import Floats
from unmask.sim.materials import Kind, Paint, skin_reflectance
from unmask.sim.mesh import Part, rotation, tube, vertex_normals
from unmask.sim.people import Person
from unmask.sim.plan import Plan
from unmask.sim.stage import Presented, eyes_place


def hold(
    plan: Plan,
    things: list[Part],
    size: tuple[float, float],
    face: Floats,
    rng: np.random.Generator,
) -> Presented:
    """Place ``things`` of ``size`` (mm) with a face at ``face`` (L, 2), mm from the middle."""
    at = plan.acquisition
    shake = plan.moment.tremor
    turn = rotation(at.yaw + shake[0], at.pitch + shake[1], at.roll + shake[2])
    points = np.concatenate([face, np.zeros((len(face), 1), np.float32)], axis=1)
    move = eyes_place(at) - (points[:2].mean(axis=0) @ turn.T)
    parts = [*things, *fingers(plan.wearer, size, rng)]
    for part in parts:
        part.vertices = (part.vertices @ turn.T + move).astype(np.float32)
        part.normals = vertex_normals(part.vertices, part.triangles)
    if rng.random() < 0.7:
        parts += _holder(plan, rng)
    return Presented(parts=parts, landmarks=(points @ turn.T + move).astype(np.float32))


def _holder(plan: Plan, rng: np.random.Generator) -> list[Part]:
    """The attacker, some way behind."""
    at = plan.acquisition
    look = draw_look(rng, plan.wearer, 0.0, 0.0).later(plan.moment)
    parts, face = bust(plan.wearer, look)
    place = eyes_place(at) + np.array(
        [rng.normal(0, 35), rng.normal(10, 40), -rng.uniform(150, 300)], np.float32
    )
    yaw, pitch, roll = (float(a) for a in rng.normal(0, (8, 5, 4)))
    pose(parts, face, (yaw, pitch, roll), place)
    return parts


def fingers(person: Person, size: tuple[float, float], rng: np.random.Generator) -> list[Part]:
    """Thumbs in front and fingers behind, at the lower sides."""
    parts = []
    colour, infrared = skin_reflectance(np.array(person.melanin), np.array(person.blood * 1.1))
    for sign in (-1.0, 1.0):
        if rng.random() < 0.35:
            continue
        y = -size[1] * rng.uniform(0.1, 0.45)
        x = sign * size[0] / 2
        for number in range(4):
            front = number == 0
            reach = rng.uniform(14, 26) if front else rng.uniform(4, 12)
            level = y + (6 if front else 24 - 19 * number)
            depth = 9.0 if front else -10.0
            along = np.linspace(0, 1, 7)[:, None]
            start = np.array([x + sign * 45, level - 14, -12.0])
            bend = np.array([x + sign * 10, level - 2, depth])
            tip = np.array([x - sign * reach, level + rng.uniform(-2, 6), depth * 0.9])
            path = (1 - along) ** 2 * start + 2 * along * (1 - along) * bend + along**2 * tip
            radius = np.array([9.5, 9.3, 9, 8.8, 8.6, 7.8, 0.5]) * rng.uniform(0.85, 1.1)
            v, t, c = tube(path.astype(np.float32), radius.astype(np.float32))
            parts.append(
                Part(
                    vertices=v, triangles=t, coordinates=c,
                    paint=lambda c: _finger(c, colour, float(infrared)),
                )
            )  # fmt: skip
    return parts


def _finger(c: Floats, colour: Floats, infrared: float) -> Paint:
    paint = Paint.uniform(len(c), Kind.SKIN, colour, infrared, (0.028, 0.5))
    paint.softness[:] = 1
    paint.openness[:] = 0.7
    return paint
