"""The words and tables of a report, before it is known whether they become Markdown or HTML.

In order: what came out, in plain words, with what must not be concluded; figures; rates at each
threshold; non-responses; BPCER at fixed APCER; figures of papers that are not ISO; what the experts
did, if the model has any; what was judged.
"""

from __future__ import annotations

from unmask.metrics.planning import trials_needed
from unmask.metrics.rates import Rate
from unmask.metrics.scores import POLARITY
from unmask.metrics.thresholds import Rule
from unmask.reporting.blocks import Caution, Document, Figure, Section, Table
from unmask.reporting.experts import experts
from unmask.reporting.records import Judgement, Report, ScoreSet
from unmask.reporting.wording import (
    counts,
    in_full,
    interval,
    origin,
    percent,
    plural,
    threshold,
)
from unmask.types import SIMULATED

CLAIM = 0.05
"""A report says where there are too few trials to show a rate below this."""


SIMULATION = (
    "Simulated presentations were judged here: these rates are no evidence about real people or "
    "real attacks."
)


def document(report: Report) -> Document:
    """Say what a report holds."""
    return Document(
        title=report.title,
        warning=_warning(report),
        note=report.note,
        sections=(
            _result(report),
            _figures(report),
            *(_rates(judgement) for judgement in report.judgements),
            _non_response(report),
            _fixed_points(report),
            _not_iso(report),
            *experts(report.routing),
            _what_was_judged(report),
            _method(report),
        ),
    )


def _warning(report: Report) -> str:
    if not report.overlap:
        return ""
    return (
        f"Oracle threshold: {report.overlap} of {_total(report.evaluation)} judged presentations "
        "also set the threshold. These rates are better than the system will show on others; no "
        "claim may rest on them."
    )


def _result(report: Report) -> Section:
    first = report.judgements[0]
    worst = first.apcer[first.worst]
    sentences = (
        f"At the threshold {threshold(first.point)} (rule {first.point.rule}, "
        f"{origin(first.point)}), {first.bpcer.errors} of "
        f"{plural(first.bpcer.trials, 'bona fide presentation')} "
        f"{_was(first.bpcer.errors)} rejected ({in_full('BPCER', first.bpcer)}).",
        f"The worst PAI species is {first.worst}: {worst.errors} of "
        f"{plural(worst.trials, 'attack presentation')} {_was(worst.errors)} accepted as bona fide "
        f"({in_full('APCER', worst)}).",
        _silence(report),
    )
    header = (
        *("Rule", "Worst species", "Threshold"),
        *("BPCER", "95 % interval", "Worst APCER", "95 % interval"),
    )
    rows = tuple(
        (
            judgement.point.rule,
            judgement.worst,
            threshold(judgement.point),
            percent(judgement.bpcer.value),
            interval(judgement.bpcer),
            percent(judgement.apcer[judgement.worst].value),
            interval(judgement.apcer[judgement.worst]),
        )
        for judgement in report.judgements
    )
    table = Table(header=header, rows=rows, text_columns=2)
    return Section(heading="Result", blocks=(" ".join(sentences), *_cautions(report), table))


def _silence(report: Report) -> str:
    silent = report.bpnrr.errors + sum(rate.errors for rate in report.apnrr.values())
    if not silent:
        return "Every presentation got a response."
    return (
        f"{plural(silent, 'presentation')} got no response and {'is' if silent == 1 else 'are'} "
        "not in these rates."
    )


def _cautions(report: Report) -> tuple[Caution, ...]:
    found = []
    first = report.judgements[0]
    rates = {"bona fide": first.bpcer, **first.apcer}
    small = [
        f"{name} ({rate.errors} of {rate.trials}: upper bound {percent(rate.interval()[1])})"
        for name, rate in rates.items()
        if Rate(0, rate.trials).interval()[1] > CLAIM
    ]
    if small:
        fewest = trials_needed(0, CLAIM, 0.975)  # so that the two-sided interval lies below it
        found.append(
            f"Too few trials: fewer than {fewest} presentations cannot show a rate "
            f"below {100 * CLAIM:g} %, even without one error. This holds for {', '.join(small)}."
        )
    for judgement in report.judgements:
        rule = Rule.parse(judgement.point.rule)
        limited = {"bpcer": {"bona fide": judgement.dev_bpcer}, "apcer": judgement.dev_apcer}
        found += [
            f"The rule {judgement.point.rule} rests on {rate.trials} {name} presentations of dev, "
            "so it means that not one of them may be an error."
            for name, rate in limited.get(rule.kind, {}).items()
            if 0 < rule.value * rate.trials < 1
        ]
    if report.shared_subjects and not report.overlap:
        found.append(
            f"{plural(report.shared_subjects, 'subject')} of the judged set also helped to set the "
            "threshold, with other presentations."
        )
    if SIMULATED in report.evaluation.datasets + report.dev.datasets:
        found.insert(0, SIMULATION)
    return tuple(Caution(text=text) for text in found)


def _figures(report: Report) -> Section:
    first = report.judgements[0].point
    return Section(
        heading="Figures",
        blocks=(
            Figure(
                name="det",
                caption="Detection error trade-off of the judged set, one curve per PAI species, "
                "on normal-deviate axes: further down and left is better. Marks are the operating "
                "points: BPCER and worst APCER at the thresholds of the rules. Rates of zero "
                "are drawn on the edge.",
            ),
            Figure(
                name="scores",
                caption="Scores of the judged set; high means bona fide. Full colour is on the "
                f"wrong side of the threshold of {first.rule}. Bar heights are square roots of "
                "counts, so that few errors stay visible; every row has its own scale.",
            ),
        ),
    )


def _rates(judgement: Judgement) -> Section:
    names = [name for name in judgement.apcer if name != judgement.worst]
    header = ("", "Measure", "Errors / n", "Rate", "95 % interval")
    rows = [
        ("bona fide rejected", "BPCER", *_cells(judgement.bpcer)),
        (
            f"{judgement.worst} accepted",
            "APCER, worst species",
            *_cells(judgement.apcer[judgement.worst]),
        ),
        *((f"{name} accepted", "APCER", *_cells(judgement.apcer[name])) for name in names),
    ]
    dev_worst = judgement.dev_apcer[judgement.dev_worst]
    before = (
        f"Accept is score >= {threshold(judgement.point)}, {origin(judgement.point)}. On dev the "
        f"same threshold gives BPCER {percent(judgement.dev_bpcer.value)} "
        f"({counts(judgement.dev_bpcer)}) and worst APCER {percent(dev_worst.value)} "
        f"({counts(dev_worst)}, {judgement.dev_worst})."
    )
    table = Table(header=header, rows=tuple(rows), text_columns=2, strong=frozenset({0, 1}))
    return Section(
        heading=f"Rates at the threshold of {judgement.point.rule}", blocks=(before, table)
    )


def _non_response(report: Report) -> Section:
    rows = [("bona fide", "BPNRR", *_cells(report.bpnrr))]
    rows += [(name, "APNRR", *_cells(rate)) for name, rate in report.apnrr.items()]
    header = ("", "Measure", "No response / n", "Rate", "95 % interval")
    before = "Presentations without a response are in no other rate of this report."
    return Section(
        heading="Non-response",
        blocks=(before, Table(header=header, rows=tuple(rows), text_columns=2)),
    )


def _fixed_points(report: Report) -> Section:
    header = ("Measure", "APCER of every species", "Rejected / n", "BPCER", "95 % interval")
    rows = tuple(
        (f"BPCER{n}", f"at most {100 / n:g} %", *_cells(rate))
        for n, rate in report.bpcer_at.items()
    )
    coarse = [
        f"BPCER{n} ({', '.join(names)})" for n in report.bpcer_at if (names := _coarse(report, n))
    ]
    cautions = []
    if coarse:
        text = "Too few attacks to resolve the limit, so that not one of them may be accepted: "
        cautions.append(Caution(text=f"{text}{', '.join(coarse)}."))
    before = (
        "Read off the error curves of the judged set: they describe the system, and name no "
        "threshold that may be used."
    )
    table = Table(header=header, rows=rows, text_columns=2)
    return Section(heading="BPCER at fixed APCER", blocks=(before, table, *cautions))


def _coarse(report: Report, n: int) -> list[str]:
    """PAI species with fewer than ``n`` responses: one error is more than 1 / n of them."""
    return [name for name, rate in report.judgements[0].apcer.items() if rate.trials < n]


def _not_iso(report: Report) -> Section:
    header = ("Rule", "Pooled APCER", "Accepted / n", "95 % interval", "HTER", "ACER")
    rows = tuple(
        (
            judgement.point.rule,
            percent(judgement.apcer_pooled.value),
            counts(judgement.apcer_pooled),
            interval(judgement.apcer_pooled),
            percent(judgement.hter),
            percent(judgement.acer),
        )
        for judgement in report.judgements
    )
    before = (
        "For comparison with papers. Pooling lets a frequent species hide a rare one. HTER is the "
        "mean of pooled APCER and BPCER; ACER is the mean of worst APCER and BPCER. EER and AUC "
        "need no threshold; they are those of the judged set, all attacks pooled."
    )
    after = f"EER {percent(report.eer)}. AUC {report.auc:.4f}."
    return Section(
        heading="Not ISO/IEC 30107-3", blocks=(before, Table(header=header, rows=rows), after)
    )


def _what_was_judged(report: Report) -> Section:
    header = ("Set", "Class or PAI species", "Presentations", "Rows", "Subjects")
    rows: list[tuple[str, ...]] = []
    for part in (report.dev, report.evaluation):
        rows += [
            (
                part.name,
                count.name,
                str(count.presentations),
                str(count.rows),
                _known(count.subjects),
            )
            for count in part.counts
        ]
        presentations, frames = (
            str(sum(getattr(count, what) for count in part.counts))
            for what in ("presentations", "rows")
        )
        rows.append((part.name, "all", presentations, frames, _known(part.subjects)))
    totals = frozenset(index for index, row in enumerate(rows) if row[1] == "all")
    facts = Table(
        header=("", "dev (sets the threshold)", "eval (judged)"),
        rows=(
            ("Source", report.dev.source, report.evaluation.source),
            ("SHA-256", report.dev.sha256 or "-", report.evaluation.sha256 or "-"),
            *(
                (label, _listed(report.dev, field), _listed(report.evaluation, field))
                for label, field in (
                    ("Modalities", "modalities"),
                    ("Data sets", "datasets"),
                    ("Sites", "sites"),
                )
            ),
        ),
        text_columns=3,
    )
    counted = Table(header=header, rows=tuple(rows), text_columns=2, strong=totals)
    return Section(heading="What was judged", blocks=(facts, counted))


def _method(report: Report) -> Section:
    return Section(
        heading="How it was judged",
        blocks=(
            f"Polarity: {POLARITY}.",
            "Unit: the presentation. Where a presentation has several frames, its score is the "
            f"{report.aggregation} of theirs; frames without a response are left out, and a "
            "presentation has no response if none of its frames has one.",
            "Thresholds are chosen on dev and then frozen. A rate stays at or below its limit, and "
            "eer is where pooled APCER and BPCER differ least. Of the thresholds that give dev the "
            "same rates, the middle one is taken.",
            "Intervals are exact binomial ones (Clopper-Pearson, two-sided, 95 %). They treat "
            "presentations as independent; where few subjects make many presentations the "
            "uncertainty is larger.",
            "These rates hold for the PAI species, sensors and people that were tested. They say "
            "nothing about others.",
        ),
    )


def _cells(rate: Rate) -> tuple[str, str, str]:
    return counts(rate), percent(rate.value), interval(rate)


def _was(number: int) -> str:
    return "was" if number == 1 else "were"


def _total(part: ScoreSet) -> int:
    return sum(count.presentations for count in part.counts)


def _known(number: int) -> str:
    return str(number) if number else "not named"


def _listed(part: ScoreSet, field: str) -> str:
    return ", ".join(getattr(part, field)) or "not named"
