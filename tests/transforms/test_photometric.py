"""Light and sensor change within their unit, from the generator that is passed in alone."""

import numpy as np
import pytest

from unmask.transforms.photometric import _noise, photometric
from unmask.types import Images, Modality


def pictures(seed: int = 0) -> Images:
    rng = np.random.default_rng(seed)
    depth = rng.uniform(500, 700, (48, 48)).astype(np.float32)
    depth[:10, :10] = 0
    return {
        Modality.RGB: rng.integers(0, 256, (48, 48, 3)).astype(np.uint8),
        Modality.DEPTH: depth,
        Modality.INFRARED: rng.uniform(0, 1, (48, 48)).astype(np.float32),
        Modality.THERMAL: rng.uniform(0, 1, (48, 48)).astype(np.float32),
    }


def changed(seed: int, strength: float = 1.0) -> dict[Modality, np.ndarray]:
    return dict(photometric(pictures(), np.random.default_rng(seed), strength=strength))


@pytest.mark.parametrize("strength", [0.5, 1.0, 3.0])
def test_units_types_and_shapes_stay(strength: float) -> None:
    original = pictures()
    for seed in range(15):
        for modality, picture in changed(seed, strength).items():
            assert picture.dtype == original[modality].dtype
            assert picture.shape == original[modality].shape
            assert np.isfinite(picture).all()
            if modality in (Modality.INFRARED, Modality.THERMAL):
                assert 0 <= picture.min() <= picture.max() <= 1


def test_strength_zero_changes_nothing() -> None:
    for modality, picture in changed(0, strength=0).items():
        np.testing.assert_array_equal(picture, pictures()[modality])


def test_every_modality_changes_and_the_original_does_not() -> None:
    original = pictures()
    result = photometric(original, np.random.default_rng(0), strength=1.0)
    for modality, picture in pictures().items():
        np.testing.assert_array_equal(original[modality], picture)
        assert (result[modality] != picture).mean() > 0.5


def test_the_generator_decides_everything() -> None:
    first, again, other = changed(1), changed(1), changed(2)
    for modality, picture in first.items():
        np.testing.assert_array_equal(picture, again[modality])
        assert (picture != other[modality]).any()


def test_holes_stay_holes_and_some_are_added() -> None:
    before = pictures()[Modality.DEPTH] == 0
    after = np.array([changed(seed)[Modality.DEPTH] == 0 for seed in range(40)])
    assert after[:, before].all()
    added = after[:, ~before].mean(axis=1)
    assert added.max() > 0
    assert added.mean() < 0.03, "most of the face stays"


def test_depth_stays_within_millimetres_and_a_wrong_scale() -> None:
    before = pictures()[Modality.DEPTH]
    for seed in range(20):
        after = changed(seed)[Modality.DEPTH]
        kept = after > 0
        assert np.abs(after[kept] - before[kept]).max() < 100 * 0.12 + 10


def test_depth_without_a_value_stays_empty() -> None:
    empty = {Modality.DEPTH: np.zeros((20, 20), np.float32)}
    result = photometric(empty, np.random.default_rng(0), strength=1.0)
    assert (result[Modality.DEPTH] == 0).all()


def test_a_stronger_setting_changes_more() -> None:
    original = pictures()
    for modality in original:
        weak, strong = (
            np.mean([np.abs(changed(s, k)[modality] - 1.0 * original[modality]) for s in range(20)])
            for k in (0.2, 2.0)
        )
        assert strong > 2 * weak


def test_noise_is_gaussian_up_to_four_deviations() -> None:
    noise = _noise(np.random.default_rng(0), (400, 500), 2.0)
    assert (noise.dtype, noise.shape) == (np.float32, (400, 500))
    shares = [float(np.mean(np.abs(noise) < 2.0 * d)) for d in (1, 2, 3)]
    assert shares == pytest.approx([0.6827, 0.9545, 0.9973], abs=0.005)
    assert abs(float(noise.mean())) < 0.02
    rows = noise - noise.mean()
    assert abs(float((rows[:, 1:] * rows[:, :-1]).mean())) < 0.03, "neighbours know nothing"
