"""Skin, brows, beard and scalp, painted once per person on a map around the skull.

The map is a cylinder over home coordinates: columns are the angle about the skull's axis, rows the
height. Colour comes from melanin and blood (materials.py), so that one map gives colour and
infrared. Hair strokes are plan as lines; where they lie is kept as coverage.

Axes: H rows and W columns of the map, N points on the surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

import cv2
import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from unmask.sim.heads import AXIS_Z, SKIN, Floats, around, head_model
from unmask.sim.materials import encode, hair_infrared, linear, skin_reflectance
from unmask.sim.people import Person

HEIGHT, WIDTH = 400, 640
TOP, BOTTOM = 135.0, -185.0  # mm, home coordinates


@dataclass(frozen=True, slots=True, kw_only=True)
class SkinMap:
    """What is painted, 8 bits per channel: display-encoded colour, infrared, hair cover, relief."""

    colour: npt.NDArray[np.uint8]  # (H, W, 3)
    rest: npt.NDArray[np.uint8]  # (H, W, 3) infrared, hair cover, relief (128 = flat)

    def look_up(self, home: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Linear colour (N, 3), infrared (N,), hair cover (N,), relief (N,) at points (N, 3)."""
        column = (around(home) / (2 * np.pi) + 0.5) * WIDTH - 0.5
        row = (TOP - home[:, 1]) / (TOP - BOTTOM) * HEIGHT - 0.5
        colour = sample(self.colour, column, row) / 255
        rest = sample(self.rest, column, row) / 255
        return linear(colour), rest[:, 0], rest[:, 1], rest[:, 2] - 0.5

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


def noise(rng: np.random.Generator, cell: float, stretch: float = 1.0) -> Floats:
    """Smooth standard normal noise over the map; ``cell`` in mm, ``stretch`` along the height."""
    rows = max(2, int((TOP - BOTTOM) / (cell * stretch)))
    columns = max(2, int(560 / cell))
    coarse = rng.standard_normal((rows, columns)).astype(np.float32)
    coarse[:, -1] = coarse[:, 0]
    return np.asarray(
        cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.float32
    )


@cache
def places() -> tuple[Floats, Floats, Floats, Floats]:
    """Angle (H, W), height (H, W), and home x and z (H, W) of the skin seen there."""
    row, column = np.mgrid[0:HEIGHT, 0:WIDTH]
    angle = ((column + 0.5) / WIDTH - 0.5) * 2 * np.pi
    height = TOP - (row + 0.5) / HEIGHT * (TOP - BOTTOM)
    model = head_model()
    outer = (model.part == SKIN) & (np.hypot(model.home[:, 0], model.home[:, 2] - AXIS_Z) > 45)
    home = model.home[outer]
    radius = np.hypot(home[:, 0], home[:, 2] - AXIS_Z)
    tree = cKDTree(np.stack([85 * around(home), home[:, 1]], axis=1))
    distance, near = tree.query(np.stack([85 * angle.ravel(), height.ravel()], axis=1), k=6)
    weight = 1 / (distance + 1)
    r = (radius[near] * weight).sum(1) / weight.sum(1)
    r = r.reshape(HEIGHT, WIDTH)
    return (
        angle.astype(np.float32),
        height.astype(np.float32),
        (r * np.sin(angle)).astype(np.float32),
        (r * np.cos(angle) + AXIS_Z).astype(np.float32),
    )


def spot(x: float, y: float, width: float, tall: float, *, both: bool = True) -> Floats:
    """A soft patch on the face at (x, y) mm, mirrored when ``both``."""
    angle, height, px, _ = places()
    side = np.abs(px) if both else px
    patch = np.exp(-(((side - x) / width) ** 2) - ((height - y) / tall) ** 2)
    return np.asarray(patch * (np.abs(angle) < 1.7), np.float32)


def hairline(angle: Floats) -> Floats:
    """Height of the hairline, mm, by angle from the nose: brow, temple, sideburn, nape."""
    knots = np.radians([0, 25, 45, 58, 70, 84, 100, 125, 180])
    heights = [84, 82, 70, 46, 34, -8, 4, -48, -62]
    return np.interp(np.abs(angle), knots, heights).astype(np.float32)


@lru_cache(maxsize=100)
def skin_map(person: Person) -> SkinMap:
    """Paint a person."""
    rng = np.random.default_rng(person.paint_seed)
    melanin, blood = _pigments(person, rng)
    colour, infrared = skin_reflectance(melanin, blood)
    cover = np.maximum(_scalp_cover(person, rng), _beard_cover(person, rng))
    strokes = _brow_cover(person, rng)
    hair = person.hair_colour
    cover = np.maximum(cover, strokes)
    mixed = colour * (1 - cover[..., None]) + hair * cover[..., None]
    infrared = infrared * (1 - cover) + float(hair_infrared(hair)) * cover
    relief = 0.5 * noise(rng, 1.2) + 0.35 * noise(rng, 3.0)
    rest = np.stack([infrared, cover, 0.5 + 0.12 * relief], axis=-1)
    return SkinMap(
        colour=np.round(255 * encode(mixed)).astype(np.uint8),
        rest=np.round(255 * np.clip(rest, 0, 1)).astype(np.uint8),
    )


def _pigments(person: Person, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Melanin and blood (H, W)."""
    age = (person.age + 1.7) / 3.4
    mottle = 0.05 * noise(rng, 24) + 0.05 * noise(rng, 7) + 0.035 * noise(rng, 1.6)
    melanin = person.melanin * np.exp((0.8 + 0.5 * age) * mottle)
    melanin *= 1 + 0.22 * spot(28, -14, 15, 7) + 0.18 * spot(30, 4, 17, 12)  # below, over the eyes
    freckle = np.clip(noise(rng, 2.2) - 1.25, 0, 1.2) * person.freckles
    melanin += freckle * 0.35 * (spot(22, -28, 26, 22) + 0.3)
    for _ in range(rng.integers(0, 4)):
        x, y = rng.uniform(-55, 55), rng.uniform(-105, 60)
        melanin += rng.uniform(0.4, 1.0) * spot(x, y, 1.1, 1.1, both=False)
    blood = person.blood * (1 + 0.10 * noise(rng, 14) + 0.07 * noise(rng, 3.5))
    blood *= 1 + rng.uniform(0.2, 0.8) * spot(38, -36, 18, 17)  # cheeks
    blood *= 1 + rng.uniform(0.2, 0.7) * spot(0, -42, 14, 12)  # nose
    blood *= 1 + 0.25 * spot(28, -12, 14, 6) + 0.2 * spot(0, -100, 20, 12)
    return melanin.astype(np.float32), np.clip(blood, 0.05, 2).astype(np.float32)


def _scalp_cover(person: Person, rng: np.random.Generator) -> Floats:
    """Cropped hair on the scalp, seen as skin through stubble."""
    angle, height, _, _ = places()
    if person.hair_style == "bald":
        crown = np.interp(np.abs(angle), np.radians([0, 70, 95, 180]), [140, 90, 45, 25])
        over = np.clip((height - hairline(angle)) / 14, 0, 1) * np.clip((crown - height) / 25, 0, 1)
        density = 0.5
    else:
        ragged = hairline(angle) + 4 * noise(rng, 10) + 2 * noise(rng, 3)
        over = np.clip((height - ragged) / 11 + 0.5, 0, 1)
        density = 0.80 if person.hair_style == "shaved" else 0.95
    grain = np.clip(0.85 + 0.18 * noise(rng, 1.3) + 0.1 * noise(rng, 4), 0, 1)
    return np.asarray(over * density * grain, np.float32)


def _beard_cover(person: Person, rng: np.random.Generator) -> Floats:
    angle, height, x, _ = places()
    if person.beard == 0:
        return np.zeros_like(angle)
    side = np.abs(angle)
    upper = np.interp(
        side, [0.0, 0.28, 0.42, 0.75, 1.15, 1.40, 1.6], [-54, -57, -66, -66, -48, 0, 0]
    )
    lower = np.interp(side, [0.0, 0.9, 1.3, 1.5, 1.7], [-138, -128, -95, -60, -20])
    patch = np.clip((upper - height) / 9, 0, 1) * np.clip((height - lower) / 16, 0, 1)
    patch *= np.clip((1.52 - side) / 0.12, 0, 1)
    lips = np.hypot(x / 28, (height + 74.5) / 12.5)
    patch *= np.clip((lips - 0.9) / 0.25, 0, 1)
    patch *= 1 - 0.5 * np.exp(-((np.abs(x) / 17) ** 2) - ((height + 92) / 5) ** 2)  # under the lip
    grain = np.clip(0.75 + 0.45 * noise(rng, 1.0) + 0.2 * noise(rng, 5), 0, 1.2)
    strength = np.interp(person.beard, [0, 0.25, 0.5, 0.8, 1], [0, 0.18, 0.38, 0.72, 0.92])
    return np.asarray(np.clip(patch * grain * strength, 0, 1), np.float32)


def _brow_cover(person: Person, rng: np.random.Generator) -> Floats:
    """Brows as strokes along an arch over each eye."""
    cover = np.zeros((HEIGHT, WIDTH), np.uint8)
    masculine = (1 - person.femininity) / 2
    arch = rng.uniform(1.5, 5.0) * (1.2 - 0.6 * masculine)
    thick = rng.uniform(1.8, 3.2) + 1.6 * masculine
    base = 13.5 + rng.uniform(-1.5, 1.5)
    _, _, px, _ = places()
    middle = int((TOP - base) / (TOP - BOTTOM) * HEIGHT)
    half = px[middle, WIDTH // 2 :]  # x along the brow's row, left half of the face
    half, steps = half[: WIDTH // 4], np.arange(WIDTH // 4)
    for side in (-1, 1):
        for _ in range(int(95 + 70 * thick)):
            t = rng.beta(1.15, 1.25)
            x = 12.5 + 38 * t
            taper = np.interp(t, [0, 0.15, 0.65, 1], [0.6, 1, 0.8, 0.2])
            y = base + arch * np.sin(np.pi * min(t * 0.85 + 0.05, 1)) - 2.5 * max(t - 0.7, 0) / 0.3
            y += rng.uniform(-0.5, 0.5) * thick * taper
            lean = np.radians(np.interp(t, [0, 0.3, 1], [75, 35, -14]) + rng.normal(0, 9))
            length = rng.uniform(3.0, 6.0)
            ends = [(x, y), (x + length * np.cos(lean), y + length * np.sin(lean))]
            points = [
                (
                    (np.interp(ex, half, steps) * side + WIDTH / 2) * 16,
                    (TOP - ey) / (TOP - BOTTOM) * HEIGHT * 16,
                )
                for ex, ey in ends
            ]
            (x0, y0), (x1, y1) = np.round(points).astype(int).tolist()
            level = int(rng.uniform(90, 215))
            cv2.line(cover, (x0, y0), (x1, y1), level, 1, cv2.LINE_AA, shift=4)
    soft = cv2.GaussianBlur(cover.astype(np.float32) / 255, (0, 0), 0.8)
    return np.asarray(np.clip(1.25 * soft, 0, 0.93), np.float32)
