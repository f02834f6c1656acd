"""The crop is one rule, the same for all modalities, and defined beyond the picture's edge."""

import numpy as np
import numpy.typing as npt
import pytest

from unmask.capture.crop import CropRule, Square, crop, face_square, one_version, rule_of
from unmask.errors import DatasetError
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


def turned(points: npt.NDArray[np.float64], degrees: float) -> npt.NDArray[np.float64]:
    """Landmarks turned clockwise (as one looks at them) about the middle of the face."""
    middle = np.array([200.0, 115.0])
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points - middle) @ turn.T + middle


@pytest.mark.parametrize("degrees", [-30.0, -4.0, 12.5, 60.0])
def test_an_aligned_square_turns_with_the_face_and_lies_where_the_upright_one_does(
    degrees: float,
) -> None:
    upright = face_square(landmarks())
    square = face_square(turned(landmarks(), degrees), CropRule(aligned=True))
    assert square.angle == pytest.approx(degrees)
    assert (square.left, square.top, square.side) == (upright.left, upright.top, upright.side)
    assert face_square(turned(landmarks(), degrees)).angle == 0


def test_a_margin_widens_the_square_about_its_middle() -> None:
    usual, wide = face_square(landmarks()), face_square(landmarks(), CropRule(margin=1.5))
    assert wide.side == 1.5 * usual.side
    assert wide.left + wide.side / 2 == usual.left + usual.side / 2
    assert wide.top + wide.side / 2 == usual.top + usual.side / 2


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_square_turned_by_right_angles_is_the_slice_turned_back(quarters: int) -> None:
    images = pictures(height=40, width=40)
    cut = crop(images, Square(left=7, top=9, side=20, angle=90.0 * quarters))
    for modality, picture in images.items():
        expected = np.rot90(picture[9:29, 7:27], quarters)
        np.testing.assert_allclose(cut[modality], expected, atol=1e-5 if modality != "rgb" else 1)


def test_eyes_are_level_in_every_modality_of_an_aligned_crop() -> None:
    points = turned(landmarks(eyes=80, down=70), 17)
    colour = np.zeros((300, 400, 3), np.uint8)
    depth = np.full((300, 400), 600, np.float32)
    for x, y in np.rint(points[:2]).astype(int):
        colour[y - 1 : y + 2, x - 1 : x + 2] = 255
        depth[y - 1 : y + 2, x - 1 : x + 2] = 500
    square = face_square(points, CropRule(aligned=True))
    cut = crop({Modality.RGB: colour, Modality.DEPTH: depth}, square)
    for marked in (cut[Modality.RGB][..., 0] > 100, cut[Modality.DEPTH] == 500):
        rows, columns = np.nonzero(marked)
        left = columns < square.side / 2
        assert left.any()
        assert (~left).any()
        assert abs(rows[left].mean() - rows[~left].mean()) < 1
        assert columns[~left].mean() - columns[left].mean() == pytest.approx(80, abs=1.5)
    assert set(np.unique(cut[Modality.DEPTH])) <= {0, 500, 600}, "no distance is made up"


@pytest.mark.parametrize(
    "rule",
    [CropRule(), CropRule(margin=1.25), CropRule(aligned=True), CropRule(margin=2, aligned=True)],
)
def test_the_name_of_a_rule_tells_all_of_it(rule: CropRule) -> None:
    assert rule_of(rule.version) == rule


def test_names_of_other_rules_are_not_understood() -> None:
    assert CropRule().version == "1"
    assert [rule_of(name) for name in ("0", "2", "1-tilted", "1-margin", "")] == [None] * 5


def test_a_data_set_has_crops_of_one_rule() -> None:
    assert one_version([]) == one_version(["", "by hand"]) == one_version(["crop-1", ""]) == "1"
    assert one_version(["crop-1-aligned"] * 3) == "1-aligned"
    with pytest.raises(DatasetError, match="1, 1-aligned; prepare all with one"):
        one_version(["crop-1-aligned", ""])
