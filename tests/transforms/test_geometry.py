"""All modalities share one geometry, and depth is never averaged."""

import numpy as np
import pytest

from unmask.config import AugmentConfig
from unmask.transforms.geometry import Matrix, draw_affine, resize, warp
from unmask.types import Images, Modality

STRONG = AugmentConfig(flip=0.5, shift=0.1, scale=0.2, rotate=25)


def marked(side: int, row: int, column: int, size: int = 5) -> Images:
    """A bright square of ``size`` pixels on a dark ground, in all modalities at one place."""
    mark = np.zeros((side, side), np.float32)
    mark[row : row + size, column : column + size] = 1
    return {
        Modality.RGB: np.repeat((250 * mark)[..., None], 3, axis=-1).astype(np.uint8),
        Modality.DEPTH: 500 + 100 * mark,
        Modality.INFRARED: mark,
        Modality.THERMAL: mark,
    }


def place(images: Images, modality: Modality) -> np.ndarray:
    """Centre of the mark, as x and y."""
    ground = 500 if modality is Modality.DEPTH else 0
    picture = images[modality].astype(np.float64)
    picture = picture.mean(axis=-1) if picture.ndim == 3 else picture
    weight = np.clip(picture - ground, 0, None)
    y, x = np.mgrid[: weight.shape[0], : weight.shape[1]]
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


def drawn(seed: int, side: int = 64, augment: AugmentConfig = STRONG) -> Matrix:
    return draw_affine(np.random.default_rng(seed), augment, side)


@pytest.mark.parametrize("seed", range(20))
def test_a_mark_lands_at_the_same_place_in_all_modalities(seed: int) -> None:
    images = marked(64, row=26, column=35)
    matrix = drawn(seed)
    moved = warp(images, matrix)
    source = np.array([37.0, 28.0])  # centre of the mark
    expected = np.linalg.solve(matrix[:, :2], source - matrix[:, 2])
    for modality in images:
        np.testing.assert_allclose(place(moved, modality), expected, atol=0.5)


@pytest.mark.parametrize(("before", "after"), [(64, 32), (64, 48), (48, 96), (50, 64)])
def test_resizing_keeps_places_in_all_modalities(before: int, after: int) -> None:
    images = marked(before, row=20, column=28, size=6)
    resized = resize(images, after)
    expected = (place(images, Modality.RGB) + 0.5) * after / before - 0.5
    for modality in images:
        assert resized[modality].shape[:2] == (after, after)
        assert resized[modality].dtype == images[modality].dtype
        np.testing.assert_allclose(place(resized, modality), expected, atol=0.5)


def test_the_right_size_is_left_as_it_is() -> None:
    images = marked(64, row=1, column=2)
    for modality, picture in resize(images, 64).items():
        assert picture is images[modality]


def test_no_augmentation_is_the_identity() -> None:
    still = AugmentConfig(flip=0, shift=0, scale=0, rotate=0)
    images = marked(64, row=10, column=20)
    for modality, picture in warp(images, drawn(0, augment=still)).items():
        np.testing.assert_array_equal(picture, images[modality])


def test_a_certain_flip_alone_is_a_mirror() -> None:
    mirror = AugmentConfig(flip=1, shift=0, scale=0, rotate=0)
    images = marked(64, row=10, column=20)
    for modality, picture in warp(images, drawn(0, augment=mirror)).items():
        np.testing.assert_array_equal(picture, images[modality][:, ::-1])


@pytest.mark.parametrize("seed", range(10))
def test_depth_keeps_only_values_that_were_measured(seed: int) -> None:
    rng = np.random.default_rng(seed)
    depth = rng.choice([0, 480, 510, 900], size=(50, 50)).astype(np.float32)
    images = {Modality.DEPTH: depth}
    for changed in (warp(images, drawn(seed, side=50)), resize(images, 37), resize(images, 71)):
        assert set(np.unique(changed[Modality.DEPTH])) <= {0, 480, 510, 900}


def test_beyond_the_edge_depth_is_a_hole_and_light_is_the_edge() -> None:
    images: Images = {
        Modality.RGB: np.full((40, 40, 3), 90, np.uint8),
        Modality.DEPTH: np.full((40, 40), 600, np.float32),
        Modality.INFRARED: np.full((40, 40), 0.3, np.float32),
    }
    far = np.array([[1.0, 0.0, 15.0], [0.0, 1.0, 0.0]])  # shows what lies 15 pixels to the right
    moved = warp(images, far)
    assert (moved[Modality.DEPTH][:, 25:] == 0).all()
    assert (moved[Modality.DEPTH][:, :25] == 600).all()
    assert (moved[Modality.RGB] == 90).all()
    np.testing.assert_allclose(moved[Modality.INFRARED], 0.3, atol=1e-6)


def test_draws_stay_within_their_limits_and_use_them() -> None:
    linear = np.array([drawn(seed)[:, :2] for seed in range(400)])
    zoom = 1 / np.sqrt(np.abs(np.linalg.det(linear)))
    assert 0.8 <= zoom.min() < 0.82
    assert 1.18 < zoom.max() <= 1.2
    mirrored = (np.linalg.det(linear) < 0).mean()
    assert 0.4 < mirrored < 0.6
    middle = np.array([31.5, 31.5])
    matrices = np.array([drawn(seed) for seed in range(400)])
    seen = np.array([np.linalg.solve(m[:, :2], middle - m[:, 2]) for m in matrices]) - middle
    assert 0.095 * 64 < np.abs(seen).max() <= 0.1 * 64 + 1e-9
