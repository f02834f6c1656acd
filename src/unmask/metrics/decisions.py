"""Rules that decide about a presentation from the scores of its frames, one after the other.

Every rule makes one score of the frames, which is accepted when it is at least a threshold; dev
sets that as it does for single pictures. So rules can be compared at the same target, and differ in
what they cost: frames until the decision is certain. Frames without a response are passed over, but
time goes on. A video that ends first is decided by what there is.

    mean, median          of all frames, or of the first n (mean-of-5)
    first                 mean-of-1
    k-of-n                k of the first n frames are accepted: the k-th highest score
    sequential            Wald's sequential probability ratio test

The test adds up a log-likelihood ratio for each frame, slope * (logit(score) - logit(threshold)),
and stops as soon as the sum reaches log((1 - e) / e), bona fide, or falls below minus that, attack,
for an error e of either kind. Dev gives the slope, by logistic regression, and the threshold: the
score of a frame that says nothing. The score of a presentation is the highest such threshold at
which it is still accepted. If a video ends in between, the sign of the sum decides. One frame
counts for at most half the way, so that no single one decides. Frames of a video resemble each
other, so that Wald's e is no promise: it says how patient the test is, and dev says what it does.

Source: Wald, Sequential Tests of Statistical Hypotheses, 1945; limited ratios: Huber, A Robust
Version of the Probability Ratio Test, 1965.

Axes: T frames.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import expit, logit

from unmask.errors import ConfigError, DatasetError
from unmask.metrics.videos import Floats, Videos

ALLOWED = (
    "first, mean, median, mean-of-5, median-of-5, 3-of-5 (any counts), sequential=1% (any error "
    "below 50 %)"
)
SURE = 1e-6
"""Scores nearer to 0 or 1 count as this far away: a logit has no end."""
END = 15.0
"""A logit beyond that of every score."""
HALVINGS = 45
"""Until two neighbouring thresholds cannot be told apart."""
_WINDOW = re.compile(r"(?P<kind>mean|median)(-of-(?P<most>\d+))?")
_COUNT = re.compile(r"(?P<needed>\d+)-of-(?P<most>\d+)")
_SEQUENTIAL = re.compile(r"sequential=(?P<percent>\d+(\.\d+)?)%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is said about one video, and when."""

    accepted: bool
    frames: int
    """Looked at until nothing could change the decision."""
    ran_out: bool = False
    """The video ended before the rule had what it asks for."""


class FrameRule(Protocol):
    """From scores of frames (T,), NaN where there was no response, to one decision."""

    def score(self, frames: Floats) -> float:
        """The score of the presentation, from 0 to 1; NaN if no frame has one."""
        ...

    def decide(self, frames: Floats, threshold: float, *, ended: bool = True) -> Decision | None:
        """The decision, or None while a video that has not ended leaves it open.

        None, too, where no frame of an ended video has a score.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The mean or median of all frames, or of the first ``most``."""

    kind: str
    most: int | None = None

    def score(self, frames: Floats) -> float:
        """See ``FrameRule``."""
        answered = _answered(frames)[: self.most]
        if not answered.size:
            return math.nan
        return float(np.mean(answered) if self.kind == "mean" else np.median(answered))

    def decide(self, frames: Floats, threshold: float, *, ended: bool = True) -> Decision | None:
        """See ``FrameRule``."""
        answered = np.flatnonzero(~np.isnan(frames))
        full = self.most is not None and answered.size >= self.most
        if not answered.size or not (full or ended):
            return None
        return Decision(
            accepted=self.score(frames) >= threshold,
            frames=int(answered[self.most - 1]) + 1 if self.most and full else frames.size,
            ran_out=self.most is not None and not full,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """``needed`` of the first ``most`` frames are accepted."""

    needed: int
    most: int

    def score(self, frames: Floats) -> float:
        """The highest threshold at which enough frames are accepted; 0 where there are too few."""
        answered = np.sort(_answered(frames)[: self.most])
        if not answered.size:
            return math.nan
        return float(answered[-self.needed]) if answered.size >= self.needed else 0.0

    def decide(self, frames: Floats, threshold: float, *, ended: bool = True) -> Decision | None:
        """Stops when enough frames are accepted, or so many rejected that they cannot be."""
        yes = no = 0
        for place, score in enumerate(frames, start=1):
            yes, no = yes + (score >= threshold), no + (score < threshold)
            if yes >= self.needed or no > self.most - self.needed:
                return Decision(accepted=bool(yes >= self.needed), frames=place)
        if not ended or not yes + no:
            return None
        accepted = self.score(frames) >= threshold
        return Decision(accepted=accepted, frames=frames.size, ran_out=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequential:
    """Wald's test with bounds for one ``error``; a threshold says which frame says nothing."""

    error: float
    slope: float
    """Of the log-likelihood ratio of a frame against the logit of its score."""

    @property
    def bound(self) -> float:
        """Where the test stops, on either side of 0."""
        return float(logit(1 - self.error))

    def score(self, frames: Floats) -> float:
        """The highest threshold at which the video is accepted, by bisection.

        The sums fall as the threshold rises, so that below it the video is accepted, too.
        """
        if np.isnan(frames).all():
            return math.nan
        low, high, logits = -END, END, _logit(frames)  # at the ends all frames agree
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self._walk(logits, middle).accepted else (low, middle)
        return float(expit(low))

    def decide(self, frames: Floats, threshold: float, *, ended: bool = True) -> Decision | None:
        """Stops at a bound; at the end of the video, the sign of the sum decides."""
        if np.isnan(frames).all():
            return None
        decision = self._walk(_logit(frames), float(logit(min(threshold, 1.0))))
        return decision if ended or not decision.ran_out else None

    def _walk(self, logits: Floats, silent: float) -> Decision:
        """Add up frames (T,) until a bound; a frame with the logit ``silent`` says nothing."""
        most = self.bound / 2
        ratio = np.clip(self.slope * (logits - silent), -most, most)  # (T,)
        total = np.cumsum(np.nan_to_num(ratio, nan=0.0))  # (T,)
        outside = np.flatnonzero((total >= self.bound) | (total < -self.bound))
        if outside.size:
            first = int(outside[0])
            return Decision(accepted=bool(total[first] > 0), frames=first + 1)
        return Decision(accepted=bool(total[-1] >= 0), frames=logits.size, ran_out=True)


def slope_of(dev: Videos) -> float:
    """Of a logistic regression of the class on the logit of the score, both classes counting half.

    It is scikit-learn's, whose penalty keeps the slope of few or separable videos finite.
    Among attacks, PAI species count the same; within those, and within bona fide, presentations do.

    Raises:
        DatasetError: frames of bona fide do not score higher than those of attacks.
    """
    from sklearn.linear_model import LogisticRegression  # slow to import

    species = dev.table["pai_species"].to_list()
    answered = [_answered(frames) for frames in dev.frames]
    videos = Counter(name for name, frames in zip(species, answered, strict=True) if frames.size)
    attacks = len(videos) - 1
    if attacks < 1 or not videos[""]:
        raise DatasetError(
            f"{dev.source} has scores of one class alone; a sequential test learns from both"
        )
    share = {name: len(answered) / 2 / (attacks if name else 1) / n for name, n in videos.items()}
    weight = [
        np.full(frames.size, share[name] / frames.size)
        for name, frames in zip(species, answered, strict=True)
        if frames.size
    ]
    label = np.repeat([not name for name in species], [frames.size for frames in answered])
    model = LogisticRegression().fit(
        _logit(np.concatenate(answered))[:, None], label, sample_weight=np.concatenate(weight)
    )
    slope = float(model.coef_[0, 0])
    if slope <= 0:
        raise DatasetError(
            f"{dev.source}: frames of bona fide presentations score no higher than those of "
            "attacks, so that a sequential test has nothing to add up; check the polarity"
        )
    return slope


def frame_rule(text: str, dev: Videos | None = None) -> FrameRule:
    """Read a rule such as ``mean``, ``3-of-5`` or ``sequential=1%``.

    Raises:
        ConfigError: there is no such rule, or it needs ``dev`` and there is none.
        DatasetError: a sequential test cannot be fitted to dev.
    """
    plain = "mean-of-1" if text == "first" else text
    if match := _WINDOW.fullmatch(plain):
        most = None if match["most"] is None else int(match["most"])
        if most != 0:
            return Window(kind=match["kind"], most=most)
    if match := _COUNT.fullmatch(plain):
        needed, most = int(match["needed"]), int(match["most"])
        if 1 <= needed <= most:
            return Count(needed=needed, most=most)
    if match := _SEQUENTIAL.fullmatch(plain):
        error = float(match["percent"]) / 100
        if 0 < error < 0.5 and dev is not None:
            return Sequential(error=error, slope=slope_of(dev))
        if 0 < error < 0.5:
            raise ConfigError(f"{text} learns from dev scores; give some")
    raise ConfigError(f"no decision rule {text!r}; allowed are: {ALLOWED}")


def _answered(frames: Floats) -> Floats:
    return frames[~np.isnan(frames)]


def _logit(frames: Floats) -> Floats:
    return np.asarray(logit(np.clip(frames, SURE, 1 - SURE)), np.float64)
