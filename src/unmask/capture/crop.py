"""The one rule that cuts a face out of a photograph, the same square from all aligned modalities.

Version 1: a square with upright sides; its centre lies midway between the midpoint of the eyes and
the midpoint of the mouth corners; its side is 3 times the longer of two distances, between the eyes
and from the midpoint of the eyes to that of the mouth. So the face fills it from brow to chin and
from ear to ear, and a turned or a nodding head is not cut tighter. Where the square leaves the
picture, the edge is repeated; in depth there is nothing (0).

``unmask prepare`` can widen the square by a margin, and turn it until the eyes are level; such a
rule has a version of its own, such as ``1-margin1.25-aligned``.

A model is bound to the version that made its training crops: whoever changes the rule counts up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import numpy.typing as npt

from unmask.errors import DatasetError
from unmask.types import Image, Images, Modality

CROP_VERSION = "1"
PREFIX = "crop-"
"""Of a version in a manifest."""

Point = npt.NDArray[np.floating]
"""(2,) horizontal and vertical."""

SIDE_IN_FACES = 3.0
"""Side of the square in units of the longer of the two distances."""

_RULE = re.compile(CROP_VERSION + r"(?:-margin(?P<margin>\d+(?:\.\d+)?))?(?P<aligned>-aligned)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class CropRule:
    """What may differ between crops of one version."""

    margin: float = 1.0
    """Side of the square, in units of the usual one."""
    aligned: bool = False
    """Turned until the eyes are level."""

    @property
    def version(self) -> str:
        """The name of the rule, which goes into manifests and the cards of models."""
        margin = "" if self.margin == 1 else f"-margin{self.margin:.6g}"
        return CROP_VERSION + margin + ("-aligned" if self.aligned else "")


def rule_of(version: str) -> CropRule | None:
    """The rule of that name, or None where this version of unmask has no such rule."""
    found = _RULE.fullmatch(version)
    if found is None:
        return None
    return CropRule(margin=float(found["margin"] or 1), aligned=found["aligned"] is not None)


def one_version(words: Iterable[str]) -> str:
    """The rule that made all crops of a data set, from its column ``crop``, such as crop-1.

    What does not say so counts as made by the usual one.

    Raises:
        DatasetError: they were made by several rules.
    """
    told = {word.removeprefix(PREFIX) if word.startswith(PREFIX) else "" for word in words}
    found = sorted({version or CROP_VERSION for version in told}) or [CROP_VERSION]
    if len(found) > 1:
        raise DatasetError(
            f"face crops of several rules are mixed: {', '.join(found)}; prepare all with one"
        )
    return found[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """Part of a picture, in whole pixels; it may reach beyond the picture's edges."""

    left: int
    top: int
    side: int
    angle: float = 0.0
    """Degrees by which it is turned about its centre, clockwise as one looks at the picture."""


USUAL = CropRule()


def face_square(landmarks: npt.NDArray[np.float64], rule: CropRule = USUAL) -> Square:
    """The square around a face, from its (5, 2) landmarks in the order of ``LANDMARKS``."""
    left_eye, right_eye, _, mouth_left, mouth_right = landmarks
    centre, exact = face_frame(left_eye, right_eye, (mouth_left + mouth_right) / 2)
    side = max(1, round(exact * rule.margin))
    left, top = np.rint(centre - side / 2).astype(int)
    across, down = right_eye - left_eye
    angle = float(np.degrees(np.arctan2(down, across))) if rule.aligned else 0.0
    return Square(left=int(left), top=int(top), side=side, angle=angle)


def face_frame(left_eye: Point, right_eye: Point, mouth: Point) -> tuple[Point, float]:
    """Centre (2,) and side of the square, in the unit of the three points (2,)."""
    eyes = (left_eye + right_eye) / 2
    face = max(np.linalg.norm(left_eye - right_eye), np.linalg.norm(eyes - mouth))
    return (eyes + mouth) / 2, SIDE_IN_FACES * float(face)


def crop(images: Images, square: Square) -> dict[Modality, Image]:
    """Cut the same square from every picture, at the pictures' own resolution."""
    cut = _turned if square.angle else _cut
    return {modality: cut(picture, modality, square) for modality, picture in images.items()}


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


def _turned(picture: Image, modality: Modality, square: Square) -> Image:
    """The same of a square that is turned: depth takes the nearest pixel, the others are mixed."""
    is_depth = modality is Modality.DEPTH
    cosine, sine = np.cos(np.deg2rad(square.angle)), np.sin(np.deg2rad(square.angle))
    turn = np.array([[cosine, -sine], [sine, cosine]])
    middle = np.full(2, (square.side - 1) / 2)
    centre = np.array([square.left, square.top]) + middle
    cut = cv2.warpAffine(
        picture,
        np.column_stack([turn, centre - turn @ middle]),  # (2, 3), from the crop to the picture
        (square.side, square.side),
        flags=(cv2.INTER_NEAREST if is_depth else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT if is_depth else cv2.BORDER_REPLICATE,
    )
    return cast(Image, cut)
