import numpy as np
import pytest

from unmask.metrics.embedding import PERPLEXITY, embed, perplexity


def test_neighbours_stay_together_and_the_picture_is_always_the_same():
    rng = np.random.default_rng(0)
    cloud = np.arange(120) % 3
    x = rng.normal(size=(120, 10)) + 12 * np.eye(10)[cloud]
    place = embed(x)
    apart = np.linalg.norm(place[:, None] - place[None], axis=2) + 1e9 * np.eye(120)
    assert (cloud[apart.argmin(axis=1)] == cloud).all()
    np.testing.assert_array_equal(place, embed(x))


@pytest.mark.parametrize(("pictures", "expected"), [(1200, PERPLEXITY), (90, 30), (12, 4)])
def test_few_pictures_have_fewer_neighbours(pictures, expected):
    assert perplexity(pictures) == expected


def test_pictures_that_do_not_differ_share_a_place():
    np.testing.assert_array_equal(embed(np.full((12, 4), 3.0)), np.zeros((12, 2)))


def test_a_dozen_pictures_are_enough():
    assert np.isfinite(embed(np.random.default_rng(1).normal(size=(12, 4)))).all()
