"""Thresholds: chosen on one set by a rule, then frozen.

Rates change only where a score lies. Between two neighbouring scores every threshold gives the
same rates, so a rule first finds that gap and then takes its middle: neither class is favoured by
what was not seen. A limit is met "at most", never "nearest".
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from unmask.errors import ConfigError
from unmask.metrics.scores import Group, Scores, check_classes

ALLOWED = (
    "eer, bpcer<=1%, apcer<=5% (any percentage; APCER is that of the worst species), fixed=0.5"
)
_LIMIT = re.compile(r"(?P<rate>bpcer|apcer)<=(?P<percent>\d+(\.\d+)?)%")
_FIXED = re.compile(r"fixed=(?P<threshold>[01](\.\d+)?)")


@dataclass(frozen=True, kw_only=True, slots=True)
class OperatingPoint:
    """A threshold, how it was chosen and on which set."""

    threshold: float
    """Accept is ``score >= threshold``; just above 1 where nothing may be accepted."""
    rule: str
    split: str
    """The set the threshold came from; "none" for a fixed one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A parsed threshold rule."""

    kind: str
    """eer, bpcer, apcer or fixed."""
    value: Fraction = Fraction(0)
    """The limit of a rate, or the fixed threshold."""

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Read a rule such as ``eer``, ``bpcer<=1%``, ``apcer<=5%`` or ``fixed=0.5``."""
        plain = "".join(text.lower().split())
        if plain == "eer":
            return cls(kind="eer")
        if match := _LIMIT.fullmatch(plain):
            share = Fraction(match["percent"]) / 100
            if share <= 1:
                return cls(kind=match["rate"], value=share)
        if (match := _FIXED.fullmatch(plain)) and Fraction(match["threshold"]) <= 1:
            return cls(kind="fixed", value=Fraction(match["threshold"]))
        raise ConfigError(f"no threshold rule {text!r}; allowed are: {ALLOWED}")


def operating_point(scores: Scores, rule: str, *, split: str = "dev") -> OperatingPoint:
    """Choose the threshold on ``scores``, which are called ``split`` from then on.

    Raises:
        ConfigError: the rule is none that we know.
        DatasetError: a class is empty.
    """
    parsed = Rule.parse(rule)
    if parsed.kind == "fixed":
        return OperatingPoint(threshold=float(parsed.value), rule=rule, split="none")
    check_classes(scores)
    if parsed.kind == "eer":
        threshold = _at_eer(scores)
    elif parsed.kind == "bpcer":
        threshold = _at_bpcer(scores, parsed.value)
    else:
        threshold = threshold_at_apcer(scores, parsed.value)
    return OperatingPoint(threshold=threshold, rule=rule, split=split)


def threshold_at_apcer(scores: Scores, limit: Fraction) -> float:
    """The lowest gap at which the APCER of *every* PAI species is at most ``limit``; its middle."""
    return _lowest(scores, list(scores.attacks.values()), limit)


def threshold_at_pooled_apcer(scores: Scores, limit: Fraction) -> float:
    """The lowest gap at which at most ``limit`` of all attacks together are accepted; its middle.

    Not ISO.
    """
    return _lowest(scores, [scores.pooled], limit)


def _lowest(scores: Scores, groups: list[Group], limit: Fraction) -> float:
    below = max(_highest_refused(group, limit) for group in groups)
    return _middle(below, _next_above(scores, below))


def _highest_refused(attacks: Group, limit: Fraction) -> float:
    """The highest attack score that must stay below the threshold; -inf if none must."""
    allowed = math.floor(limit * attacks.score.size)
    if allowed >= attacks.score.size:
        return -math.inf
    return float(attacks.score[attacks.score.size - 1 - allowed])


def _at_bpcer(scores: Scores, limit: Fraction) -> float:
    """The highest gap at which BPCER is at most ``limit``; its middle."""
    genuine = scores.bona_fide.score  # (n,) ascending
    allowed = math.floor(limit * genuine.size)
    above = math.inf if allowed >= genuine.size else float(genuine[allowed])
    return _middle(_next_below(scores, above), above)


def _at_eer(scores: Scores) -> float:
    """The middle of the thresholds where pooled APCER and BPCER differ least.

    Their difference falls from each score to the next, so that the last score at which it is not
    negative can be searched for, and only the gap that ends there or the one above it can be best;
    both are, where the difference changes its sign and keeps its size.
    """
    genuine, attack = scores.bona_fide, scores.pooled

    def difference(threshold: float) -> int:
        """In whole numbers, so that equal differences are equal."""
        accepted, rejected = attack.accepted(threshold), genuine.rejected(threshold)
        return accepted * genuine.score.size - rejected * attack.score.size

    firsts = (
        (group.score, bisect_left(group.score, 1, key=lambda score: difference(score) < 0))
        for group in (genuine, attack)
    )  # the first score of each class where the difference is negative
    last = max(float(score[first - 1]) for score, first in firsts if first)
    after = _next_above(scores, last)
    here, there = difference(last), -difference(after)
    low = _next_below(scores, last) if here <= there else last
    return _middle(low, after if there <= here else last)


def _next_above(scores: Scores, value: float) -> float:
    """The lowest score above ``value``, or infinity."""
    found = []
    for group in (scores.bona_fide.score, scores.pooled.score):
        index = np.searchsorted(group, value, side="right")
        found.append(float(group[index]) if index < group.size else math.inf)
    return min(found)


def _next_below(scores: Scores, value: float) -> float:
    """The highest score below ``value``, or minus infinity."""
    found = []
    for group in (scores.bona_fide.score, scores.pooled.score):
        index = np.searchsorted(group, value, side="left")
        found.append(float(group[index - 1]) if index else -math.inf)
    return max(found)


def _middle(below: float, above: float) -> float:
    """The middle of the gap (below, above], whose ends are 0 and 1 where no score bounds it."""
    low = max(below, 0.0)
    high = min(above, 1.0) if below < 1 else math.nextafter(1.0, 2.0)
    middle = (low + high) / 2
    return middle if below < middle <= above else high
