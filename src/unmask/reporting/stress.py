"""The page of ``unmask stress``: what fails first when sensors go wrong, then every cell."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from unmask.files import write_text
from unmask.metrics.rates import Rate
from unmask.metrics.stress import BONA_FIDE, Cell, Failure, failures
from unmask.reporting.blocks import Block, Caution, Document, Figure, Section, Table
from unmask.reporting.document import SIMULATION
from unmask.reporting.html import html_of
from unmask.reporting.markdown import markdown_of
from unmask.reporting.stress_figures import drawing
from unmask.reporting.wording import counts, interval, percent, plural
from unmask.types import SIMULATED

SCHEMA = 1
"""Raised when a field of the JSON file changes its name or meaning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorruptionNote:
    """What one corruption is, in words."""

    name: str
    headline: str
    modalities: tuple[str, ...]
    """Whose pictures it changed."""
    levels: str
    """What the severities mean, from 1 on: ``1 / 2 / 4 / 6 EV less light``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNote:
    """A set of sensors with its threshold."""

    shown: str
    threshold: float
    rule: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StressReport:
    """One model under every corruption."""

    model: str
    checkpoint: str
    weights_sha256: str
    note: str
    """What its card says of it."""
    protocol: str
    trained_protocol: str
    """That of its training."""
    datasets: tuple[str, ...]
    presentations: tuple[tuple[str, int], ...]
    """Of bona fide and of each PAI species."""
    subjects: int
    """0 where they are not named."""
    limit: int
    """Of presentations of each; 0: none."""
    seed: int
    depth: str
    """millimetres or relative."""
    oracle: bool
    """The thresholds were set on the judged set itself."""
    sets: tuple[SetNote, ...]
    corruptions: tuple[CorruptionNote, ...]
    cells: tuple[Cell, ...]
    """Set by set; in each the clean one first, then as in ``corruptions``."""


def write(report: StressReport, folder: Path) -> Path:
    """Write stress.html, .md, .csv and .json; the path of the first.

    The same report gives the same bytes.
    """
    page = document(report)
    files = {
        "md": markdown_of(page, figure="*Figure, in stress.html.*"),
        "csv": as_csv(report),
        "json": as_json(report),
        "html": html_of(page, lambda name: drawing(report.cells, name)),
    }
    for suffix, text in files.items():
        write_text(folder / f"stress.{suffix}", text)
    return folder / "stress.html"


def as_json(report: StressReport) -> str:
    """The report for programs; each rate with its value and interval, shares from 0 to 1."""
    content = {"schema": SCHEMA, **asdict(report), "cells": [_plain(c) for c in report.cells]}
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _plain(cell: Cell) -> dict[str, Any]:
    """A cell with its rates by name; null where one has no trials."""
    rates = {
        name: {
            **asdict(rate),
            "value": rate.value if rate.trials else None,
            "interval95": rate.interval(),
        }
        for name, rate in cell.rates.items()
    }
    left = {k: v for k, v in asdict(cell).items() if k not in {"bpcer", "apcer"}}
    return {**left, "rates": rates}


def as_csv(report: StressReport) -> str:
    """One row per cell and class or PAI species; shares from 0 to 1."""
    header = (
        *("shown", "corruption", "severity", "level", "name", "measure", "errors", "trials"),
        *("rate", "low", "high", "threshold", "auc", "refused", "presentations"),
    )
    rows = [
        (
            *(cell.shown, cell.corruption or "clean", cell.severity, cell.told, name),
            *("BPCER" if name == BONA_FIDE else "APCER", rate.errors, rate.trials),
            *(rate.value, *rate.interval(), cell.threshold, cell.auc),
            *(cell.refused.errors, cell.refused.trials),
        )
        for cell in report.cells
        for name, rate in cell.rates.items()
    ]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


def document(report: StressReport) -> Document:
    """Say what was found."""
    return Document(
        title=f"{report.model} when its sensors go wrong",
        warning="",
        note=report.note,
        sections=(
            _result(report),
            _pictures(report),
            _levels(report),
            *(_cells(report, one) for one in report.sets),
            _method(report),
        ),
    )


def _result(report: StressReport) -> Section:
    return Section(
        heading="Result",
        blocks=(
            *sentences(report),
            *(Caution(text=text) for text in cautions(report)),
            "What each corruption does at worst, of all its levels, sets of sensors and PAI "
            "species: what rises most above its clean figure. In bold, the two intervals do not "
            "overlap.",
            worst_of_each(report, attacks=True),
            worst_of_each(report, attacks=False),
        ),
    )


def sentences(report: StressReport) -> Iterator[str]:
    """The result in plain words."""
    first, clean = report.cells[0], [cell for cell in report.cells if cell.clean]
    own = report.sets[0]
    yield (
        f"At thresholds that stay where they were set ({own.rule}, {own.origin}), clean "
        f"pictures of {first.shown} give BPCER {_told(first.bpcer)} and, of the worst PAI species, "
        f"{first.worst}, APCER {_told(first.apcer[first.worst])}."
    )
    if len(clean) > 1:
        weak = max(clean, key=lambda cell: cell.apcer[cell.worst].interval()[0])
        yield (
            f"Of all sets of sensors, {weak.shown} is the weakest on clean pictures: of "
            f"{weak.worst}, APCER {_told(weak.apcer[weak.worst])}."
        )
    found = failures(report.cells)
    for heading, verb, is_attack in (
        ("Worst for security", "accepted", True),
        ("Worst for use", "rejected", False),
    ):
        told = [_named(failure, verb) for failure in _risen(found, attacks=is_attack)]
        nothing = f"no corruption raised what is wrongly {verb}"
        yield f"{heading}: {'; then '.join(told) or nothing}."


def _risen(found: Sequence[Failure], *, attacks: bool, number: int = 3) -> list[Failure]:
    """The worst of each corruption among those that rose above clean, up to ``number``."""
    firsts: dict[str, Failure] = {}
    for failure in found:
        if (failure.name != BONA_FIDE) == attacks and failure.rate.value > failure.clean.value:
            firsts.setdefault(failure.cell.corruption, failure)
    return list(firsts.values())[:number]


def _named(failure: Failure, verb: str) -> str:
    cell, rate = failure.cell, failure.rate
    measure = "BPCER" if failure.name == BONA_FIDE else "APCER"
    return (
        f"{cell.corruption} ({cell.told}) with {cell.shown}: {rate.errors} of {rate.trials} "
        f"{failure.name} {verb}, {measure} {percent(rate.value)}, 95 % interval {interval(rate)} "
        f"(clean: {failure.clean.errors} of {failure.clean.trials})"
    )


def cautions(report: StressReport) -> Iterator[str]:
    """What may not be concluded."""
    if SIMULATED in report.datasets:
        yield SIMULATION
    if report.oracle:
        yield (
            "The thresholds were set on clean pictures of the judged set itself, as its protocol "
            "has it: rates are better than they will be on others."
        )
    number = sum(not cell.clean for cell in report.cells)
    yield (
        f"The worst of {plural(number, 'cell')} were picked after the fact, so that some of them "
        "are chance; an interval is that of its cell alone. The corruptions are computed: they "
        "stand for what sensors do and are no recordings of it."
    )
    if report.protocol != report.trained_protocol:
        yield (
            f"The model was trained under another protocol ({report.trained_protocol or 'unknown'})"
            f" than it is judged under ({report.protocol}), so that judged people may have been in "
            "its training or have set its thresholds."
        )
    silent = sum(cell.silent for cell in report.cells if cell.clean)
    if silent:
        yield (f"{silent} times a presentation had none of the sensors of a set: in no rate of it.")
    partial = sum(cell.partial for cell in report.cells if cell.clean)
    if partial:
        yield (
            f"{partial} times a presentation lacked some of the sensors of a set: it is judged by "
            "the others at the threshold of the set, and what spoils the lacking ones spares it."
        )


def worst_of_each(report: StressReport, *, attacks: bool) -> Table:
    """One row per corruption that says something."""
    found = [f for f in failures(report.cells) if (f.name != BONA_FIDE) == attacks]
    rows: list[tuple[str, ...]] = []
    strong: set[int] = set()
    for note in report.corruptions:
        failure = max((f for f in found if f.cell.corruption == note.name), key=_rise)
        if failure.rate.interval()[0] > failure.clean.interval()[1]:
            strong.add(len(rows))
        rows.append(
            (
                *(f"{note.name}, {failure.cell.told}", failure.cell.shown),
                *((failure.name,) if attacks else ()),
                *(counts(failure.rate), percent(failure.rate.value), interval(failure.rate)),
                counts(failure.clean),
            )
        )
    header = (
        *("Corruption", "Shown", *(("Species", "Accepted / n") if attacks else ("Rejected / n",))),
        *("APCER" if attacks else "BPCER", "95 % interval", "Clean"),
    )
    words = 3 if attacks else 2
    return Table(header=header, rows=tuple(rows), text_columns=words, strong=frozenset(strong))


def _rise(failure: Failure) -> tuple[float, float]:
    """By how much the rate is above clean; among equals, the lower end of its interval."""
    return failure.rate.value - failure.clean.value, failure.rate.interval()[0]


def _pictures(report: StressReport) -> Section:
    shown = report.cells[0].shown
    return Section(
        heading="Every cell at a glance",
        blocks=(
            Figure(
                name="bpcer",
                caption="BPCER in %: bona fide rejected, by set of sensors (R colour, D depth, I "
                "infrared, T thermal). The darker, the worse. An empty cell was not run: the "
                "corruption changes nothing that this set of sensors shows.",
            ),
            Figure(
                name="apcer",
                caption="APCER in % of the worst PAI species of each cell: attacks accepted.",
            ),
            Figure(name="species", caption=f"APCER in % of each PAI species, shown {shown}."),
        ),
    )


def _levels(report: StressReport) -> Section:
    rows = tuple(
        (note.name, note.headline, ", ".join(note.modalities), note.levels)
        for note in report.corruptions
    )
    blocks: list[Block] = [
        "Severity goes from 1, mild, upward, as the last column has it. Lengths in pixels are "
        "those of a face crop 224 pixels wide, where a pixel is about a millimetre of the face; "
        "other crops are changed in proportion. A sensor that is not named is left as it is.",
        Table(
            header=("Corruption", "What happens", "Changed", "Severity"), rows=rows, text_columns=4
        ),
    ]
    if report.depth == "relative":
        blocks.append(
            Caution(
                text="Depth is in grey levels without a length: what is stated in millimetres "
                "leaves depth as it is here."
            )
        )
    return Section(heading="What the levels mean", blocks=tuple(blocks))


def _cells(report: StressReport, one: SetNote) -> Section:
    mine = [cell for cell in report.cells if cell.shown == one.shown]
    rows = tuple(
        (
            f"{cell.corruption}, {cell.told}" if cell.severity else "clean",
            *(cell.worst, _told(cell.apcer[cell.worst]), _told(cell.bpcer)),
            *(counts(cell.refused), f"{cell.auc:.3f}"),
        )
        for cell in mine
    )
    header = (
        *("Corruption", "Worst species", "APCER, 95 % interval", "BPCER, 95 % interval"),
        *("Refused / n", "AUC"),
    )
    return Section(
        heading=f"Shown {one.shown}",
        blocks=(
            f"Accept is score >= {one.threshold:.6g} ({one.rule}, {one.origin}). Every PAI species "
            "of every cell is in stress.csv.",
            Table(header=header, rows=rows, text_columns=2, strong=frozenset({0})),
        ),
    )


def _method(report: StressReport) -> Section:
    judged = ", ".join(f"{name} {number}" for name, number in report.presentations)
    people = f", {report.subjects} subjects" if report.subjects else ""
    some = (
        f" At most {report.limit} presentations of bona fide and of each PAI species were taken, "
        "by a hash of their names."
        if report.limit
        else ""
    )
    return Section(
        heading="How it was measured",
        blocks=(
            f"Protocol {report.protocol}, its eval set; presentations: {judged}{people}.{some}",
            "Pictures are decoded, corrupted, and then made input of the model as always. What is "
            "drawn depends on the seed, the presentation and the corruption, and not on the level, "
            "the set of sensors or the model: every model meets the same accidents, and a higher "
            f"level is the same accident, only worse. Seed {report.seed}.",
            "A corruption is run with a set of sensors only if it changes what one of them shows: "
            "holes in depth say nothing about colour alone. Sensors can be out of line only where "
            "there are two.",
            "Thresholds are those of the model's card, one for each set of sensors, and stay as "
            "they are. The unit is the presentation; frames of one count as their mean. Intervals "
            "are exact (Clopper-Pearson, two-sided, 95 %) and treat presentations as independent. "
            "Refused: pictures that the quality checks of unmask predict would not answer at all; "
            "here they were scored all the same, and are in every rate. AUC pools all attacks and "
            "is not ISO: where it stays and rates do not, scores have only moved.",
            Table(
                header=("", ""),
                rows=(
                    ("Model", report.model),
                    ("Checkpoint", report.checkpoint),
                    ("SHA-256 of the weights", report.weights_sha256),
                    ("Data sets", ", ".join(report.datasets) or "not named"),
                ),
                text_columns=2,
            ),
        ),
    )


def _told(rate: Rate) -> str:
    """``12.5 % (10 / 80), 6.2 to 21.8 %``."""
    return f"{percent(rate.value)} ({counts(rate)}), {interval(rate)}"
