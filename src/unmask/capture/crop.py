"""The one rule that cuts a face out of a photograph, the same square from all aligned modalities.

Version 1: a square with upright sides; its centre lies midway between the midpoint of the eyes and
the midpoint of the mouth corners; its side is 3 times the longer of two distances, between the eyes
and from the midpoint of the eyes to that of the mouth. So the face fills it from brow to chin and
from ear to ear, and a turned or a nodding head is not cut tighter. Where the square leaves the
picture, the edge is repeated; in depth there is nothing (0).

A model is bound to the version that made its training crops: whoever changes the rule counts up.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from unmask.types import Image, Images, Modality

CROP_VERSION = "1"

Point = npt.NDArray[np.floating]
"""(2,) horizontal and vertical."""

SIDE_IN_FACES = 3.0
"""Side of the square in units of the longer of the two distances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """Part of a picture, in whole pixels; it may reach beyond the picture's edges."""

    left: int
    top: int
    side: int


def face_square(landmarks: npt.NDArray[np.float64]) -> Square:
    """The square around a face, from its (5, 2) landmarks in the order of ``LANDMARKS``."""
    left_eye, right_eye, _, mouth_left, mouth_right = landmarks
    centre, exact = face_frame(left_eye, right_eye, (mouth_left + mouth_right) / 2)
    side = max(1, round(exact))
    left, top = np.rint(centre - side / 2).astype(int)
    return Square(left=int(left), top=int(top), side=side)


def face_frame(left_eye: Point, right_eye: Point, mouth: Point) -> tuple[Point, float]:
    """Centre (2,) and side of the square, in the unit of the three points (2,)."""
    eyes = (left_eye + right_eye) / 2
    face = max(np.linalg.norm(left_eye - right_eye), np.linalg.norm(eyes - mouth))
    return (eyes + mouth) / 2, SIDE_IN_FACES * float(face)


def crop(images: Images, square: Square) -> dict[Modality, Image]:
    """Cut the same square from every picture, at the pictures' own resolution."""
    return {modality: _cut(picture, modality, square) for modality, picture in images.items()}


def _cut(picture: Image, modality: Modality, square: Square) -> Image:
    height, width = picture.shape[:2]
    rows = np.arange(square.top, square.top + square.side)  # (S,)
    columns = np.arange(square.left, square.left + square.side)  # (S,)
    inner_rows, inner_columns = rows.clip(0, height - 1), columns.clip(0, width - 1)
    cut: Image = picture[inner_rows[:, None], inner_columns]  # (S, S) or (S, S, 3)
    if modality is Modality.DEPTH:
        cut[rows != inner_rows] = 0
        cut[:, columns != inner_columns] = 0
    return cut
