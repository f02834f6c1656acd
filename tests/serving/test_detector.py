"""From pictures to a decision: the right crop, the right threshold, or a reason for no response."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import PIL.Image
import pytest

from unmask.capture.crop import CROP_VERSION, CropRule, crop, face_square
from unmask.capture.detection import FaceDetector
from unmask.capture.images import read_image
from unmask.capture.quality import Reason
from unmask.errors import CheckpointError, ConfigError, DatasetError
from unmask.serving.detector import Detector
from unmask.serving.examples import photographs
from unmask.serving.inputs import Input
from unmask.serving.schema import Decision, PadDecision
from unmask.transforms.normalize import Preprocessing
from unmask.types import Image, Images, Modality

RGB, DEPTH, INFRARED = Modality.RGB, Modality.DEPTH, Modality.INFRARED
THRESHOLDS = {
    "rgb": {"eer": 0.3, "bpcer<=1%": 0.2},
    "depth": {"eer": 0.4},
    "rgb+depth+infrared": {"eer": 0.6},
}


def brightness(images: Images) -> float:
    """A PAD score that a test can foresee: how bright the colour or infrared picture is."""
    return float(images[RGB].mean() / 255) if RGB in images else 0.5


def detector(
    thresholds: Mapping[str, Mapping[str, float]] = THRESHOLDS, rule: str = "eer"
) -> Detector:
    return Detector(
        score=brightness,
        thresholds=thresholds,
        preprocessing=Preprocessing(image_size=64, crop_version=CROP_VERSION),
        rule=rule,
        model="brightness/plain",
        warning="only a test",
    )


@pytest.fixture(scope="module")
def photograph(tmp_path_factory: pytest.TempPathFactory) -> Image:
    return read_image(photographs(tmp_path_factory.mktemp("people"))[0], RGB)


def aligned(colour: Image) -> dict[Modality, Image]:
    """Depth and infrared that fit a photograph: near where it is bright."""
    grey = colour.mean(axis=-1).astype(np.float32)
    return {RGB: colour, DEPTH: 900 - grey, INFRARED: 0.2 + grey / 400}


def no_response(decision: Decision) -> Reason:
    assert decision.pad_decision is PadDecision.NO_RESPONSE
    assert decision.pad_score is None
    assert decision.reason_code is not None
    assert (decision.reason or "").startswith(decision.reason_code)
    return decision.reason_code


def test_the_score_is_that_of_the_face_crop(photograph: Image) -> None:
    decision = detector().decide({RGB: photograph}, source="collins", cropped=False)
    square = face_square(FaceDetector().faces(photograph)[0].landmarks)
    assert decision.pad_score == brightness(crop({RGB: photograph}, square))
    assert decision.pad_decision is PadDecision.BONA_FIDE
    assert (decision.source, decision.model) == ("collins", "brightness/plain")
    assert (decision.rule, decision.threshold) == ("eer", 0.3)
    assert decision.warning == "only a test"
    assert decision.modalities == (RGB,)


def test_all_modalities_are_cut_by_the_face_in_the_colour_image(photograph: Image) -> None:
    seen: dict[Modality, Image] = {}

    def remember(images: Images) -> float:
        seen.update(images)
        return 0.7

    images = aligned(photograph)
    found = replace(detector(), score=remember).decide(images, source="", cropped=False)
    assert found.modalities == (RGB, DEPTH, INFRARED)
    assert found.threshold == 0.6
    square = face_square(FaceDetector().faces(photograph)[0].landmarks)
    for modality, picture in crop(images, square).items():
        np.testing.assert_array_equal(seen[modality], picture)


def test_crops_are_judged_as_they_are(photograph: Image) -> None:
    face = photograph[40:200, 140:300]
    decision = detector().decide({RGB: face}, source="", cropped=True)
    assert decision.pad_score == brightness({RGB: face})


@pytest.mark.parametrize(("level", "accepted"), [(151, False), (153, True), (155, True)])
def test_a_score_at_the_threshold_is_accepted(level: int, accepted: bool) -> None:  # noqa: FBT001
    images: Images = {RGB: np.full((100, 100, 3), level, np.uint8)}
    at = detector({"rgb": {"eer": 153 / 255}})
    decision = at.decide(images, source="", cropped=True)
    assert (decision.pad_decision is PadDecision.BONA_FIDE) == accepted


def test_the_rule_chooses_the_threshold(photograph: Image) -> None:
    decision = detector(rule="bpcer<=1%").decide({RGB: photograph}, source="", cropped=True)
    assert (decision.rule, decision.threshold) == ("bpcer<=1%", 0.2)


def test_a_set_of_modalities_without_a_threshold_borrows_none(photograph: Image) -> None:
    images = aligned(photograph)
    del images[INFRARED]
    with pytest.raises(ConfigError, match=r"no threshold for rgb\+depth; it has: rgb, depth, rgb"):
        detector().decide(images, source="", cropped=True)


def test_an_unknown_rule_is_answered_with_those_that_exist(photograph: Image) -> None:
    with pytest.raises(ConfigError, match=r"rule 'best' for rgb; it has: eer, bpcer<=1%"):
        detector(rule="best").decide({RGB: photograph}, source="", cropped=True)


def test_without_a_colour_image_only_crops_are_judged(photograph: Image) -> None:
    images = {DEPTH: aligned(photograph)[DEPTH]}
    with pytest.raises(ConfigError, match="--cropped"):
        detector().decide(images, source="", cropped=False)
    assert detector().decide(images, source="", cropped=True).pad_score == 0.5


def test_the_crop_follows_the_rule_that_the_model_was_trained_with(photograph: Image) -> None:
    rule = CropRule(margin=1.5, aligned=True)
    trained = Preprocessing(image_size=64, crop_version=rule.version)
    decision = replace(detector(), preprocessing=trained).decide(
        {RGB: photograph}, source="", cropped=False
    )
    square = face_square(FaceDetector().faces(photograph)[0].landmarks, rule)
    assert decision.pad_score == brightness(crop({RGB: photograph}, square))
    usual = detector().decide({RGB: photograph}, source="", cropped=False)
    assert decision.pad_score != usual.pad_score


def test_another_crop_rule_is_refused_at_once() -> None:
    with pytest.raises(CheckpointError, match="face crops of version 0"):
        replace(detector(), preprocessing=Preprocessing(image_size=64, crop_version="0"))


class TestNoResponse:
    def ask(self, images: Images, *, cropped: bool = False) -> Reason:
        return no_response(detector().decide(images, source="", cropped=cropped))

    def test_a_wall(self) -> None:
        assert self.ask({RGB: np.full((300, 300, 3), 120, np.uint8)}) is Reason.NO_FACE

    def test_two_people(self, photograph: Image) -> None:
        both = np.concatenate([photograph, photograph], axis=1)
        assert self.ask({RGB: both}) is Reason.SEVERAL_FACES

    def test_a_face_far_away(self, photograph: Image) -> None:
        small = cv2.resize(photograph, (230, 230), interpolation=cv2.INTER_AREA)
        assert self.ask({RGB: np.asarray(small)}) is Reason.FACE_TOO_SMALL

    def test_a_dark_room(self, photograph: Image) -> None:
        dark = (photograph // 10).astype(np.uint8)
        assert self.ask({RGB: dark}, cropped=True) is Reason.TOO_DARK

    def test_a_face_blown_out(self) -> None:
        assert (
            self.ask({RGB: np.full((99, 99, 3), 255, np.uint8)}, cropped=True) is Reason.BLOWN_OUT
        )

    def test_sizes_that_differ(self, photograph: Image) -> None:
        images = aligned(photograph)
        images[DEPTH] = images[DEPTH][:100]
        assert self.ask(images) is Reason.SIZES_DIFFER

    def test_a_depth_sensor_that_saw_nothing_of_the_face(self, photograph: Image) -> None:
        images = aligned(photograph)
        images[DEPTH] = np.where(np.arange(512)[:, None] > 300, images[DEPTH], 0).astype(np.float32)
        assert self.ask(images) is Reason.NO_DEPTH

    def test_an_infrared_frame_without_its_flash(self, photograph: Image) -> None:
        images = aligned(photograph)
        images[INFRARED] = (images[INFRARED] / 50).astype(np.float32)
        assert self.ask(images) is Reason.INFRARED_DARK


class TestFiles:
    def test_files_are_read_in_their_unit(self, photograph: Image, tmp_path: Path) -> None:
        images = aligned(photograph)
        stored = {
            RGB: photograph,
            DEPTH: images[DEPTH].astype(np.uint16),
            INFRARED: (images[INFRARED] * 255).astype(np.uint8),
        }
        paths = {modality: tmp_path / f"{modality}.png" for modality in stored}
        for modality, pixels in stored.items():
            PIL.Image.fromarray(pixels).save(paths[modality])
        decision = detector().decide_files(Input(source="set", paths=paths), cropped=False)
        assert decision.source == "set"
        assert decision.pad_score is not None

    def test_an_unreadable_file_stops_everything(self, tmp_path: Path) -> None:
        path = tmp_path / "a.png"
        path.write_text("no picture")
        with pytest.raises(DatasetError, match=str(path)):
            detector().decide_files(Input(source="", paths={RGB: path}), cropped=False)

    def test_a_set_without_a_threshold_is_refused_before_reading(self, tmp_path: Path) -> None:
        gone = {INFRARED: tmp_path / "gone.png"}
        with pytest.raises(ConfigError, match="no threshold for infrared"):
            detector().decide_files(Input(source="", paths=gone), cropped=True)


def test_a_decision_becomes_plain_json(photograph: Image) -> None:
    answered = detector().decide({RGB: photograph}, source="a.png", cropped=False)
    refused = detector().decide(
        {RGB: np.zeros((99, 99, 3), np.uint8)}, source="b.png", cropped=True
    )
    first, second = (json.loads(json.dumps(d.to_json())) for d in (answered, refused))
    assert first["pad_decision"] == "bona_fide"
    assert first["modalities"] == ["rgb"]
    assert first["pad_score"] == answered.pad_score
    assert first["reason"] is first["reason_code"] is None
    assert second["pad_decision"] == "no_response"
    assert second["pad_score"] is None
    assert second["reason_code"] == "image too dark"
    assert "at least 40" in second["reason"]
