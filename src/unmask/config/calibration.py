"""How the pictures of one sensor lie in those of the colour camera: a YAML file per pair.

Either a homography, which is right for one plane or where both lenses sit in one place:

    sensor_size: [640, 480]      # pixels of the sensor's pictures, width and height
    colour_size: [1280, 720]     # pixels of the colour pictures
    homography: [2.0, 0.0, 0.0,  0.0, 2.0, -120.0,  0.0, 0.0, 1.0]

or two cameras and how they stand, which is right wherever the depth is known:

    sensor_size: [640, 480]
    colour_size: [1280, 720]
    sensor: {fx: 383.1, fy: 383.1, cx: 318.9, cy: 238.4}
    colour: {fx: 921.4, fy: 920.9, cx: 640.3, cy: 359.2, distortion: [0.11, -0.24, 0.0, 0.0, 0.0]}
    rotation: [1.0, 0.0, 0.0,  0.0, 1.0, 0.0,  0.0, 0.0, 1.0]
    translation_mm: [14.9, 0.1, 0.3]

Matrices are written row by row. A point of the sensor's camera becomes ``rotation @ point +
translation_mm`` in the colour camera; x points right, y down, z away, and the middle of the first
pixel is (0, 0): the conventions of OpenCV, ROS and the makers of depth cameras.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from math import isfinite

from unmask.config.checks import check_at_least
from unmask.errors import ConfigError

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
NUMBERS_OF_A_LENS = (0, 4, 5)


@dataclass(frozen=True, kw_only=True)
class CameraConfig:
    """A pinhole with a lens; all numbers 0: no camera is given."""

    fx: float = 0.0
    """Focal length across, in pixels."""
    fy: float = 0.0
    """Focal length down, in pixels."""
    cx: float = 0.0
    """Column of the optical axis, in pixels."""
    cy: float = 0.0
    """Row of the optical axis, in pixels."""
    distortion: tuple[float, ...] = ()
    """k1, k2, p1, p2 and, if any, k3 of Brown's model; none: a lens without distortion."""

    def __post_init__(self) -> None:
        _check_finite("a camera", (self.fx, self.fy, self.cx, self.cy, *self.distortion))
        numbers = (self.fx, self.fy, self.cx, self.cy)
        if any((*numbers, *self.distortion)) and min(numbers) <= 0:
            raise ConfigError(
                f"a camera has fx, fy, cx, cy {numbers}; give all four, in pixels, above 0"
            )
        if len(self.distortion) not in NUMBERS_OF_A_LENS:
            raise ConfigError(
                f"distortion has {len(self.distortion)} numbers; give k1, k2, p1, p2 and, if any, "
                "k3, or leave it out"
            )


@dataclass(frozen=True, kw_only=True)
class CalibrationConfig:
    """What carries the pictures of a sensor over to the colour camera."""

    sensor_size: tuple[int, int]
    """Width and height of the sensor's pictures, in pixels."""
    colour_size: tuple[int, int]
    """Width and height of the colour pictures, in pixels."""
    homography: tuple[float, ...] = ()
    """Nine numbers: from a pixel of the sensor to the colour pixel that shows the same."""
    sensor: CameraConfig = field(default_factory=CameraConfig)
    colour: CameraConfig = field(default_factory=CameraConfig)
    rotation: tuple[float, ...] = IDENTITY
    """Nine numbers: from directions of the sensor's camera to those of the colour camera."""
    translation_mm: tuple[float, ...] = (0.0, 0.0, 0.0)
    """Where the sensor's lens is, seen from the colour camera, in millimetres."""

    def __post_init__(self) -> None:
        for name in ("sensor_size", "colour_size"):
            for pixels in getattr(self, name):
                check_at_least(name, pixels, 1)
        cameras = [camera.fx > 0 for camera in (self.sensor, self.colour)]
        if cameras != [not self.homography] * 2:
            raise ConfigError(
                "a calibration has either a homography, or both cameras (sensor and colour)"
            )
        if self.homography:
            _check_homography(self.homography)
        _check_rotation(self.rotation)
        _check_finite("translation_mm", self.translation_mm)
        if len(self.translation_mm) != 3:
            raise ConfigError(f"translation_mm has {len(self.translation_mm)} numbers; give three")


def _check_homography(matrix: tuple[float, ...]) -> None:
    _check_nine("homography", matrix)
    if abs(_determinant(matrix)) < 1e-12:
        raise ConfigError("the homography is singular: it maps a picture to a line; measure again")


def _check_rotation(matrix: tuple[float, ...]) -> None:
    _check_nine("rotation", matrix)
    rows = [matrix[0:3], matrix[3:6], matrix[6:9]]
    lengths = [sum(value * value for value in row) for row in rows]
    products = [sum(a * b for a, b in zip(*pair, strict=True)) for pair in combinations(rows, 2)]
    stray = max(abs(value) for value in [*(length - 1 for length in lengths), *products])
    if stray > 1e-3 or _determinant(matrix) < 0:
        raise ConfigError(
            "rotation is no rotation: its rows must be of length 1, at right angles, and "
            "right-handed; write them one after the other"
        )


def _check_nine(name: str, matrix: tuple[float, ...]) -> None:
    _check_finite(name, matrix)
    if len(matrix) != 9:
        raise ConfigError(f"{name} has {len(matrix)} numbers; give nine, row by row")


def _check_finite(name: str, values: tuple[float, ...]) -> None:
    if not all(isfinite(value) for value in values):
        raise ConfigError(f"{name} has {values}; every number must be finite")


def _determinant(m: tuple[float, ...]) -> float:
    return (
        m[0] * (m[4] * m[8] - m[5] * m[7])
        - m[1] * (m[3] * m[8] - m[5] * m[6])
        + m[2] * (m[3] * m[7] - m[4] * m[6])
    )
