"""What ink on paper or cloth looks like, in colour and at 850 nm.

Inkjet dyes are transparent at 850 nm: a portrait leaves almost blank paper. Toner makes its darks
with carbon black, which is as black there as in the light; where the picture has colour and little
grey, it lays down none. Inkjets leave bands along the way of the head, toner a screen of dots.
Paper diffuses; gloss is a thin sheen over all of it, toner shines a little by itself.

Axes: N points on the sheet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.sim.body.heads import Floats
from unmask.sim.craft.photo import Photo
from unmask.sim.optics.materials import Kind, Paint

LUMA = np.array([0.21, 0.72, 0.07], np.float32)
DYE_INFRARED = 0.05
"""What full dye ink takes away at 850 nm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """A printer, its ink and the sheet under it."""

    carbon: float
    """Share of the dark that is laid down with carbon black; 0 for dye alone."""
    black: float
    white: Floats  # (3,)
    """Reflectance of full ink and of the bare sheet."""
    infrared: float
    """Reflectance of the bare sheet at 850 nm."""
    contrast: float
    gamut: float
    """Share of the colourfulness that the inks can give."""
    tint: Floats  # (3,)
    gloss: tuple[float, float]
    bands: float
    """Depth of the printer's banding."""
    band: float
    """Millimetres from band to band."""
    dots: float
    """Depth of the half-tone dots."""
    dot: float
    """Millimetres from dot to dot."""


INKS = ("dye_matte", "dye_glossy", "carbon_matte", "carbon_glossy")


def draw_ink(rng: np.random.Generator, kind: str) -> Ink:
    """One of INKS, on office or photographic paper."""
    ink, paper = kind.split("_")
    glossy, dye = paper == "glossy", ink == "dye"
    white = rng.uniform(0.78, 0.90) * np.exp(rng.normal([0, 0, 0.01], 0.02))
    return Ink(
        carbon=0.0 if dye else float(rng.uniform(0.5, 0.95)),
        black=float(rng.uniform(0.015, 0.04) if glossy else rng.uniform(0.03, 0.075)),
        white=white.astype(np.float32),
        infrared=float(rng.uniform(0.82, 0.90)),
        contrast=float(rng.uniform(0.8, 1.2)),
        gamut=float(rng.uniform(0.8, 0.95) if glossy else rng.uniform(0.6, 0.85)),
        tint=np.exp(rng.normal(0, 0.06, 3)).astype(np.float32),
        gloss=(0.04, float(rng.uniform(0.26, 0.42))) if glossy else (0.025, 0.8),
        bands=float(rng.choice([0.0, rng.uniform(0.02, 0.10)], p=[0.4, 0.6])) * (1 if dye else 0.4),
        band=float(rng.uniform(2.0, 5.0)),
        dots=0.0 if dye else float(rng.uniform(0.02, 0.12)),
        dot=float(rng.uniform(0.3, 0.75)),
    )


def paint_ink(uv: Floats, photo: Photo, half: float, ink: Ink, kind: Kind = Kind.PAPER) -> Paint:
    """A photograph ``half`` mm from middle to side, printed around (0, 0), at (u, v) mm (N, 2)."""
    inside = (np.abs(uv).max(axis=1) < half)[:, None]  # (N, 1)
    tone = np.clip(printed(photo.at(uv / half), ink) * texture(uv, ink), 0, 1)
    tone = np.where(inside, tone, 1.0)  # a blank border
    colour = ink.black + (ink.white - ink.black) * tone
    dark = 1 - (0.2 * tone.min(axis=1) + 0.8 * tone.max(axis=1)) ** 0.6  # (N,)
    infrared = ink.infrared * (1 - DYE_INFRARED * dark) * (1 - 0.95 * ink.carbon * dark)
    paint = Paint.uniform(
        len(uv), kind, colour.astype(np.float32), infrared.astype(np.float32), ink.gloss
    )
    paint.roughness -= 0.25 * ink.carbon * dark * (paint.roughness > 0.5)
    paint.softness[:] = 0.1
    return paint


def printed(light: Floats, ink: Ink) -> Floats:
    """What share of the sheet's white the ink leaves (N, 3), for linear light (N, 3)."""
    grey = (light @ LUMA)[:, None]
    return np.asarray((grey + ink.gamut * (light - grey)) ** ink.contrast * ink.tint, np.float32)


def texture(uv: Floats, ink: Ink) -> Floats:
    """Banding along u and dots at 45 degrees, as a factor (N, 1)."""
    factor = np.ones((len(uv), 1), np.float32)
    if ink.bands:
        phase = uv[:, 1:] * (2 * np.pi / ink.band)
        factor += ink.bands * np.sin(phase) * np.sin(0.37 * phase + 1)
    if ink.dots:
        turn = uv.astype(np.float32) @ np.array([[1, 1], [-1, 1]], np.float32)
        wave = np.sin(turn * np.float32(np.sqrt(2) * np.pi / ink.dot))
        factor += ink.dots * wave[:, :1] * wave[:, 1:]
    return factor
