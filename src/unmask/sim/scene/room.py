"""What lies behind: a flat view of an office, a corridor, a laboratory or a street, out of focus.

The view hangs some way behind the face, so that depth cameras and the infrared lamp meet it there;
what is drawn on it (scenery.py) may seem farther away than that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from unmask.sim.body.heads import Floats
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Part, plate
from unmask.sim.scene.scenery import (
    DAYLIGHT,
    LAMP,
    MATTE,
    PAPER,
    SIDE,
    STEEL,
    Canvas,
    Tone,
    board,
    boxes,
    building,
    door,
    like,
    plant,
    poster,
    rack,
    shelf,
    tone,
    tree,
    window,
)

Thing = Callable[[Canvas, np.random.Generator, float, float], None]
"""Draws itself from a left edge (mm), so wide (mm)."""
Scene = Literal["office", "corridor", "laboratory", "outdoors"]
SCENES: tuple[Scene, ...] = ("office", "corridor", "laboratory", "outdoors")
VIEW = 0.55
"""Half the side of the drawn view, tangent of the angle; crops reach about 0.45."""


def wall(rng: np.random.Generator, distance: float, gap: tuple[float, float], scene: Scene) -> Part:
    """A view of a scene ``gap`` mm behind a face at ``distance`` mm."""
    z = distance + rng.uniform(*gap)
    vertices, triangles, uv = plate((2.2 * z, 2.2 * z))
    vertices[:, 2] = rng.uniform(-0.12, 0.12) * vertices[:, 0] - z
    canvas = DRAWN[scene](rng, VIEW * z)
    aperture = 1.5 * (14 / 1.5) ** rng.random()  # mm: from a webcam's to a portrait lens
    circle = aperture * (1 / distance - 1 / z)  # of confusion, tangent of the angle
    canvas.finish(rng, float(rng.uniform(0.02, 0.08)), 0.5 + 0.3 * circle / (2 * VIEW) * SIDE)

    def paint(c: Floats) -> Paint:
        found, infrared = canvas.look_up(c[:, 0], c[:, 1])
        glows = np.max(found, axis=1, keepdims=True) > 1.15  # brighter than uneven light on white
        matte = np.minimum(found, MATTE) * ~glows
        paper = Paint.uniform(len(c), Kind.BACKGROUND, matte, infrared, (0.0, 1.0))
        paper.emission[:] = found * glows
        paper.openness[:] = 0.75
        return paper

    return Part(vertices=vertices, triangles=triangles, coordinates=uv, paint=paint)


def office(rng: np.random.Generator, half: float) -> Canvas:
    """A painted wall with two or three of the things that offices have."""
    canvas = Canvas(half, _plaster(rng))
    _beside(canvas, rng, (shelf, poster, window, door, board, plant), 480.0)
    return canvas


def laboratory(rng: np.random.Generator, half: float) -> Canvas:
    """A studio backdrop, or a wall with racks and shelves."""
    if rng.random() < 0.5:
        return Canvas(half, tone(rng, 0.12, 0.8, 0.3, 0.8))
    canvas = Canvas(half, like(rng, PAPER, 0.12))
    joint = like(rng, STEEL, 0.2)
    for x in np.arange(-half + rng.uniform(0, 600), half, 600.0):
        canvas.box(float(x), -half, 14, 2 * half, joint)
    _beside(canvas, rng, (rack, boxes, board, door, shelf), 560.0)
    return canvas


def _plaster(rng: np.random.Generator) -> Tone:
    """A wall's paint: mostly a white, sometimes a colour; titanium white is bright at 850 nm."""
    if rng.random() < 0.6:
        return like(rng, PAPER, 0.15)
    return tone(rng, 0.15, 0.7, 0.45, 0.8)


def _beside(
    canvas: Canvas, rng: np.random.Generator, things: tuple[Thing, ...], wide: float
) -> None:
    """Place things side by side with free wall between them, in random order."""
    order = rng.permutation(len(things))
    x, half = -canvas.half - rng.uniform(0, wide), canvas.half
    for k in range(len(things)):
        width = wide * rng.uniform(0.7, 1.3)
        things[order[k]](canvas, rng, x, width)
        x += width + rng.uniform(0.1, 0.9) * wide
        if x > half:
            return


def corridor(rng: np.random.Generator, half: float) -> Canvas:
    """Walls, floor and ceiling that run to a door or a window far away."""
    scale = half / VIEW  # one unit of tangent
    across, high, low = rng.uniform(800, 1500), rng.uniform(800, 1200), rng.uniform(-1600, -1250)
    end, eye = rng.uniform(5000, 14000), rng.uniform(-0.22, 0.22)
    side = rng.uniform(-0.5, 0.5) * across

    def at(x: float, y: float, z: float) -> tuple[float, float]:
        return (eye + (x - side) / z) * scale, y / z * scale

    canvas = Canvas(half, like(rng, PAPER, 0.1))  # the ceiling
    near, plaster, floor = 700.0, _plaster(rng), tone(rng, 0.06, 0.5, 0.15, 0.5)
    for x in (-across, across):
        corners = ((x, low, near), (x, low, end), (x, high, end), (x, high, near))
        canvas.polygon([at(*c) for c in corners], like(rng, plaster, 0.15))
        for z in np.arange(1500 + rng.uniform(0, 1500), end - 900, rng.uniform(1800, 3200)):
            shut = like(rng, (0.3, 0.2, 0.11, 0.5), 0.6)
            top = low + 2050
            corners = ((x, low, z), (x, low, z + 900), (x, top, z + 900), (x, top, z))
            canvas.polygon([at(*c) for c in corners], shut)
    corners = ((-across, low, near), (across, low, near), (across, low, end), (-across, low, end))
    canvas.polygon([at(*c) for c in corners], floor)
    for z in np.arange(1200 + rng.uniform(0, 1200), end, rng.uniform(1500, 3000)):
        corners = ((-150, high, z), (150, high, z), (150, high, z + 600), (-150, high, z + 600))
        canvas.polygon([at(*c) for c in corners], LAMP)
    (left, bottom), (right, top) = at(-across, low, end), at(across, high, end)
    canvas.box(left, bottom, right - left, top - bottom, like(rng, plaster, 0.25))
    far = DAYLIGHT if rng.random() < 0.35 else tone(rng, 0.05, 0.4, 0.2, 0.6)
    w, h = right - left, top - bottom
    canvas.box(left + 0.25 * w, bottom, 0.5 * w, 0.8 * h, far)
    return canvas


def outdoors(rng: np.random.Generator, half: float) -> Canvas:
    """Sky, buildings, trees and pavement; sizes are angles, as all of it is far away."""
    unit = half / VIEW
    overcast = rng.random()
    sky = (0.6 + 0.7 * overcast, 0.9 + 0.5 * overcast, 1.45, 0.03 + 0.05 * overcast)
    canvas = Canvas(half, sky)
    for step in range(6):  # paler towards the horizon
        pale = 1 + 0.06 * step
        haze = (sky[0] * pale**2, sky[1] * pale, sky[2], sky[3])
        canvas.box(-half, -half, 2 * half, half * (1.5 - 0.12 * step), haze)
    x = -half - rng.uniform(0, 0.2) * unit
    while x < half:
        width = rng.uniform(0.15, 0.5) * unit
        if rng.random() < 0.75:
            building(canvas, rng, x, width, rng.uniform(0.1, 0.55) * unit)
        x += width * rng.uniform(0.9, 1.3)
    ground = tone(rng, 0.12, 0.4, 0.15, 0.35)
    lawn = (0.10, 0.16, 0.05, 0.5) if rng.random() < 0.5 else like(rng, ground, 0.4)
    canvas.box(-half, -half, 2 * half, half - 0.02 * unit, lawn)
    vanish = (rng.uniform(-0.3, 0.3) * unit, -0.02 * unit)
    left, right = rng.uniform(-1.6, -0.2) * half, rng.uniform(0.2, 1.6) * half
    canvas.polygon([vanish, (left, -half), (right, -half)], ground)
    for share in np.linspace(0, 1, int(rng.integers(2, 5))):
        canvas.line(vanish, (left + share * (right - left), -half), 8, like(rng, ground, 0.4))
    for _ in range(int(rng.integers(1, 5))):
        tree(canvas, rng, rng.uniform(-0.9, 0.9) * half, rng.uniform(0.2, 0.6) * unit)
    if rng.random() < 0.4:
        post = rng.uniform(-0.8, 0.8) * half
        canvas.line((post, -0.15 * unit), (post, half), 0.012 * unit, STEEL)
    return canvas


DRAWN = {
    "office": office,
    "corridor": corridor,
    "laboratory": laboratory,
    "outdoors": outdoors,
}
