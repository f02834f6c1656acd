"""A portrait or a film shown on a phone, tablet, laptop or monitor.

The screen gives off red, green and blue light and hardly anything at 850 nm: in infrared it is a
dark glossy plate with a glint. In colour it is the hardest of the three; what it has is moire,
bezel, smudges, reflected windows, bands of its refresh (display.py). Depth meets glass: holes and
patches of wrong depth inside a bezel that stands where it should.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from unmask.sim.body.heads import Floats
from unmask.sim.craft.display import Screen, Sight, draw_smudges, draw_windows, paint_screen
from unmask.sim.craft.holding import Manner, held_turn, hold
from unmask.sim.craft.photo import Photo, found_photo
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Part, box, plate, rotation
from unmask.sim.plan import Plan
from unmask.sim.sites import EVERY_SITE
from unmask.sim.stage import Presented

HANDS = Manner()


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A kind of screen. Millimetres; pairs are ranges, but for ``lit``."""

    lit: tuple[float, float]
    """Width and height of the lit area."""
    bezel: tuple[float, float]
    depth: float
    pitch: tuple[float, float]
    """From pixel to pixel."""
    corner: float = 0.5
    """Radius of the lit area's corners."""
    glossy: float = 1.0
    """Chance of bare glass; else it is coated and matte."""
    brightness: tuple[float, float] = (0.5, 1.8)
    """Radiance of its white, white paper in the room being 1."""
    lip: float = 0.0
    """How far the bezel stands out before the glass."""
    manner: Manner = HANDS


DEVICES = {
    "phone": Device(
        lit=(69, 149), bezel=(2, 5), depth=8, pitch=(0.055, 0.08), corner=8, brightness=(0.6, 2.4)
    ),
    "tablet": Device(lit=(180, 240), bezel=(6, 16), depth=7, pitch=(0.08, 0.14), corner=3),
    "laptop": Device(
        lit=(310, 195), bezel=(5, 16), depth=6, pitch=(0.12, 0.21), glossy=0.4, lip=1.2,
        manner=Manner(below=0.0, both=0.4, bystander=0.3),
    ),
    "monitor": Device(
        lit=(530, 300), bezel=(8, 18), depth=28, pitch=(0.18, 0.29), glossy=0.2, lip=2.0,
        manner=Manner(below=0.0, both=0.0, bystander=0.1),
    ),
}  # fmt: skip
VARIANTS = {"phone": 0.3, "tablet": 0.3, "laptop": 0.22, "monitor": 0.18}


def present(plan: Plan) -> Presented:
    """Show a portrait of the subject on a screen and hold it up."""
    rng, name = plan.rng(0), plan.pick(VARIANTS)
    device, site = DEVICES[name], EVERY_SITE[plan.site]
    photo = found_photo(plan, moving=bool(rng.random() < 0.5))  # a film, or a still picture
    screen = draw_screen(rng, photo, device, plan.moment.frame)
    if site.scene == "outdoors":  # where white paper is brighter than screens can be
        screen = replace(screen, brightness=0.5 * screen.brightness)
    turn = held_turn(plan)

    def see(c: Floats) -> Sight:
        return Sight(
            uv=c[:, :2],
            position=c[:, 2:],
            turn=turn,
            distance=plan.acquisition.distance,
            focal=site.colour.focal,
        )

    vertices, triangles, uv = plate(screen.size)
    lit = Part(
        vertices=vertices,
        triangles=triangles,
        coordinates=uv,
        paint=lambda c: paint_screen(see(c), photo, screen),
    )
    bezel = float(rng.uniform(*device.bezel))
    outer = (screen.size[0] + 2 * bezel, screen.size[1] + 2 * bezel)
    parts = [lit, case(rng, device, screen, outer)]
    if name == "laptop":
        parts.append(keyboard(rng, outer))
    face = (photo.landmarks * screen.half + screen.place).astype(np.float32)
    presented = hold(plan, parts, outer, face, rng, manner=device.manner)
    lit.coordinates = np.concatenate([uv, lit.vertices], axis=1)  # (V, 5): seen by the lens
    return presented


def draw_screen(rng: np.random.Generator, photo: Photo, device: Device, frame: int) -> Screen:
    """A screen; the face comes out near life size, as far as the device allows."""
    w, h = (float(v) for v in np.array(device.lit) * rng.uniform(0.94, 1.08))
    eyes = min(rng.uniform(50, 66), w * rng.uniform(0.34, 0.46), h * rng.uniform(0.20, 0.30))
    glossy, banded = rng.random() < device.glossy, rng.random() < 0.5
    begin, pace = rng.random(2)
    return Screen(
        size=(w, h),
        corner=device.corner,
        half=photo.half(eyes),
        place=(rng.uniform(-0.04, 0.04, 2) * (w, h)).astype(np.float32),
        margin=float(rng.choice([0.0, 0.03, 0.9], p=[0.6, 0.25, 0.15])),
        brightness=float(rng.uniform(*device.brightness)),
        tint=np.exp(rng.normal([-0.03, 0, 0.05], [0.05, 0.03, 0.05])).astype(np.float32),
        gamut=float(rng.uniform(0.8, 1.2)),
        black=float(rng.choice([0.0005, 0.002, 0.012])),
        pitch=float(rng.uniform(*device.pitch)),
        grid=float(rng.uniform(0.08, 0.5)),
        lean=float(rng.normal(0, rng.choice([0.1, 0.6], p=[0.7, 0.3]))),
        band=(
            float(rng.uniform(0.04, 0.2)) * banded,
            float(rng.uniform(1.5, 9)),
            float(begin + pace * frame),  # bands wander from frame to frame
        ),
        gloss=(0.04, 0.05) if glossy else (0.012, float(rng.uniform(0.2, 0.3))),
        panel=float(rng.choice([rng.uniform(0.012, 0.03), rng.uniform(0.03, 0.09)])),
        smudges=draw_smudges(rng),
        windows=draw_windows(rng),
    )


def case(
    rng: np.random.Generator, device: Device, screen: Screen, outer: tuple[float, float]
) -> Part:
    """What is around and behind the lit area: four bars before a flat box."""
    (w, h), (wide, tall) = screen.size, outer
    x, y, lip = (wide - w) / 2, (tall - h) / 2, device.lip
    solids = [  # width, height, depth; middle of the front
        ((wide, tall, device.depth), (0, 0, -0.3)),
        ((wide, y, lip + 0.3), (0, (tall - y) / 2, lip)),
        ((wide, y, lip + 0.3), (0, (y - tall) / 2, lip)),
        ((x, h, lip + 0.3), ((wide - x) / 2, 0, lip)),
        ((x, h, lip + 0.3), ((x - wide) / 2, 0, lip)),
    ]
    built = [(box(size), np.array(middle, np.float32)) for size, middle in solids]
    vertices = np.concatenate([v + middle for (v, _, _), middle in built])
    count = len(built[0][0][0])
    triangles = np.concatenate([t + k * count for k, ((_, t, _), _) in enumerate(built)])
    dark = rng.random() < 0.7
    level = rng.uniform(0.004, 0.03) if dark else rng.uniform(0.4, 0.8)
    infrared = rng.uniform(0.05, 0.25 if dark else 0.7)
    gloss = screen.gloss if device.lip == 0 else (0.04, 0.35)
    lens = np.array([0, tall / 2 - y / 2], np.float32)

    def paint(c: Floats) -> Paint:
        grey = np.full(3, level, np.float32)
        paint = Paint.uniform(len(c), Kind.PLASTIC, grey, infrared, gloss)
        near = ((c[:, :2] - lens) ** 2).sum(axis=1) < min(2.0, 0.4 * y) ** 2
        paint.colour[near], paint.infrared[near] = 0.01, 0.02
        return paint

    return Part(
        vertices=vertices,
        triangles=triangles.astype(np.int32),
        coordinates=vertices.copy(),
        paint=paint,
    )


def keyboard(rng: np.random.Generator, outer: tuple[float, float]) -> Part:
    """The other half of a laptop, open towards the lens."""
    deep = 0.68 * outer[0]
    v, t, c = box((outer[0], deep, 14.0))
    v = v @ rotation(0, -float(rng.uniform(60, 85)), 0).T
    v += np.array([0, -outer[1] / 2 - 3, -v[v[:, 2].argmin(), 2]], np.float32)
    shell = float(rng.choice([0.03, 0.1, 0.4]))
    keys = float(rng.choice([0.015, 0.03, 0.3], p=[0.5, 0.35, 0.15]))

    def paint(c: Floats) -> Paint:
        typed = (np.abs(c[:, 0]) < 0.44 * outer[0]) & (c[:, 1] > -0.05 * deep)
        typed &= (c[:, 1] < 0.42 * deep) & ((c[:, :2] % 19.0) < 15.5).all(axis=1)
        level = np.where(typed, keys, shell)[:, None].astype(np.float32)
        return Paint.uniform(
            len(c), Kind.PLASTIC, np.repeat(level, 3, axis=1), 0.1 + 0.6 * level[:, 0], (0.04, 0.4)
        )

    return Part(vertices=v.astype(np.float32), triangles=t, coordinates=c, paint=paint)
