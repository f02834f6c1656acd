"""Lines that age and habit leave: how deep the skin is creased, from 0 to 1.

A crease is painted as the shade that lies in it and, as most light comes from above, as a dark
upper and a light lower side. Axes: H rows and W columns of the face map.
"""

from __future__ import annotations

import cv2
import numpy as np

from unmask.sim.body.face_map import HEIGHT, WIDTH, noise, spot, stroke
from unmask.sim.body.heads import Floats
from unmask.sim.people import Person


def oldness(person: Person) -> float:
    """0 for the young, 1 at about 70 years."""
    return float(np.clip((person.age + 0.9) / 2.4, 0, 1))


def creases(person: Person, rng: np.random.Generator) -> Floats:
    """Depth (H, W) of fine lines and folds."""
    old = oldness(person) * rng.uniform(0.75, 1.25)
    fine, broad = (np.zeros((HEIGHT, WIDTH), np.uint8) for _ in range(2))
    _forehead(fine, old, rng)
    for side in (-1, 1):
        _around_the_eye(fine, broad, side, old, rng)
        _around_the_mouth(broad, side, old, rng)
        x = side * (6.0 + rng.uniform(-1, 2)) + np.array([0, side * 0.8, side * 1.5])
        stroke(fine, x, np.array([6.0, 15.0, 25.0]), 0.75 * old**1.5 * rng.uniform(0.3, 1))
    for y in (-122, -138):  # rings of the neck
        x = np.linspace(-44, 44, 9)
        stroke(broad, x, y + 4 * (x / 40) ** 2 + rng.normal(0, 0.8, 9), 0.10 + 0.25 * old)
    depth = 1.5 * cv2.GaussianBlur(fine.astype(np.float32) / 255, (0, 0), 0.9)
    depth += 3.4 * cv2.GaussianBlur(broad.astype(np.float32) / 255, (0, 0), 2.8)
    depth += (0.12 + 0.15 * old) * spot(0, -89, 13, 3.5)  # between lip and chin
    depth *= 1 + 0.25 * noise(rng, 9)
    return np.asarray(np.clip(depth, 0, 1), np.float32)


def shade_of(depth: Floats) -> Floats:
    """What creases (H, W) do to the light that skin gives back (H, W, 3), about 1."""
    slope = cv2.Sobel(depth, cv2.CV_32F, 0, 1, ksize=3) / 4
    shade = np.clip(1 - 0.38 * depth - 0.6 * slope, 0.35, 1.3)
    return shade[..., None] ** np.array([0.8, 1.1, 1.2], np.float32)  # what is left has met blood


def _forehead(canvas: np.ndarray, old: float, rng: np.random.Generator) -> None:
    for k in range(int(rng.integers(2, 5))):
        left, right = rng.uniform(-46, -24), rng.uniform(24, 46)
        x = np.linspace(left, right, 14)
        wave = 1.6 * np.sin(x / 14 + rng.uniform(0, 6)) + rng.normal(0, 0.35, 14)
        y = 31 + 9.5 * k + rng.uniform(-2, 2) + wave - 2.5 * (x / 45) ** 2
        stroke(canvas, x, y, 0.85 * old**1.4 * rng.uniform(0.4, 1))


def _around_the_eye(
    fine: np.ndarray, broad: np.ndarray, side: int, old: float, rng: np.random.Generator
) -> None:
    """Crow's feet, and the line below the lower lid."""
    for degrees in (38, 16, -8, -30):
        a = np.radians(degrees + rng.normal(0, 5))
        along = np.linspace(0, rng.uniform(9, 17), 5)
        x = 47.5 + along * np.cos(a)
        y = 1.0 + 4 * np.sin(a) + along * np.sin(a) - 0.02 * along**2
        stroke(fine, side * x, y, 0.8 * old**1.3 * rng.uniform(0.4, 1))
    t = np.linspace(0, 1, 9)
    x, y = 14 + 27 * t, -8 - 10 * np.sin(np.pi * np.minimum(t * 0.85 + 0.08, 1))
    stroke(broad, side * x, y, 0.12 + 0.42 * old * rng.uniform(0.5, 1))
    stroke(fine, side * x, y + 4, 0.5 * old**1.5 * rng.uniform(0.2, 1))


def _around_the_mouth(canvas: np.ndarray, side: int, old: float, rng: np.random.Generator) -> None:
    """The fold from nose to mouth, and the one from there to the chin."""
    t = np.linspace(0, 1, 8)
    x = 17 + 16 * t**1.15 + 2.5 * np.sin(np.pi * t)
    stroke(canvas, side * x, -38 - 34 * t, 0.14 + 0.55 * old * rng.uniform(0.6, 1), 2)
    x = 30 + 3.0 * t
    stroke(canvas, side * x, -79 - 16 * t, 0.5 * old**1.4 * rng.uniform(0.3, 1))
