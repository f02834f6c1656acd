"""What was judged, how, and what may not be concluded from it."""

from __future__ import annotations

from unmask.metrics.intervals import LEVELS
from unmask.metrics.scores import POLARITY
from unmask.metrics.thresholds import Rule
from unmask.reporting.blocks import Block, Caution, Section, Table
from unmask.reporting.records import Origin, Report, ScoreSet
from unmask.reporting.wording import drawn, plural

AGGREGATED = {
    "vote": "accepted where more than half of its frames are: its score is the lower one in the "
    "middle of theirs"
}
"""How the score of a presentation is said, where it is not plainly a statistic of its frames."""


def what(report: Report) -> Section:
    """Counts, sources and hashes."""
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
    made = () if report.origin is None else (_origin(report.origin),)
    counted = Table(header=header, rows=tuple(rows), text_columns=2, strong=totals)
    return Section(heading="What was judged", blocks=(facts, *made, counted))


def how(report: Report) -> Section:
    """Polarity, unit, thresholds, intervals."""
    return Section(
        heading="How it was judged",
        blocks=(
            f"Polarity: {POLARITY}.",
            f"Unit: the presentation. {_aggregated(report)} Frames without a response are left "
            "out, and a presentation has no response if none of its frames has one. Presentations "
            "without a response are in no denominator but those of APNRR and BPNRR.",
            "Thresholds are chosen on dev and then frozen. A rate stays at or below its limit, and "
            "eer is where pooled APCER and BPCER differ least. Of the thresholds that give dev the "
            "same rates, the middle one is taken.",
            "Intervals are exact binomial ones (Clopper-Pearson, two-sided, 95 %). They treat "
            "presentations as independent; where few subjects make many presentations the "
            "uncertainty is larger.",
            f"Those of HTER, EER and AUC are from a bootstrap over people, {drawn(report.people)}: "
            "of each draw the figure, of the figures the standard deviation, times Student's t, "
            "for AUC in log odds. "
            f"Beyond {2 * LEVELS:,} distinct scores, those between quantiles count as ties in it.",
        ),
    )


def limits(report: Report) -> Section:
    """What a reader might conclude, and may not."""
    found: list[Block] = [Caution(text=text) for text in (*_thin_rules(report), *_met(report))]
    return Section(
        heading="What may not be concluded",
        blocks=(
            *found,
            "These rates hold for the PAI species, sensors and people that were tested. They say "
            "nothing about others, nor about attacks that are injected behind the sensor.",
            "A rate of zero is not the absence of errors: its interval says how many there may be. "
            "Two rates whose intervals overlap are not shown to differ, nor to be equal.",
            "A rate above its limit on the judged set does not make another threshold right: one "
            "that is chosen here would have to be judged on other presentations.",
            "Named targets are read off these scores. No laboratory took part, nothing is "
            "certified, and a certificate would hold for one version of a system.",
        ),
    )


def _thin_rules(report: Report) -> list[str]:
    """Rules whose limit is less than one presentation of dev."""
    found = []
    for judgement in report.judgements:
        rule = Rule.parse(judgement.point.rule)
        limited = {"bpcer": {"bona fide": judgement.dev_bpcer}, "apcer": judgement.dev_apcer}
        found += [
            f"The rule {judgement.point.rule} rests on {rate.trials} {name} presentations of dev, "
            "so it means that not one of them may be an error."
            for name, rate in limited.get(rule.kind, {}).items()
            if 0 < rule.value * rate.trials < 1
        ]
    return found


def _met(report: Report) -> list[str]:
    if report.overlap or not report.shared_subjects:
        return []
    return [
        f"{plural(report.shared_subjects, 'subject')} of the judged set also helped to set the "
        "threshold, with other presentations."
    ]


def _origin(origin: Origin) -> Table:
    return Table(
        header=("The judged scores", "as evaluation.json beside them says"),
        rows=(
            ("Model", origin.model),
            ("SHA-256 of its weights", origin.weights_sha256),
            ("Seed of its training", str(origin.seed)),
            ("Protocol", origin.protocol),
            ("Modalities shown", origin.shown),
            ("Frames of a video", origin.frames or "not told"),
        ),
        text_columns=2,
    )


def _aggregated(report: Report) -> str:
    rule = AGGREGATED.get(report.aggregation)
    if rule is not None:
        return f"Where a presentation has several frames, it is {rule}."
    return (
        f"Where a presentation has several frames, its score is the {report.aggregation} of theirs."
    )


def _known(number: int) -> str:
    return str(number) if number else "not named"


def _listed(part: ScoreSet, field: str) -> str:
    return ", ".join(getattr(part, field)) or "not named"
