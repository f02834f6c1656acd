"""MTCNN finds the face in two real photographs, with landmarks where they belong."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from unmask.capture.crop import face_square
from unmask.capture.detection import FaceDetector
from unmask.capture.images import read_image
from unmask.serving.examples import photographs
from unmask.types import Image, Modality

PLACES = {  # eyes, nose, mouth corners, read off the photographs by eye, to within 12 pixels
    "eileen_collins": [(205, 102), (250, 104), (226, 127), (206, 141), (246, 144)],
    "grace_hopper": [(228, 194), (312, 188), (272, 240), (236, 280), (310, 276)],
}


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector()


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Image]:
    paths: tuple[Path, ...] = photographs(tmp_path_factory.mktemp("people"))
    return {path.stem: read_image(path, Modality.RGB) for path in paths}


@pytest.mark.parametrize("name", PLACES)
def test_one_face_is_found_with_its_landmarks(
    name: str, detector: FaceDetector, people: dict[str, Image]
) -> None:
    faces = detector.faces(people[name])
    assert len(faces) == 1
    assert np.abs(faces[0].landmarks - PLACES[name]).max() <= 12
    assert 0.9 <= faces[0].confidence <= 1
    left, top, width, height = faces[0].box
    assert (faces[0].landmarks >= (left, top)).all()
    assert (faces[0].landmarks <= (left + width, top + height)).all()


@pytest.mark.parametrize("name", PLACES)
def test_the_crop_holds_the_whole_face(
    name: str, detector: FaceDetector, people: dict[str, Image]
) -> None:
    face = detector.faces(people[name])[0]
    square = face_square(face.landmarks)
    left, top, width, height = face.box
    assert square.left <= left
    assert square.top <= top
    assert left + width <= square.left + square.side
    assert top + height <= square.top + square.side


def test_landmarks_of_a_huge_photograph_are_in_its_own_pixels(
    detector: FaceDetector, people: dict[str, Image]
) -> None:
    small = people["eileen_collins"]
    huge = np.asarray(cv2.resize(small, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC))
    found = detector.faces(huge)
    assert len(found) == 1
    reference = detector.faces(small)[0].landmarks
    assert np.abs(found[0].landmarks / 5 - reference).max() <= 3


def test_the_largest_face_comes_first(detector: FaceDetector, people: dict[str, Image]) -> None:
    one = people["eileen_collins"]
    small = np.zeros_like(one)
    small[:256, :256] = cv2.resize(one, (256, 256), interpolation=cv2.INTER_AREA)
    faces = detector.faces(np.concatenate([small, one], axis=1))
    assert len(faces) == 2
    assert faces[0].box[2] > 1.5 * faces[1].box[2]


@pytest.mark.parametrize("shape", [(240, 320, 3), (9, 9, 3), (5, 4000, 3)])
def test_where_there_is_nothing_no_face_is_found(
    shape: tuple[int, int, int], detector: FaceDetector
) -> None:
    assert detector.faces(np.full(shape, 127, np.uint8)) == []
