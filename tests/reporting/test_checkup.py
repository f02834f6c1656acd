"""The page of a checkup says what was found, escapes what it quotes, and counts rightly."""

import json
from pathlib import Path

import pytest

from unmask.checkup.findings import Checkup, Counts, Examined, Severity, finding
from unmask.reporting.checkup import as_json, document, verdict, write
from unmask.reporting.markdown import markdown_of

CLEAN = Checkup(
    source="a folder",
    rows=4,
    pictures="none",
    counts=(
        Counts(set="train", kind="bona_fide", presentations=2, rows=4, subjects=0),
        Counts(set="", kind="print", presentations=2, rows=4, subjects=1),
    ),
    checks=(Examined(check="A file is missing", findings=()),),
)


def with_findings(*severities: Severity) -> Checkup:
    found = tuple(f for s in severities for f in finding(s, f"a <b>{s.name}</b>", ["x<y"], "mend"))
    checks = (Examined(check="all", findings=found),)
    return Checkup(source="s", rows=1, pictures="none", counts=(), checks=checks)


def test_a_verdict_names_the_worst_first() -> None:
    assert verdict(CLEAN) == "Nothing wrong in 4 rows."
    note, warning, fault = sorted(Severity)
    assert verdict(with_findings(note, fault, warning, fault)) == (
        "2 faults, 1 warning and 1 note in 1 row."
    )


@pytest.mark.parametrize(
    ("severities", "code"),
    [((), 0), (("NOTE",), 0), (("NOTE", "WARNING"), 1), (("WARNING", "FAULT", "NOTE"), 3)],
)
def test_the_exit_code_is_that_of_the_worst(severities: tuple[str, ...], code: int) -> None:
    assert with_findings(*(Severity[s] for s in severities)).exit_code == code


def test_files_are_self_contained_and_quote_safely(tmp_path: Path) -> None:
    write(with_findings(Severity.FAULT), tmp_path)
    page = (tmp_path / "doctor.html").read_text(encoding="utf-8")
    assert "x&lt;y" in page
    assert "<b>" not in page
    assert "http" not in page
    content = json.loads((tmp_path / "doctor.json").read_text(encoding="utf-8"))
    assert content["exit_code"] == 3
    assert content["checks"][0]["findings"][0]["severity"] == "fault"


def test_the_same_checkup_gives_the_same_bytes() -> None:
    assert as_json(CLEAN) == as_json(CLEAN)
    page = markdown_of(document(CLEAN))
    assert "| no set | print | 2 | 4 | 1 |" in page
    assert "not named" in page


def test_examples_are_the_first_five_and_all_are_counted() -> None:
    (one,) = finding(Severity.NOTE, "many", [str(n) for n in range(9)], "mend")
    assert one.count == 9
    assert one.examples == ("0", "1", "2", "3", "4")
    assert finding(Severity.NOTE, "none", [], "mend") == []
