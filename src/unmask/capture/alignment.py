"""Pictures of a sensor as the colour camera would have them, pixel by pixel.

Depth is re-projected: every pixel becomes a point, the point a pixel of the colour camera, as wide
as the sensor's pixel is seen from there; where several meet, the nearest is kept (a z-buffer), and
where none arrives is a hole. Its values are distances from the colour camera then.

Infrared and thermal are looked up the other way round: every colour pixel, at the distance that
aligned depth has there (a hole takes that of the nearest known pixel), becomes a point, which the
sensor's camera saw somewhere. What that camera could not see, as something stood before it, shows
what stood there. A homography moves pixels without any depth; values stay.

With x, y on the image plane at distance 1 and r^2 = x^2 + y^2, a lens moves a point to
``x (1 + k1 r^2 + k2 r^4 + k3 r^6) + 2 p1 x y + p2 (r^2 + 2 x^2)``, and y likewise (Brown's model).

Axes: H W pixels of the sensor, h w of the colour camera, N points.
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from unmask.config import CalibrationConfig, CameraConfig
from unmask.types import Image, Modality

Array = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating]
Size = tuple[int, int]

OVERLAP = 0.25
"""Pixels that each footprint is grown by, so that a slanted surface has no pinholes."""
WIDEST = 16.0
"""Pixels that half a footprint is at most: what nearly touches the lens does not cover all."""


def by_homography(picture: Image, modality: Modality, calibration: CalibrationConfig) -> Image:
    """(H, W) -> (h, w); depth takes the nearest pixel, the others are interpolated."""
    matrix = np.array(calibration.homography, np.float64).reshape(3, 3)
    method = cv2.INTER_NEAREST if modality is Modality.DEPTH else cv2.INTER_LINEAR
    moved = cv2.warpPerspective(picture, matrix, calibration.colour_size, flags=method)
    return cast(Image, moved)


def reproject(depth: Array, calibration: CalibrationConfig) -> Array:
    """(H, W) distances from the sensor -> (h, w) distances from the colour camera, in mm."""
    sensor, colour = calibration.sensor, calibration.colour
    seen = depth > 0  # (H, W)
    z = depth[seen]  # (N,)
    points = np.empty((z.size, 3), np.float32)
    points[:, :2] = _rays(sensor, calibration.sensor_size)[seen] * z[:, None]
    points[:, 2] = z
    points = points @ _rotation(calibration).T + _translation(calibration)
    inside = _before(points, colour, calibration.colour_size)
    points, z = points[inside], z[inside]
    enlarged = np.array([colour.fx / sensor.fx, colour.fy / sensor.fy], np.float32)
    half = np.minimum((z / points[:, 2])[:, None] * enlarged / 2 + OVERLAP, WIDEST)  # (N, 2)
    return _nearest(project(points, colour), half, points[:, 2], calibration.colour_size)


def by_depth(picture: Image, depth: Array, calibration: CalibrationConfig) -> Image:
    """(H, W) of an infrared or thermal sensor -> (h, w), by (h, w) depth of the colour camera."""
    sensor, colour = calibration.sensor, calibration.colour
    z = _without_holes(depth)[..., None]  # (h, w, 1)
    points = np.concatenate([_rays(colour, calibration.colour_size) * z, z], axis=-1)
    points = (points.reshape(-1, 3) - _translation(calibration)) @ _rotation(calibration)  # (N, 3)
    place = project(points, sensor)  # (N, 2)
    place[~_before(points, sensor, calibration.sensor_size)] = -2  # outside the picture
    across, down = (np.ascontiguousarray(place[:, k]).reshape(depth.shape) for k in (0, 1))
    return cast(Image, cv2.remap(picture, across, down, cv2.INTER_LINEAR))


def project(points: Floats, camera: CameraConfig) -> Array:
    """Points (N, 3) before a camera to its pixels (N, 2)."""
    with np.errstate(divide="ignore", invalid="ignore"):  # of points that are not before it
        x, y = points[:, 0] / points[:, 2], points[:, 1] / points[:, 2]
    if any(camera.distortion):
        k1, k2, p1, p2, k3 = (*camera.distortion, 0.0)[:5]
        squared = x * x + y * y
        radial = 1 + squared * (k1 + squared * (k2 + squared * k3))
        x, y = (
            x * radial + 2 * p1 * x * y + p2 * (squared + 2 * x * x),
            y * radial + 2 * p2 * x * y + p1 * (squared + 2 * y * y),
        )
    pixels = [x * camera.fx + camera.cx, y * camera.fy + camera.cy]
    return np.stack(pixels, axis=1).astype(np.float32)


@lru_cache(maxsize=8)
def _rays(camera: CameraConfig, size: Size) -> Array:
    """(H, W, 2): where the line of sight of each pixel meets the plane at distance 1."""
    width, height = size
    row, column = np.mgrid[:height, :width].astype(np.float64)
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
    pixels = np.stack([column, row], axis=-1).reshape(-1, 1, 2)
    plane = cv2.undistortPoints(pixels, matrix, np.array(camera.distortion or (0.0,) * 4))
    return np.asarray(plane, np.float32).reshape(height, width, 2)


@lru_cache(maxsize=8)
def _bounds(camera: CameraConfig, size: Size) -> tuple[Floats, Floats]:
    """Least and greatest x and y (2,) of the rays, a little widened."""
    flat = _rays(camera, size).reshape(-1, 2)
    return flat.min(axis=0) - np.float32(0.02), flat.max(axis=0) + np.float32(0.02)


def _before(points: Floats, camera: CameraConfig, size: Size) -> npt.NDArray[np.bool_]:
    """(N,): may the camera see the point? Outside its field of view the lens model is void."""
    z = points[:, 2]
    seen = z > 0
    for axis, (low, high) in enumerate(zip(*_bounds(camera, size), strict=True)):
        seen &= (points[:, axis] >= low * z) & (points[:, axis] <= high * z)
    return np.asarray(seen)


def _nearest(pixels: Floats, half: Floats, z: Floats, size: Size) -> Array:
    """(h, w): at each pixel the least z of the footprints that cover its middle, else 0."""
    width, height = size
    found = np.full(height * width, np.inf, np.float32)
    first = np.ceil(pixels - half).astype(np.int32)  # (N, 2) column and row
    count = np.floor(pixels + half).astype(np.int32) - first + 1  # (N, 2)
    most = count.max(axis=0, initial=0)
    for down in range(most[1]):
        for right in range(most[0]):
            column, row = first[:, 0] + right, first[:, 1] + down
            here = (right < count[:, 0]) & (down < count[:, 1])
            here &= (column >= 0) & (column < width) & (row >= 0) & (row < height)
            np.minimum.at(found, row[here] * width + column[here], z[here])
    return np.where(np.isfinite(found), found, np.float32(0)).reshape(height, width)


def _without_holes(depth: Array) -> Array:
    """Depth whose holes have the value of the nearest known pixel."""
    holes = (depth == 0).astype(np.uint8)
    labels = cv2.distanceTransformWithLabels(
        holes, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )[1]
    known = np.zeros(int(labels.max()) + 1, np.float32)
    known[labels[holes == 0]] = depth[holes == 0]
    return np.asarray(known[labels], np.float32)


def _rotation(calibration: CalibrationConfig) -> Array:
    return np.array(calibration.rotation, np.float32).reshape(3, 3)


def _translation(calibration: CalibrationConfig) -> Array:
    return np.array(calibration.translation_mm, np.float32)
