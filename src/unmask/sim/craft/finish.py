"""How the copy of a face is finished: what it is made of, and what is painted on it.

Paint has no blood below it: its tone is evener than skin, or uneven in the strokes of a brush
rather than in the way of vessels. In infrared it has the level of its pigments, which is that
of skin only by luck, and shows as much of brows and shades as the pigments happen to.

Axes: N points on the surface, W waves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.body.bust import Look, paint_skin
from unmask.sim.body.heads import Floats
from unmask.sim.body.skin import skin_map
from unmask.sim.optics.materials import BARE_SKIN_INFRARED, Kind, Paint
from unmask.sim.people import Person

LEVELS = {"dark": (0.22, 0.41), "alike": (0.46, 0.58), "light": (0.59, 0.84)}
"""Reflectance of pigments at 850 nm beside that of skin, which is 0.47 to 0.57."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strokes:
    """A smooth uneven field over space, of about unit variance."""

    waves: Floats  # (3, W) radians per mm
    phase: Floats  # (W,)

    def at(self, home: Floats) -> Floats:
        """Values (N,) at points (N, 3)."""
        return np.asarray(np.sin(home @ self.waves + self.phase).sum(axis=1) / 2, np.float32)


def draw_strokes(rng: np.random.Generator, length: float) -> Strokes:
    """Eight waves of about ``length`` mm."""
    waves = rng.normal(size=(3, 8)) * (4.0 / length)
    return Strokes(
        waves=waves.astype(np.float32), phase=rng.uniform(0, 2 * np.pi, 8).astype(np.float32)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """A material and the face that is painted on it."""

    kind: Kind
    base: Floats  # (3,) the bare material
    painted: float
    """Share of the base that paint hides; 0 leaves it bare."""
    evenness: float
    """Share of a skin's variation that the painter leaves out."""
    tint: Floats  # (3,) what the paint's colour misses the skin's by
    infrared: float
    contrast: float
    """How much of the painted light and dark shows in infrared."""
    gloss: tuple[float, float]
    softness: float
    strokes: Strokes
    unevenness: float

    def paint(self, c: Floats, person: Person, look: Look) -> Paint:
        """The face of ``person`` in this finish at coordinates (N, 6) of a head."""
        paint = paint_skin(c, person, look)
        mean = skin_map(person).mean_colour()
        uneven = (self.unevenness * self.strokes.at(c[:, :3]))[:, None]
        flat = 0.7 * self.evenness
        copied = (paint.colour * (1 - flat) + mean * flat) * self.tint * np.exp(uneven)
        paint.colour[:] = self.base + (copied - self.base) * self.painted
        shown = self.contrast * self.painted
        tone = 1 - shown + shown * paint.infrared / BARE_SKIN_INFRARED
        paint.infrared[:] = self.infrared * tone * np.exp(0.5 * uneven[:, 0])
        paint.specular[:], paint.roughness[:] = self.gloss
        paint.roughness += 0.5 * self.unevenness * self.strokes.at(c[:, 2::-1])
        paint.softness[:] = self.softness
        paint.kind[:] = self.kind
        return paint


def pigment_infrared(rng: np.random.Generator) -> float:
    """The level of some pigment at 850 nm: darker than skin, like it, or lighter."""
    return float(rng.uniform(*LEVELS[str(rng.choice(list(LEVELS), p=(0.3, 0.4, 0.3)))]))


def shows_through(rng: np.random.Generator) -> float:
    """How much of a painted face shows in infrared: little, when its pigments are alike there."""
    return float(rng.choice([0.15, 0.6, 1.0], p=[0.2, 0.3, 0.5]))


def sheen(rng: np.random.Generator, powdered: float) -> tuple[float, float]:
    """F0 and roughness; a share ``powdered`` is dulled until it shines as skin does."""
    if rng.random() < powdered:
        return float(rng.uniform(0.026, 0.033)), float(rng.uniform(0.45, 0.6))
    return float(rng.uniform(0.03, 0.055)), float(rng.uniform(0.24, 0.55))


def skin_tint(rng: np.random.Generator, spread: float) -> Floats:
    """What mixed paint misses the colour of skin by (3,): often too little blood."""
    return np.exp(rng.normal([0.0, 0.02, 0.0], spread)).astype(np.float32)
