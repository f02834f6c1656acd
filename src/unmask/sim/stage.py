"""Where a presentation meets the sensors: scene, crop, light, three pictures.

The crop follows the convention of every face crop in this package: a square centred midway between
the middle of the eyes and the mouth, its side 3 x max(eye to eye, middle of the eyes to mouth) in
the picture, times a margin.

Axes: H pixels per side of the crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from unmask.capture.crop import face_frame
from unmask.sim.body.heads import Floats
from unmask.sim.optics.filters import shift
from unmask.sim.optics.light import InfraredLight, draw_room
from unmask.sim.optics.materials import reflectance_at
from unmask.sim.optics.mesh import Part
from unmask.sim.optics.shading import shade_colour, shade_infrared
from unmask.sim.optics.tracing import Hits, Window, trace
from unmask.sim.plan import Acquisition, Plan
from unmask.sim.scene.room import wall
from unmask.sim.sensors.cameras import expose, take_infrared
from unmask.sim.sensors.depth import Echo, measure
from unmask.sim.sites import EVERY_SITE
from unmask.sim.truth import Truth, truth_of

OVERSAMPLE = 2
ROLLING = 0.006
"""Sideways motion of depth and infrared against colour (standard deviation), rows per row."""


@dataclass(slots=True, kw_only=True)
class Presented:
    """What stands before the lens, and where its face is (camera coordinates, mm)."""

    parts: list[Part]
    landmarks: Floats  # (L, 3) in the order of heads.LANDMARKS


@dataclass(slots=True, kw_only=True)
class Capture:
    """What the sensors wrote."""

    rgb: npt.NDArray[np.uint8]  # (H, H, 3)
    depth: npt.NDArray[np.uint16]  # (H, H) millimetres, 0 = hole
    infrared: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]  # (H, H)
    truth: Truth | None = None


def crop_window(
    landmarks: Floats, margin: float, shift: tuple[float, float] = (0.0, 0.0)
) -> Window:
    """The crop around left eye, right eye and mouth, the first three of (L, 3)."""
    flat = landmarks[:3, :2] / -landmarks[:3, 2:]  # (3, 2)
    middle, side = face_frame(*flat)
    side *= margin
    centre = middle + np.array(shift) * side
    return Window(centre=(float(centre[0]), float(centre[1])), half=side / 2)


def capture(
    plan: Plan, presented: Presented, image_size: int, *, with_truth: bool = False
) -> Capture:
    """Light the scene and let the site's three sensors look at it."""
    site, at = EVERY_SITE[plan.site], plan.acquisition
    rng, grain = plan.rng(1), plan.grain()
    window = crop_window(presented.landmarks, at.margin, at.shift)
    hits = trace(
        [*presented.parts, wall(plan.rng(6), plan.first_distance, site.gap, site.scene)],
        window,
        image_size,
        OVERSAMPLE,
    )
    room = draw_room(rng, site.light)
    tint = room.ambient + sum(lamp.colour for lamp in room.lamps)
    rgb = expose(shade_colour(hits, room), site.colour, image_size, tint, (rng, grain))
    beam = _illuminator(rng, at.infrared_ambient, site.infrared.wavelength)
    dx, dy, ix, iy = (o * image_size / 128 * OVERSAMPLE for o in at.misregistration)
    lean = grain.normal(0, ROLLING, 2)  # motion while the rows are read, in this frame
    echo = _echo(hits, beam, (dx, dy), float(lean[0]), image_size / (2 * window.half))
    depth = measure(echo, site.depth, image_size, grain)
    if site.gate:
        depth = np.where(depth < at.distance + site.gate, depth, 0).astype(np.uint16)
    glow = shift(shade_infrared(hits, beam), (ix, iy), whole=False, lean=float(lean[1]))
    gain = at.infrared_gain * (at.distance / 600) ** site.infrared.follow
    infrared = take_infrared(glow, site.infrared, gain, image_size, grain)
    if site.cutout:
        inside = oval(window.project(presented.landmarks), image_size, rng)
        rgb = (rgb * inside[..., None]).astype(np.uint8)
        depth = depth * (inside > 0.5)
        infrared *= inside > 0.5
    found = (
        truth_of(hits, window, presented.landmarks, (room, beam), image_size)
        if with_truth
        else None
    )
    return Capture(rgb=rgb, depth=depth, infrared=infrared, truth=found)


def _illuminator(rng: np.random.Generator, ambient: float, wavelength: int) -> InfraredLight:
    """Somewhere beside the lens."""
    reach, angle = rng.uniform(18, 45), rng.uniform(0, 2 * np.pi)
    position = reach * np.array([np.cos(angle), np.sin(angle), 0], np.float32)
    return InfraredLight(
        position=position.astype(np.float32), ambient=ambient, wavelength=wavelength
    )


def oval(landmarks: Floats, side: int, rng: np.random.Generator) -> Floats:
    """1 inside the outline of a face, 0 outside (H, H), as a set cut out on black has it.

    The outline follows eyes and mouth (L, 2; crop coordinates), not what is presented.
    """
    eyes, mouth = landmarks[:2].mean(axis=0), landmarks[2]
    down = mouth - eyes
    length = float(np.linalg.norm(down))
    centre = eyes + 0.22 * down
    tall, wide = length * rng.uniform(1.55, 1.8), length * rng.uniform(1.12, 1.3)
    angle = np.degrees(np.arctan2(down[0], -down[1]))
    middle = ((centre * [1, -1] + 1) / 2 * side * 16).astype(int)
    axes = (np.array([wide, tall]) / 2 * side * 16).astype(int)
    mask = np.zeros((side, side), np.uint8)
    turn = float(-angle)
    cv2.ellipse(mask, middle.tolist(), axes.tolist(), turn, 0, 360, 255, -1, cv2.LINE_AA, shift=4)
    return np.asarray(mask / np.float32(255), np.float32)


def _echo(
    hits: Hits, beam: InfraredLight, offset: tuple[float, float], lean: float, focal: float
) -> Echo:
    """What a depth camera beside the colour camera gets back."""
    paint, facing, z = hits.paint, hits.facing, -hits.position[:, 2]
    scattered = reflectance_at(beam.wavelength, paint.infrared, paint.kind)
    mirrored = paint.specular * (1 - paint.roughness)
    sharp = 4 / np.square(np.maximum(paint.roughness, 0.1))
    peak = np.exp(sharp * np.log(np.maximum(facing, 1e-6)))
    light = [
        scattered * facing * np.square(600 / z),
        0.1 * paint.specular * (sharp + 2) * peak,
        mirrored / (mirrored + scattered + 1e-3),
        beam.ambient * scattered * paint.openness,
    ]
    depth = shift(hits.picture(z), offset, whole=True, lean=lean)
    four = shift(hits.picture(np.stack(light, axis=1)), offset, whole=True, lean=lean)
    signal, glare, mirror, daylight = (np.ascontiguousarray(four[..., k]) for k in range(4))
    return Echo(
        depth=depth, signal=signal, glare=glare, mirror=mirror, daylight=daylight, focal=focal
    )


def eyes_place(at: Acquisition) -> Floats:
    """Where the middle of the eyes goes, camera coordinates."""
    return np.array([at.across * at.distance, at.up * at.distance, -at.distance], np.float32)
