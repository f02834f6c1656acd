"""The records that pass between parts, and the polarity of everything.

Label 1 and a high score mean *bona fide*; a presentation is accepted when ``score >= threshold``.

Axes: B presentations, M modalities, H W pixels, D features, T tokens, E experts, K chosen experts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:  # numbers and settings need no torch at run time
    from torch import Tensor

SIMULATED = "simulated"
"""``Sample.dataset`` of presentations that the simulator made: no evidence about real people."""

Image = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""One decoded picture; its unit depends on the modality, see ``Images``."""

Images = Mapping["Modality", Image]
"""Aligned pictures of one presentation, all of one height and width.

RGB: (H, W, 3) uint8. DEPTH: (H, W) float32, millimetres, 0 where the sensor saw nothing.
INFRARED, THERMAL: (H, W) float32 in [0, 1], the sensor's full scale being 1.
"""


class Modality(StrEnum):
    """A kind of sensor."""

    RGB = "rgb"
    DEPTH = "depth"
    INFRARED = "infrared"
    THERMAL = "thermal"


class Label(IntEnum):
    """What was in front of the sensors."""

    ATTACK = 0
    BONA_FIDE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One captured presentation (or one frame of it) on disk: a row of a manifest."""

    key: str
    """Unique within the data set; written next to the score."""
    presentation: str
    """Frames with the same value are one presentation and never parted."""
    paths: Mapping[Modality, Path]
    """Only the modalities that were captured."""
    label: Label
    pai_species: str | None = None
    """None if and only if bona fide."""
    subject: str = ""
    site: str = ""
    dataset: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Further columns (skin type, session, ...), for reports by group."""

    def __post_init__(self) -> None:
        if (self.label is Label.BONA_FIDE) != (self.pai_species is None):
            raise ValueError(
                f"sample {self.key!r}: an attack has a PAI species, a bona fide sample has none; "
                f"got label {self.label.name} with pai_species {self.pai_species!r}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Who trains, who sets the threshold, who is judged."""

    name: str
    modalities: tuple[Modality, ...]
    train: list[Sample]
    dev: list[Sample]
    eval: list[Sample]
    threshold_from: str = "dev"
    """"eval" only where a published protocol has no dev set; the report says so."""
    shared_subjects: bool = False
    """True only where a published protocol shows the same people in two sets."""


@dataclass(slots=True, kw_only=True)
class Batch:
    """What a model, a loss and a log need of some presentations."""

    image: Tensor
    """(B, M, 3, H, W) float32, normalised; an absent modality is all zero."""
    present: Tensor
    """(B, M) bool."""
    label: Tensor
    """(B,) int64, values of ``Label``."""
    key: list[str]
    modalities: tuple[Modality, ...]
    """Names of the M axis."""


@dataclass(slots=True, kw_only=True)
class Routing:
    """What the router of one mixture-of-experts layer did."""

    prob: Tensor
    """(T, E) float32 probability of every expert or, for product keys, (T, K) of the chosen ones;
    those choose fewer than E, so the shape tells which."""
    expert: Tensor
    """(T, K) int64: chosen experts."""
    valid: Tensor
    """(T,) bool; False for positions where no modality was present: no loss may count them."""
    num_experts: int
    log_sum: Tensor | None = None
    """(T, h) float32: log of the sum of exp(score) over all experts, for each of h choices; None
    where nobody asks how large scores are."""
    kinds: tuple[str, ...] = ()
    """E names of what each expert does, where experts differ in that."""


@dataclass(slots=True, kw_only=True)
class Levels:
    """What a flexible model says of each modality, for losses: global first, then of patches."""

    logit: Tensor
    """(B, M, L) float32, high for bona fide, 0 where absent."""
    feature: Tensor
    """(B, M, L, E) float32, of length 1, 0 where absent."""


@dataclass(slots=True, kw_only=True)
class Output:
    """What every model returns."""

    logit: Tensor
    """(B,) float32; sigmoid(logit) is the PAD score, high for bona fide."""
    feature: Tensor
    """(B, D) float32, what the last layer sees."""
    routing: tuple[Routing, ...] = ()
    """One per mixture-of-experts layer."""
    modality_logit: Tensor | None = None
    """(B, M) float32: the answer of each modality by itself, 0 where absent; of flexible models,
    which judge any sensor alone."""
    levels: Levels | None = None
    """Of flexible models that compare features of several levels."""


def subset_name(modalities: Iterable[Modality]) -> str:
    """The name of a set of modalities in files: ``rgb+depth``, always in the order of the enum."""
    chosen = set(modalities)
    return "+".join(m for m in Modality if m in chosen)
