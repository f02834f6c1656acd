"""Sections that a report has where they were asked for, or the scores allow them.

Groups, the worst first; the whole system with verification; folds and seeds; another system.
"""

from __future__ import annotations

from collections.abc import Mapping

from unmask.metrics.groups import GroupRates, Groups
from unmask.metrics.rates import Rate
from unmask.metrics.repeats import Repeats
from unmask.metrics.system import SystemRates, WholeSystem
from unmask.reporting.blocks import Block, Caution, Section, Table
from unmask.reporting.records import Against, AgainstFigure, Report
from unmask.reporting.wording import (
    FEW_PEOPLE,
    cells,
    counts,
    in_full,
    interval,
    percent,
    rough,
    unanswered,
)

CHANCE = 0.05


def beyond(report: Report) -> tuple[Section, ...]:
    """The sections there are."""
    found = [_groups(groups, report) for groups in report.groups]
    if report.system is not None:
        found.append(_system(report.system))
    if report.repeats is not None:
        found.append(_repeats(report.repeats))
    if report.against is not None:
        found.append(_against(report.against))
    return tuple(found)


def _groups(found: Groups, report: Report) -> Section:
    header = (
        *("Group", "Worst species", "BPCER", "95 % interval"),
        *("APCER", "95 % interval", "No response"),
    )
    rows = tuple(_group(group) for group in found.groups)
    table = Table(header=header, rows=rows, text_columns=2, strong=frozenset({0}))
    whole = report.judgements[0]
    overall = f"Overall: {in_full('BPCER', whole.bpcer)}; {_worst(whole.worst, whole.apcer)}."
    blocks: list[Block] = [f"{_worst_groups(found)} {overall}"]
    if found.worst_bpcer:
        blocks.append(_chance(found))
    modalities = found.column == "modalities"
    if modalities:
        blocks.append(
            "The threshold is the same for every set of modalities here; a system that has one for "
            "each is judged by a report for each."
        )
    heading = "Sets of modalities" if modalities else f"Groups by {found.column}"
    return Section(heading=heading, blocks=(*blocks, table))


def _group(group: GroupRates) -> tuple[str, ...]:
    return (
        *(_called(group.name), group.worst or "none"),
        *(_counted(group.bpcer), interval(group.bpcer)),
        *(_counted(group.apcer), interval(group.apcer)),
        counts(group.no_response),
    )


def _counted(rate: Rate) -> str:
    return f"{percent(rate.value)} ({counts(rate)})"


def _worst_groups(found: Groups) -> str:
    told = []
    for name, rate in (("BPCER", "bpcer"), ("APCER", "apcer")):
        tested = [group for group in found.groups if getattr(group, rate).trials]
        if tested:
            worst = max(tested, key=lambda group: getattr(group, rate).value)
            told.append(f"{_called(worst.name)} ({in_full(name, getattr(worst, rate))})")
    if not told:
        return "No group got a response."
    return f"Worst group by BPCER, then by APCER: {'; '.join(told)}."


def _worst(name: str, rates: Mapping[str, Rate]) -> str:
    return f"{in_full('worst APCER', rates[name])} ({name})"


def _chance(found: Groups) -> Block:
    name = _called(found.worst_bpcer)
    if found.p_value < CHANCE:
        return Caution(
            text=f"That {name} has a higher BPCER than all others together is more than chance "
            f"(p = {found.p_value:.2g}, exact test, times the number of groups)."
        )
    return (
        f"That {name} has a higher BPCER than all others together may be chance "
        f"(p = {found.p_value:.2g}, exact test, times the number of groups), which does not show "
        "that groups are alike."
    )


def _called(name: str) -> str:
    return name or "not named"


def _system(found: WholeSystem) -> Section:
    before = (
        "Detection, then face verification: accepted is what is taken for bona fide and matched "
        f"({found.column} >= {found.threshold:g}). RIAPAR = 1 + IAPAR - (1 - FRR), with the IAPAR "
        f"of the worst PAI species; 0 is ideal. With detection: RIAPAR "
        f"{found.guarded.riapar:.3f} ({found.guarded.worst}). Verification alone: "
        f"{found.alone.riapar:.3f} ({found.alone.worst}). Every presentation is counted; one "
        "without a response or verification score is not accepted"
        + (f" ({found.unmatched} have no verification score)." if found.unmatched else ".")
    )
    rows = [("FRR", "bona fide", *_both(found.guarded.frr, found.alone.frr))]
    rows += [
        ("IAPAR", name, *_both(rate, found.alone.iapar[name]))
        for name, rate in _by_worst(found.guarded)
    ]
    header = (
        *("Measure", "Whose", "Errors / n", "With detection", "95 % interval"),
        *("Verification alone", "95 % interval"),
    )
    table = Table(header=header, rows=tuple(rows), text_columns=2)
    return Section(heading="Whole system with verification", blocks=(before, table))


def _both(guarded: Rate, alone: Rate) -> tuple[str, ...]:
    return (*cells(guarded), percent(alone.value), interval(alone))


def _by_worst(rates: SystemRates) -> list[tuple[str, Rate]]:
    return sorted(rates.iapar.items(), key=lambda item: item[0] != rates.worst)


def _repeats(found: Repeats) -> Section:
    names = tuple(found.spread)
    rows = [
        (repeat.name, f"{repeat.threshold:.4g}", *(_share(n, repeat.figures[n]) for n in names))
        for repeat in found.repeats
    ]
    spread = found.spread
    rows += [
        ("mean", "", *(_share(name, spread[name].mean) for name in names)),
        ("std, ddof 1", "", *(_share(name, spread[name].std_ddof1) for name in names)),
        ("std, ddof 0", "", *(_share(name, spread[name].std_ddof0) for name in names)),
    ]
    number = len(found.repeats)
    before = (
        f"{number} repeats of the system, each with the threshold that its own dev set gave "
        f"({found.rule}). ddof 1 is the standard deviation of a sample, ddof 0 that of just these "
        f"{number}: papers print either. They say how figures scatter over repeats, and nothing of "
        "other people."
    )
    table = Table(
        header=("Repeat", "Threshold", *names),
        rows=tuple(rows),
        strong=frozenset({number, number + 1}),
    )
    return Section(heading="Folds and seeds", blocks=(before, table))


def _share(figure: str, value: float) -> str:
    return f"{value:.4f}" if figure == "AUC" else f"{100 * value:.2f} %"


def _against(found: Against) -> Section:
    before = (
        f"Compared with {found.name} on the same presentations, each at the threshold that its dev "
        f"scores gave ({found.rule}; that of {found.name} is {found.threshold:.6g}). Differences "
        f"are this system less the other, paired by person: {found.draws} draws of {found.people} "
        "people. One is told apart from zero where its 95 % interval excludes it; three figures "
        "are looked at, each at that level. None of them is ISO."
    )
    table = Table(
        header=("Figure", "This system", found.name, "Difference, points", "95 % interval", "Told"),
        rows=tuple(_difference(row) for row in found.differences),
        strong=frozenset(i for i, row in enumerate(found.differences) if row.told_apart),
    )
    blocks: list[Block] = [before, table]
    if any(found.silent):
        ours, theirs = found.silent
        text = unanswered({"this system": ours, found.name: theirs})
        blocks.insert(1, Caution(text=text))
    if found.fewest_people < FEW_PEOPLE:
        blocks.insert(1, Caution(text=rough(found.fewest_people)))
    blocks.append(f"Scores of {found.name}: {found.source}, SHA-256 {found.sha256}.")
    return Section(heading=f"Compared with {found.name}", blocks=tuple(blocks))


def _difference(row: AgainstFigure) -> tuple[str, ...]:
    d = row.difference
    return (
        row.figure,
        *(_share(row.figure, value) for value in (row.this, row.other)),
        f"{100 * d.value:+.2f}",
        f"{100 * d.low:+.2f} to {100 * d.high:+.2f}",
        "apart" if row.told_apart else "not apart",
    )
