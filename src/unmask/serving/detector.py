"""From pictures to a decision: quality, face, joint crop, score, threshold.

Knows no network: the score comes from a function that is handed in, and the thresholds are the ones
stored with the model, one per set of modalities and rule, or those of one operating point that was
calibrated later. A set without a threshold of its own gets no answer from another's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from unmask.capture.crop import CROP_VERSION, crop, face_square, rule_of
from unmask.capture.detection import FaceDetector
from unmask.capture.images import read_image
from unmask.capture.quality import Refusal, check_crop, check_found, check_sizes, check_square
from unmask.errors import CheckpointError, ConfigError
from unmask.metrics.calibration import Calibration
from unmask.serving.inputs import Input
from unmask.serving.schema import Decision, PadDecision
from unmask.transforms.normalize import Preprocessing
from unmask.types import Images, Modality, subset_name


@dataclass(frozen=True, kw_only=True)
class Detector:
    """A trained model with its thresholds and its preprocessing."""

    score: Callable[[Images], float]
    """Probability of bona fide, from decoded face crops of any size."""
    thresholds: Mapping[str, Mapping[str, float]]
    """Per set of modalities (``rgb+depth``) and rule (``eer``): accept is score >= threshold."""
    preprocessing: Preprocessing
    """What the model was trained with."""
    rule: str
    """Which of the thresholds decides, where no operating point is named."""
    model: str
    """Name that goes into every decision."""
    warning: str = ""
    """What answers of this model are worth; goes into every decision."""
    operating_point: str = ""
    """Name of the calibrated operating point that decides; empty: the thresholds do."""
    calibrated: Mapping[str, Calibration] = field(default_factory=dict)
    """That operating point, per set of modalities."""
    finder: FaceDetector = field(default_factory=FaceDetector)

    def __post_init__(self) -> None:
        if rule_of(self.preprocessing.crop_version) is None:
            raise CheckpointError(
                f"{self.model} was trained on face crops of version "
                f"{self.preprocessing.crop_version}; this unmask makes version {CROP_VERSION}; "
                "use the version of unmask that trained it, or train again"
            )

    def decide_files(self, given: Input, *, cropped: bool) -> Decision:
        """Read the pictures of one presentation and decide.

        Raises:
            DatasetError: a file cannot be read as its modality.
            ConfigError: see ``decide``.
        """
        self._threshold(given.paths.keys())
        depth = self.preprocessing.depth
        images = {m: read_image(path, m, depth=depth) for m, path in given.paths.items()}
        return self.decide(images, source=given.source, cropped=cropped)

    def decide(self, images: Images, *, source: str, cropped: bool) -> Decision:
        """Decide about aligned pictures of one presentation; ``cropped`` ones are faces already.

        Raises:
            ConfigError: the model has no threshold for these modalities, or a face is to be found
                without a colour image.
        """
        shown = [modality for modality in Modality if modality in images]
        threshold, rule, origin = self._threshold(shown)
        face = self._face(images, cropped=cropped)
        answer = partial(
            Decision,
            source=source,
            threshold=threshold,
            rule=rule,
            origin=origin,
            operating_point=self.operating_point,
            modalities=tuple(shown),
            model=self.model,
            warning=self.warning,
        )
        if isinstance(face, Refusal):
            return answer(
                pad_decision=PadDecision.NO_RESPONSE,
                pad_score=None,
                reason_code=face.reason,
                reason=str(face),
            )
        score = self.score(face)
        assert 0 <= score <= 1, f"a PAD score is a probability, got {score}"
        accepted = score >= threshold
        return answer(
            pad_decision=PadDecision.BONA_FIDE if accepted else PadDecision.ATTACK, pad_score=score
        )

    def _threshold(self, shown: Iterable[Modality]) -> tuple[float, str, str]:
        """The threshold for these modalities, its rule, and what it was set on."""
        name = subset_name(shown)
        if self.operating_point:
            point = self._point(name)
            return point.threshold, point.target, point.told()
        if name not in self.thresholds:
            raise ConfigError(
                f"{self.model} has no threshold for {name or 'no picture at all'}; it has: "
                f"{', '.join(self.thresholds)}"
            )
        if self.rule not in self.thresholds[name]:
            raise ConfigError(
                f"{self.model} has no threshold by the rule {self.rule!r} for {name}; it has: "
                f"{', '.join(self.thresholds[name])}"
            )
        return self.thresholds[name][self.rule], self.rule, "dev"

    def _point(self, name: str) -> Calibration:
        if name not in self.calibrated:
            raise ConfigError(
                f"operating point {self.operating_point!r} of {self.model} is not for "
                f"{name or 'no picture at all'}; it is for: {', '.join(self.calibrated)}; "
                "calibrate it for these modalities too"
            )
        return self.calibrated[name]

    def _face(self, images: Images, *, cropped: bool) -> Images | Refusal:
        """The face crops of all pictures, or why there are none to judge."""
        refusal = check_sizes(images)
        if refusal:
            return refusal
        if cropped:
            return check_crop(images) or images
        colour = images.get(Modality.RGB)
        if colour is None:
            raise ConfigError(
                f"a face is found in the colour image, and there is only {subset_name(images)}; "
                "give --rgb too, or --cropped if the images are face crops already"
            )
        faces = self.finder.faces(colour)
        refusal = check_found(faces, colour) or check_square(face_square(faces[0].landmarks))
        if refusal:
            return refusal
        rule = rule_of(self.preprocessing.crop_version)
        assert rule is not None, "checked when this detector was made"
        cut = crop(images, face_square(faces[0].landmarks, rule))
        return check_crop(cut) or cut
