"""Eyes worn before the eyes: a strip of printed paper, novelty glasses with big eyes.

Both are built in the frame of the wearer's head (mm) and say where the eyes are that they show.

Axes: V vertices of the head, N points on the surface, P points of a path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.body.heads import SKIN, Floats, head_model
from unmask.sim.craft.cutting import cut
from unmask.sim.craft.ink import Ink, paint_ink
from unmask.sim.craft.photo import Photo
from unmask.sim.optics.materials import Kind, Paint
from unmask.sim.optics.mesh import Part, grid_triangles, plate, tube

GAP = 1.5
"""Millimetres between what is worn and the nearest skin below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """A printed photograph, its lengths taken from its eyes."""

    photo: Photo
    ink: Ink
    between: float
    """Millimetres between the eyes as printed."""

    def paint(self, uv: Floats, side: float = 0.0) -> Paint:
        """The print at (u, v) mm (N, 2) from the left eye (1), the right (-1), or midway (0)."""
        half = self.photo.half(self.between)
        left, right = self.photo.landmarks[:2] * half
        along = (left - right) / self.between
        turn = np.stack([along, np.array([-along[1], along[0]])])  # rows: where u and v point
        origin = (left + right) / 2 + side * (left - right) / 2
        return paint_ink((uv @ turn + origin).astype(np.float32), self.photo, half, self.ink)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Paper glasses, cut out by hand."""

    half: tuple[float, float]
    """Half width and half height, mm."""
    corner: float
    """Exponent of the outline: 2 an ellipse, more a rectangle."""
    notch: float
    """Half width of what is cut out for the nose, mm."""
    bend: float
    """Radius of its curve round the face, mm."""
    border: float
    """Blank paper left along the edge, mm."""

    def inside(self, uv: Floats) -> Floats:
        """Millimetres (N,), about, inside the edge and outside the notch."""
        x, y = (np.abs(uv) / self.half).T
        edge = (1 - (x**self.corner + y**self.corner) ** (1 / self.corner)) * self.half[1]
        nose = np.hypot(uv[:, 0], 0.7 * (uv[:, 1] + self.half[1])) - self.notch
        return np.asarray(np.minimum(edge, nose), np.float32)

    def bent(self, uv: Floats) -> Floats:
        """Places in space (N, 3), the middle of the strip being the origin."""
        turn = uv[:, 0] / self.bend
        out = [self.bend * np.sin(turn), uv[:, 1], self.bend * (np.cos(turn) - 1)]
        return np.stack(out, axis=1).astype(np.float32)


def draw_strip(rng: np.random.Generator) -> Strip:
    """Somebody with scissors."""
    return Strip(
        half=(float(rng.uniform(60, 76)), float(rng.uniform(18, 32))),
        corner=float(rng.uniform(3, 9)),
        notch=float(rng.uniform(8, 14)),
        bend=float(rng.uniform(75, 150)),
        border=float(rng.choice([0.0, rng.uniform(1.5, 5)], p=[0.35, 0.65])),
    )


def paper_glasses(head: Floats, strip: Strip, print_: Portrait) -> tuple[list[Part], Floats]:
    """The strip before a head (V, 3), its arms, and its eyes (2, 3)."""
    middle = head_model().points(head)[:2].mean(axis=0)
    origin = np.array([middle[0], middle[1], _clear_of(head, middle, strip)], np.float32)
    _, triangles, uv = plate((2 * strip.half[0], 2 * strip.half[1]), cells=28)
    sheet = strip.bent(uv) + origin

    def paint(c: Floats) -> Paint:
        made = print_.paint(c)
        made.put(strip.inside(c) < strip.border, _blank(1, print_.ink))
        return made

    paper = cut(strip.inside(uv), triangles).part(sheet, uv, paint)
    ends = strip.bent(np.array([[strip.half[0], 3.0], [-strip.half[0], 3.0]])) + origin
    arms = [
        _ribbon(temple(head, end, side), 4.0, print_.ink)
        for end, side in zip(ends, (1.0, -1.0), strict=True)
    ]
    half = print_.between / 2
    return [paper, *arms], strip.bent(np.array([[half, 0.0], [-half, 0.0]])) + origin


def temple(head: Floats, hinge: Floats, side: float) -> Floats:
    """A path (P, 3) from a hinge past the side of the head to behind the ear."""
    t = np.linspace(0, 1, 12)[:, None]
    path = hinge + t * (np.array([side * 74.0, hinge[1], -88.0]) - hinge)
    path[1:, 0] = side * np.maximum(side * path[1:, 0], _side(head, path[1:], side) + GAP)
    return np.asarray(path, np.float32)


def _side(head: Floats, path: Floats, side: float) -> Floats:
    """How far the head reaches sideways at points (P, 3), without the ear; mm."""
    home = head_model().home
    near = (np.abs(head[:, 1] - path[0, 1]) < 9) & (side * home[:, 0] > 20) & (home[:, 2] > -72)
    reach = side * head[near, 0]
    away = np.abs(head[near, 2] - path[:, 2:])  # (P, near)
    return np.asarray(np.where(away < 9, reach, 0).max(axis=1), np.float32)


def _ribbon(path: Floats, half: float, ink: Ink) -> Part:
    """Blank card along a path (P, 3)."""
    width = np.array([[[0, half, 0]], [[0, -half, 0]]], np.float32)
    return Part(
        vertices=(path + width).reshape(-1, 3),
        triangles=grid_triangles(2, len(path)),
        coordinates=np.zeros((2 * len(path), 1), np.float32),
        paint=lambda c: _blank(len(c), ink),
    )


def _blank(count: int, ink: Ink) -> Paint:
    return Paint.uniform(count, Kind.PAPER, ink.white, ink.infrared, ink.gloss)


def _clear_of(head: Floats, middle: Floats, strip: Strip) -> float:
    """Height z at which the strip just clears the face."""
    uv = head[:, :2] - middle[:2]
    below = (strip.inside(uv) > 0) & (head_model().part == SKIN) & (head[:, 2] > -30)
    return float((head[below, 2] - strip.bent(uv[below])[:, 2]).max()) + GAP


@dataclass(frozen=True, slots=True, kw_only=True)
class Novelty:
    """Glasses whose lenses are discs with eyes on them."""

    radius: float
    """mm"""
    bulge: float
    """How far the middle of a disc stands before its edge, mm."""
    magnify: float
    """How much larger than life the printed eyes are."""
    drawn: bool
    """Drawn by a hand, else printed from a photograph."""
    frame: Floats  # (3,)
    frame_infrared: float
    thick: float
    """Radius of the rims, mm."""


def draw_novelty(rng: np.random.Generator) -> Novelty:
    """From a joke shop."""
    return Novelty(
        radius=float(rng.uniform(22, 30)),
        bulge=float(rng.uniform(0, 9)),
        magnify=float(rng.uniform(1.0, 1.7)),
        drawn=bool(rng.random() < 0.5),
        frame=np.clip(rng.uniform(0.02, 0.7) * np.exp(rng.normal(0, 0.8, 3)), 0.01, 0.8),
        frame_infrared=float(rng.uniform(0.06, 0.8)),
        thick=float(rng.uniform(1.5, 3.2)),
    )


def novelty_glasses(
    head: Floats, made: Novelty, print_: Portrait, iris: Floats
) -> tuple[list[Part], Floats]:
    """The glasses before a head (V, 3), and their eyes (2, 3)."""
    eyes = head_model().points(head)[:2]
    around = np.linspace(0, 2 * np.pi, 33)
    circle = np.stack([np.cos(around), np.sin(around), 0 * around], axis=1) * made.radius
    _, triangles, uv = plate((2 * made.radius, 2 * made.radius), cells=16)
    inside = made.radius - np.hypot(uv[:, 0], uv[:, 1])
    height = made.bulge * (1 - (uv**2).sum(axis=1) / made.radius**2)
    dome = np.concatenate([uv, height[:, None]], axis=1).astype(np.float32)
    front = _before(head, eyes, made.radius)
    parts: list[Part] = []
    paths = []
    for side, eye in zip((1.0, -1.0), eyes, strict=True):
        centre = np.array([eye[0] + 1.5 * side, eye[1], front], np.float32)

        def paint(c: Floats, side: float = side) -> Paint:
            if made.drawn:
                return drawn_eye(c, made, iris)
            return print_.paint(c / made.magnify, side)

        parts.append(cut(inside, triangles).part(dome + centre, uv, paint))
        hinge = centre + np.array([side * made.radius, 6, 0])
        paths += [circle + centre, temple(head, hinge, side)]
    inner = np.array([[eyes[0, 0] - made.radius, eyes[0, 1] + 6, front + 1]])
    bridge = np.concatenate([inner, inner * [0, 1, 1] + [0, 3, 2], inner * [-1, 1, 1]])
    for path in (*paths, bridge):
        v, t, c = tube(path.astype(np.float32), np.full(len(path), made.thick, np.float32), sides=6)
        parts.append(
            Part(
                vertices=v,
                triangles=t,
                coordinates=c,
                paint=lambda c: _frame(c, made),
                closed=True,
                thin=True,
            )
        )
    return parts, (eyes * [1, 1, 0] + [0, 0, front + made.bulge]).astype(np.float32)


def drawn_eye(uv: Floats, made: Novelty, iris: Floats) -> Paint:
    """A cartoon of an eye at (u, v) mm from its middle: white, veins, iris, pupil, a glint."""
    away, turn = np.hypot(uv[:, 0], uv[:, 1]) / made.radius, np.arctan2(uv[:, 1], uv[:, 0])
    size = 0.28 * made.magnify
    vein = np.clip(np.sin(17 * turn + 5 * np.sin(9 * away)) - 0.88, 0, 1) * 6 * (away > size)
    colour = np.array([0.82, 0.80, 0.76]) - np.clip(vein, 0, 1)[:, None] * [0.1, 0.5, 0.5]
    in_iris = np.clip((size - away) / 0.03, 0, 1)[:, None]
    colour += in_iris * (np.clip(1.6 * iris, 0, 0.6) - colour)
    in_pupil = np.clip((0.45 * size - away) / 0.03, 0, 1)[:, None]
    colour += in_pupil * (0.01 - colour)
    glint = np.hypot(uv[:, 0] / made.radius - 0.3 * size, uv[:, 1] / made.radius - 0.4 * size)
    colour = np.where((glint < 0.2 * size)[:, None], 0.85, colour).astype(np.float32)
    infrared = 0.15 + 0.65 * colour.mean(axis=1)
    return Paint.uniform(len(uv), Kind.PLASTIC, colour, infrared, (0.045, 0.25))


def _frame(c: Floats, made: Novelty) -> Paint:
    return Paint.uniform(len(c), Kind.PLASTIC, made.frame, made.frame_infrared, (0.045, 0.25))


def _before(head: Floats, eyes: Floats, radius: float) -> float:
    """Height z at which discs of ``radius`` around the eyes just clear the face."""
    near = np.minimum(*(np.hypot(*(head[:, :2] - eye[:2]).T) for eye in eyes)) < radius
    near &= (head_model().part == SKIN) & (head[:, 2] > -30)
    return float(head[near, 2].max()) + GAP
