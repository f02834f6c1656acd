"""A threshold for other conditions than those of the training, from a few captures of them.

The target is ``bpcer<=1%``, or ``apcer<=5%`` on the worst PAI species, which needs attacks. It is
met "at most" on the captures. Where the classes leave an empty band between them, the threshold is
its middle: nothing is gained by an error that the target would allow. Captures without attacks are
set beside the attacks of dev for that.

The exact intervals of the rates hold although the threshold was chosen on the same captures: it
lies between two neighbouring scores in their order, and of what share of all scores lies below the
k-th of n the distribution is known, whatever the scores: Beta(k, n - k + 1) (Wilks, "Determination
of sample sizes for setting tolerance limits", 1941). The bounds of Clopper and Pearson are its
quantiles. They take presentations as independent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from unmask.errors import ConfigError, DatasetError
from unmask.metrics import rates
from unmask.metrics.planning import more_trials_needed, trials_needed
from unmask.metrics.scores import Scores
from unmask.metrics.shift import Shift, shifts
from unmask.metrics.thresholds import Rule, operating_point

CONFIDENCE = 0.95
HAIR = 1e-6
"""Below the lowest score that must be accepted: scores differ by less between batch sizes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A rate on the captures, with its exact two-sided 95 % interval."""

    errors: int
    trials: int
    low: float
    high: float

    @classmethod
    def of(cls, rate: rates.Rate) -> Measured:
        """Count and interval of a rate."""
        low, high = rate.interval(CONFIDENCE)
        return cls(errors=rate.errors, trials=rate.trials, low=low, high=high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """What limits the worth of a threshold."""

    code: str
    """For programs, such as too_few."""
    text: str
    """For people, with figures and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A threshold with everything that it rests on."""

    threshold: float
    """Accept is ``score >= threshold``; just above 1 where nothing may be accepted."""
    target: str
    """The rule that it was chosen by, such as ``bpcer<=1%``."""
    bpcer: Measured
    apcer: Mapping[str, Measured]
    """Per PAI species; empty without attacks."""
    silent: int
    """Presentations without a response; they are in no rate."""
    subjects: int
    """Distinct subjects; 0 where they are not named."""
    shifts: tuple[Shift, ...]
    """Against dev; empty where there is no dev to compare with."""
    flags: tuple[Flag, ...]
    captures: str = ""
    """Name of the score file or folder."""
    captures_sha256: str = ""
    """Of the score file, or of the folder's manifest."""
    dev_sha256: str = ""
    """Of the dev scores, if there were any."""

    @classmethod
    def from_plain(cls, entries: Mapping[str, Any]) -> Calibration:
        """Read what ``to_plain`` made of one; KeyError, TypeError or ValueError if damaged."""
        if not 0 <= entries["threshold"] <= 2:
            raise ValueError(f"threshold {entries['threshold']!r}")
        records = {
            "bpcer": Measured(**entries["bpcer"]),
            "apcer": {name: Measured(**rate) for name, rate in entries["apcer"].items()},
            "shifts": tuple(Shift(**shift) for shift in entries["shifts"]),
            "flags": tuple(Flag(**flag) for flag in entries["flags"]),
        }
        return cls(**{**entries, **records})

    def told(self) -> str:
        """What the threshold was set on, in a few words."""
        attacks = sum(rate.trials for rate in self.apcer.values())
        return (
            f"{self.bpcer.trials} bona fide and {attacks} attack presentations of {self.captures}"
        )


def calibration(scores: Scores, target: str, dev: Scores | None = None) -> Calibration:
    """Choose the threshold that meets the target on ``scores``, whose rows are presentations.

    ``dev`` are the scores that the model's own thresholds came from, for the same modalities.

    Raises:
        ConfigError: the target is none.
        DatasetError: there is no response to presentations that the target is about.
    """
    rule = target_of(target)
    _check(scores, rule, target)
    band = _empty_band(scores, dev)
    threshold = _threshold(scores, rule, target, dev, band)
    found = shifts(scores, dev) if dev is not None else ()
    named = scores.table.filter(pl.col("subject") != "")
    return Calibration(
        threshold=threshold,
        target=target,
        bpcer=Measured.of(rates.bpcer(scores, threshold)),
        apcer={name: Measured.of(rate) for name, rate in rates.apcer(scores, threshold).items()},
        silent=scores.bona_fide.silent + scores.pooled.silent,
        subjects=named.select(pl.struct("dataset", "subject").n_unique()).item(),
        shifts=found,
        flags=(
            *_too_few(scores, rule),
            *_about_scores(scores, band),
            *_about_trials(scores),
            *_about_dev(scores, dev, found),
        ),
    )


def target_of(text: str) -> Rule:
    """Read a target.

    Raises:
        ConfigError: it limits no rate, or allows every error.
    """
    rule = Rule.parse(text)
    if rule.kind not in {"bpcer", "apcer"} or rule.value == 1:
        raise ConfigError(
            f"no target {text!r}; a target limits a rate below 100 %, such as bpcer<=1% or, with "
            "attacks, apcer<=5%"
        )
    return rule


def _check(scores: Scores, rule: Rule, target: str) -> None:
    if not scores.bona_fide.score.size:
        raise DatasetError(
            f"{scores.source} has no score of a bona fide presentation; capture some, as a "
            "threshold without them may refuse everybody"
        )
    if rule.kind == "apcer" and not scores.pooled.score.size:
        raise DatasetError(
            f"{scores.source} has no score of an attack presentation, so {target} cannot be "
            "aimed at; capture attacks, or choose a target such as bpcer<=1%"
        )


def _empty_band(scores: Scores, dev: Scores | None) -> tuple[float, float] | None:
    """The highest attack and the lowest bona fide score, if all attacks lie below."""
    attack = scores.pooled.score
    if not attack.size and dev is not None:
        attack = dev.pooled.score
    lowest = float(scores.bona_fide.score[0])
    return (float(attack[-1]), lowest) if attack.size and attack[-1] < lowest else None


def _threshold(
    scores: Scores, rule: Rule, target: str, dev: Scores | None, band: tuple[float, float] | None
) -> float:
    if band is not None:
        return _middle(*band)
    if scores.pooled.score.size:
        return operating_point(scores, target).threshold
    genuine = scores.bona_fide.score  # (n,) ascending
    above = float(genuine[math.floor(rule.value * genuine.size)])
    attack = dev.pooled.score if dev is not None else genuine[:0]
    below = np.concatenate([genuine, attack])
    below = below[below < above]
    return _middle(float(below.max()), above) if below.size else max(0.0, above - HAIR)


def _middle(below: float, above: float) -> float:
    """The middle of (below, above]; ``above`` where no number lies between."""
    middle = (below + above) / 2
    return middle if middle > below else above


def _too_few(scores: Scores, rule: Rule) -> Iterator[Flag]:
    """One flag per class or species that is too small to show the target even without an error."""
    groups = scores.attacks if rule.kind == "apcer" else {"bona fide": scores.bona_fide}
    limit = float(rule.value)
    if not limit:
        text = "no number of presentations can show a rate of 0 %; aim at a limit above 0 %"
        yield Flag(code="too_few", text=text)
        return
    for name, group in groups.items():
        given = group.score.size
        more = more_trials_needed(0, given, limit, CONFIDENCE)
        if more:
            yield Flag(
                code="too_few",
                text=f"{rule.kind.upper()} of at most {100 * limit:g} % can only be shown (at "
                f"{100 * CONFIDENCE:g} %, without one error) with "
                f"{trials_needed(0, limit, CONFIDENCE)} {name} presentations, and {given} have a "
                f"score: capture {more} more",
            )


def _about_scores(scores: Scores, band: tuple[float, float] | None) -> Iterator[Flag]:
    own = bool(scores.pooled.score.size)
    if not own:
        text = "no attack was captured: what this threshold does to attacks here is not known"
        yield Flag(code="no_attacks", text=text)
    if band is not None:
        yield Flag(
            code="empty_band",
            text=f"no score lies between {band[0]:.6g}, the highest of the attacks "
            f"{'captured' if own else 'of dev'}, and {band[1]:.6g}, the lowest bona fide one; the "
            "threshold is the middle, and nothing says where between them it should be",
        )
    answered = np.concatenate([scores.bona_fide.score, scores.pooled.score])
    if answered.size > 1 and answered.min() == answered.max():
        text = f"all scores are {answered[0]:.6g}: they tell nothing apart; look at the pictures"
        yield Flag(code="all_equal", text=text)


def _about_trials(scores: Scores) -> Iterator[Flag]:
    silent = scores.bona_fide.silent + scores.pooled.silent
    if silent:
        text = f"{silent} of {len(scores)} presentations have no score and are in no rate"
        yield Flag(code="no_response", text=text)
    named = scores.table.filter(pl.col("subject") != "")
    people = named.select(pl.struct("dataset", "subject", "pai_species").n_unique()).item()
    if people < named.height:
        yield Flag(
            code="repeated_subjects",
            text="some subjects are there more than once: intervals take presentations as "
            "independent, so the uncertainty is larger than they say",
        )


def _about_dev(scores: Scores, dev: Scores | None, found: tuple[Shift, ...]) -> Iterator[Flag]:
    if dev is None:
        text = "there are no dev scores for these modalities, so a shift would not be seen"
        yield Flag(code="no_dev", text=text)
        return
    unit = ["dataset", "presentation"]
    shared = scores.table.join(dev.table.select(unit).unique(), on=unit, how="semi").height
    if shared:
        text = f"{shared} presentations are in dev too: they are not new to the model's thresholds"
        yield Flag(code="in_dev", text=text)
    for shift in found:
        if shift.found:
            yield Flag(
                code="shift",
                text=f"{shift.name} scores differ from those of dev: their distributions by up to "
                f"{shift.distance:.2f} (p = {shift.p_value:.2g}), and {100 * shift.above:.0f} % of "
                "pairs have the higher score here; thresholds and rates of dev do not hold here",
            )
