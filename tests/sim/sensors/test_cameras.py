"""Colour and infrared cameras: exposure, noise, white balance, bits."""

from dataclasses import replace

import numpy as np
import pytest

from unmask.sim.optics.filters import shift, shrink, smear
from unmask.sim.optics.materials import linear
from unmask.sim.sensors.cameras import (
    MOST_GREEN,
    MOST_WARMTH,
    ColourSensor,
    InfraredSensor,
    expose,
    plausible,
    take_infrared,
)

STILL = ColourSensor(
    key_level=(0.2, 0.2),
    cast=0.0,
    balance=(1.0, 1.0),
    motion=0.0,
    photons=(1e9, 1e9),
    read_noise=0.0,
)
WHITE = np.ones(3, np.float32)


def rngs() -> tuple[np.random.Generator, np.random.Generator]:
    return np.random.default_rng(0), np.random.default_rng(1)


@pytest.mark.parametrize("brightness", [0.01, 1.0, 30.0])
def test_exposure_brings_any_scene_to_the_key_level(brightness: float) -> None:
    flat = np.full((64, 64, 3), brightness, np.float32)
    taken = expose(flat, STILL, 32, WHITE, rngs())
    np.testing.assert_allclose(linear(taken / 255), 0.2, atol=0.01)


def test_full_white_balance_takes_the_tint_away_and_none_leaves_it() -> None:
    tint = np.array([1.1, 1.0, 0.9], np.float32)
    flat = np.ones((32, 32, 3), np.float32) * tint
    balanced = expose(flat, STILL, 16, tint, rngs()).mean(axis=(0, 1))
    assert np.ptp(balanced) <= 1
    kept = expose(flat, replace(STILL, balance=(0.0, 0.0)), 16, tint, rngs())
    ratio = linear(kept.mean(axis=(0, 1)) / 255)
    np.testing.assert_allclose(ratio / ratio[1], tint, rtol=0.03)


def test_fewer_photons_give_more_noise() -> None:
    flat = np.ones((128, 128, 3), np.float32)
    spread = [
        expose(flat, replace(STILL, photons=(n, n)), 64, WHITE, rngs()).std()
        for n in (200.0, 5000.0)
    ]
    assert spread[0] > 3 * spread[1]


def test_casts_look_like_light_not_like_paint() -> None:
    for colour in ([3, 1, 0.2], [0.3, 1, 4], [1, 4, 1], [1, 0.2, 1], [1.2, 2.5, 0.5]):
        red, green, blue = plausible(np.array(colour, np.float32))
        assert abs(np.log(red / blue)) <= MOST_WARMTH + 1e-6
        assert abs(np.log(green) - np.log(red * blue) / 2) <= MOST_GREEN + 1e-6
        given = np.log(colour[0] / colour[2])
        assert np.sign(np.log(red / blue)) == np.sign(given) or abs(given) < 1e-6
    small = np.array([1.03, 1.0, 0.98])
    ratio = plausible(small) / small
    np.testing.assert_allclose(ratio / ratio.mean(), 1, atol=2e-3)


def test_grey_stays_plausible_whatever_the_scene() -> None:
    """A green wall does not turn grey things purple."""
    scene = np.ones((64, 64, 3), np.float32) * np.array([0.1, 0.9, 0.1], np.float32)
    scene[24:40, 24:40] = 0.5
    trusting = replace(STILL, grey_world=(1.0, 1.0), blur=(0.3, 0.3))
    red, green, blue = linear(expose(scene, trusting, 32, WHITE, rngs())[16, 16] / 255)
    assert np.log(np.sqrt(red * blue) / green) < MOST_GREEN + 0.05


@pytest.mark.parametrize(("bits", "kind"), [(8, np.uint8), (16, np.uint16)])
def test_infrared_has_the_bits_of_its_sensor_and_its_gain(bits: int, kind: type) -> None:
    sensor = InfraredSensor(gain=(0.5, 0.5), bits=bits)  # type: ignore[arg-type]
    taken = take_infrared(
        np.full((64, 64), 0.8, np.float32), sensor, 0.5, 32, np.random.default_rng(0)
    )
    assert taken.dtype == kind
    assert taken[14:18, 14:18].mean() / np.iinfo(kind).max == pytest.approx(0.4, abs=0.02)
    if bits == 16:
        assert not np.any(taken % 64)  # a 10-bit reading


def test_shrink_is_the_mean_of_each_pixel() -> None:
    picture = np.random.default_rng(0).random((8, 8), dtype=np.float32)
    naive = [
        [picture[2 * r : 2 * r + 2, 2 * c : 2 * c + 2].mean() for c in range(4)] for r in range(4)
    ]
    np.testing.assert_allclose(shrink(picture, 4), naive, rtol=1e-5)


def test_smear_keeps_light_and_spreads_it_along_one_direction() -> None:
    point = np.zeros((15, 15), np.float32)
    point[7, 7] = 1
    moved = smear(point, 3.0, 0.0)
    assert moved.sum() == pytest.approx(1, abs=1e-5)
    assert (moved.sum(axis=0) > 0.05).sum() > (moved.sum(axis=1) > 0.05).sum() == 1


def test_whole_shift_mixes_no_neighbours() -> None:
    picture = np.where(np.arange(16) < 8, 500.0, 900.0)[None].repeat(16, 0).astype(np.float32)
    assert set(np.unique(shift(picture, (0.4, 0.3), whole=True))) == {500.0, 900.0}
    assert np.unique(shift(picture, (0.4, 0.3), whole=False)).size > 2


def test_lean_moves_each_row_by_as_much_more_and_the_middle_not_at_all() -> None:
    column = np.zeros((21, 21), np.float32)
    column[:, 10] = 1
    moved = shift(column, (0.0, 0.0), whole=False, lean=0.2)
    place = (moved * np.arange(21)).sum(axis=1) / moved.sum(axis=1)
    np.testing.assert_allclose(place, 10 + 0.2 * (np.arange(21) - 10), atol=0.05)
