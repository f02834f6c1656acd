"""When pictures allow no answer, and why: "not checked" is not "attack".

Each check measures one thing and returns the reason with the figure, or nothing. Limits are wide:
they catch captures that no detector could judge, not ones that are merely poor. Brightness is
taken from the brightest parts, so that dark skin or dark clothes do not count as a dark picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from unmask.capture.crop import Square
from unmask.capture.detection import Face
from unmask.types import Image, Images, Modality

LEAST_CROP_SIDE = 72
"""Pixels: the eyes are then about 24 apart."""
RIVAL_SHARE = 0.5
"""A second face whose box is at least this share of the first one's width makes it ambiguous."""
LEAST_BRIGHT_LEVEL = 40
"""Of 255: what 95 % of the pixels in the middle of the face crop stay below in a dark picture."""
CLIPPED_LEVEL = 250
"""Of 255, in all three channels: a pixel that has lost its detail."""
MOST_CLIPPED = 0.5
"""Share of the pixels in the middle of the face crop."""
LEAST_INFRARED = 0.02
"""Of full scale, in the brightest 1 % of pixels: a replay screen, which is dark, is above it."""
LEAST_DEPTH_SHARE = 0.01
"""Share of the pixels in the face crop that have a depth."""


class Reason(StrEnum):
    """Why there is no response."""

    SIZES_DIFFER = "modality sizes differ"
    NO_FACE = "no face"
    SEVERAL_FACES = "several faces"
    FACE_TOO_SMALL = "face too small"
    TOO_DARK = "image too dark"
    BLOWN_OUT = "image blown out"
    NO_DEPTH = "depth all zero"
    INFRARED_DARK = "infrared dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A reason with what was measured and what is needed."""

    reason: Reason
    detail: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


def check_sizes(images: Images) -> Refusal | None:
    """Aligned pictures have one height and width."""
    sizes = {m: f"{picture.shape[1]}x{picture.shape[0]}" for m, picture in images.items()}
    if len(set(sizes.values())) < 2:
        return None
    detail = ", ".join(f"{m} {size}" for m, size in sizes.items())
    return Refusal(reason=Reason.SIZES_DIFFER, detail=f"{detail}; align them to one size")


def check_faces(faces: Sequence[Face]) -> Refusal | None:
    """One face, or one that is clearly the largest; ``faces`` has the largest first."""
    if not faces:
        return Refusal(reason=Reason.NO_FACE, detail="none was found in the colour image")
    rivals = [face for face in faces[1:] if face.box[2] >= RIVAL_SHARE * faces[0].box[2]]
    if not rivals:
        return None
    widths = ", ".join(f"{face.box[2]:.0f}" for face in [faces[0], *rivals])
    return Refusal(
        reason=Reason.SEVERAL_FACES,
        detail=f"{len(rivals) + 1} of like size ({widths} pixels wide); show one person",
    )


def check_found(faces: Sequence[Face], colour: Image) -> Refusal | None:
    """``check_faces``, but a dark picture is told before a missing face."""
    poor = None if faces else check_crop({Modality.RGB: colour})
    return poor or check_faces(faces)


def check_square(square: Square) -> Refusal | None:
    """The face has pixels enough."""
    if square.side >= LEAST_CROP_SIDE:
        return None
    return Refusal(
        reason=Reason.FACE_TOO_SMALL,
        detail=f"its crop is {square.side} pixels wide, at least {LEAST_CROP_SIDE} are needed; "
        "come closer",
    )


def check_crop(images: Images) -> Refusal | None:
    """The face crop shows something in every modality."""
    checks = {
        Modality.RGB: _check_colour,
        Modality.DEPTH: _check_depth,
        Modality.INFRARED: _check_infrared,
    }
    found = (check(images[modality]) for modality, check in checks.items() if modality in images)
    return next((refusal for refusal in found if refusal is not None), None)


def _check_colour(picture: Image) -> Refusal | None:
    middle = _middle(picture)  # (h, w, 3)
    bright = float(np.percentile(middle.max(axis=-1), 95))
    if bright < LEAST_BRIGHT_LEVEL:
        return Refusal(
            reason=Reason.TOO_DARK,
            detail=f"its bright parts reach {bright:.0f} of 255, at least {LEAST_BRIGHT_LEVEL} "
            "are needed; add light",
        )
    clipped = float((middle.min(axis=-1) >= CLIPPED_LEVEL).mean())
    if clipped > MOST_CLIPPED:
        return Refusal(
            reason=Reason.BLOWN_OUT,
            detail=f"{clipped:.0%} of the face is white, at most {MOST_CLIPPED:.0%} may be; "
            "expose less",
        )
    return None


def _check_depth(picture: Image) -> Refusal | None:
    share = float((picture > 0).mean())
    if share >= LEAST_DEPTH_SHARE:
        return None
    return Refusal(
        reason=Reason.NO_DEPTH,
        detail=f"{share:.1%} of the face has a depth, at least {LEAST_DEPTH_SHARE:.0%} is needed",
    )


def _check_infrared(picture: Image) -> Refusal | None:
    bright = float(np.percentile(picture, 99))
    if bright >= LEAST_INFRARED:
        return None
    return Refusal(
        reason=Reason.INFRARED_DARK,
        detail=f"its bright parts reach {bright:.1%} of full scale, at least {LEAST_INFRARED:.0%} "
        "are needed; the illuminator was off, or the file does not use its full scale",
    )


def _middle(picture: Image) -> Image:
    height, width = picture.shape[:2]
    return picture[height // 4 : height - height // 4, width // 4 : width - width // 4]
