"""Named targets in a report: which are reached, and how many trials are missing to say so."""

from __future__ import annotations

from unmask.metrics.targets import TARGETS, Verdicts
from unmask.reporting.blocks import Section, Table
from unmask.reporting.records import Report
from unmask.reporting.wording import listed


def targets(report: Report) -> Section:
    """One row per target."""
    rule = report.judgements[0].point.rule
    before = (
        f"At the threshold of {rule}. Fail: an observed rate exceeds the limit. Pass: enough "
        "trials, and the exact one-sided 95 % bound is within the limit too; laboratory levels go "
        "by the observed rate of a test of their size. IAPAR, of systems with verification, is at "
        "most APCER, so that a pass by APCER is a pass and a failure need not be one. The limits "
        "are as quoted by others; the standards were not at hand."
    )
    table = Table(
        header=("Target", "Verdict", "Why"),
        rows=tuple((found.target.title, found.verdict, _why(found)) for found in report.targets),
        text_columns=3,
    )
    sources = "; ".join(f"{t.title.split(':')[0]}: {t.source}" for t in TARGETS)
    return Section(heading="Named targets", blocks=(before, table, f"Limits from {sources}."))


def _why(found: Verdicts) -> str:
    if found.failed:
        return f"above the limit: {listed(found.failed)}"
    wanted = [f"{name} {more}" for name, more in found.missing.items()]
    told = [f"more presentations, without a further error: {listed(wanted)}"] if wanted else []
    if found.species_missing:
        told.append(f"more PAI species: {found.species_missing}")
    return "; ".join(told) or "all rates within the limit"
