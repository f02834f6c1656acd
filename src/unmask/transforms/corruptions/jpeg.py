"""Compressed too much: colour and infrared as JPEG of a low quality, by OpenCV.

Depth stays as it is: nobody who wants to keep millimetres stores them as JPEG.
"""

from typing import cast

import cv2
import numpy as np

from unmask.transforms.corruptions import each
from unmask.types import Image, Images, Modality

MODALITIES = (Modality.RGB, Modality.INFRARED, Modality.THERMAL)
UNIT = "quality {} of 100"
LEVELS = (60.0, 30.0, 15.0, 5.0)


def corrupt(images: Images, level: float, rng: np.random.Generator) -> Images:
    """Pictures after JPEG of the quality ``level``, from 100 to 0."""

    def compress(picture: Image, modality: Modality, rng: np.random.Generator) -> Image:
        if modality is Modality.RGB:  # OpenCV's channels are blue, green, red
            return np.asarray(_coded(picture[..., ::-1], level)[..., ::-1], np.uint8)
        levels = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
        return np.asarray(_coded(levels, level) / np.float32(255), np.float32)

    return each(images, MODALITIES, rng, compress)


def _coded(picture: Image, quality: float) -> Image:
    """(H, W) or (H, W, 3) uint8, coded and decoded."""
    _, code = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    return cast(Image, cv2.imdecode(code, cv2.IMREAD_UNCHANGED))
