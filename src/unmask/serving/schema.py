"""The answer to one presentation, in the standard's words.

``pad_score`` is the probability of bona fide; the decision is ``bona_fide`` where
``pad_score >= threshold``. ``no_response`` means that nothing was judged, and has a reason.
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from unmask.capture.quality import Reason
from unmask.types import Modality


class PadDecision(StrEnum):
    """What is said about a presentation."""

    BONA_FIDE = "bona_fide"
    ATTACK = "attack"
    NO_RESPONSE = "no_response"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision with everything that it rests on."""

    source: str
    """Which input this is about."""
    pad_decision: PadDecision
    pad_score: float | None
    """None if and only if there is no response."""
    threshold: float
    """Of this model, for exactly these modalities, under this rule."""
    rule: str
    """How the threshold was set."""
    modalities: tuple[Modality, ...]
    """What the model was shown."""
    model: str
    operating_point: str = ""
    """Its name, if ``unmask calibrate`` made it; empty: that of the training."""
    origin: str = "dev"
    """What the threshold was set on: dev, or the captures of a calibration."""
    reason_code: Reason | None = None
    """Why there is no response, for programs."""
    reason: str | None = None
    """Why there is no response, with what was measured, for people."""
    warning: str = ""
    """What answers of this model are worth."""

    def to_json(self) -> dict[str, Any]:
        """Plain values for ``json.dumps``."""
        return asdict(self)
