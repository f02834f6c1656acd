"""Brows, beard and cropped scalp, painted as the share of skin that hair covers.

Axes: H rows and W columns of the face map.
"""

from __future__ import annotations

import cv2
import numpy as np

from unmask.sim.body.face_map import HEIGHT, WIDTH, grain, hairline, noise, pixels, places
from unmask.sim.body.heads import Floats
from unmask.sim.people import Person


def scalp_cover(person: Person, rng: np.random.Generator) -> Floats:
    """Roots on the scalp (H, W), seen as skin through stubble."""
    angle, height, _ = places()
    edge = hairline(angle, person.forehead, person.recession)
    if person.hair_style == "bald":
        crown = np.interp(np.abs(angle), np.radians([0, 70, 95, 180]), [150, 95, 45, 25])
        over = np.clip((height - edge) / 22, 0, 1) * np.clip((crown - height) / 30, 0, 1)
        dense: Floats = 0.12 + 0.4 * np.clip((np.abs(angle) - 0.9) / 0.6, 0, 1)
    else:
        edge = edge + 2.5 * noise(rng, 9) + 1.5 * grain(rng, 2.5)
        cropped = person.hair_style == "shaved"
        over = np.clip((height - edge) / (16 if cropped else 9) + 0.3, 0, 1)
        dense = np.full_like(angle, rng.uniform(0.45, 0.8) if cropped else 0.92)
    dots = np.clip(0.85 + 0.16 * grain(rng, 1.1) + 0.06 * noise(rng, 6), 0, 1)
    return np.asarray(over * dense * dots, np.float32)


def beard_cover(person: Person, rng: np.random.Generator) -> Floats:
    """Beard and moustache (H, W); a shaved man keeps a faint shadow."""
    angle, height, x = places()
    if person.femininity > 0:
        return np.zeros_like(angle)
    side = np.abs(angle)
    ragged = 2.5 * noise(rng, 7)
    upper = np.interp(side, [0, 0.28, 0.42, 0.75, 1.15, 1.40, 1.6], [-52, -56, -63, -68, -50, 0, 0])
    lower = np.interp(side, [0.0, 0.9, 1.3, 1.5, 1.7], [-136, -126, -95, -60, -20])
    patch = np.clip((upper + ragged - height) / 11, 0, 1) * np.clip((height - lower) / 20, 0, 1)
    patch *= np.clip((1.52 - side) / 0.14, 0, 1)
    if rng.random() < 0.3:  # round the mouth only
        patch *= np.clip((36 - np.abs(x)) / 8, 0, 1)
    lips = np.hypot(x / 28, (height + 74.5) / 12.5)
    patch *= np.clip((lips - 0.92) / 0.2, 0, 1)
    patch *= 1 - 0.6 * np.exp(-((np.abs(x) / 17) ** 2) - ((height + 92) / 5) ** 2)  # under the lip
    patch *= 1 - 0.35 * np.exp(-((x / 4) ** 2) - ((height + 56) / 6) ** 2)  # below the nose
    strength = np.interp(person.beard, [0, 0.25, 0.5, 0.8, 1], [0.06, 0.18, 0.4, 0.72, 0.88])
    coarse = 0.10 + 0.5 * person.beard
    hairs = 0.85 + coarse * 0.5 * grain(rng, 1.3) + 0.12 * noise(rng, 8)
    return np.asarray(np.clip(patch * np.clip(hairs, 0, 1.3) * strength, 0, 0.95), np.float32)


def brow_cover(person: Person, rng: np.random.Generator) -> Floats:
    """Brows (H, W): hairs along an arch over each eye, dense below, thin at both ends."""
    masculine = (1 - person.femininity) / 2
    arch, slope = rng.uniform(0.5, 4.0) * (1.25 - 0.6 * masculine), rng.uniform(-1.0, 3.0)
    thick = rng.uniform(2.2, 3.8) + 1.8 * masculine
    begin, reach = rng.uniform(9.5, 13.5), rng.uniform(33, 40)
    base, density = 13.0 + rng.uniform(-1.5, 1.5), rng.uniform(0.55, 1.0)
    cover = np.zeros((HEIGHT, WIDTH), np.uint8)
    count = int(density * (110 + 60 * thick))
    for side in (-1, 1):
        t = rng.beta(1.05, 1.2, count)
        taper = np.interp(t, [0, 0.12, 0.55, 1], [0.45, 1, 0.85, 0.15])
        bend = arch * np.sin(np.pi * np.minimum(t * 0.8 + 0.05, 1)) - 4.5 * np.maximum(t - 0.66, 0)
        x = begin + reach * t
        y = base + rng.normal(0, 0.6) + slope * t + bend
        y += (rng.beta(1.4, 2.0, count) - 0.45) * thick * taper
        lean = np.radians(np.interp(t, [0, 0.25, 1], [78, 32, -18]) + rng.normal(0, 11, count))
        length = rng.uniform(2.5, 6.0, count) * (0.7 + 0.3 * taper)
        tip = (x + length * np.cos(lean), y + length * np.sin(lean))
        _hairs(cover, side * x, y, side * tip[0], tip[1], rng.uniform(70, 200, count))
    soft = cv2.GaussianBlur(cover.astype(np.float32) / 255, (0, 0), 0.7)
    under = cv2.GaussianBlur(soft, (0, 0), 3.0)  # the skin between the hairs is in their shade
    return np.asarray(np.clip(1.1 * soft + 0.25 * under, 0, 0.88), np.float32)


def _hairs(
    canvas: np.ndarray, x0: Floats, y0: Floats, x1: Floats, y1: Floats, level: Floats
) -> None:
    """Single hairs from (x0, y0) to (x1, y1), mm, on a uint8 map."""
    columns, rows = pixels(np.concatenate([x0, x1]), np.concatenate([y0, y1]))
    ends = np.round(np.stack([columns, rows], axis=1) * 16).astype(int)
    count = len(x0)
    for start, stop, shade in zip(ends[:count].tolist(), ends[count:].tolist(), level, strict=True):
        cv2.line(canvas, start, stop, int(shade), 1, cv2.LINE_AA, shift=4)
