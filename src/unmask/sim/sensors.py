"""From radiance and geometry to the files that sensors write: colour, depth, infrared.

Colour: exposure, colour cast, defocus and motion blur, shot and read noise, 8 bits (JPEG when saved).
Depth: structured light (quantised disparity, projector shadow, holes) or time of flight (noise that
grows as light is lost, mixed pixels at edges), whole millimetres, 0 where nothing came back.
Infrared: shot and read noise, vignetting, 8 or 16 bits.

Axes: P samples per side (oversampled), H pixels per side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from unmask.sim.heads import Floats
from unmask.sim.materials import encode


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourSensor:
    """A colour camera; each pair is a range from which a capture draws."""

    key_level: tuple[float, float] = (0.16, 0.30)
    """Mean linear level that automatic exposure aims at."""
    cast: float = 0.10
    """Log standard deviation of what automatic white balance leaves of red and blue."""
    balance: tuple[float, float] = (0.5, 0.95)
    """Share of the light's tint that white balance takes away."""
    blur: tuple[float, float] = (0.35, 0.9)
    """Defocus, pixels (standard deviation)."""
    motion: float = 1.5
    """Longest smear, pixels."""
    photons: tuple[float, float] = (600.0, 6000.0)
    """Electrons at full scale: shot noise."""
    read_noise: float = 0.006
    """Standard deviation, share of full scale."""
    quality: tuple[int, int] = (55, 95)
    """JPEG quality."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthSensor:
    """A depth camera."""

    principle: Literal["structured_light", "time_of_flight"]
    focal: float
    """Focal length in pixels of the picture it takes."""
    baseline: float
    """Millimetres from projector to lens."""
    noise: float
    """Standard deviation at 600 mm, in mm, on a bright surface."""
    step: float
    """Quantisation at 600 mm, in mm; grows with the square of distance."""
    reach: float = 4000.0
    """Farther than this (mm beyond which nothing is reported)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InfraredSensor:
    """An active infrared camera."""

    gain: tuple[float, float]
    """Level of a white surface at 600 mm."""
    bits: Literal[8, 16]
    photons: float = 1500.0
    read_noise: float = 0.006
    blur: float = 0.5
    ambient: tuple[float, float] = (0.0, 0.08)
    """What daylight and lamps add, relative to the illuminator at 600 mm."""


def expose(
    radiance: Floats, sensor: ColourSensor, side: int, tint: Floats, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """A colour picture (H, H, 3) from radiance (P, P, 3); ``tint`` is the colour of the light."""
    left = (tint / tint.mean()) ** (1 - rng.uniform(*sensor.balance))
    cast = np.exp(rng.normal(0, sensor.cast, 3)).astype(np.float32)
    light = radiance * (left / (tint / tint.mean()) * cast)
    light = cv2.resize(light, (side, side), interpolation=cv2.INTER_AREA)
    light = cv2.GaussianBlur(light, (0, 0), float(rng.uniform(*sensor.blur)))
    light = cv2.filter2D(light, -1, _smear(rng, sensor.motion))
    middle = light[side // 5 : -side // 5, side // 5 : -side // 5].mean(axis=2)
    level = 0.5 * float(np.median(middle)) + 0.5 * float(middle.mean())
    light = light * (rng.uniform(*sensor.key_level) / max(level, 1e-3))
    photons = rng.uniform(*sensor.photons)
    spread = np.sqrt(np.clip(light, 0, None) / photons + sensor.read_noise**2)
    grain = rng.standard_normal(light.shape, dtype=np.float32)
    grain = cv2.GaussianBlur(grain, (0, 0), 0.6) * 1.6  # demosaicking spreads noise
    light = light + spread * grain
    return np.round(255 * encode(shoulder(light))).astype(np.uint8)


def shoulder(light: Floats) -> Floats:
    """Film-like compression of highlights above 0.6 of full scale."""
    over = np.clip(light - 0.6, 0, None)
    return np.asarray(np.minimum(light, 0.6) + 0.4 * (1 - np.exp(-over / 0.4)), np.float32)


def _smear(rng: np.random.Generator, longest: float) -> Floats:
    """Kernel of a straight motion."""
    length, angle = rng.uniform(0, longest), rng.uniform(0, np.pi)
    kernel = np.zeros((7, 7), np.float32)
    for t in np.linspace(-0.5, 0.5, 9):
        x, y = 3 + t * length * np.cos(angle), 3 + t * length * np.sin(angle)
        x0, y0 = int(x), int(y)
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            kernel[y0 + dy, x0 + dx] += (1 - abs(x - x0 - dx)) * (1 - abs(y - y0 - dy))
    return kernel / kernel.sum()


def measure_depth(
    depth: Floats,
    signal: Floats,
    glare: Floats,
    sensor: DepthSensor,
    side: int,
    rng: np.random.Generator,
) -> npt.NDArray[np.uint16]:
    """Millimetres (H, H) from true depth, returned light and glare, all (P, P); 0 = hole."""
    seen = (depth > 0).astype(np.float32)
    weight = cv2.resize(seen * (signal + 0.02), (side, side), interpolation=cv2.INTER_AREA)
    mixed = cv2.resize(depth * seen * (signal + 0.02), (side, side), interpolation=cv2.INTER_AREA)
    mixed = mixed / np.maximum(weight, 1e-6)  # flying pixels: a mean over the footprint
    nearest = cv2.resize(depth, (side, side), interpolation=cv2.INTER_NEAREST)
    strength = cv2.resize(signal, (side, side), interpolation=cv2.INTER_AREA)
    bright = cv2.resize(glare, (side, side), interpolation=cv2.INTER_AREA)
    relative = (np.maximum(nearest, 1) / 600.0) ** 2
    fluctuation = rng.standard_normal((side, side), dtype=np.float32)
    if sensor.principle == "structured_light":
        z = _match_blocks(np.where(nearest > 0, nearest, 0.0))
        correlated = cv2.GaussianBlur(fluctuation, (0, 0), 1.3) * 3.2
        z = z + sensor.noise * relative * correlated / np.sqrt(np.clip(strength / 0.3, 0.15, 1.5))
        step = sensor.step * relative
        z = np.round(z / step) * step
        lost = _projector_shadow(nearest, sensor) | (bright > rng.uniform(0.9, 1.3))
    else:
        z = mixed + 0.8 * np.sin(mixed / 23.0)  # the wiggle of a modulated wave
        correlated = cv2.GaussianBlur(fluctuation, (0, 0), 0.6) * 1.8
        z = z + sensor.noise * np.sqrt(relative) * correlated / np.sqrt(
            np.clip(strength / 0.3, 0.05, 2)
        )
        lost = bright > rng.uniform(1.4, 2.0)
    grain = (
        1
        + 0.35
        * cv2.GaussianBlur(rng.standard_normal((side, side), dtype=np.float32), (0, 0), 1.5)
        * 3
    )
    lost |= strength * grain < rng.uniform(0.012, 0.030)
    lost |= (nearest <= 0) | (z > sensor.reach)
    lost |= rng.random((side, side)) < rng.uniform(0, 0.004)
    return np.where(lost, 0, np.clip(np.round(z), 0, 65535)).astype(np.uint16)


def _match_blocks(depth: Floats) -> Floats:
    """Windows that match a pattern see the median surface of their 3 x 3 pixels."""
    blocks = cv2.medianBlur(depth.astype(np.float32), 3)
    return np.asarray(0.5 * blocks + 0.5 * cv2.bilateralFilter(blocks, 3, 15.0, 1.0), np.float32)


def _projector_shadow(depth: Floats, sensor: DepthSensor) -> npt.NDArray[np.bool_]:
    """Pixels that the projector, ``baseline`` to the right of the lens, cannot reach.

    Along a row, a ray of the projector meets the surface whose column plus disparity is the
    greatest so far from the right; whatever falls behind that is dark.
    """
    disparity = sensor.focal * sensor.baseline / np.maximum(depth, 1.0)
    column = np.arange(depth.shape[1], dtype=np.float32)
    landing = column - disparity  # where the projector sees the point
    behind = np.minimum.accumulate(landing[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(landing > behind + 1.0)


def take_infrared(
    radiance: Floats, sensor: InfraredSensor, gain: float, side: int, rng: np.random.Generator
) -> Floats:
    """An infrared picture (H, H) in [0, 1] from radiance (P, P)."""
    light = cv2.resize(radiance, (side, side), interpolation=cv2.INTER_AREA) * gain
    light = cv2.GaussianBlur(light, (0, 0), sensor.blur)
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    light *= 1 - 0.12 * (axis[:, None] ** 2 + axis**2)
    spread = np.sqrt(np.clip(light, 0, None) / sensor.photons + sensor.read_noise**2)
    light = light + spread * rng.standard_normal(light.shape, dtype=np.float32)
    return np.clip(light, 0, 1).astype(np.float32)


def shift_picture(picture: Floats, offset: tuple[float, float], *, nearest: bool) -> Floats:
    """Misregistration: move by a fraction of a pixel, edges repeated."""
    matrix = np.array([[1, 0, offset[0]], [0, 1, offset[1]]], np.float32)
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(
        cv2.warpAffine(picture, matrix, size, flags=how, borderMode=cv2.BORDER_REPLICATE),
        np.float32,
    )
