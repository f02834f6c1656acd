"""What a check says: one fault, how often it is there, where to look, what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

EXAMPLES = 5
"""So many are named of what a finding counts."""


class Severity(IntEnum):
    """How bad a finding is; the worst one decides the exit code."""

    NOTE = 0
    """Worth knowing."""
    WARNING = 1
    """Results may mean something else than they seem to."""
    FAULT = 2
    """Results on these data are wrong, or cannot be had."""


EXIT_CODES = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.FAULT: 3}
"""2 is for what cannot be examined at all: no such folder, no such column."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One fault of a data set."""

    severity: Severity
    what: str
    """One sentence without a full stop."""
    count: int
    """Rows, files or values that have it."""
    examples: tuple[str, ...] = ()
    """The first of them."""
    remedy: str
    """What to do."""


def finding(
    severity: Severity, what: str, cases: Sequence[str], remedy: str, *, count: int | None = None
) -> list[Finding]:
    """A finding about some cases, the first of which are its examples; nothing if there are none.

    ``count`` is their number, where ``cases`` are only the first of them.
    """
    number = len(cases) if count is None else count
    if not number:
        return []
    return [
        Finding(
            severity=severity,
            what=what,
            count=number,
            examples=tuple(cases[:EXAMPLES]),
            remedy=remedy,
        )
    ]


def headline(check: Callable[..., object]) -> str:
    """What a check looks for: the first line of its docstring."""
    return (check.__doc__ or "").splitlines()[0].rstrip(".")


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """One check and what it found."""

    check: str
    """What it looks for, in words."""
    findings: tuple[Finding, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How much one set has of one class or PAI species."""

    set: str
    kind: str
    """"bona_fide" or a PAI species; of a list without species, "attack"."""
    presentations: int
    rows: int
    subjects: int
    """0 where they are not named."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkup:
    """What was looked at, and everything that was found."""

    source: str
    rows: int
    pictures: str
    """Which pictures were opened, in words."""
    counts: tuple[Counts, ...]
    checks: tuple[Examined, ...]
    """In the order in which they were made; a clean one has no findings."""

    @property
    def findings(self) -> tuple[tuple[str, Finding], ...]:
        """Each with the name of its check, the worst first."""
        found = [(examined.check, f) for examined in self.checks for f in examined.findings]
        return tuple(sorted(found, key=lambda pair: -pair[1].severity))

    @property
    def exit_code(self) -> int:
        """0: nothing worse than a note; 1: at least a warning; 3: at least a fault."""
        worst = max((found.severity for _, found in self.findings), default=Severity.NOTE)
        return EXIT_CODES[worst]
