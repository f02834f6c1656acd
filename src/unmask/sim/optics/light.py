"""Lights: one to three lamps and an ambient glow in colour, one illuminator in infrared.

Lamp directions point from the scene to the lamp in camera coordinates (x right, y up, z to the
camera). Colours are linear RGB; lamp and ambient together give white paper a radiance of about 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.body.heads import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """A distant light of finite size."""

    direction: Floats  # (3,)
    colour: Floats  # (3,)
    spread: float
    """Angular radius in radians: softness of shadows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomLight:
    """What lights a colour picture."""

    lamps: tuple[Lamp, ...]
    ambient: Floats  # (3,)


@dataclass(frozen=True, slots=True, kw_only=True)
class InfraredLight:
    """The illuminator beside the lens (millimetres) and what the room adds."""

    position: Floats  # (3,)
    ambient: float
    wavelength: int = 850
    """nm"""


def black_body(kelvin: float) -> Floats:
    """Linear RGB of a thermal source, green = 1 (a fit good to a few per cent, 2500 to 9000 K)."""
    t = np.log(kelvin / 6500.0)
    return np.array(
        [np.exp(-0.72 * t + 0.18 * t * t), 1.0, np.exp(1.05 * t - 0.38 * t * t)], np.float32
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lighting:
    """The kinds of light a place has: ranges from which a capture draws."""

    kelvin: tuple[float, float]
    contrast: tuple[float, float]
    """Share of all light that comes from lamps rather than from everywhere."""
    lamps: tuple[int, int] = (1, 3)
    """How many lamps."""
    spread: tuple[float, float] = (0.03, 0.22)
    """Angular radius of a lamp, radians; the sun has 0.005."""
    height: tuple[float, float] = (-5.0, 65.0)
    """Degrees above the horizon."""
    sky: float = 1.0
    """Colour temperature of what comes from everywhere against that of the lamps."""


def draw_room(rng: np.random.Generator, place: Lighting) -> RoomLight:
    """Some lamps of one warmth, and what comes from everywhere."""
    warmth = rng.uniform(*place.kelvin)
    share = rng.uniform(*place.contrast)
    count = int(rng.integers(place.lamps[0], place.lamps[1] + 1))
    power = rng.dirichlet(np.full(count, 2.0)) * share
    lamps = []
    for k in range(count):
        side, height = rng.uniform(-75, 75), rng.uniform(*place.height)
        a, b = np.radians([side, height])
        direction = np.array([np.sin(a) * np.cos(b), np.sin(b), np.cos(a) * np.cos(b)])
        colour = black_body(warmth * rng.uniform(0.85, 1.2)) * power[k] * 1.5
        lamps.append(
            Lamp(
                direction=direction.astype(np.float32),
                colour=colour.astype(np.float32),
                spread=float(rng.uniform(*place.spread)),
            )
        )
    tint = black_body(warmth * place.sky * rng.uniform(0.9, 1.3)) * (1 - share)
    return RoomLight(
        lamps=tuple(lamps), ambient=np.asarray(tint * rng.uniform(0.9, 1.2), np.float32)
    )
