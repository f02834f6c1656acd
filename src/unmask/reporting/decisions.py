"""The page of ``unmask decide``: rules for videos, what they get wrong and how long they take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from unmask.files import make_folder, write_text
from unmask.metrics.rates import Rate
from unmask.metrics.thresholds import OperatingPoint
from unmask.reporting.blocks import Caution, Document, Figure, Section, Table
from unmask.reporting.decision_figures import drawing
from unmask.reporting.document import SIMULATION
from unmask.reporting.html import html_of
from unmask.reporting.markdown import markdown_of
from unmask.reporting.wording import counts, interval, percent, plural, threshold
from unmask.types import SIMULATED

SCHEMA = 1
"""Raised when a field of the JSON file changes its name or meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Frames until the decision was certain."""

    mean: float
    median: float
    most: int
    """So many were enough for 95 % of presentations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """One rule on the judged set, at its threshold from dev."""

    name: str
    point: OperatingPoint
    bpcer: Rate
    apcer: Mapping[str, Rate]
    """Per PAI species."""
    worst: str
    """The PAI species with the highest APCER."""
    bona_fide: Latency
    attacks: Latency
    ran_out: Rate
    """Presentations that ended before the rule had what it asks for, and fell back."""
    silent: int
    """Presentations without any response: in no rate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A rule that dev does not allow."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSet:
    """Dev or eval."""

    source: str
    sha256: str
    presentations: int
    frames: int
    """Of all presentations."""
    shortest: int
    """Frames of a presentation."""
    median: float
    longest: int
    order: str
    """The column that put frames in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """All rules on the same videos."""

    title: str
    note: str
    rule: str
    """How dev set each threshold."""
    dev: VideoSet
    evaluation: VideoSet
    datasets: tuple[str, ...]
    rules: tuple[Ruled, ...]
    """One at least."""
    left_out: tuple[LeftOut, ...] = ()
    """Asked for, too, and not judged."""


def write(made: Decided, folder: Path) -> None:
    """Write decisions.html, .md and .json; the same decisions give the same bytes."""
    page = document(made)
    files = {
        "md": markdown_of(page, figure="*Figure, in decisions.html.*"),
        "json": as_json(made),
        "html": html_of(page, lambda _: drawing(made)),
    }
    make_folder(folder)
    for suffix, text in files.items():
        write_text(folder / f"decisions.{suffix}", text)


def as_json(made: Decided) -> str:
    """The decisions for programs; each rate with its value and interval, shares from 0 to 1."""
    rules = [
        {
            **asdict(one),
            "bpcer": _plain(one.bpcer),
            "apcer": {name: _plain(rate) for name, rate in one.apcer.items()},
            "ran_out": _plain(one.ran_out),
        }
        for one in made.rules
    ]
    content = {"schema": SCHEMA, **asdict(made), "rules": rules}
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _plain(rate: Rate) -> dict[str, Any]:
    value = rate.value if rate.trials else None
    return {**asdict(rate), "value": value, "interval95": rate.interval()}


def document(made: Decided) -> Document:
    """Say what was found."""
    return Document(
        title=made.title,
        warning="",
        note=made.note,
        sections=(
            _result(made),
            _figure(),
            _latency(made),
            _species(made),
            _meaning(),
            _what_was_judged(made),
        ),
    )


def _result(made: Decided) -> Section:
    def time(one: Ruled) -> tuple[float, float]:
        return one.bona_fide.median, one.bona_fide.mean

    quick, slow = min(made.rules, key=time), max(made.rules, key=time)
    if len(made.rules) == 1:
        told = _told(quick)
    elif time(quick) == time(slow):
        told = f"all rules take equally long. Of {_told(quick)}"
    else:
        told = f"the quickest rule is {_told(quick)}; the slowest is {_told(slow)}"
    sentence = f"At thresholds set on dev ({made.rule}), {told}."
    if len(made.rules) > 1:
        sentence += " Where intervals overlap, these videos do not say which rule errs less."
    rows = tuple(
        (
            *(one.name, one.worst, _cell(one.apcer[one.worst]), _cell(one.bpcer)),
            f"{one.bona_fide.median:g}",
        )
        for one in made.rules
    )
    header = (*("Rule", "Worst species", "APCER, 95 % interval", "BPCER, 95 % interval", "Frames"),)
    return Section(
        heading="Result",
        blocks=(
            sentence,
            *(Caution(text=text) for text in cautions(made)),
            Table(header=header, rows=rows, text_columns=2),
            "Frames: the median number that a bona fide presentation takes.",
        ),
    )


def _cell(rate: Rate) -> str:
    return f"{percent(rate.value)} ({counts(rate)}), {interval(rate)}"


def _told(one: Ruled) -> str:
    apcer = one.apcer[one.worst]
    return (
        f"{one.name}: half of all bona fide presentations are decided within "
        f"{plural_of_frames(one.bona_fide.median)} and 95 % within "
        f"{plural_of_frames(one.bona_fide.most)}, with BPCER {percent(one.bpcer.value)} "
        f"({counts(one.bpcer)}, {interval(one.bpcer)}) and, of {one.worst}, APCER "
        f"{percent(apcer.value)} ({counts(apcer)}, {interval(apcer)})"
    )


def plural_of_frames(number: float) -> str:
    """``1 frame``, ``2.5 frames``."""
    return f"{number:g} frame" + ("" if number == 1 else "s")


def cautions(made: Decided) -> Iterator[str]:
    """What may not be concluded."""
    if SIMULATED in made.datasets:
        yield SIMULATION
    for one in made.left_out:
        yield f"The rule {one.name} was not judged: {one.reason}."
    if made.evaluation.longest == 1:
        yield (
            "Every judged presentation has one frame: there is nothing to wait for, and a rule "
            "that asks for more accepts nobody. Give a file with a row for each frame."
        )
    if made.dev.median != made.evaluation.median:
        yield (
            f"Videos of dev have {made.dev.median:g} frames (median), those of eval "
            f"{made.evaluation.median:g}: a threshold for videos of one length need not hold for "
            "those of another."
        )
    silent = max(one.silent for one in made.rules)
    if silent:
        yield f"{plural(silent, 'presentation')} got no response in any frame: in no rate here."


def _figure() -> Section:
    caption = (
        "Errors against time: for each rule, BPCER and APCER of the worst PAI species, over the "
        "median number of frames that bona fide presentations take, with 95 % intervals. Further "
        "down and left is better."
    )
    return Section(heading="Errors and time", blocks=(Figure(name="time", caption=caption),))


def _latency(made: Decided) -> Section:
    rows = tuple(
        (
            one.name,
            *(
                text
                for latency in (one.bona_fide, one.attacks)
                for text in (f"{latency.mean:.1f}", f"{latency.median:g}", str(latency.most))
            ),
            counts(one.ran_out),
        )
        for one in made.rules
    )
    header = (
        *("Rule", "Bona fide: mean", "median", "95 %", "Attacks: mean", "median", "95 %"),
        "Ran out / n",
    )
    return Section(
        heading="Latency in frames",
        blocks=(
            "Frames that went by until nothing could change the decision, those without a "
            "response included: their mean, their median, and the number within which 95 % of "
            "presentations are decided. Ran out: the video ended before the rule had what it asks "
            "for, and was decided by what there was.",
            Table(header=header, rows=rows),
        ),
    )


def _species(made: Decided) -> Section:
    rows = tuple(
        (*(one.name, name, counts(rate), percent(rate.value), interval(rate)),)
        for one in made.rules
        for name, rate in {"bona fide (BPCER)": one.bpcer, **one.apcer}.items()
    )
    header = ("Rule", "Class or PAI species", "Errors / n", "Rate", "95 % interval")
    return Section(
        heading="Rates by PAI species", blocks=(Table(header=header, rows=rows, text_columns=2),)
    )


def _meaning() -> Section:
    rows = (
        ("mean, median", "of the scores of all frames, or of the first n: mean-of-5"),
        ("first", "the first frame alone"),
        (
            "3-of-5",
            "accepted as soon as 3 of the first 5 frames are, rejected as soon as 3 are rejected; "
            "a shorter video needs the same 3",
        ),
        (
            "sequential=1%",
            "Wald's sequential probability ratio test: log-likelihood ratios of frames are added "
            "up until the sum leaves the bounds for an error of 1 % of either kind. The ratio of a "
            "frame is proportional to the logit of its score less that of the threshold; dev gives "
            "the factor, by logistic regression, and the threshold. One frame counts for at most "
            "half the way; if the video ends in between, the sign of the sum decides",
        ),
    )
    return Section(
        heading="How the rules decide",
        blocks=(
            "Every rule makes one score of the frames of a presentation, and dev sets its "
            "threshold as it does for single pictures: so rules are compared at the same target. "
            "Frames without a response are passed over.",
            Table(header=("Rule", "What it does"), rows=rows, text_columns=2),
            "Frames of one video resemble each other. Wald's error is therefore no promise of "
            "this test: it says how patient it is, and the rates above say what it does. The "
            "unit of every rate is the presentation; intervals are exact (Clopper-Pearson, "
            "two-sided, 95 %) and treat presentations as independent.",
        ),
    )


def _what_was_judged(made: Decided) -> Section:
    sets = {"dev": made.dev, "eval": made.evaluation}
    facts = {
        "Source": [one.source for one in sets.values()],
        "SHA-256": [one.sha256 for one in sets.values()],
        "Presentations": [str(one.presentations) for one in sets.values()],
        "Frames": [str(one.frames) for one in sets.values()],
        "Frames of a presentation": [
            f"{one.shortest} to {one.longest}, median {one.median:g}" for one in sets.values()
        ],
        "Order of frames": [f"column {one.order}" for one in sets.values()],
    }
    limits = tuple((one.name, threshold(one.point)) for one in made.rules)
    return Section(
        heading="What was judged",
        blocks=(
            Table(
                header=("", "dev (sets thresholds)", "eval (judged)"),
                rows=tuple((name, *values) for name, values in facts.items()),
                text_columns=3,
            ),
            Table(header=("Rule", f"Threshold ({made.rule} on dev)"), rows=limits),
        ),
    )
