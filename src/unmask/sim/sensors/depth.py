"""Depth cameras: whole millimetres, 0 where nothing came back.

Structured light matches a projected pattern in small windows: noise and quantisation grow with the
square of distance, what the projector cannot see is dark, glare hides the pattern. Stereo compares
two pictures in larger windows: outlines are fattened and ragged, sub-pixel matches lock to whole
pixels, plain surfaces are lost once the sun drowns the projected dots, false matches make speckles.
Time of flight averages all light of a pixel: edges give points that hang between near and far.

All lose black and grazing surfaces, which send nothing back, and all are misled by glass: where a
surface mirrors more than it scatters they measure something else, or nothing, in patches.

Axes: P samples per side (oversampled), H pixels per side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from unmask.sim.body.heads import Floats
from unmask.sim.optics.filters import blur, nearest, shrink

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthSensor:
    """A depth camera."""

    principle: Literal["structured_light", "stereo", "time_of_flight"]
    focal: float
    """Focal length in its own pixels."""
    baseline: float = 0.0
    """Millimetres from lens to projector or to the second lens."""
    noise: float
    """Standard deviation at 600 mm, in mm, on a bright surface."""
    step: float = 0.0
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
    mirror: Floats
    """Share of the light that is mirrored rather than scattered: skin 0.03, dark glass 0.6."""
    daylight: Floats
    """Light of other sources, in units of ``signal``."""
    focal: float
    """Pixels of H per unit of tangent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An echo at the resolution of the picture, (H, H) each."""

    depth: Floats
    signal: Floats
    mirror: Floats
    daylight: Floats
    texture: Floats
    """Contrast of the surface itself within a window."""
    focal: float
    grain: float
    """Pixels of the picture per pixel of the sensor."""


def measure(
    echo: Echo, sensor: DepthSensor, side: int, rng: np.random.Generator
) -> npt.NDArray[np.uint16]:
    """Millimetres (H, H)."""
    signal, daylight = shrink(echo.signal, side), shrink(echo.daylight, side)
    view = View(
        depth=nearest(echo.depth, side),
        signal=signal,
        mirror=shrink(echo.mirror, side),
        daylight=daylight,
        texture=_texture(signal),
        focal=echo.focal,
        grain=max(echo.focal / sensor.focal, 0.7),
    )
    z, lost = PRINCIPLES[sensor.principle](echo, view, sensor, rng)
    z = _mirrored(z, view, rng)
    lost |= _unheard(view, shrink(echo.glare, side), sensor, rng)
    lost |= (z <= 0) | (z > sensor.reach)
    return np.where(lost, 0, np.clip(np.round(z), 0, 65535)).astype(np.uint16)


def patches(rng: np.random.Generator, side: int, size: float) -> Floats:
    """Smooth noise (side, side) of about unit deviation; patches ``size`` pixels wide."""
    cells = max(int(side / size) + 3, 4)
    coarse = rng.standard_normal((cells, cells), dtype=np.float32)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)


def _texture(signal: Floats) -> Floats:
    """Standard deviation over mean in windows of 7 pixels."""
    mean = cv2.blur(signal, (7, 7))
    square = cv2.sqrBoxFilter(signal, -1, (7, 7))
    return np.asarray(np.sqrt(np.maximum(square - mean * mean, 0)) / (mean + 0.02), np.float32)


def _structured_light(
    echo: Echo, view: View, sensor: DepthSensor, rng: np.random.Generator
) -> tuple[Floats, Mask]:
    """Depth (H, H), and what the projector cannot see or the outline spoils."""
    depth, side = view.depth, view.depth.shape[0]
    windows = np.asarray(cv2.medianBlur(depth, 3))
    windows = 0.5 * windows + 0.5 * np.asarray(cv2.bilateralFilter(windows, 3, 15.0, 1.0))
    relative = (np.maximum(depth, 1) / 600.0) ** 2
    width = 1.3 * view.grain
    fluctuation = 2.5 * width * blur(rng.standard_normal(depth.shape, dtype=np.float32), width)
    z = windows + sensor.noise * relative * fluctuation * _unsteadiness(view)
    levels = 600.0**2 / sensor.step  # disparity is what comes in equal steps
    near, far = _ends(depth, round(1.6 * view.grain))
    ragged = patches(rng, side, 5 * view.grain) + patches(rng, side, 2 * view.grain)
    lost = (far - near > 0.05 * near) & (ragged > rng.uniform(0.2, 1.2))
    lost |= projector_shadow(depth, view.focal * sensor.baseline)
    return np.where(depth > 0, levels / np.round(levels / np.maximum(z, 1.0)), 0), lost


def _stereo(
    echo: Echo, view: View, sensor: DepthSensor, rng: np.random.Generator
) -> tuple[Floats, Mask]:
    """Depth (H, H) from disparities of windows, and where nothing matches."""
    depth, side = view.depth, view.depth.shape[0]
    reach = sensor.focal * sensor.baseline
    near, far = _ends(depth, round(2.2 * view.grain))
    edge = far - near > 0.05 * near
    wavy = patches(rng, side, 4 * view.grain)
    fat = np.where(edge & (wavy > -0.5), near, depth)  # the nearer surface wins the window
    scales = ((0.55, 2.0), (0.55, 4.0), (0.5, 9.0))  # of the windows' noise, sensor pixels
    fluctuation = sum(a * patches(rng, side, size * view.grain) for a, size in scales)
    contrast = view.signal / (view.signal + 1.5 * view.daylight + 0.03) + 0.8 * view.texture
    error = sensor.noise * reach / 600.0**2 * fluctuation / np.clip(1.4 * contrast, 0.35, 1.5)
    disparity = reach / np.maximum(fat, 1.0) + error
    disparity += 0.03 * np.sin(2 * np.pi * disparity)  # sub-pixel fits lean to whole pixels
    step = sensor.step * reach / 600.0**2
    doubtful = edge | (contrast < 0.4)
    false = doubtful & (patches(rng, side, 2.5 * view.grain) > rng.uniform(2.2, 2.8))
    disparity *= np.where(false, np.exp(-0.5 * np.abs(patches(rng, side, 7 * view.grain))), 1)
    z = reach / np.maximum(np.round(disparity / step) * step, 1e-3)
    lost = contrast * np.exp(0.5 * wavy) < rng.uniform(0.10, 0.17)
    lost |= edge & (patches(rng, side, 3 * view.grain) > rng.uniform(0.6, 1.2))
    lost |= projector_shadow(depth, view.focal * sensor.baseline) & ~(edge & (fat == near))
    return np.asarray(np.where(depth > 0, z, 0), np.float32), lost


def _time_of_flight(
    echo: Echo, view: View, sensor: DepthSensor, rng: np.random.Generator
) -> tuple[Floats, Mask]:
    """Depth (H, H): the mean over each pixel's light, so edges mix near and far."""
    side = view.depth.shape[0]
    weight = (echo.depth > 0) * (echo.signal + 0.02)
    z = shrink(echo.depth * weight, side) / np.maximum(shrink(weight, side), 1e-6)
    z = z + 0.8 * np.sin(z / 23.0)  # the wiggle of a modulated wave
    width = 0.6 * view.grain
    fluctuation = 3.0 * width * blur(rng.standard_normal(z.shape, dtype=np.float32), width)
    z = z + sensor.noise * (z / 600) * fluctuation * _unsteadiness(view)
    return np.asarray(z, np.float32), np.zeros(z.shape, bool)


PRINCIPLES: dict[
    str, Callable[[Echo, View, DepthSensor, np.random.Generator], tuple[Floats, Mask]]
] = {
    "structured_light": _structured_light,
    "stereo": _stereo,
    "time_of_flight": _time_of_flight,
}


def _unsteadiness(view: View) -> Floats:
    """Factor on the noise: shot noise of all light over the light that counts."""
    own = np.clip(view.signal / 0.3, 0.03, 2.0)
    return np.asarray(np.minimum(np.sqrt(own + view.daylight / 0.3) / own, 4.0), np.float32)


def _ends(depth: Floats, reach: int) -> tuple[Floats, Floats]:
    """Nearest and farthest depth within ``reach`` pixels."""
    window = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    return np.asarray(cv2.erode(depth, window)), np.asarray(cv2.dilate(depth, window))


def _mirrored(z: Floats, view: View, rng: np.random.Generator) -> Floats:
    """Glass leads the light astray: in patches the depth is that of something else."""
    side = z.shape[0]
    astray = patches(rng, side, side / 7) + 0.5 * patches(rng, side, 5 * view.grain)
    wrong = np.clip(2.5 * (view.mirror - 0.25), 0, 1)
    off = wrong * (6 * astray + 220 * np.clip(astray - 1.1, 0, None))
    return np.asarray(z + off, np.float32)


def _unheard(view: View, glare: Floats, sensor: DepthSensor, rng: np.random.Generator) -> Mask:
    """Pixels that send back too little, or so much that nothing can be told in it."""
    side = view.signal.shape[0]
    coarse, fine = patches(rng, side, side / 9), patches(rng, side, 2.5 * view.grain)
    glassy = np.minimum(3 * view.mirror, 1)
    level = view.signal * np.exp(glassy * (0.9 * coarse + 0.25 * fine) + 0.2 * fine)
    needed = rng.uniform(0.010, 0.022) + 0.02 * view.daylight
    bears = 1.7 if sensor.principle == "time_of_flight" else 1.1
    lost = level < needed
    lost |= glare * np.exp(0.25 * coarse + 0.1 * fine) > bears * rng.uniform(0.85, 1.15)
    lost |= patches(rng, side, 2 * view.grain) > rng.uniform(2.7, 3.6)
    return np.asarray(lost, bool)


def projector_shadow(depth: Floats, reach: float) -> Mask:
    """Pixels (H, H) that a projector (or second lens) to the right of the lens cannot see.

    Seen from there a point at depth z lies ``reach / z`` pixels to the left of where the lens
    sees it, ``reach`` being the focal length in pixels times the baseline. Along a row that order
    must be kept: a point that lands to the right of any point on its right is hidden behind it.
    """
    landing = np.arange(depth.shape[1]) - reach / np.maximum(depth, 1.0)  # (H, H)
    first = np.minimum.accumulate(landing[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(landing > first + 1.0)
