"""Screens: the light of pixels seen through glass by a camera.

    emission = brightness * tint * (black + picture) * view * (1 + moire) * (1 + band) + mirrored

Moire: the grid has a stripe per `pitch`, the camera a column per pixel. What is seen of the two
is their beat: the phase of the stripes less the nearest whole number of turns per camera pixel.
Perspective is in that phase, so fringes curve and spread as they do on real screens, and red,
green and blue stripes, a third of a pitch apart, beat in three colours.

Axes: N points on the surface, W windows that are mirrored, S pixels per side of a texture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from unmask.sim.body.heads import Floats
from unmask.sim.body.skin import sample
from unmask.sim.craft.photo import Photo
from unmask.sim.optics.materials import Kind, Paint

FINEST = 0.2
"""Beats of this many cycles per camera pixel are seen at a third of their contrast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A lit plate and how it shows the picture. Lengths in mm."""

    size: tuple[float, float]
    """Lit area."""
    corner: float
    """Radius of its corners."""
    half: float
    """Half the side of the shown picture."""
    place: Floats  # (2,) middle of the shown picture
    margin: float
    """Level of the screen beside the picture, share of white."""
    brightness: float
    """Radiance of its white, white paper in the room being 1."""
    tint: Floats  # (3,)
    gamut: float
    """Saturation, that of the picture being 1."""
    black: float
    """Light that a black pixel leaks, share of white."""
    pitch: float
    """From pixel to pixel."""
    grid: float
    """Contrast of the pixel grid."""
    lean: float
    """How the level changes with the angle of view, per radian up or down."""
    band: tuple[float, float, float]
    """Depth of the refresh's bands, bands per unit of tangent, share of a band to begin with."""
    gloss: tuple[float, float]
    panel: float
    """Reflectance at 850 nm of what is behind the glass."""
    smudges: npt.NDArray[np.uint8]  # (S, S, 1) over the lit area
    windows: Floats  # (W, 5) mirrored: direction x, y, half width, half height (tangents), light


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """Points of a plate as a camera sees them."""

    uv: Floats  # (N, 2) mm on the plate
    position: Floats  # (N, 3) mm from the lens
    turn: Floats  # (3, 3) columns: right, up and out of the plate
    distance: float
    """Of the shown face, mm."""
    focal: float
    """Pixels of the camera's own picture per unit of tangent."""


def paint_screen(sight: Sight, photo: Photo, screen: Screen) -> Paint:
    """Glass over lit pixels."""
    uv = sight.uv
    u, v = uv.T
    place = (uv - screen.place) / screen.half
    shown = photo.at(place)  # (N, 3)
    shown[np.maximum(np.abs(place[:, 0]), np.abs(place[:, 1])) > 1] = screen.margin
    mixed = screen.gamut * np.eye(3) + (1 - screen.gamut) / 3
    white = screen.brightness * screen.tint
    shown = np.maximum(shown @ (mixed * white).astype(np.float32), 0) + screen.black * white
    shown *= _level(sight, screen)[:, None]
    shown *= moire(sight, screen)
    shown += mirrored(sight, screen)[:, None]
    glass = np.full(3, 0.012, np.float32)
    paint = Paint.uniform(len(uv), Kind.SCREEN, glass, screen.panel, screen.gloss)
    paint.emission[:] = shown
    side, (w, h) = screen.smudges.shape[0], screen.size
    dirt = sample(screen.smudges, (0.5 + u / w) * side, (0.5 - v / h) * side) / 255
    paint.colour += 0.04 * dirt
    paint.infrared += 0.04 * dirt[:, 0]
    return paint


def _level(sight: Sight, screen: Screen) -> Floats:
    """What angle, refresh and rounded corners leave of the light (N,)."""
    position, away = sight.position, -sight.position[:, 2]
    depth, rate, begin = screen.band
    angle = position @ sight.turn[:, 1] / away  # up or down, radians
    band = 1 + depth * np.sin(2 * np.pi * (begin - rate * position[:, 1] / away))
    w, h = screen.size
    across = np.maximum(np.abs(sight.uv[:, 0]) - (w / 2 - screen.corner), 0)
    up = np.maximum(np.abs(sight.uv[:, 1]) - (h / 2 - screen.corner), 0)
    lit = across * across + up * up <= screen.corner**2
    return np.asarray((1 - screen.lean * angle) * band * lit, np.float32)


def moire(sight: Sight, screen: Screen) -> Floats:
    """Factor (N, 3) on each colour's light."""
    position = sight.position
    pixel = position[:, :2] * (sight.focal / position[:, 2:])  # (N, 2), both axes reversed
    pitches = sight.distance / sight.focal / screen.pitch  # per camera pixel
    stripes = pitches * sight.turn[:2, :2].T  # along u and v: stripes per pixel right and up
    whole = np.round(stripes)
    finest = float(np.abs(stripes - whole).max())
    contrast = screen.grid * np.exp(-((finest / FINEST) ** 2) / 2) / (1 + 0.4 * pitches**2)
    if contrast < 0.01:
        return np.ones((1, 3), np.float32)
    phase = 2 * np.pi * (sight.uv / np.float32(screen.pitch) + pixel @ whole.T)
    waves = np.stack([np.cos(phase[:, 0]), np.sin(phase[:, 0]), np.cos(phase[:, 1])], axis=1)
    third = 2 * np.pi / 3 * np.arange(3)
    parts = contrast * np.stack([np.cos(third), -np.sin(third), np.full(3, 0.5)])
    return np.asarray(1 + waves @ parts.astype(np.float32), np.float32)


def mirrored(sight: Sight, screen: Screen) -> Floats:
    """Light (N,) of windows and lamps around the camera that the glass sends on to the lens."""
    normal = sight.turn[:, 2]
    ray = sight.position @ (np.eye(3, dtype=np.float32) - 2 * np.outer(normal, normal))
    across, up = ray[:, 0] / ray[:, 2], ray[:, 1] / ray[:, 2]
    light = np.zeros(len(ray), np.float32)
    for x, y, wide, tall, level in screen.windows:
        aside, above = np.abs(across - x), np.abs(up - y)
        if aside.min() < wide and above.min() < tall:
            edge = np.minimum(wide - aside, tall - above)
            bars = np.minimum(aside, above)
            light += level * np.clip(edge / 0.02, 0, 1) * np.clip(bars / 0.012 - 0.3, 0.2, 1)
    return np.asarray(screen.gloss[0] * light, np.float32)


def draw_smudges(rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Prints and wipes of fingers (S, S, 1), 255 where they are thickest."""
    side = 96
    cover = np.zeros((side, side), np.uint8)
    for _ in range(int(rng.integers(2, 14))):
        x, y = (int(v) for v in rng.integers(0, side, 2))
        length, angle = rng.uniform(0, 45) * (rng.random() < 0.4), rng.uniform(0, np.pi)
        end = (int(x + length * np.cos(angle)), int(y + length * np.sin(angle)))
        level, wide = int(rng.integers(40, 255)), int(rng.integers(4, 9))
        cv2.line(cover, (x, y), end, level, wide, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), 2.0)[..., None], np.uint8)


def draw_windows(rng: np.random.Generator) -> Floats:
    """Bright rectangles (W, 5) around the camera; wide ones are windows, narrow ones lamps."""
    count = int(rng.integers(1, 5))
    across, up = rng.uniform(-1.0, 1.0, count), rng.uniform(-0.3, 0.8, count)
    wide, tall = rng.uniform(0.04, 0.3, count), rng.uniform(0.04, 0.4, count)
    return np.stack([across, up, wide, tall, rng.uniform(1, 7, count)], axis=1).astype(np.float32)
