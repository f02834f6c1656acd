"""Where a presentation meets the sensors: scene, crop, light, three pictures.

The crop follows the convention of every face crop in this package: a square centred midway between
the middle of the eyes and the mouth, its side 3 x max(eye to eye, middle of the eyes to mouth) in
the picture, times a margin.

Axes: H pixels per side of the crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unmask.capture.crop import face_frame
from unmask.sim.depth_sensors import Echo, measure
from unmask.sim.filters import shift
from unmask.sim.heads import Floats
from unmask.sim.light import InfraredLight, draw_room
from unmask.sim.mesh import Part
from unmask.sim.plan import Acquisition, Plan
from unmask.sim.render import Hits, Window, shade_colour, shade_infrared, trace
from unmask.sim.room import wall
from unmask.sim.sensors import expose, take_infrared
from unmask.sim.sites import SITES

OVERSAMPLE = 2


@dataclass(slots=True, kw_only=True)
class Presented:
    """What stands before the lens, and where its face is (camera coordinates, mm)."""

    parts: list[Part]
    face_points: Floats  # (3, 3) left eye, right eye, mouth


@dataclass(slots=True, kw_only=True)
class Capture:
    """What the sensors wrote."""

    rgb: npt.NDArray[np.uint8]  # (H, H, 3)
    depth: npt.NDArray[np.uint16]  # (H, H) millimetres, 0 = hole
    infrared: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]  # (H, H)


def crop_window(
    face_points: Floats, margin: float, shift: tuple[float, float] = (0.0, 0.0)
) -> Window:
    """The crop around three points (3, 3): left eye, right eye, mouth."""
    flat = face_points[:, :2] / -face_points[:, 2:]  # (3, 2)
    middle, side = face_frame(*flat)
    side *= margin
    centre = middle + np.array(shift) * side
    return Window(centre=(float(centre[0]), float(centre[1])), half=side / 2)


def capture(plan: Plan, presented: Presented, image_size: int) -> Capture:
    """Light the scene and let the site's three sensors look at it."""
    site, at = SITES[plan.site], plan.acquisition
    rng = plan.rng(1)
    window = crop_window(presented.face_points, at.margin, at.shift)
    parts = [*presented.parts, wall(rng, at.distance, site.gap)]
    side = OVERSAMPLE * image_size
    hits = trace(parts, window, side)
    room = draw_room(rng, site.kelvin, site.contrast)
    radiance = shade_colour(hits, room, rng)
    tint = room.ambient + sum(lamp.colour for lamp in room.lamps)
    rgb = expose(radiance, site.colour, image_size, tint, rng)
    offset = rng.uniform(18, 45) * np.array([np.cos(a := rng.uniform(0, 6.3)), np.sin(a), 0])
    beam = InfraredLight(position=offset.astype(np.float32), ambient=at.infrared_ambient)
    dx, dy, ix, iy = (o * image_size / 128 * OVERSAMPLE for o in at.misregistration)
    echo = _echo(hits, (dx, dy))
    depth = measure(echo, site.depth, image_size, rng)
    if site.gate:
        depth = np.where(depth < at.distance + site.gate, depth, 0).astype(np.uint16)
    glow = shift(shade_infrared(hits, beam), (ix, iy), whole=False)
    infrared = take_infrared(glow, site.infrared, at.infrared_gain, image_size, rng)
    return Capture(rgb=rgb, depth=depth, infrared=infrared)


def _echo(hits: Hits, offset: tuple[float, float]) -> Echo:
    """What a depth camera beside the colour camera gets back."""
    z = -hits.position[:, 2]
    view = -hits.position / np.linalg.norm(hits.position, axis=1, keepdims=True)
    facing = np.clip(np.einsum("nc,nc->n", hits.normal, view), 0, 1)
    paint = hits.paint
    signal = paint.infrared * facing * (600.0 / z) ** 2
    glare = 12 * paint.specular * facing ** (4 / np.maximum(paint.roughness, 0.1) ** 2)
    pictures = (shift(hits.picture(v), offset, whole=True) for v in (z, signal, glare))
    depth, returned, mirrored = pictures
    return Echo(depth=depth, signal=returned, glare=mirrored)


def eyes_place(at: Acquisition) -> Floats:
    """Where the middle of the eyes goes, camera coordinates."""
    return np.array([at.across * at.distance, at.up * at.distance, -at.distance], np.float32)
