"""The words and tables of a report, before it is known whether they become Markdown or HTML.

In order: what came out, in plain words; figures; rates at each threshold; non-responses; BPCER at
fixed APCER; named targets; what was asked for besides (``beyond``); figures of papers that are not
ISO; what the experts did, if the model has any; what was judged and how (``method``); what may not
be concluded.
"""

from __future__ import annotations

from unmask.metrics.planning import trials_needed
from unmask.metrics.rates import Rate
from unmask.reporting.beyond import beyond
from unmask.reporting.blocks import Block, Caution, Document, Figure, Section, Table
from unmask.reporting.experts import experts
from unmask.reporting.method import how, limits, what
from unmask.reporting.records import FixedFpr, FrameRates, Judgement, Report
from unmask.reporting.targets import targets
from unmask.reporting.wording import (
    cells,
    counts,
    drawn,
    estimate,
    in_full,
    interval,
    listed,
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
            targets(report),
            *beyond(report),
            _not_iso(report),
            *experts(report.routing),
            what(report),
            how(report),
            limits(report),
        ),
    )


def _warning(report: Report) -> str:
    if not report.overlap:
        return ""
    return (
        f"Oracle threshold: {report.overlap} of "
        f"{sum(count.presentations for count in report.evaluation.counts)} judged presentations "
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
        *("Rule", "Worst species", "BPCER", "95 % interval"),
        *("Worst APCER", "95 % interval", "Threshold"),
    )
    rows = tuple(
        (
            judgement.point.rule,
            judgement.worst,
            percent(judgement.bpcer.value),
            interval(judgement.bpcer),
            percent(judgement.apcer[judgement.worst].value),
            interval(judgement.apcer[judgement.worst]),
            threshold(judgement.point),
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
            f"below {100 * CLAIM:g} %, even without one error. This holds for {listed(small)}."
        )
    silent = [name for name, rate in first.apcer.items() if not rate.trials]
    if silent:
        found.insert(
            0,
            f"No presentation of {listed(silent)} got a response: nothing is known of that APCER, "
            "and the worst PAI species may be among them.",
        )
    if SIMULATED in report.evaluation.datasets + report.dev.datasets:
        found.insert(0, SIMULATION)
    return tuple(Caution(text=text) for text in found)


def _figures(report: Report) -> Section:
    first = report.judgements[0].point
    lines, named = len(report.lines), len(report.named)
    some = f"Of {lines} PAI species the {named} worst at these thresholds are named; the others are"
    return Section(
        heading="Figures",
        blocks=(
            Figure(
                name="det",
                caption="Detection error trade-off of the judged set, one curve per PAI species, "
                "on normal-deviate axes: further down and left is better. Marks are the operating "
                "points: BPCER and worst APCER at the thresholds of the rules. The shade is the "
                "exact 95 % interval of the worst species' APCER; the tables below have those of "
                "all. Rates of zero and beyond the axes are drawn on the edge."
                + (f" {some} grey." if named < lines else ""),
            ),
            Figure(
                name="scores",
                caption="Scores of the judged set; high means bona fide. Full colour is on the "
                f"wrong side of the threshold of {first.rule}. Bar heights are square roots of "
                "counts, so that few errors stay visible; every row has its own scale."
                + (f" {some} one row." if named < lines else ""),
            ),
        ),
    )


def _rates(judgement: Judgement) -> Section:
    names = [name for name in judgement.apcer if name != judgement.worst]
    header = ("", "Measure", "Errors / n", "Rate", "95 % interval")
    rows = [
        ("bona fide rejected", "BPCER", *cells(judgement.bpcer)),
        (
            f"{judgement.worst} accepted",
            "APCER, worst species",
            *cells(judgement.apcer[judgement.worst]),
        ),
        *((f"{name} accepted", "APCER", *cells(judgement.apcer[name])) for name in names),
    ]
    dev_worst = judgement.dev_apcer[judgement.dev_worst]
    before = (
        f"Accept is score >= {threshold(judgement.point)}, {origin(judgement.point)}. On dev the "
        f"same threshold gives BPCER {percent(judgement.dev_bpcer.value)} "
        f"({counts(judgement.dev_bpcer)}) and worst APCER {percent(dev_worst.value)} "
        f"({counts(dev_worst)}, {judgement.dev_worst})."
    )
    table = Table(header=header, rows=tuple(rows), text_columns=2, strong=frozenset({0, 1}))
    frames = () if judgement.frames is None else _frames(judgement.frames)
    return Section(
        heading=f"Rates at the threshold of {judgement.point.rule}",
        blocks=(before, table, *frames),
    )


def _frames(rates: FrameRates) -> tuple[Block, ...]:
    """Frames of one video are no trials, so these rates get no interval."""
    rows = [("bona fide", "BPCER", rates.bpcer)]
    rows += [(name, "APCER", rate) for name, rate in rates.apcer.items()]
    table = Table(
        header=("Single frames", "Measure", "Errors / n", "Rate"),
        rows=tuple((name, what, counts(r), percent(r.value)) for name, what, r in rows),
        text_columns=2,
    )
    before = (
        "For comparison, the same threshold on single frames. They are not the unit of ISO/IEC "
        "30107-3, and frames of one presentation are not independent: no interval is given."
    )
    return before, table


def _non_response(report: Report) -> Section:
    rows = [("bona fide", "BPNRR", *cells(report.bpnrr))]
    rows += [(name, "APNRR", *cells(rate)) for name, rate in report.apnrr.items()]
    header = ("", "Measure", "No response / n", "Rate", "95 % interval")
    before = "Presentations without a response are in no other rate of this report."
    return Section(
        heading="Non-response",
        blocks=(before, Table(header=header, rows=tuple(rows), text_columns=2)),
    )


def _fixed_points(report: Report) -> Section:
    header = ("Measure", "APCER of every species", "Rejected / n", "BPCER", "95 % interval")
    rows = tuple(
        (f"BPCER{n}", f"at most {100 / n:g} %", *cells(rate)) for n, rate in report.bpcer_at.items()
    )
    coarse = [
        f"BPCER{n} ({listed(names)})" for n in report.bpcer_at if (names := _coarse(report, n))
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
    header = (
        "Rule",
        "Pooled APCER",
        "Accepted / n",
        "95 % interval",
        "HTER",
        "95 % interval",
        "ACER",
    )
    rows = tuple(
        (
            judgement.point.rule,
            percent(judgement.apcer_pooled.value),
            counts(judgement.apcer_pooled),
            interval(judgement.apcer_pooled),
            percent(judgement.hter.value),
            estimate(judgement.hter),
            percent(judgement.acer),
        )
        for judgement in report.judgements
    )
    before = (
        "For comparison with papers. Pooling lets a frequent species hide a rare one. HTER is the "
        "mean of pooled APCER and BPCER; ACER is the mean of worst APCER and BPCER. EER and AUC "
        "need no threshold; they are those of the judged set, all attacks pooled."
    )
    free = Table(
        header=("Measure", "Value", "95 % interval"),
        rows=(
            ("EER", percent(report.eer.value), estimate(report.eer)),
            ("AUC", f"{report.auc.value:.4f}", f"{report.auc.low:.4f} to {report.auc.high:.4f}"),
            *(_tpr(fixed) for fixed in report.fixed_fpr),
        ),
    )
    after = (
        "Intervals of HTER, EER and AUC are from a bootstrap over people, "
        f"{drawn(report.people)}. TPR at FPR takes bona fide as positive and all attacks pooled; "
        "FPR is at most that, never interpolated, and refused where one attack is more than that."
    )
    return Section(
        heading="Not ISO/IEC 30107-3",
        blocks=(before, Table(header=header, rows=rows), free, after),
    )


def _tpr(fixed: FixedFpr) -> tuple[str, str, str]:
    name = f"TPR at FPR {100 * fixed.fpr:g} %"
    if fixed.bpcer is None:
        return name, "refused", f"{plural(fixed.missing, 'more attack')} needed"
    accepted = Rate(fixed.bpcer.trials - fixed.bpcer.errors, fixed.bpcer.trials)
    return name, percent(accepted.value), interval(accepted)


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
