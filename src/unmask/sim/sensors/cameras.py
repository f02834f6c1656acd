"""From radiance to the colour and infrared pictures that cameras write.

Colour: automatic exposure and white balance, defocus and motion blur, shot and read noise, a
film-like shoulder, 8 bits (JPEG when it is saved). Infrared: shot and read noise, vignetting.
Each pair in a sensor is a range from which a capture draws.

Axes: P samples per side (oversampled), H pixels per side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from unmask.sim.body.heads import Floats
from unmask.sim.optics.filters import blur, shrink, smear
from unmask.sim.optics.materials import encode

MOST_WARMTH = 0.75
"""Largest log ratio of red to blue that a camera leaves in a grey thing."""
MOST_GREEN = 0.14
"""Largest log ratio of green to the mean of the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourSensor:
    """A colour camera."""

    focal: float = 900.0
    """Focal length in pixels of its own picture."""
    key_level: tuple[float, float] = (0.16, 0.30)
    """Mean linear level that automatic exposure aims at."""
    cast: float = 0.10
    """Log standard deviation of what automatic white balance leaves of each channel."""
    balance: tuple[float, float] = (0.5, 0.95)
    """Share of the estimated tint that white balance takes away."""
    grey_world: tuple[float, float] = (0.35, 0.8)
    """How far that estimate follows the mean colour of the scene rather than that of the room."""
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
class InfraredSensor:
    """An infrared camera with its own illuminator."""

    gain: tuple[float, float]
    """Level of a white surface at 600 mm."""
    bits: Literal[8, 16]
    """Of the file; 16 carries a 10-bit reading in its upper bits."""
    wavelength: Literal[850, 940] = 850
    """Of the illuminator and the filter before the sensor, nm."""
    photons: float = 1500.0
    read_noise: float = 0.006
    blur: float = 0.5
    ambient: tuple[float, float] = (0.0, 0.08)
    """What daylight and lamps add, relative to the illuminator at 600 mm."""
    follow: float = 1.2
    """Exposure rises as distance to this power; at 2 skin is as bright at any distance."""


def expose(
    radiance: Floats,
    sensor: ColourSensor,
    side: int,
    tint: Floats,
    rngs: tuple[np.random.Generator, np.random.Generator],
) -> npt.NDArray[np.uint8]:
    """A colour picture (H, H, 3) from radiance (P, P, 3); ``tint`` is the colour of the light.

    The first generator draws the settings, which stay for a whole presentation, the second noise.
    """
    rng, noise = rngs
    light = shrink(radiance, side)
    scene = np.asarray(cv2.mean(light)[:3]) + 1e-4
    trust = rng.uniform(*sensor.grey_world)
    estimate = (tint / tint.mean()) ** (1 - trust) * (scene / scene.mean()) ** trust
    balance = estimate ** -rng.uniform(*sensor.balance)
    cast = np.exp(rng.normal(0, sensor.cast, 3))
    neutral = tint / tint.mean()  # what is seen of a grey thing
    correction = plausible(neutral * balance * cast) / neutral
    light = blur(light * correction.astype(np.float32), float(rng.uniform(*sensor.blur)))
    light = smear(light, rng.uniform(0, sensor.motion), rng.uniform(0, np.pi))
    light = light * (rng.uniform(*sensor.key_level) / _metered(light))
    photons = rng.uniform(*sensor.photons)
    spread = np.sqrt(np.clip(light, 0, None) / photons + sensor.read_noise**2)
    grain = 1.6 * blur(noise.standard_normal(light.shape, dtype=np.float32), 0.6)  # demosaicked
    return np.round(255 * encode(_shoulder(light + spread * grain))).astype(np.uint8)


def plausible(grey: Floats) -> Floats:
    """The colour (3,) of a grey thing, kept within what people take for a cast of the light.

    Warm and cold light pass further than green and purple, which no lamp is.
    """
    red, green, blue = np.log(grey)
    warm = MOST_WARMTH * np.tanh((red - blue) / MOST_WARMTH)
    leaf = MOST_GREEN * np.tanh((green - (red + blue) / 2) / MOST_GREEN)
    shades = [warm / 2 - leaf / 3, 2 * leaf / 3, -warm / 2 - leaf / 3]
    return np.asarray(np.exp(shades), np.float32)


def take_infrared(
    radiance: Floats, sensor: InfraredSensor, gain: float, side: int, rng: np.random.Generator
) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """An infrared picture (H, H) from radiance (P, P)."""
    light = blur(shrink(radiance, side) * gain, sensor.blur)
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    light = light * (1 - 0.12 * (axis[:, None] ** 2 + axis**2))
    spread = np.sqrt(np.clip(light, 0, None) / sensor.photons + sensor.read_noise**2)
    level = np.clip(light + spread * rng.standard_normal(light.shape, dtype=np.float32), 0, 1)
    if sensor.bits == 8:
        return np.asarray(np.round(255 * level), np.uint8)
    return np.asarray(np.round(1023 * level) * 64, np.uint16)


def _metered(light: Floats) -> float:
    """The level that automatic exposure looks at: the middle of the picture."""
    edge = light.shape[0] // 5
    middle = cv2.transform(light[edge:-edge, edge:-edge], np.full((1, 3), 1 / 3))
    return max(0.5 * float(np.median(middle)) + 0.5 * float(middle.mean()), 1e-3)


def _shoulder(light: Floats) -> Floats:
    """Film-like compression of highlights above 0.6 of full scale."""
    over = np.clip(light - 0.6, 0, None)
    return np.asarray(np.minimum(light, 0.6) + 0.4 * (1 - np.exp(-over / 0.4)), np.float32)
