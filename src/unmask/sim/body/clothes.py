"""Clothes: what is painted on the shoulders, and the collars that stand off the neck.

The neckline is a height over home coordinates; skin above it, cloth below. A collar is built along
the line where the two meet on the head that wears it.

Axes: V vertices of the body, A angles around the neck, R rows of a collar, N points.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from unmask.sim.body.heads import SKIN, Floats, Integers, head_model
from unmask.sim.body.skin import sample
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Part, grid_triangles, tube
from unmask.sim.scene.scenery import muted

NECK_Z = -100.0
"""The upright axis of the neck (home coordinates, mm)."""
STYLES = {"crew": 0.34, "v_neck": 0.12, "shirt": 0.22, "hoodie": 0.14, "jacket": 0.10,
          "turtleneck": 0.08}  # fmt: skip
PATTERNS = {"plain": 0.55, "stripes": 0.13, "check": 0.12, "melange": 0.20}
ANGLES = 56


@dataclass(frozen=True, slots=True, kw_only=True)
class Outfit:
    """What somebody wears."""

    style: str
    pattern: str
    base: float
    """Height of the neckline at the throat, mm."""
    colour: Floats  # (3,)
    second: Floats  # (3,) of the pattern, or of what is worn below
    infrared: float
    pitch: float
    """Of the pattern, mm."""


def draw_outfit(rng: np.random.Generator) -> Outfit:
    """Something that people wear indoors; at 850 nm dyes hide nothing, cloth is grey to light."""
    style = str(rng.choice(list(STYLES), p=list(STYLES.values())))
    pattern = str(rng.choice(list(PATTERNS), p=list(PATTERNS.values())))
    return Outfit(
        style=style,
        pattern="check" if style == "shirt" and pattern == "melange" else pattern,
        base=float(rng.uniform(-144, -132) if style == "turtleneck" else rng.uniform(-172, -158)),
        colour=muted(rng, 0.012, 0.75),
        second=muted(rng, 0.03, 0.85),
        infrared=float(rng.uniform(0.2, 0.75)),
        pitch=float(rng.uniform(9, 26)),
    )


def neckline(home: Floats, outfit: Outfit) -> Floats:
    """Height of the neckline (N,) at places (N, 3): a tilted plane, cut to a V in front."""
    x, z = np.abs(home[:, 0]), home[:, 2]
    level = outfit.base + 0.40 * np.clip(-45 - z, 0, 110)
    cut = {"v_neck": (48, 0.85), "shirt": (34, 1.15), "jacket": (8, 0.3)}.get(outfit.style)
    if cut:
        in_front = z > -110
        level = np.where(in_front, np.minimum(level, outfit.base - cut[0] + cut[1] * x), level)
    return np.asarray(level, np.float32)


def paint_cloth(c: Floats, outfit: Outfit) -> Paint:
    """Cloth at coordinates (N, 5): home, lips, openness."""
    colour = _pattern(c[:, 0], c[:, 1], outfit)
    infrared: Floats = np.full(len(c), outfit.infrared, np.float32)
    if outfit.style == "jacket":  # open over a T-shirt
        inner = np.abs(c[:, 0]) < 26 + 0.28 * (c[:, 1] + 160)
        inner &= c[:, 2] > -90
        colour[inner] = outfit.second
        infrared[inner] = 0.5
    if outfit.style == "shirt":  # the placket, with buttons
        placket = (np.abs(c[:, 0]) > 13.5) & (np.abs(c[:, 0]) < 14.6) & (c[:, 2] > -90)
        button = np.hypot(c[:, 0], np.mod(c[:, 1] + 210, 75) - 5) < 4.5
        colour = colour * (1 - 0.35 * placket)[:, None]
        colour[button & (c[:, 2] > -90)] = 0.5 * outfit.colour + 0.2
    fold = sample(_folds(), np.mod(c[:, 0] * 0.4 + 128, 255), np.mod(-c[:, 1] * 0.5, 255))[:, 0]
    shade = 1 + 0.26 * (fold / 128 - 1)
    paint = Paint.uniform(
        len(c), Kind.CLOTH, colour * shade[:, None], infrared * (0.6 + 0.4 * shade), (0.02, 0.9)
    )
    paint.openness[:] = c[:, 4] * np.clip(shade, 0.4, 1)
    return paint


def _pattern(x: Floats, y: Floats, outfit: Outfit) -> Floats:
    """Colour (N, 3) of the weave at x, y in mm."""
    if outfit.pattern == "stripes":
        share: Floats = 1.0 * (np.mod(y / outfit.pitch, 1) < 0.45)
    elif outfit.pattern == "check":
        bars = (np.mod(y / outfit.pitch, 1) < 0.4).astype(float)
        share = 0.5 * (bars + (np.mod(x / outfit.pitch, 1) < 0.4))
    elif outfit.pattern == "melange":
        grain = sample(_folds(), np.mod(7 * x, 255), np.mod(11 * y, 255))[:, 0]
        share = 0.35 * np.clip(grain / 128 - 0.7, 0, 1)
    else:
        share = np.zeros_like(x)
    weave = 1 + 0.05 * np.sin(x * 1.9) * np.sin(y * 2.1)
    mixed = outfit.colour + (outfit.second - outfit.colour) * share[:, None]
    return np.asarray(mixed * weave[:, None], np.float32)


@cache
def _folds() -> npt.NDArray[np.uint8]:
    """Folds of cloth as light and dark (H, W, 1), mostly upright and slanting."""
    rng = np.random.default_rng(11)
    total = np.zeros((256, 256), np.float32)
    for rows, columns, share in ((3, 10, 0.5), (5, 5, 0.4), (9, 16, 0.25), (40, 40, 0.08)):
        total += share * cv2.resize(
            rng.standard_normal((rows, columns)).astype(np.float32),
            (256, 256),
            interpolation=cv2.INTER_CUBIC,
        )
    slant = np.array([[1, 0.5, -60], [0, 1, 0]], np.float32)
    leaning = cv2.warpAffine(total, slant, (256, 256), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(np.clip(128 + 70 * leaning, 0, 255), np.uint8)[..., None]


def collars(outfit: Outfit, vertices: Floats, normals: Floats) -> list[Part]:
    """What stands along the neckline on a body ``vertices`` (V, 3) under clothes."""
    angle, ring, normal = neck_ring(outfit, vertices, normals)
    out = _level(normal)
    if outfit.style in ("crew", "v_neck", "turtleneck"):
        thick = 6.5 if outfit.style == "turtleneck" else 2.5
        radius = np.full(ANGLES + 1, thick, np.float32)
        v, t, c = tube(ring + 0.6 * thick * out, radius, sides=7)
        return [_cloth_part(v, t, c * np.array([420, 4]), outfit)]
    if outfit.style == "hoodie":
        return _hood(angle, ring, out, outfit)
    return [_folded(angle, ring, normal, outfit)]


def neck_ring(outfit: Outfit, vertices: Floats, normals: Floats) -> tuple[Floats, Floats, Floats]:
    """The neckline on a body: angles (A + 1,) from behind to behind, points, normals (A + 1, 3)."""
    model = head_model()
    above = (
        model.home[:, 1] - neckline(model.home, outfit) + 1.5
    )  # mm; what is painted reaches up to it
    edge = _edges()
    a, b = edge[(above[edge[:, 0]] > 0) != (above[edge[:, 1]] > 0)].T
    t = (above[a] / (above[a] - above[b]))[:, None]
    home = model.home[a] * (1 - t) + model.home[b] * t
    found = np.concatenate([vertices[a] * (1 - t) + vertices[b] * t,
                            normals[a] * (1 - t) + normals[b] * t], axis=1)  # fmt: skip
    turn = np.arctan2(home[:, 0], home[:, 2] - NECK_Z)
    order = np.argsort(turn)
    turn, found = turn[order], found[order]
    angle = np.linspace(-np.pi, np.pi, ANGLES + 1)
    even = np.stack([np.interp(angle, turn, v, period=2 * np.pi) for v in found.T], axis=1)
    kernel = np.array([1, 2, 3, 2, 1]) / 9
    round_ = np.concatenate([even[-3:-1], even, even[1:3]])
    even = np.stack([np.convolve(v, kernel, mode="valid") for v in round_.T], axis=1)
    normal = even[:, 3:] / np.linalg.norm(even[:, 3:], axis=1, keepdims=True)
    return angle, even[:, :3].astype(np.float32), normal.astype(np.float32)


def _level(normal: Floats) -> Floats:
    """Unit normals (A, 3) brought closer to the horizontal."""
    flat = normal * np.array([1, 0.4, 1])
    return np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True), np.float32)


@cache
def _edges() -> Integers:
    """Edges (E, 2) of the body below the chin."""
    model = head_model()
    low = (model.home[model.triangles][..., 1] < -90).all(axis=1)
    low &= (model.part[model.triangles] == SKIN).all(axis=1)
    t = model.triangles[low]
    pairs = np.sort(np.concatenate([t[:, :2], t[:, 1:], t[:, ::2]]), axis=1)
    return np.unique(pairs, axis=0)


def _folded(angle: Floats, ring: Floats, normal: Floats, outfit: Outfit) -> Part:
    """A collar that stands up and falls over, open in front, with two points."""
    gap = 0.10 if outfit.style == "shirt" else 0.35
    keep = np.flatnonzero(np.abs(angle) > gap)
    left, right = keep[angle[keep] > 0], keep[angle[keep] < 0]
    order = np.concatenate([left, right[1:]])  # from the front round the back to the front
    front = np.exp(-((np.abs(angle[order]) / 0.55) ** 2))[:, None]
    ring, normal = ring[order], normal[order]
    out = _level(normal)
    up = np.array([0, 1, 0], np.float32) - 0.15 * out
    down = normal * normal[:, 1:2] - np.array([0, 1, 0], np.float32)  # along the cloth
    down /= np.maximum(np.linalg.norm(down, axis=1, keepdims=True), 1e-6)
    stand = 21.0 - 13.0 * front
    point = 16 + 24 * front
    rows = [
        ring + 2.5 * out - 4 * up,
        ring + 3 * out + 0.6 * stand * up,
        ring + 4 * out + stand * up,
        ring + 8 * out + (stand + 1) * up,
        ring + 9 * out + 6 * normal + 0.3 * point * down,
        ring + 6 * out + 3.5 * normal + point * down,
    ]
    v = np.stack(rows).astype(np.float32)  # (R, A, 3)
    along = np.broadcast_to(420 * np.abs(angle[order]) / np.pi, v.shape[:2])
    high = np.broadcast_to(np.array([0, 15, 24, 26, 42, 58])[:, None], v.shape[:2])
    c = np.stack([along, high], axis=-1)
    return _cloth_part(v.reshape(-1, 3), grid_triangles(*v.shape[:2]), c.reshape(-1, 2), outfit)


def _hood(angle: Floats, ring: Floats, out: Floats, outfit: Outfit) -> list[Part]:
    """A hood that lies round the neck, and its two strings."""
    behind = np.abs(angle) / np.pi
    bulk = (6 + 17 * np.clip(behind * 1.5, 0, 1) ** 1.3).astype(np.float32)
    bulk = bulk * (1 + 0.08 * np.sin(9 * angle) + 0.05 * np.sin(17 * angle + 1)).astype(np.float32)
    path = ring + 0.75 * bulk[:, None] * out + np.array([0, 0.45, 0]) * bulk[:, None]
    v, t, c = tube(path.astype(np.float32), bulk, sides=12)
    parts = [_cloth_part(v, t, c * np.array([420, 25]), outfit)]
    for side in (-1, 1):
        k = int(np.abs(angle - 0.28 * side).argmin())
        top = ring[k] + 7 * out[k]
        drop = np.linspace(0, 1, 6)[:, None] * np.array([side * 4.0, -75, 12])
        v, t, c = tube((top + drop).astype(np.float32), np.full(6, 1.7, np.float32), sides=5)
        parts.append(_cloth_part(v, t, c * np.array([75, 1]), outfit))
    return parts


def _cloth_part(v: Floats, t: Integers, c: Floats, outfit: Outfit) -> Part:
    return Part(
        vertices=v.astype(np.float32),
        triangles=t,
        coordinates=c.astype(np.float32),
        paint=lambda c: _paint_collar(c, outfit),
    )


def _paint_collar(c: Floats, outfit: Outfit) -> Paint:
    """Ribbed or woven cloth at (along, across) mm."""
    knit = outfit.style not in ("shirt", "jacket")
    plain = outfit.colour * np.ones((len(c), 1), np.float32)
    colour = plain if knit else _pattern(c[:, 0], c[:, 1], outfit)
    rib = 1 + (0.16 * np.sin(c[:, 0] * 2.2) if knit else 0.0 * c[:, 0])
    paint = Paint.uniform(len(c), Kind.CLOTH, colour * rib[:, None], outfit.infrared, (0.02, 0.9))
    paint.openness[:] = 0.75
    return paint
