"""The page of a checkup: what is wrong and what to do, what was found clean, what there is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from unmask.checkup.findings import Checkup, Counts, Finding, Severity
from unmask.files import make_folder, write_text
from unmask.reporting.blocks import Block, Caution, Document, Section, Table
from unmask.reporting.html import html_of
from unmask.reporting.wording import plural

SCHEMA = 1
"""Raised when a field of the JSON file changes its name or meaning."""


def write(checkup: Checkup, folder: Path) -> None:
    """Write doctor.html and doctor.json; the same checkup gives the same bytes."""
    make_folder(folder)
    write_text(folder / "doctor.html", html_of(document(checkup), _no_drawing))
    write_text(folder / "doctor.json", as_json(checkup))


def as_json(checkup: Checkup) -> str:
    """The checkup for programs; severities by name."""
    content = {"schema": SCHEMA, "exit_code": checkup.exit_code, **asdict(checkup)}
    for check in content["checks"]:
        for found in check["findings"]:
            found["severity"] = found["severity"].name.lower()
    return json.dumps(content, indent=1) + "\n"


def document(checkup: Checkup) -> Document:
    """Say what was found."""
    return Document(
        title="Checkup of a data set",
        warning="",
        note=checkup.source,
        sections=(
            _result(checkup),
            *(
                _of_severity(checkup, severity)
                for severity in sorted(Severity, reverse=True)
                if any(found.severity is severity for _, found in checkup.findings)
            ),
            _counts(checkup.counts),
            _checks(checkup),
        ),
    )


def verdict(checkup: Checkup) -> str:
    """The result in one sentence, such as: 2 faults and 1 warning in 4000 rows."""
    found = [found.severity for _, found in checkup.findings]
    told = [
        plural(found.count(severity), severity.name.lower())
        for severity in sorted(Severity, reverse=True)
        if severity in found
    ]
    listed = " and ".join(filter(None, (", ".join(told[:-1]), *told[-1:]))) or "Nothing wrong"
    return f"{listed} in {plural(checkup.rows, 'row')}."


def _result(checkup: Checkup) -> Section:
    clean = sum(not check.findings for check in checkup.checks)
    looked = (
        f"Of {plural(len(checkup.checks), 'check')}, {clean} found nothing. "
        f"Pictures that were opened: {checkup.pictures}."
    )
    return Section(
        heading="Result",
        blocks=(
            verdict(checkup),
            looked,
            Caution(
                text="A check finds the faults it was written for. That it found none says nothing "
                "about others, nor about pictures that were not opened."
            ),
        ),
    )


def _of_severity(checkup: Checkup, severity: Severity) -> Section:
    heading, meaning = {
        Severity.FAULT: ("Faults", "Results on these data are wrong, or cannot be had."),
        Severity.WARNING: ("Warnings", "Results may mean something else than they seem to."),
        Severity.NOTE: ("Notes", "Worth knowing."),
    }[severity]
    found = [found for _, found in checkup.findings if found.severity is severity]
    blocks = [block for one in found for block in _told(one)]
    return Section(heading=heading, blocks=(meaning, *blocks))


def _told(found: Finding) -> tuple[Block, ...]:
    text = f"{sentence(found.what)}: {found.count}. {sentence(found.remedy)}."
    rows = tuple((str(n), example) for n, example in enumerate(found.examples, start=1))
    header = ("", "All of them" if len(rows) == found.count else "The first of them")
    return text, Table(header=header, rows=rows, text_columns=2)


def _counts(counts: Sequence[Counts]) -> Section:
    rows = tuple(
        (
            count.set or "no set",
            count.kind,
            str(count.presentations),
            str(count.rows),
            str(count.subjects) if count.subjects else "not named",
        )
        for count in counts
    )
    header = ("Set", "Class or PAI species", "Presentations", "Rows", "Subjects")
    table = Table(header=header, rows=rows, text_columns=2)
    return Section(heading="What there is", blocks=(table,))


def _checks(checkup: Checkup) -> Section:
    rows = tuple((check.check, _found(check.findings)) for check in checkup.checks)
    return Section(
        heading="What was checked",
        blocks=(Table(header=("A fault would be", "Found"), rows=rows, text_columns=2),),
    )


def _found(findings: Sequence[Finding]) -> str:
    if not findings:
        return "nothing"
    worst = max(found.severity for found in findings)
    return f"{worst.name.lower()}, {sum(found.count for found in findings)} cases"


def sentence(text: str) -> str:
    """With a capital, without a full stop."""
    return text[:1].upper() + text[1:]


def _no_drawing(name: str) -> str:
    raise AssertionError(f"a checkup has no figure {name!r}")
