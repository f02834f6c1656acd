"""Materials differ in infrared as physics says."""

import numpy as np

from unmask.sim.optics.materials import (
    MELANIN_OF_TYPE,
    Kind,
    Paint,
    encode,
    linear,
    skin_reflectance,
)
from unmask.sim.people import person, split_members


def test_skin_of_every_type_is_brighter_in_infrared_than_in_colour() -> None:
    for melanin in MELANIN_OF_TYPE:
        colour, infrared = skin_reflectance(np.array(melanin), np.array(0.3))
        assert infrared > colour.mean()
        assert colour[0] > colour[1] > colour[2]  # red, then green, then blue


def test_skin_types_differ_much_in_colour_and_little_in_infrared() -> None:
    colour, infrared = skin_reflectance(np.array(MELANIN_OF_TYPE), np.full(6, 0.3))
    assert colour[0].mean() > 2.5 * colour[-1].mean()
    assert infrared[0] < 1.25 * infrared[-1]
    assert np.all(np.diff(colour.mean(axis=1)) < 0)


def test_display_encoding_is_undone() -> None:
    light = np.linspace(0, 1, 50, dtype=np.float32)
    np.testing.assert_allclose(linear(encode(light)), light, atol=1e-5)


def test_put_overwrites_only_the_points_named() -> None:
    paint = Paint.empty(4)
    white = np.ones(3, np.float32)
    paint.put(np.array([1, 3]), Paint.uniform(2, Kind.PAPER, white, 0.9, (0.04, 0.3)))
    np.testing.assert_array_equal(paint.kind, [0, Kind.PAPER, 0, Kind.PAPER])
    np.testing.assert_allclose(paint.infrared, [0, 0.9, 0, 0.9])


def test_people_of_every_split_cover_the_six_skin_types_evenly() -> None:
    for split, each in (("train", 6), ("dev", 2), ("eval", 2)):
        types = [person(0, "A", n).skin_type for n in split_members(60, split)]
        np.testing.assert_array_equal(np.bincount(types), [each] * 6)
