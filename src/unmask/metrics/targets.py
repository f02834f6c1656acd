"""Levels that laboratories and standards ask for by name, and whether a test reaches them.

A test fails a target when a rate that was observed exceeds its limit. It passes when it has the
presentations that the target asks for and, unless the target goes by the observed rate alone, when
the exact one-sided 95 % bound does not exceed the limit either. Between the two it has not enough
trials; ``missing`` says how many more, without a further error, each class or species would need.

The texts of the standards were not available: limits are those that test reports, agencies and
vendors quote, as said with each target. IAPAR is of whole systems; as such a system accepts no
attack that its detection refuses, APCER is never below it, so that a pass by APCER is a pass and a
failure by APCER need not be one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from unmask.metrics.planning import more_trials_needed
from unmask.metrics.rates import Rate

CONFIDENCE = 0.95

Verdict = Literal["pass", "fail", "not enough trials"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a laboratory or a standard asks for."""

    name: str
    title: str
    apcer: Fraction
    """Limit for every PAI species."""
    below: bool = False
    """The limit itself is a failure."""
    bpcer: Fraction | None = None
    """Limit, if there is one."""
    attacks: int = 0
    """Presentations of every PAI species that the test must have."""
    bona_fide: int = 0
    species: int = 1
    """PAI species that the test must have."""
    observed: bool = False
    """Goes by the observed rate of a test of that size, whatever the bound says."""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What a test says of a target."""

    target: Target
    verdict: Verdict
    failed: tuple[str, ...]
    """Classes and PAI species whose rate exceeds the limit."""
    missing: Mapping[str, int]
    """More presentations that a class or PAI species needs, without a further error."""
    species_missing: int
    """More PAI species that the test needs."""


TARGETS = (
    Target(
        name="lab_level_1",
        title="Laboratory level 1: APCER 0 % on 6 species, BPCER at most 15 %",
        apcer=Fraction(0),
        bpcer=Fraction(15, 100),
        attacks=150,
        bona_fide=50,
        species=6,
        observed=True,
        source="vendors, of iBeta: 150 attacks a species, 50 bona fide; one says BPCER 5 %",
    ),
    Target(
        name="lab_level_2",
        title="Laboratory level 2: APCER at most 1 % on 5 species, BPCER at most 15 %",
        apcer=Fraction(1, 100),
        bpcer=Fraction(15, 100),
        attacks=150,
        bona_fide=50,
        species=5,
        observed=True,
        source="vendors, of iBeta: 150 attacks a species; the BPCER is that of level 1",
    ),
    Target(
        name="fido_7",
        title="FIDO, 7 %: IAPAR below 7 % for every species",
        apcer=Fraction(7, 100),
        below=True,
        source="FIDO Metadata Statement 3.1, the stricter of two levels",
    ),
    Target(
        name="fido_15",
        title="FIDO, 15 %: IAPAR below 15 % for every species",
        apcer=Fraction(15, 100),
        below=True,
        source="FIDO Metadata Statement 3.1, the laxer of two levels",
    ),
    Target(
        name="sp800_63a",
        title="NIST SP 800-63A-4: IAPAR below 7 %",
        apcer=Fraction(7, 100),
        below=True,
        source="section 3.11, remote capture",
    ),
)


def verdicts(bona_fide: Rate, attacks: Mapping[str, Rate]) -> tuple[Verdicts, ...]:
    """What rates at one threshold, BPCER and APCER by PAI species, say of each target."""
    return tuple(_verdict(target, bona_fide, attacks) for target in TARGETS)


def _verdict(target: Target, bona_fide: Rate, attacks: Mapping[str, Rate]) -> Verdicts:
    limits = {name: (rate, target.apcer, target.attacks) for name, rate in attacks.items()}
    if target.bpcer is not None:
        limits["bona fide"] = (bona_fide, target.bpcer, target.bona_fide)
    failed = tuple(
        name for name, (rate, limit, _) in limits.items() if _exceeds(rate, limit, target)
    )
    missing = {
        name: more
        for name, (rate, limit, least) in limits.items()
        if name not in failed and (more := _missing(rate, limit, least, target))
    }
    species_missing = max(0, target.species - len(attacks))
    verdict: Verdict = "not enough trials" if missing or species_missing else "pass"
    return Verdicts(
        target=target,
        verdict="fail" if failed else verdict,
        failed=failed,
        missing=missing,
        species_missing=species_missing,
    )


def _exceeds(rate: Rate, limit: Fraction, target: Target) -> bool:
    allowed = limit * rate.trials
    return rate.errors > allowed or (target.below and 0 < rate.errors == allowed)


def _missing(rate: Rate, limit: Fraction, least: int, target: Target) -> int:
    by_size = max(0, least - rate.trials)
    if target.observed:
        return by_size
    needed = more_trials_needed(rate.errors, rate.trials, float(limit), CONFIDENCE)
    return max(by_size, needed)
