"""How large a test must be, as a table of presentations against errors allowed, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from unmask.config import PlanConfig
from unmask.files import write_text
from unmask.metrics.planning import (
    chance_to_pass,
    passing_rate,
    subjects_needed,
    trials_needed,
)
from unmask.reporting.blocks import Block, Caution, Document, Section, Table
from unmask.reporting.markdown import markdown_of
from unmask.reporting.wording import plural

MOST_ERRORS = 1000
"""A test that must allow more errors than this is not looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A test that allows so many errors."""

    errors: int
    trials: int
    """Of each PAI species, or bona fide."""
    trials_of_report: int
    """So many that the two-sided interval which reports print does not exceed the limit either."""
    subjects: int
    """Who give them, at the presentations and correlation of the plan."""
    passing: float
    """The highest true rate of a system that passes, in all species, with the power of the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What one limit asks for."""

    rate: str
    """APCER or BPCER."""
    limit: float
    parts: int
    """PAI species that are tested; 1 for bona fide."""
    sizes: tuple[Size, ...]
    """By errors allowed."""
    true_rate: float | None
    smallest: Size | None
    """The smallest test that a system of that true rate passes with the power of the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a test needs."""

    settings: PlanConfig
    requirements: tuple[Requirement, ...]


def plan(config: PlanConfig) -> Plan:
    """Work out the sizes; writes Markdown to ``config.out``, where that is given."""
    wanted = (
        ("APCER", config.apcer, config.true_apcer, config.species),
        ("BPCER", config.bpcer, config.true_bpcer, 1),
    )
    made = Plan(
        settings=config,
        requirements=tuple(
            _requirement(config, rate, limit, true, parts)
            for rate, limit, true, parts in wanted
            if limit is not None
        ),
    )
    if config.out is not None:
        write_text(config.out, markdown_of(document(made)))
    return made


def _requirement(
    config: PlanConfig, rate: str, limit: float, true: float | None, parts: int
) -> Requirement:
    power = config.power ** (1 / parts)  # of one species, where all must be passed
    return Requirement(
        rate=rate,
        limit=limit,
        parts=parts,
        sizes=tuple(_size(config, errors, limit, power) for errors in sorted(config.errors)),
        true_rate=true,
        smallest=None if true is None else _smallest(config, limit, true, power),
    )


def _size(config: PlanConfig, errors: int, limit: float, power: float) -> Size:
    trials = trials_needed(errors, limit, config.confidence)
    return Size(
        errors=errors,
        trials=trials,
        trials_of_report=trials_needed(errors, limit, (1 + config.confidence) / 2),
        subjects=subjects_needed(trials, config.per_subject, config.correlation),
        passing=passing_rate(errors, trials, power),
    )


def _smallest(config: PlanConfig, limit: float, true: float, power: float) -> Size | None:
    """With more errors allowed, a test is larger and a good system passes it more often."""
    for errors in range(MOST_ERRORS + 1):
        trials = trials_needed(errors, limit, config.confidence)
        if chance_to_pass(errors, trials, true) >= power:
            return _size(config, errors, limit, power)
    return None


def document(made: Plan) -> Document:
    """Say what a plan holds."""
    sections = [_section(made.settings, requirement) for requirement in made.requirements]
    return Document(
        title="How large a test must be",
        warning="",
        note="",
        sections=(*sections, _conditions(made.settings)),
    )


def _section(config: PlanConfig, requirement: Requirement) -> Section:
    first = requirement.sizes[0]
    whose = _whose(requirement)
    with_errors = "no error" if first.errors == 0 else f"at most {plural(first.errors, 'error')}"
    words = (
        f"To show {requirement.rate} at or below {_share(requirement.limit)} with "
        f"{_share(config.confidence)} confidence, {first.trials} {whose} are needed, with "
        f"{with_errors} among them"
        + (f": {_total(first.trials, requirement)} in all" if requirement.parts > 1 else "")
        + f". A system passes that in {_share(config.power)} of tests only if its true rate is at "
        f"most {_share(first.passing)}; the more errors a test allows, the larger it is, and the "
        "surer a good system is to pass."
    )
    blocks: list[Block] = [words, _table(config, requirement)]
    if requirement.true_rate is not None:
        blocks.append(_advice(config, requirement, requirement.true_rate))
    return Section(
        heading=f"{requirement.rate} at most {_share(requirement.limit)}", blocks=tuple(blocks)
    )


def _advice(config: PlanConfig, requirement: Requirement, true: float) -> Block:
    size = requirement.smallest
    if size is None:
        return Caution(
            text=f"A true {requirement.rate} of {_share(true)} is so close to the limit that no "
            f"test with up to {MOST_ERRORS} errors is passed with a chance of "
            f"{_share(config.power)}: plan for a better system or a higher limit."
        )
    return (
        f"A system whose true {requirement.rate} is {_share(true)} needs {size.trials} "
        f"{_whose(requirement)} ({_total(size.trials, requirement)} in all), of which "
        f"{size.errors} may be errors, to pass with a chance of {_share(config.power)}: the "
        f"smallest such test. Its presentations take {plural(size.subjects, 'subject')}."
    )


def _table(config: PlanConfig, requirement: Requirement) -> Table:
    several = requirement.parts > 1
    header = (
        "Errors allowed",
        "Presentations" + (" of each species" if several else ""),
        *(("In all",) if several else ()),
        f"Subjects, {config.per_subject} each",
        "If two-sided",
        "True rate that passes",
    )
    rows = tuple(
        (
            str(size.errors),
            str(size.trials),
            *((_total(size.trials, requirement),) if several else ()),
            str(size.subjects),
            str(size.trials_of_report),
            _share(size.passing),
        )
        for size in requirement.sizes
    )
    return Table(header=header, rows=rows)


def _conditions(config: PlanConfig) -> Section:
    blocks: list[Block] = [
        "The bound is that of Clopper and Pearson, exact for independent presentations. Fix the "
        "number of errors allowed before the test: whoever tests on until a row fits will find "
        "one. Presentations without a response do not count; plan for some more.",
        "The bound is one-sided, as is the claim. If the upper end of a two-sided interval must "
        f"not exceed the limit, such as that of {_share(config.confidence)} confidence, the number "
        "of presentations is in the column 'If two-sided'; reports print intervals of 95 %.",
        "Frames of one video are one presentation. Presentations of one subject, or made with one "
        "artefact, resemble each other.",
    ]
    if config.per_subject > 1:
        least = "independent" if config.correlation == 0 else f"alike by {config.correlation:g}"
        blocks.append(
            f"Subjects are counted with {config.per_subject} presentations each whose outcomes are "
            f"{least} (correlation {config.correlation:g}). Should the first outcome of a subject "
            "tell the rest, as many subjects are needed as presentations."
        )
    if config.species > 1 and config.apcer is not None:
        blocks.append(
            "Every PAI species is a test of its own, and all must pass: the confidence needs no "
            "correction for their number, while the true rates of the last column are those at "
            f"which all {config.species} are passed together."
        )
    return Section(heading="What this rests on", blocks=tuple(blocks))


def _whose(requirement: Requirement) -> str:
    if requirement.rate == "BPCER":
        return "bona fide presentations"
    return "presentations of each PAI species" if requirement.parts > 1 else "attack presentations"


def _total(trials: int, requirement: Requirement) -> str:
    return str(trials * requirement.parts)


def _share(value: float) -> str:
    """A share with as many digits as it takes, at most three: ``1 %``, ``0.0746 %``."""
    return f"{100 * value:.3g} %"
