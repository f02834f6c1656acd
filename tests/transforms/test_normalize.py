"""Numbers that a model sees: their range, their meaning, and which modality they came from."""

import itertools

import numpy as np
import pytest

from unmask.errors import ConfigError
from unmask.transforms.normalize import Array, Preprocessing, normalize, stack
from unmask.types import Images, Modality

PLAIN = Preprocessing(image_size=32, crop_version="1")
RELATIVE = Preprocessing(image_size=32, crop_version="1", depth="relative")


def constant() -> Images:
    """Each modality has its own constant; normalised they are -0.2, 0 or hole, 0.5, 0.8."""
    depth = np.full((32, 32), 600, np.float32)
    depth[:, :16] = 0
    return {
        Modality.RGB: np.full((32, 32, 3), 102, np.uint8),
        Modality.DEPTH: depth,
        Modality.INFRARED: np.full((32, 32), 0.75, np.float32),
        Modality.THERMAL: np.full((32, 32), 0.9, np.float32),
    }


def nearness(depth: Array) -> Array:
    return normalize(depth, Modality.DEPTH, PLAIN)


def surface(seed: int = 0) -> Array:
    """A face-like bump 600 mm away with holes."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[-1:1:32j, -1:1:32j]
    depth = (600 + 90 * (x**2 + y**2) + rng.normal(0, 1, (32, 32))).astype(np.float32)
    depth[rng.random((32, 32)) < 0.1] = 0
    return depth


@pytest.mark.parametrize("order", itertools.permutations(Modality))
def test_no_modality_is_taken_for_another(order: tuple[Modality, ...]) -> None:
    image, present = stack(constant(), order, PLAIN)
    assert present.all()
    expected = {Modality.RGB: -0.2, Modality.INFRARED: 0.5, Modality.THERMAL: 0.8}
    for m, modality in enumerate(order):
        if modality is Modality.DEPTH:
            np.testing.assert_array_equal(image[m, :, :, :16], -1)
            np.testing.assert_array_equal(image[m, :, :, 16:], 0)
        else:
            np.testing.assert_allclose(image[m], expected[modality], atol=1e-6)


def test_colour_channels_keep_their_order() -> None:
    picture = np.zeros((32, 32, 3), np.uint8)
    picture[..., 0], picture[..., 2] = 255, 51
    image = normalize(picture, Modality.RGB, PLAIN)
    np.testing.assert_allclose(image[:, 0, 0], [1, -1, -0.6], atol=1e-6)


@pytest.mark.parametrize("captured", [[], [Modality.RGB], [Modality.DEPTH, Modality.INFRARED]])
def test_an_absent_modality_is_exactly_zero_and_masked(captured: list[Modality]) -> None:
    images = {modality: constant()[modality] for modality in captured}
    image, present = stack(images, tuple(Modality), PLAIN)
    assert image.shape == (4, 3, 32, 32)
    assert image.dtype == np.float32
    for m, modality in enumerate(Modality):
        assert present[m] == (modality in captured)
        assert (image[m] != 0).any() == (modality in captured)


def test_modalities_that_the_model_does_not_know_are_left_out() -> None:
    image, present = stack(constant(), (Modality.INFRARED,), PLAIN)
    assert present.tolist() == [True]
    np.testing.assert_allclose(image, np.full((1, 3, 32, 32), 0.5), atol=1e-6)


def test_full_scale_is_one_and_darkness_minus_one() -> None:
    for top, modality in ((255, Modality.RGB), (1.0, Modality.INFRARED)):
        shape = (2, 2, 3) if modality is Modality.RGB else (2, 2)
        dtype = np.uint8 if modality is Modality.RGB else np.float32
        assert (normalize(np.full(shape, top, dtype), modality, PLAIN) == 1).all()
        assert (normalize(np.zeros(shape, dtype), modality, PLAIN) == -1).all()


def test_depth_equals_its_definition() -> None:
    depth = surface()
    centre = depth[8:24, 8:24]
    median = np.median(centre[centre > 0])
    result = nearness(depth)
    for row, column in itertools.product(range(32), range(32)):
        d = depth[row, column]
        expected = -1 if d == 0 else max(-1, min(1, (median - d) / 150))
        np.testing.assert_allclose(result[:, row, column], expected, atol=1e-5)


def test_the_distance_of_the_person_drops_out() -> None:
    depth = surface()
    farther = np.where(depth > 0, depth + 250, 0).astype(np.float32)
    np.testing.assert_allclose(nearness(farther), nearness(depth), atol=1e-4)


def test_nearer_is_larger_and_a_hole_is_the_farthest() -> None:
    depth = surface()
    depth[16, 16], depth[16, 17], depth[16, 18], depth[16, 19] = 580, 640, 1500, 0
    near, far, wall, hole = nearness(depth)[0, 16, 16:20]
    assert near > 0 > far > wall == hole == -1


def test_holes_outside_the_centre_do_not_move_the_rest() -> None:
    depth = surface()
    holes = depth.copy()
    holes[:, 2:6] = 0
    holes[24:] = 0
    kept = holes > 0
    np.testing.assert_array_equal(nearness(holes)[0][kept], nearness(depth)[0][kept])


def test_holes_in_the_centre_hardly_move_the_rest() -> None:
    depth = surface()
    holes = depth.copy()
    holes[np.random.default_rng(1).random((32, 32)) < 0.4] = 0
    kept = holes > 0
    np.testing.assert_allclose(nearness(holes)[0][kept], nearness(depth)[0][kept], atol=0.03)


def test_depth_without_a_value_is_finite() -> None:
    empty = np.zeros((32, 32), np.float32)
    assert (nearness(empty) == -1).all()
    empty[0, 0] = 700  # one pixel, outside the centre
    assert np.isfinite(nearness(empty)).all()
    assert nearness(empty)[0, 0, 0] == 0


def test_relative_depth_is_scaled_as_it_is() -> None:
    grey = np.linspace(0, 255, 32 * 32, dtype=np.float32).reshape(32, 32)
    result = normalize(grey, Modality.DEPTH, RELATIVE)
    np.testing.assert_allclose(result[0], grey / 127.5 - 1, atol=1e-6)


@pytest.mark.parametrize("bad", [{"image_size": 0}, {"depth_range_mm": 0.0}])
def test_impossible_settings_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="must be above 0"):
        Preprocessing(**({"image_size": 32, "crop_version": "1"} | bad))  # type: ignore[arg-type]
