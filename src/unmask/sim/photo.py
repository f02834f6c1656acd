"""The picture of an enrolled person that an attacker prints, plays or casts.

Some other camera took it, in another room: its blur, noise, cast and compression are in the paper.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from unmask.sim.bust import bust, draw_look, pose
from unmask.sim.heads import Floats
from unmask.sim.light import draw_room
from unmask.sim.people import Person
from unmask.sim.render import shade_colour, trace
from unmask.sim.room import wall
from unmask.sim.sensors import ColourSensor, expose
from unmask.sim.stage import crop_window

CAMERA = ColourSensor(
    key_level=(0.17, 0.30), cast=0.05, blur=(0.3, 0.8), motion=0.8, photons=(2000, 12000)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A portrait and where its face is."""

    pixels: npt.NDArray[np.uint8]  # (P, P, 3)
    points: Floats  # (3, 2) left eye, right eye, mouth; -1 to 1, right and up


def photograph(person: Person, rng: np.random.Generator, side: int = 176) -> Photo:
    """Take a portrait of the head, with more or less around it."""
    distance = float(rng.uniform(600, 1500))
    yaw, pitch, roll = (float(a) for a in rng.normal(0, (7, 4, 3)))
    look = draw_look(rng, person, yaw, pitch)
    parts, face = bust(person, look)
    points = pose(parts, face, (yaw, pitch, roll), np.array([0, 0, -distance], np.float32))
    window = crop_window(points, float(rng.uniform(0.9, 1.6)))
    hits = trace([*parts, wall(rng, distance, (300, 2500))], window, side)
    room = draw_room(rng, (3000, 7000), (0.4, 0.85))
    tint = room.ambient + sum(lamp.colour for lamp in room.lamps)
    picture = expose(shade_colour(hits, room, rng), CAMERA, side, tint, rng)
    quality = int(rng.integers(50, 96))
    written = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    pixels = np.asarray(cv2.imdecode(written, cv2.IMREAD_COLOR), np.uint8)
    return Photo(pixels=pixels, points=window.project(points))
