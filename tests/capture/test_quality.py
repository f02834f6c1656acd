"""Each reason for no response is given when its measure is out of bounds, and only then."""

import numpy as np
import pytest

from unmask.capture.crop import Square
from unmask.capture.detection import Face
from unmask.capture.quality import (
    Reason,
    Refusal,
    check_crop,
    check_faces,
    check_sizes,
    check_square,
)
from unmask.types import Image, Modality


def face(width: float) -> Face:
    return Face(box=(0, 0, width, 1.2 * width), landmarks=np.zeros((5, 2)), confidence=1)


def crops(**changed: Image) -> dict[Modality, Image]:
    """Good crops of 64 by 64 pixels, but for the changed ones."""
    rng = np.random.default_rng(0)
    good: dict[str, Image] = {
        "rgb": rng.integers(60, 200, (64, 64, 3)).astype(np.uint8),
        "depth": rng.uniform(500, 600, (64, 64)).astype(np.float32),
        "infrared": rng.uniform(0.2, 0.5, (64, 64)).astype(np.float32),
    }
    return {Modality(name): picture for name, picture in (good | changed).items()}


def reason(refusal: Refusal | None) -> Reason:
    assert refusal is not None
    assert str(refusal).startswith(refusal.reason)
    assert "\n" not in str(refusal)
    return refusal.reason


def test_good_pictures_pass() -> None:
    assert check_sizes(crops()) is None
    assert check_crop(crops()) is None
    assert check_faces([face(100)]) is None
    assert check_square(Square(left=0, top=0, side=72)) is None


def test_sizes_that_differ_are_told() -> None:
    refusal = check_sizes(crops(depth=np.ones((32, 64), np.float32)))
    assert reason(refusal) is Reason.SIZES_DIFFER
    assert "rgb 64x64, depth 64x32" in str(refusal)


def test_no_face_is_no_response() -> None:
    assert reason(check_faces([])) is Reason.NO_FACE


def test_faces_of_like_size_are_ambiguous_but_a_small_bystander_is_not() -> None:
    refusal = check_faces([face(100), face(80), face(10)])
    assert reason(refusal) is Reason.SEVERAL_FACES
    assert "100, 80 pixels" in str(refusal)
    assert check_faces([face(100), face(49)]) is None


def test_a_small_face_is_measured() -> None:
    refusal = check_square(Square(left=0, top=0, side=71))
    assert reason(refusal) is Reason.FACE_TOO_SMALL
    assert "71 pixels" in str(refusal)


def test_a_dark_picture_is_refused_whatever_is_around_the_face() -> None:
    dark = np.full((64, 64, 3), 20, np.uint8)
    dark[:8] = 255  # a lamp at the edge
    assert reason(check_crop(crops(rgb=dark))) is Reason.TOO_DARK


def test_a_dark_face_with_light_on_it_passes() -> None:
    rng = np.random.default_rng(0)
    skin = rng.integers(25, 70, (64, 64, 3)).astype(np.uint8)
    assert check_crop(crops(rgb=skin)) is None


def test_a_white_face_is_blown_out_but_a_white_wall_is_not() -> None:
    white = np.full((64, 64, 3), 255, np.uint8)
    assert reason(check_crop(crops(rgb=white))) is Reason.BLOWN_OUT
    white[16:48, 16:48] = 128
    assert check_crop(crops(rgb=white)) is None


def test_depth_without_a_value_is_refused() -> None:
    empty = np.zeros((64, 64), np.float32)
    assert reason(check_crop(crops(depth=empty))) is Reason.NO_DEPTH
    empty[:8] = 500
    assert check_crop(crops(depth=empty)) is None


def test_infrared_without_its_illuminator_is_refused() -> None:
    ambient = np.full((64, 64), 0.015, np.float32)
    refusal = check_crop(crops(infrared=ambient))
    assert reason(refusal) is Reason.INFRARED_DARK
    assert "1.5%" in str(refusal)


@pytest.mark.parametrize("modality", list(Modality))
def test_one_modality_alone_can_be_checked(modality: Modality) -> None:
    thermal = np.full((64, 64), 0.5, np.float32)
    assert check_crop({modality: crops(thermal=thermal)[modality]}) is None
