"""The settings of ``unmask plan`` and ``unmask compare``: before a test, and after several."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from unmask.config.checks import check_at_least, check_between, check_probability
from unmask.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class PlanConfig:
    """Settings of ``unmask plan``; rates are shares, so 0.01 is 1 %."""

    apcer: float | None = None
    """Show an APCER of at most this, for each PAI species."""
    bpcer: float | None = None
    """Show a BPCER of at most this."""
    confidence: float = 0.95
    """Of the exact one-sided bound that must not exceed the limit."""
    power: float = 0.8
    """The chance with which a system that is good enough should pass, in all species at once."""
    true_apcer: float | None = None
    """What the APCER of each species may really be: names the smallest test that such a system
    passes with the chance ``power``."""
    true_bpcer: float | None = None
    """What the BPCER may really be: the same for bona fide presentations."""
    species: int = 1
    """PAI species that are tested."""
    errors: tuple[int, ...] = (0, 1, 2, 3, 5, 10)
    """Errors that a test may allow: one row of the table for each."""
    per_subject: int = 1
    """Presentations of one class or species that a subject gives."""
    correlation: float = 0.0
    """How alike the outcomes of one subject's presentations are: 0, independent, to 1, the first
    tells the rest."""
    out: Path | None = None
    """Markdown file for the plan, if any."""

    def __post_init__(self) -> None:
        limits = {"apcer": self.apcer, "bpcer": self.bpcer}
        if self.apcer is None and self.bpcer is None:
            raise ConfigError("a plan needs a limit: give --apcer 0.01, --bpcer 0.05, or both")
        for name, limit in limits.items():
            if limit is not None:
                _check_share(name, limit)
        for name, true, limit in (
            ("true_apcer", self.true_apcer, self.apcer),
            ("true_bpcer", self.true_bpcer, self.bpcer),
        ):
            if true is not None and (limit is None or not 0 <= true < limit):
                raise ConfigError(
                    f"{name} is {true}; it must be at least 0 and lie below {name[5:]}, which is "
                    f"{'not given' if limit is None else limit}"
                )
        _check_share("confidence", self.confidence)
        _check_share("power", self.power)
        check_probability("correlation", self.correlation)
        check_between("species", self.species, 1, 10_000)
        check_between("per_subject", self.per_subject, 1, 100_000)
        if not self.errors or len(set(self.errors)) < len(self.errors):
            given = ", ".join(map(str, self.errors)) or "none"
            raise ConfigError(f"errors are {given}; name at least one number, each once")
        for number in self.errors:
            check_between("errors", number, 0, 10_000)
        _check_markdown(self.out)


@dataclass(frozen=True, kw_only=True)
class CompareConfig:
    """Settings of ``unmask compare``."""

    systems: tuple[str, ...] = ()
    """Folders with dev.csv and eval.csv (or .parquet) of one system each, as unmask evaluate writes
    them or anybody; name=folder gives a system its name, or else it is that of the folder."""
    out: Path | None = None
    """Folder for comparison.md, comparison.tex, comparison.csv and differences.csv."""
    rule: str = "eer"
    """How the dev scores of each system set its threshold, such as eer, bpcer<=1% or apcer<=5%."""
    by: Literal["acer", "hter", "auc"] = "acer"
    """What systems are ranked by: acer is the mean of the worst APCER and BPCER, hter that of the
    pooled APCER and BPCER."""
    confidence: float = 0.95
    """Of the intervals of the figure and of differences, where it holds for all pairs of systems
    together; intervals of APCER and BPCER are always exact ones of 95 %."""
    draws: int = 2000
    """Bootstrap draws of people."""
    seed: int = 0
    """Of the draws."""

    def __post_init__(self) -> None:
        if len(self.systems) < 2:
            given = ", ".join(self.systems) or "none"
            raise ConfigError(
                f"systems are {given}; a comparison needs two or more: unmask compare ours=FOLDER "
                "theirs=FOLDER"
            )
        _check_share("confidence", self.confidence)
        check_between("draws", self.draws, 100, 1_000_000)
        check_at_least("seed", self.seed, 0)


def _check_share(name: str, value: float) -> None:
    if not 0 < value < 1:
        raise ConfigError(f"{name} is {value}; it must be more than 0 and less than 1: 5 % is 0.05")


def _check_markdown(path: Path | None) -> None:
    if path is not None and path.suffix.lower() != ".md":
        raise ConfigError(f"out is {path}; a plan is Markdown: name it with .md")
