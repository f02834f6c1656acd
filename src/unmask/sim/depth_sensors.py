"""Depth cameras: whole millimetres, 0 where nothing came back.

Structured light matches a projected pattern in small windows: noise and quantisation grow with the
square of distance, what the projector cannot see is dark, glare hides the pattern. Time of flight
averages all light of a pixel: edges give points that hang between near and far, noise grows as
light is lost. Both lose black, glossy and grazing surfaces, which send nothing back.

Axes: P samples per side (oversampled), H pixels per side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from unmask.sim.filters import blur, nearest, shrink
from unmask.sim.heads import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthSensor:
    """A depth camera."""

    principle: Literal["structured_light", "stereo", "time_of_flight"]
    focal: float
    """Focal length in pixels of the picture it takes."""
    baseline: float
    """Millimetres from lens to projector."""
    noise: float
    """Standard deviation at 600 mm, in mm, on a bright surface."""
    step: float
    """Quantisation at 600 mm, in mm."""
    reach: float = 4000.0
    """Nothing is reported farther away (mm)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Echo:
    """What comes back to a depth camera, (P, P) each."""

    depth: Floats
    """True depth, mm; 0 where nothing is."""
    signal: Floats
    """Returned light; skin facing the lens at 600 mm gives about 0.5."""
    glare: Floats
    """Mirrored light of the projector."""


def measure(
    echo: Echo, sensor: DepthSensor, side: int, rng: np.random.Generator
) -> npt.NDArray[np.uint16]:
    """Millimetres (H, H)."""
    strength, glare = shrink(echo.signal, side), shrink(echo.glare, side)
    if sensor.principle != "time_of_flight":
        z, lost = _structured_light(nearest(echo.depth, side), strength, sensor, rng)
        lost |= glare > rng.uniform(0.9, 1.3)
    else:
        z = _time_of_flight(echo, strength, sensor, rng)
        lost = glare > rng.uniform(1.4, 2.0)
    grain = 1 + blur(rng.standard_normal((side, side), dtype=np.float32), 1.5)
    lost |= strength * grain < rng.uniform(0.012, 0.030)
    lost |= rng.random((side, side)) < rng.uniform(0, 0.004)
    lost |= (z <= 0) | (z > sensor.reach)
    return np.where(lost, 0, np.clip(np.round(z), 0, 65535)).astype(np.uint16)


def _structured_light(
    depth: Floats, strength: Floats, sensor: DepthSensor, rng: np.random.Generator
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Depth and what the projector cannot see, (H, H)."""
    windows = np.asarray(cv2.medianBlur(np.asarray(depth, np.float32), 3))
    windows = 0.5 * windows + 0.5 * np.asarray(cv2.bilateralFilter(windows, 3, 15.0, 1.0))
    relative = (np.maximum(depth, 1) / 600.0) ** 2
    fluctuation = 3.2 * blur(rng.standard_normal(depth.shape, dtype=np.float32), 1.3)
    contrast = np.sqrt(np.clip(strength / 0.3, 0.15, 1.5))
    z = windows + sensor.noise * relative * fluctuation / contrast
    step = sensor.step * relative
    return np.where(depth > 0, np.round(z / step) * step, 0), projector_shadow(depth, sensor)


def _time_of_flight(
    echo: Echo, strength: Floats, sensor: DepthSensor, rng: np.random.Generator
) -> Floats:
    """Depth (H, H): the mean over each pixel's light, so edges mix near and far."""
    side = strength.shape[0]
    weight = (echo.depth > 0) * (echo.signal + 0.02)
    z = shrink(echo.depth * weight, side) / np.maximum(shrink(weight, side), 1e-6)
    z = z + 0.8 * np.sin(z / 23.0)  # the wiggle of a modulated wave
    fluctuation = 1.8 * blur(rng.standard_normal(z.shape, dtype=np.float32), 0.6)
    amplitude = np.sqrt(np.clip(strength / 0.3, 0.05, 2))
    return np.asarray(z + sensor.noise * (z / 600) * fluctuation / amplitude, np.float32)


def projector_shadow(depth: Floats, sensor: DepthSensor) -> npt.NDArray[np.bool_]:
    """Pixels (H, H) that a projector to the right of the lens cannot reach.

    Seen from the projector a point lies ``focal * baseline / depth`` pixels to the left of where
    the lens sees it. Along a row that order must be kept: a point that lands to the right of any
    point on its right is hidden behind it.
    """
    disparity = sensor.focal * sensor.baseline / np.maximum(depth, 1.0)
    landing = np.arange(depth.shape[1]) - disparity  # (H, H)
    first = np.minimum.accumulate(landing[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(landing > first + 1.0)
