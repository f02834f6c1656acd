"""The picture of an enrolled person that an attacker prints, plays or casts.

Some other camera took it, in another room: its blur, noise, cast and compression are in the paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from unmask.sim.body.bust import bust, draw_look, pose
from unmask.sim.body.heads import Floats
from unmask.sim.body.skin import sample
from unmask.sim.motion import STILL, Moment
from unmask.sim.optics.light import Lighting, draw_room
from unmask.sim.optics.materials import linear
from unmask.sim.optics.shading import shade_colour
from unmask.sim.optics.tracing import trace
from unmask.sim.people import Person
from unmask.sim.plan import Plan
from unmask.sim.scene.room import SCENES, wall
from unmask.sim.sensors.cameras import ColourSensor, expose
from unmask.sim.stage import crop_window

CAMERA = ColourSensor(
    key_level=(0.17, 0.30), cast=0.05, blur=(0.3, 0.8), motion=0.8, photons=(2000, 12000)
)

LIGHT = Lighting(kelvin=(3000, 7000), contrast=(0.4, 0.85))


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A portrait and where its face is."""

    pixels: npt.NDArray[np.uint8]  # (P, P, 3)
    landmarks: Floats  # (L, 2), -1 to 1, right and up
    skin: Floats  # (V, 2) where each vertex of the head is seen, likewise

    def at(self, place: Floats) -> Floats:
        """Linear light (N, 3) at places (N, 2) from -1 to 1, right and up; edges repeated."""
        half = self.pixels.shape[0] / 2
        found = sample(self.pixels, (1 + place[:, 0]) * half - 0.5, (1 - place[:, 1]) * half - 0.5)
        return linear(found / 255)

    def half(self, between_eyes: float) -> float:
        """Half the side (mm) at which it is shown for the eyes to lie ``between_eyes`` mm apart."""
        return float(between_eyes / np.linalg.norm(self.landmarks[0] - self.landmarks[1]))


SIDE = 224
"""Pixels of a photograph; one in four comes from a page that kept fewer."""
ALBUM = 3
"""Photographs that can be found of each person: attackers share them."""


def found_photo(plan: Plan, *, moving: bool = False) -> Photo:
    """A photograph of the subject that the attacker found; ``moving``: a frame of a film."""
    number = int(plan.rng(5).integers(ALBUM))
    return _from_album(plan.subject, number, plan.moment if moving else STILL)


@lru_cache(maxsize=32)
def _from_album(person: Person, number: int, moment: Moment) -> Photo:
    return photograph(person, (*person.paint_seed, 5, number), moment)


def photograph(person: Person, seed: tuple[int, ...], moment: Moment) -> Photo:
    """Take a portrait of the head, with more or less around it."""
    rng, side = np.random.default_rng(seed), SIDE
    distance = float(rng.uniform(600, 1500))
    yaw, pitch, roll = (float(a) for a in rng.normal(0, (7, 4, 3)))
    look = draw_look(rng, person, yaw, pitch).later(moment)
    parts, face = bust(person, look)
    points = pose(parts, face, (yaw, pitch, roll), np.array([0, 0, -distance], np.float32))
    window = crop_window(points, float(rng.uniform(0.9, 1.6)))
    scene = SCENES[int(rng.integers(len(SCENES)))]
    hits = trace([*parts, wall(rng, distance, (300, 2500), scene)], window, side // 2, 2)
    room = draw_room(rng, LIGHT)
    tint = room.ambient + sum(lamp.colour for lamp in room.lamps)
    kept = int(side * rng.choice([1.0, rng.uniform(0.45, 0.8)], p=[0.75, 0.25]))
    picture = expose(shade_colour(hits, room), CAMERA, kept, tint, (rng, rng))
    quality = int(rng.integers(50, 96))
    written = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    pixels = np.asarray(cv2.imdecode(written, cv2.IMREAD_COLOR), np.uint8)
    skin = window.project(parts[0].vertices)
    return Photo(pixels=pixels, landmarks=window.project(points), skin=skin)
