"""A calibrated operating point decides, and the answer says so."""

import numpy as np
import pytest

from unmask.capture.crop import CROP_VERSION
from unmask.errors import ConfigError
from unmask.metrics.calibration import Calibration, calibration
from unmask.metrics.scores import Scores
from unmask.serving.detector import Detector
from unmask.serving.schema import Decision
from unmask.transforms.normalize import Preprocessing
from unmask.types import Images, Modality

RGB, DEPTH = Modality.RGB, Modality.DEPTH
COLOUR: Images = {RGB: np.full((100, 100, 3), 150, np.uint8)}
THRESHOLDS = {"rgb": {"eer": 0.9}, "depth": {"eer": 0.9}}


def point() -> Calibration:
    columns = {"key": ["a", "b"], "presentation": ["a", "b"], "score": [0.6, 0.2]}
    labels = {"label": ["bona_fide", "attack"], "pai_species": ["", "print"]}
    return calibration(Scores.from_columns({**columns, **labels}), "bpcer<=1%")


def detector(name: str = "") -> Detector:
    return Detector(
        score=lambda images: 0.5,
        thresholds=THRESHOLDS,
        preprocessing=Preprocessing(image_size=64, crop_version=CROP_VERSION),
        rule="eer",
        model="half",
        operating_point=name,
        calibrated={"rgb": point()} if name else {},
    )


def answer(name: str = "") -> Decision:
    return detector(name).decide(COLOUR, source="", cropped=True)


def test_the_point_decides_in_place_of_the_training_and_is_named() -> None:
    before, after = answer(), answer("door")
    assert (before.pad_decision, before.threshold) == ("attack", 0.9)
    assert (before.operating_point, before.rule, before.origin) == ("", "eer", "dev")
    assert (after.pad_decision, after.threshold) == ("bona_fide", pytest.approx(0.4))
    assert (after.operating_point, after.rule) == ("door", "bpcer<=1%")
    assert after.origin == point().told()


def test_modalities_without_the_point_do_not_fall_back_on_the_training() -> None:
    images: Images = {DEPTH: np.full((100, 100), 500, np.float32)}
    with pytest.raises(ConfigError, match="'door' of half is not for depth; it is for: rgb"):
        detector("door").decide(images, source="", cropped=True)
