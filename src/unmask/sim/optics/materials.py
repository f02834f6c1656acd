"""What surfaces are made of: reflectance in colour and at 850 nm, gloss, emitted light.

Reflectances are linear, in [0, 1]. The infrared column is the point of the whole simulator: skin of
every tone is bright and even at 850 nm, lips fade into it, dye ink is transparent, carbon ink is as
black as in the light, a lit screen is dark glass, silicone is whatever its pigments make of it.

Sources of the magnitudes: published skin spectra (melanin falls as a power of wavelength, blood
absorbs at 540 nm), F0 = ((n-1)/(n+1))^2 for the sheen: 0.028 for skin, 0.04 for
glass or plastic.

Axes: N points on the surface.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from unmask.sim.body.heads import Floats


class Kind(IntEnum):
    """Names of materials, as in the ground-truth mask."""

    BACKGROUND = 0
    SKIN = 1
    EYE = 2
    HAIR = 3
    CLOTH = 4
    PAPER = 5
    SCREEN = 6
    PLASTIC = 7
    SILICONE = 8
    RESIN = 9
    LENS = 10


@dataclass(slots=True, kw_only=True)
class Paint:
    """The optics of N points."""

    colour: Floats  # (N, 3) diffuse reflectance, linear RGB
    infrared: Floats  # (N,) diffuse reflectance at 850 nm
    specular: Floats  # (N,) reflectance at normal incidence, F0
    roughness: Floats  # (N,) 0 mirror, 1 dull
    emission: Floats  # (N, 3) light given off, linear RGB, 1 = white of the exposure
    softness: Floats  # (N,) how far light wanders below the surface, 0 none, 1 skin
    openness: Floats  # (N,) share of the ambient light that arrives
    kind: Floats  # (N,) values of Kind

    @classmethod
    def empty(cls, count: int) -> Paint:
        """Nothing anywhere: black, dull, open."""
        one = {f.name: np.zeros(count, np.float32) for f in fields(cls)}
        three = {n: np.zeros((count, 3), np.float32) for n in ("colour", "emission")}
        return cls(**{**one, **three, "openness": np.ones(count, np.float32)})

    @classmethod
    def uniform(
        cls,
        count: int,
        kind: Kind,
        colour: Floats,
        infrared: Floats | float,
        gloss: tuple[float, float],
    ) -> Paint:
        """A material with its colour, infrared level and (F0, roughness)."""
        paint = cls.empty(count)
        paint.colour[:] = colour
        paint.infrared[:] = infrared
        paint.specular[:], paint.roughness[:] = gloss
        paint.kind[:] = kind
        return paint

    @classmethod
    def joined(cls, paints: list[Paint]) -> Paint:
        """The points of several, one after another."""
        if len(paints) == 1:
            return paints[0]
        named = (f.name for f in fields(cls))
        return cls(**{n: np.concatenate([getattr(p, n) for p in paints]) for n in named})

    def at(self, where: np.ndarray) -> Paint:
        """Some of the points, by index."""
        named = (f.name for f in fields(self))
        return Paint(**{n: np.take(getattr(self, n), where, axis=0) for n in named})

    def put(self, where: np.ndarray, other: Paint) -> None:
        """Overwrite the points ``where`` (mask or indices) with ``other``."""
        for f in fields(self):
            getattr(self, f.name)[where] = getattr(other, f.name)


MELANIN_RGB = np.array([1.0, 1.28, 1.62], np.float32)
MELANIN_INFRARED = 0.12
BLOOD_RGB = np.array([0.07, 1.0, 0.75], np.float32)
BLOOD_INFRARED = 0.03
BARE_SKIN_RGB = np.array([0.70, 0.60, 0.52], np.float32)
BARE_SKIN_INFRARED = 0.58
MELANIN_OF_TYPE = (0.06, 0.15, 0.30, 0.55, 0.90, 1.40)
"""Melanin of Fitzpatrick types I to VI."""


def skin_reflectance(melanin: Floats, blood: Floats) -> tuple[Floats, Floats]:
    """Colour (..., 3) and infrared (...) of skin, Beer-Lambert over bare skin."""
    depth = melanin[..., None] * MELANIN_RGB + blood[..., None] * BLOOD_RGB
    colour = 0.008 + BARE_SKIN_RGB * np.exp(-depth)
    infrared = BARE_SKIN_INFRARED * np.exp(-MELANIN_INFRARED * melanin - BLOOD_INFRARED * blood)
    return colour.astype(np.float32), infrared.astype(np.float32)


HAIR_COLOURS = {
    "black": (0.012, 0.010, 0.009),
    "dark_brown": (0.035, 0.022, 0.014),
    "brown": (0.085, 0.050, 0.028),
    "blond": (0.34, 0.24, 0.12),
    "red": (0.19, 0.065, 0.025),
    "grey": (0.32, 0.31, 0.30),
}
"""Linear reflectance of hair."""
AT_940 = {Kind.SKIN: 0.88, Kind.EYE: 0.82, Kind.HAIR: 1.18, Kind.CLOTH: 1.03, Kind.SILICONE: 0.98}
"""Reflectance at 940 nm against 850 nm: water darkens living tissue, hair grows still lighter."""


def hair_infrared(colour: Floats) -> Floats:
    """Hair grows lighter with wavelength: even black hair returns a tenth at 850 nm."""
    return np.asarray(0.07 + 0.55 * np.sqrt(colour.mean(axis=-1)), np.float32)


def reflectance_at(wavelength: int, infrared: Floats, kind: Floats) -> Floats:
    """Reflectance (N,) at 850 or 940 nm from that at 850 nm and values of Kind (N,)."""
    if wavelength == 850:
        return infrared
    factor = np.ones(max(Kind) + 1, np.float32)
    factor[list(AT_940)] = list(AT_940.values())
    return np.asarray(np.minimum(infrared * factor[kind.astype(int)], 0.95), np.float32)


def linear(encoded: Floats) -> Floats:
    """From display values in [0, 1] to linear light (sRGB, power 2.2)."""
    return np.power(np.clip(encoded, 0, 1), 2.2, dtype=np.float32)


def encode(light: Floats) -> Floats:
    """From linear light to display values in [0, 1]."""
    return np.power(np.clip(light, 0, 1), 1 / 2.2, dtype=np.float32)
