"""Colour and infrared cameras: exposure, noise, white balance, bits."""

from dataclasses import replace

import numpy as np
import pytest

from unmask.sim.filters import shift, shrink, smear
from unmask.sim.materials import linear
from unmask.sim.sensors import ColourSensor, InfraredSensor, expose, take_infrared

STILL = ColourSensor(
    key_level=(0.2, 0.2),
    cast=0.0,
    balance=(1.0, 1.0),
    motion=0.0,
    photons=(1e9, 1e9),
    read_noise=0.0,
)
WHITE = np.ones(3, np.float32)


@pytest.mark.parametrize("brightness", [0.01, 1.0, 30.0])
def test_exposure_brings_any_scene_to_the_key_level(brightness: float) -> None:
    flat = np.full((64, 64, 3), brightness, np.float32)
    taken = expose(flat, STILL, 32, WHITE, np.random.default_rng(0))
    np.testing.assert_allclose(linear(taken / 255), 0.2, atol=0.01)


def test_full_white_balance_takes_the_tint_away_and_none_leaves_it() -> None:
    tint = np.array([1.4, 1.0, 0.6], np.float32)
    flat = np.ones((32, 32, 3), np.float32) * tint
    balanced = expose(flat, STILL, 16, tint, np.random.default_rng(0)).mean(axis=(0, 1))
    assert np.ptp(balanced) <= 1
    kept = expose(flat, replace(STILL, balance=(0.0, 0.0)), 16, tint, np.random.default_rng(0))
    ratio = linear(kept.mean(axis=(0, 1)) / 255)
    np.testing.assert_allclose(ratio / ratio[1], tint, rtol=0.03)


def test_fewer_photons_give_more_noise() -> None:
    flat = np.ones((128, 128, 3), np.float32)
    spread = [
        expose(flat, replace(STILL, photons=(n, n)), 64, WHITE, np.random.default_rng(0)).std()
        for n in (200.0, 5000.0)
    ]
    assert spread[0] > 3 * spread[1]


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
