"""Where a presentation meets the sensors: scene, crop, light, three pictures.

The crop follows the convention of every face crop in this package: a square centred midway between
the middle of the eyes and the mouth, its side 4 x max(eye to eye, middle of the eyes to mouth) in
the picture, times a margin.

Axes: H pixels per side of the crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unmask.sim.draw import Acquisition, Draw
from unmask.sim.heads import Floats
from unmask.sim.light import InfraredLight, draw_room
from unmask.sim.mesh import Part
from unmask.sim.render import Hits, Window, shade_colour, shade_infrared, trace
from unmask.sim.room import wall
from unmask.sim.sensors import expose, measure_depth, shift_picture, take_infrared
from unmask.sim.sites import SITES

CROP_SIDE = 4.0
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
    eyes = (flat[0] + flat[1]) / 2
    span = max(np.linalg.norm(flat[0] - flat[1]), np.linalg.norm(eyes - flat[2]))
    side = CROP_SIDE * float(span) * margin
    centre = (eyes + flat[2]) / 2 + np.array(shift) * side
    return Window(centre=(float(centre[0]), float(centre[1])), half=side / 2)


def capture(drawn: Draw, presented: Presented, image_size: int) -> Capture:
    """Light the scene and let the site's three sensors look at it."""
    site, at = SITES[drawn.site], drawn.acquisition
    rng = drawn.rng(1)
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
    depth, infrared = _active_sensors(hits, beam, drawn, image_size, rng)
    return Capture(rgb=rgb, depth=depth, infrared=infrared)


def _active_sensors(
    hits: Hits, beam: InfraredLight, drawn: Draw, image_size: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint8] | npt.NDArray[np.uint16]]:
    site, at = SITES[drawn.site], drawn.acquisition
    true_depth = hits.picture(-hits.position[:, 2])
    radiance = shade_infrared(hits, beam)
    view = -hits.position / np.linalg.norm(hits.position, axis=1, keepdims=True)
    facing = np.clip((hits.normal * view).sum(axis=1), 0, 1)
    fall = (600.0 / -hits.position[:, 2]) ** 2
    signal = hits.picture(hits.paint.infrared * facing * fall)
    glare = hits.picture(
        hits.paint.specular * 12 * facing ** (4 / np.maximum(hits.paint.roughness, 0.1) ** 2)
    )
    scale = image_size / 128 * OVERSAMPLE
    dx, dy, ix, iy = (o * scale for o in at.misregistration)
    true_depth, signal, glare = (
        shift_picture(p, (dx, dy), nearest=True) for p in (true_depth, signal, glare)
    )
    radiance = shift_picture(radiance, (ix, iy), nearest=False)
    depth = measure_depth(true_depth, signal, glare, site.depth, image_size, rng)
    level = take_infrared(radiance, site.infrared, at.infrared_gain, image_size, rng)
    if site.gate:
        depth = np.where(depth < at.distance + site.gate, depth, 0).astype(np.uint16)
    if site.infrared.bits == 8:
        return depth, np.round(255 * level).astype(np.uint8)
    return depth, (np.round(1023 * level) * 64).astype(np.uint16)  # 10 bits in 16


def eyes_place(at: Acquisition) -> Floats:
    """Where the middle of the eyes goes, camera coordinates."""
    return np.array([at.across * at.distance, at.up * at.distance, -at.distance], np.float32)
