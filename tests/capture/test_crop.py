"""The crop is one rule, the same for all modalities, and defined beyond the picture's edge."""

import numpy as np
import numpy.typing as npt
import pytest

from unmask.capture.crop import Square, crop, face_square
from unmask.types import Images, Modality


def landmarks(
    eyes: float = 40, down: float = 30, at: tuple[float, float] = (200, 100)
) -> npt.NDArray[np.float64]:
    """Eyes ``eyes`` apart around ``at``, the mouth ``down`` below them."""
    x, y = at
    return np.array(
        [
            [x - eyes / 2, y],
            [x + eyes / 2, y],
            [x, y + down / 2],
            [x - 12, y + down],
            [x + 12, y + down],
        ]
    )


def pictures(height: int = 30, width: int = 20) -> Images:
    """Every pixel of every modality is different, and depth has no hole."""
    index = np.arange(1, height * width + 1).reshape(height, width)
    return {
        Modality.RGB: np.stack([index % 251, index % 241, index % 239], -1).astype(np.uint8),
        Modality.DEPTH: index.astype(np.float32),
        Modality.INFRARED: (index / index.max()).astype(np.float32),
    }


def test_the_square_is_centred_between_eyes_and_mouth() -> None:
    square = face_square(landmarks(eyes=40, down=30))
    assert square == Square(left=200 - 60, top=115 - 60, side=120)


@pytest.mark.parametrize(("eyes", "down"), [(10, 50), (50, 10)])
def test_the_longer_distance_sets_the_side(eyes: float, down: float) -> None:
    assert face_square(landmarks(eyes=eyes, down=down)).side == 150


def test_a_face_that_is_mirrored_or_moved_has_a_square_that_is_mirrored_or_moved() -> None:
    points = landmarks(at=(150, 90))
    square = face_square(points)
    assert face_square(points + np.array([7, -5])) == Square(
        left=square.left + 7, top=square.top - 5, side=square.side
    )
    mirrored = (np.array([400, 0]) - points * [1, -1])[[1, 0, 2, 4, 3]]
    assert face_square(mirrored).left == 400 - square.left - square.side


def test_inside_the_picture_the_crop_is_a_slice_of_every_modality() -> None:
    images = pictures()
    cut = crop(images, Square(left=4, top=6, side=10))
    for modality, picture in images.items():
        np.testing.assert_array_equal(cut[modality], picture[6:16, 4:14])
        assert cut[modality].dtype == picture.dtype


def test_beyond_the_edge_the_edge_repeats_and_depth_is_a_hole() -> None:
    images = pictures(height=30, width=20)
    cut = crop(images, Square(left=-3, top=-2, side=40))
    for modality, picture in images.items():
        for row in range(40):
            for column in range(40):
                y, x = row - 2, column - 3
                inside = 0 <= y < 30 and 0 <= x < 20
                expected = picture[min(max(y, 0), 29), min(max(x, 0), 19)]
                if modality is Modality.DEPTH and not inside:
                    expected = np.float32(0)
                np.testing.assert_array_equal(cut[modality][row, column], expected)


def test_a_square_outside_the_picture_is_all_edge() -> None:
    images = pictures()
    cut = crop(images, Square(left=100, top=100, side=8))
    assert (cut[Modality.DEPTH] == 0).all()
    assert (cut[Modality.RGB] == images[Modality.RGB][-1, -1]).all()


def test_the_pictures_themselves_are_not_changed() -> None:
    images = pictures()
    before = {modality: picture.copy() for modality, picture in images.items()}
    for picture in crop(images, Square(left=0, top=0, side=20)).values():
        picture[...] = 0
    for modality, picture in images.items():
        np.testing.assert_array_equal(picture, before[modality])
