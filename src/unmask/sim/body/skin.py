"""Skin, brows, beard and scalp, painted once per person on a map around the skull.

Colour comes from melanin, blood and carotene (materials.py), so that one map gives colour and
infrared. Hair strokes and creases lie over it.

Axes: H rows and W columns of the map (face_map.py), N points on the surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from unmask.sim.body.face_map import HEIGHT, WIDTH, columns_of, grain, noise, rows_of, spot
from unmask.sim.body.facial_hair import beard_cover, brow_cover, scalp_cover
from unmask.sim.body.heads import Floats, around
from unmask.sim.body.wrinkles import creases, oldness, shade_of
from unmask.sim.optics.materials import encode, hair_infrared, linear, skin_reflectance
from unmask.sim.people import Person

CAROTENE_RGB = np.array([0.0, 0.05, 0.26], np.float32)
"""What a golden undertone takes from each channel (log), over a third of it in rosy skin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkinMap:
    """What is painted, 8 bits per channel: display-encoded colour, infrared, hair cover, sheen."""

    colour: npt.NDArray[np.uint8]  # (H, W, 3)
    rest: npt.NDArray[np.uint8]  # (H, W, 3) infrared, hair cover, sheen (128 = that of the cheek)
    lips: Floats
    """Colour of the lips against the skin around them (3,)."""

    def look_up(self, home: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Linear colour (N, 3), infrared (N,), hair cover (N,), sheen (N,) at points (N, 3)."""
        column, row = columns_of(around(home)), rows_of(home[:, 1])
        colour = sample(self.colour, column, row) / 255
        rest = sample(self.rest, column, row) / 255
        return linear(colour), rest[:, 0], rest[:, 1], 2 * rest[:, 2]

    def mean_colour(self) -> Floats:
        """Mean linear colour (3,) of the middle of the face."""
        middle = self.colour[HEIGHT * 2 // 5 : HEIGHT * 2 // 3, WIDTH * 2 // 5 : WIDTH * 3 // 5]
        return np.asarray(linear(middle / 255).mean(axis=(0, 1)), np.float32)


def sample(texture: npt.NDArray[np.uint8], column: Floats, row: Floats) -> Floats:
    """Bilinear look-up of (H, W, 3) at N places, edges repeated; floats in the texture's units."""
    count = len(column)
    wide = 256
    padded = max(1, -(-count // wide)) * wide
    x, y = (np.zeros(padded, np.float32) for _ in range(2))
    x[:count], y[:count] = column, row
    picked = cv2.remap(
        texture.astype(np.float32) if texture.dtype != np.uint8 else texture,
        x.reshape(-1, wide),
        y.reshape(-1, wide),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return picked.reshape(padded, -1)[:count].astype(np.float32)


@lru_cache(maxsize=100)
def skin_map(person: Person) -> SkinMap:
    """Paint a person."""
    rng = np.random.default_rng(person.paint_seed)
    melanin, blood = _pigments(person, rng)
    colour, infrared = skin_reflectance(melanin, blood)
    colour = colour * np.exp(-(0.3 + 0.75 * person.undertone) * CAROTENE_RGB)
    depth = creases(person, rng)
    colour = colour * shade_of(depth) * (1 + 0.025 * grain(rng, 1.0))[..., None]
    infrared = infrared * (1 - 0.22 * depth)
    cover = np.maximum(scalp_cover(person, rng), beard_cover(person, rng))
    brows = brow_cover(person, rng)
    for share, grey in ((cover, person.grey), (brows, 0.4 * person.grey)):
        hair = person.hair_colour * (1 - grey) + 0.22 * grey
        colour = colour + (hair - colour) * share[..., None]
        infrared = infrared + (hair_infrared(hair) - infrared) * share
    cover = np.maximum(cover, brows)
    zone = 0.5 + 0.22 * spot(0, 45, 38, 22) + 0.25 * spot(0, -28, 12, 24) - 0.3 * depth
    sheen = zone + 0.06 * grain(rng, 1.4)
    rest = np.stack([infrared, cover, sheen], axis=-1)
    return SkinMap(
        colour=np.round(255 * encode(colour)).astype(np.uint8),
        rest=np.round(255 * np.clip(rest, 0, 1)).astype(np.uint8),
        lips=_lips(person, rng),
    )


def _pigments(person: Person, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Melanin and blood (H, W)."""
    old, own = oldness(person), person.melanin
    uneven = 0.6 * noise(rng, 26) + 0.4 * noise(rng, 8)
    melanin = own + 0.012 * (1 + old) * (0.4 + own) * uneven
    melanin += 0.10 * (0.3 + own) * (spot(30, -13, 15, 7) + 0.8 * spot(30, 6, 16, 9))  # the sockets
    melanin += 0.05 * own * (spot(0, -74, 30, 18) + spot(62, 20, 18, 40) + spot(0, 66, 50, 14))
    freckle = np.clip(grain(rng, 2.2) + 0.4 * noise(rng, 12) - 1.3, 0, 1.1) * person.freckles
    melanin += 0.30 * freckle * (spot(20, -24, 28, 22) + 0.15)
    aged = np.clip(grain(rng, 4.0) - 1.9, 0, 0.5) * np.clip(2 * old - 1, 0, 1)
    melanin += 0.4 * aged * (spot(40, 10, 25, 50) + 0.3)
    for _ in range(rng.integers(0, 4)):
        x, y, size = rng.uniform(-55, 55), rng.uniform(-105, 60), rng.uniform(0.8, 1.4)
        melanin += rng.uniform(0.3, 0.8) * spot(x, y, size, size, both=False)
    flush = rng.uniform(0.05, 0.45)
    blood = person.blood * (1 + 0.06 * noise(rng, 15) + 0.04 * grain(rng, 3.0))
    blood *= 1 + flush * spot(38, -34, 17, 16) + 1.2 * flush * spot(0, -40, 12, 12)  # cheeks, nose
    blood *= (
        1 + 0.25 * spot(28, -10, 14, 6) + 0.15 * spot(0, -100, 20, 12) + 0.3 * spot(84, 0, 9, 30)
    )
    blood *= 1 - 0.12 * spot(0, 45, 40, 22)
    return melanin.astype(np.float32), np.clip(blood, 0.05, 2).astype(np.float32)


def _lips(person: Person, rng: np.random.Generator) -> Floats:
    """Lips have more blood and some pigment; now and then they are painted."""
    fair = float(np.exp(-1.2 * person.melanin))
    own = np.array([0.90, 0.74, 0.76]) - fair * np.array([0.06, 0.22, 0.20]) * rng.uniform(0.6, 1.2)
    if person.femininity > 0.3 and rng.random() < 0.3:
        own = own * np.array([0.88, 0.58, 0.62]) ** rng.uniform(0.4, 1.1)
    return own.astype(np.float32)
