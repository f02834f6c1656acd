"""How a held cloth hangs: folds that fan out from where it is gathered, creases, wrinkles.

A fold runs along a ray from its origin: at distance r and angle a from there it lifts the cloth by
``height * (r / fade) * exp(1 - r / fade)`` times a wave in ``count * a`` with sharp crests. Folds
that hang straight down come from far above.

Axes: F fans, K creases, N places on the cloth.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from unmask.sim.body.heads import Floats

SHARP = 1.1
"""How much narrower crests are than valleys."""
WRINKLE_MAP = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Drape:
    """The relief of one cloth at one moment."""

    size: tuple[float, float]
    origin: Floats  # (F, 2) mm
    count: Floats  # (F,) folds per radian, times two pi
    phase: Floats  # (F,)
    height: Floats  # (F,) mm
    fade: Floats  # (F,) mm
    crease: Floats  # (K, 3): a line x * cos + y * sin = offset, as (angle, offset mm, height mm)
    wrinkle: Floats  # (WRINKLE_MAP, WRINKLE_MAP) mm
    billow: tuple[float, float]
    """mm that the middle of the sides and of top and bottom lie behind the middle."""

    def __call__(self, uv: Floats) -> Floats:
        """Places in space (N, 3)."""
        z = self.folds(uv) + self.creases(uv) + self.wrinkles(uv)
        x, y = 2 * uv[:, 0] / self.size[0], 2 * uv[:, 1] / self.size[1]
        z -= self.billow[0] * x**2 + self.billow[1] * y**2
        return np.stack([uv[:, 0], uv[:, 1], z], axis=1).astype(np.float32)

    def folds(self, uv: Floats) -> Floats:
        """What the fans add (N,), mm."""
        away = uv[:, None] - self.origin  # (N, F, 2)
        r = np.hypot(away[..., 0], away[..., 1]) / self.fade
        wave = np.sin(self.count * np.arctan2(away[..., 0], -away[..., 1]) + self.phase)
        crest = (np.exp(SHARP * wave) - 1) / (np.exp(SHARP) - 1)
        return np.asarray((self.height * r * np.exp(1 - r) * crest).sum(axis=1))

    def creases(self, uv: Floats) -> Floats:
        """What sharp lines from having been folded add (N,), mm."""
        angle, offset, height = self.crease.T
        across = uv[:, :1] * np.cos(angle) + uv[:, 1:] * np.sin(angle) - offset
        return np.asarray((height * np.exp(-np.abs(across) / 7.0)).sum(axis=1))

    def wrinkles(self, uv: Floats) -> Floats:
        """What is left of everything else (N,), mm."""
        place = (uv / np.array(self.size) + 0.5) * (WRINKLE_MAP - 1)
        x, y = place.astype(np.float32).T[:, :, None]  # (N, 1) each
        found = cv2.remap(self.wrinkle, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(found[:, 0])


def draw_drape(
    rng: np.random.Generator, variant: str, size: tuple[float, float], flex: float
) -> Drape:
    """A cloth ``hanging`` from its upper corners, ``stretched`` sideways, or ``creased``."""
    w, h = size[0] / 2, size[1] / 2
    lively = max(1 + 1.2 * flex, 0.3)
    if variant == "hanging":
        origin = [[-w, h], [w, h], [rng.uniform(-60, 60), h + 420]]
        count = [rng.uniform(7, 13), rng.uniform(7, 13), rng.uniform(32, 56)]
        height = [rng.uniform(6, 11), rng.uniform(6, 11), rng.uniform(4, 8)]
        fade = [rng.uniform(70, 150), rng.uniform(70, 150), 600.0]
    elif variant == "stretched":
        left, right = rng.uniform(-0.4, 0.2, 2) * h
        origin = [[-w, left], [w, right]]
        count = list(rng.uniform(8, 14, 2))
        height = list(rng.uniform(5, 10, 2))
        fade = list(rng.uniform(80, 160, 2))
    else:
        origin = [[rng.uniform(-w, w), h + 420]]
        count, height, fade = [rng.uniform(18, 32)], [rng.uniform(1, 3)], [600.0]
    fans = len(origin)
    return Drape(
        size=size,
        origin=np.array(origin),
        count=np.array(count),
        phase=rng.uniform(0, 2 * np.pi, fans) + 2.5 * flex * rng.uniform(-1, 1, fans),
        height=np.array(height) * lively,
        fade=np.array(fade),
        crease=_draw_creases(rng, variant, size),
        wrinkle=_draw_wrinkles(rng) * (1.6 if variant == "creased" else 1.0),
        billow=(float(rng.uniform(-4, 16) * lively), float(rng.uniform(-4, 10) * lively)),
    )


def _draw_creases(rng: np.random.Generator, variant: str, size: tuple[float, float]) -> Floats:
    """A cloth that lay folded keeps a grid of lines, some up, some down."""
    if variant != "creased":
        return np.zeros((0, 3))
    places = [-0.25, 0.0, 0.25]
    lines = [(k * np.pi / 2, p * size[k]) for k in (0, 1) for p in places]
    return np.array(
        [
            (angle + rng.normal(0, 0.02), offset + rng.normal(0, 6), rng.uniform(2, 5) * sign)
            for (angle, offset), sign in zip(lines, rng.choice([-1, 1], len(lines)), strict=True)
        ]
    )


def _draw_wrinkles(rng: np.random.Generator) -> Floats:
    """Smooth noise of two sizes."""
    total = np.zeros((WRINKLE_MAP, WRINKLE_MAP), np.float32)
    for cells, depth in ((7, 1.4), (18, 0.5)):
        coarse = rng.standard_normal((cells, cells)).astype(np.float32)
        total += depth * cv2.resize(coarse, total.shape, interpolation=cv2.INTER_CUBIC)
    return total * np.float32(rng.uniform(0.4, 1.2))
