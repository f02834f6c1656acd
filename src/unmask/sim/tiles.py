"""The three pictures of a capture as people can read them, 8-bit colour.

Depth is lit like a plaster cast: shape shows as shading, nearness as light and warmth, over the
first 180 mm; behind that it is dark, and where the sensor saw nothing it is blue. Infrared is shown
with a gamma, as its levels are linear.

Axes: H pixels per side.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from unmask.sim.body.heads import Floats
from unmask.sim.stage import Capture

Pixels = npt.NDArray[np.uint8]

DEPTH_SHOWN = 180.0
"""Millimetres from the nearest point to the darkest tone: a face, not the room."""
NEAR, FAR = np.array([255, 246, 228], np.float32), np.array([46, 62, 92], np.float32)
BEHIND, NOTHING = np.array([30, 32, 36], np.float32), np.array([22, 28, 66], np.float32)
CROP_MM = 230.0
"""About what a crop of a face is wide."""
LAMP = np.array([-0.40, 0.48, 0.78], np.float32)
"""Direction of the light on the plaster, of length 1: right, up, towards the viewer."""
SMOOTH_MM, STEEPNESS = 4.2, 0.7
"""How far the sensor's noise is evened out before slopes are taken, and how strongly they show."""


def tiles(taken: Capture) -> tuple[Pixels, Pixels, Pixels]:
    """RGB, depth and infrared, each (H, H, 3)."""
    return taken.rgb, depth_tile(taken.depth), infrared_tile(taken.infrared)


def depth_tile(depth: npt.NDArray[np.uint16]) -> Pixels:
    """Shaded relief (H, H, 3) of millimetres (H, H), 0 = hole."""
    seen = depth > 0
    if not seen.any():
        return np.broadcast_to(NOTHING, (*depth.shape, 3)).astype(np.uint8)
    near = float(np.percentile(depth[seen], 2))
    face = seen & (depth < near + DEPTH_SHOWN)
    share = np.clip((depth - near) / DEPTH_SHOWN, 0, 1)[..., None] ** np.float32(0.7)
    tone = NEAR + (FAR - NEAR) * share
    shown = np.where(face[..., None], tone * _shading(depth, face)[..., None], BEHIND)
    shown = np.where(seen[..., None], shown, NOTHING)
    return np.round(np.clip(shown, 0, 255)).astype(np.uint8)


def infrared_tile(infrared: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]) -> Pixels:
    """Grey (H, H, 3)."""
    share = infrared.astype(np.float32) / np.iinfo(infrared.dtype).max
    grey = np.round(255 * share ** (1 / 1.6)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def _shading(depth: npt.NDArray[np.uint16], face: npt.NDArray[np.bool_]) -> Floats:
    """Light (H, H) on the surface, about 1 where it faces the viewer."""
    pixel = CROP_MM / depth.shape[0]
    weight, reach = face.astype(np.float32), SMOOTH_MM / pixel
    total = np.asarray(cv2.GaussianBlur(depth * weight, (0, 0), reach), np.float32)
    smooth = total / (cv2.GaussianBlur(weight, (0, 0), reach) + 1e-6)
    down, right = np.gradient(STEEPNESS * smooth, pixel)
    normal = np.stack([right, -down, np.ones_like(right)], axis=-1)
    lit = (normal @ LAMP) / np.linalg.norm(normal, axis=-1)
    return np.asarray(0.2 + 0.8 * np.clip(lit, 0, 1) / LAMP[2], np.float32)
