"""Flexible models side by side, each sensor alone: the figures of table 1 of FMM-RPL.

That table is too wide for a terminal, so each of its sets has one of its own here. Ours come first,
then what papers print of the same kind of system on real data sets, under another heading.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unmask.reporting.blocks import Block, Caution, Document, Section, Table
from unmask.reporting.document import SIMULATION
from unmask.reporting.markdown import markdown_of
from unmask.reporting.published import CONDITIONS, Published, read_published
from unmask.types import SIMULATED, Modality

SENSORS = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)
RATES = {"apcer_pooled": "APCER", "bpcer": "BPCER", "acer": "ACER"}
"""As papers of this kind have them: APCER of all attacks together, ACER the mean of the two."""
HEADER = ("System", "Sensor", *RATES.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """A set of the table: one protocol, or several folds of one."""

    title: str
    protocols: tuple[str, ...]
    like: str
    """The published benchmark that it is built like."""
    published: str
    """Title of that benchmark."""
    unlike: str = ""
    """In what it differs from that benchmark besides being simulated."""

    @property
    def same(self) -> bool:
        """Not only built like it: the benchmark itself."""
        return self.title == self.published


SETS = (
    Set(
        title="Cross-species",
        protocols=("flexible/cross_species",),
        like="casia_surf/p1",
        published="CASIA-SURF p1",
    ),
    Set(
        title="Cross-ethnicity",
        protocols=tuple(f"flexible/cross_ethnicity_{fold}" for fold in (1, 2, 3)),
        like="cefa/p4",
        published="CeFA p4",
        unlike="with masks of paper beside replays to learn from",
    ),
    Set(
        title="In distribution",
        protocols=("flexible/in_distribution",),
        like="wmca/grandtest",
        published="WMCA grandtest",
    ),
)
REAL_PROTOCOLS = {
    "casia_surf/p1": ("casia_surf/p1",),
    "cefa/p4": tuple(f"casia_cefa/p4.{fold}" for fold in (1, 3, 5)),
    "wmca/grandtest": ("wmca/grandtest",),
}
ALL_SETS = SETS + tuple(
    Set(
        title=one.published,
        protocols=REAL_PROTOCOLS[one.like],
        like=one.like,
        published=one.published,
    )
    for one in SETS
)
"""The simulated sets, and the benchmarks themselves for those who have the data."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A rate from 0 to 1, over folds and seeds; deviations have ddof 1."""

    value: float
    over_folds: float | None = None
    """Of the means over seeds; None with one fold."""
    over_seeds: float | None = None
    """Of the means over folds; None with one seed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One row for each sensor."""

    name: str
    seeds: tuple[int, ...]
    rates: Mapping[tuple[str, Modality, str], Mean]
    """By title of the set, sensor and name of the rate."""
    mean_acer: Mean
    """Over sets and sensors, each of which counts once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What of a protocol was learned from, and judged."""

    protocol: str
    learned: int
    """Presentations, or frames of them, that train had."""
    bona_fide: int
    """Presentations."""
    attacks: int
    """Presentations."""
    datasets: tuple[str, ...]
    """Where the judged presentations came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleTable:
    """All systems, judged on the same sets."""

    sets: tuple[Set, ...]
    systems: tuple[System, ...]
    judged: tuple[Judged, ...]
    mixed: tuple[str, ...]
    """In what trainings differ that make one row."""
    no_response: int
    """Answers that were not given, over all systems, sets, sensors and seeds."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """Where the judged presentations came from."""
        return tuple(sorted({name for judged in self.judged for name in judged.datasets}))


def as_markdown(table: FlexibleTable) -> str:
    """All tables, and what must be known of each, as one page."""
    return markdown_of(document(table))


def document(table: FlexibleTable) -> Document:
    """Ours and the published."""
    return Document(
        title="Flexible modalities: trained with three sensors, judged with each alone",
        warning="",
        note="",
        sections=(_ours(table), _published(table.sets, read_published())),
    )


def _ours(table: FlexibleTable) -> Section:
    simulated = SIMULATED in table.datasets
    blocks: list[Block] = [Caution(text=SIMULATION)] if simulated else []
    if table.mixed:
        blocks.append(
            Caution(
                text="Some rows are of trainings that are not alike, so that a mean over seeds or "
                f"sets is no figure of one recipe. {'. '.join(table.mixed)}."
            )
        )
    blocks += [_method(table), _by_mean(table), *_apart(table)]
    for one in table.sets:
        blocks += [_title(one, table), _rates(one, table)]
    if table.no_response:
        blocks.append(
            Caution(text=f"{table.no_response} times a system gave no response: in no rate here.")
        )
    blocks += [
        "How much each protocol taught, and how much of both classes it judged:",
        _counts(table),
    ]
    return Section(heading=f"Measured here, on {_made_of(table.datasets)}", blocks=tuple(blocks))


def _made_of(datasets: Sequence[str]) -> str:
    told = ["simulated presentations" if name == SIMULATED else name for name in datasets]
    return ", ".join(told) or "presentations of a data set without a name"


def _method(table: FlexibleTable) -> str:
    folded = any(len(one.protocols) > 1 for one in table.sets)
    return (
        "Percent. Every model learned from RGB, depth and infrared together, under the protocol "
        "that judges it. Accept is score >= threshold; the threshold is at the EER of dev, seen "
        "through the sensor that is judged. The unit is the presentation. APCER is that of all "
        "attacks together and ACER the mean of APCER and BPCER, as the published table has them; "
        "neither is ISO/IEC 30107-3. Seeds are averaged."
        + (" +- is the standard deviation over folds (ddof 1)." if folded else "")
    )


def _by_mean(table: FlexibleTable) -> Table:
    ordered = sorted(table.systems, key=lambda system: system.mean_acer.value)
    rows = tuple(
        (s.name, _percent(s.mean_acer.value, s.mean_acer.over_seeds), str(len(s.seeds)))
        for s in ordered
    )
    header = ("System", "Mean ACER of all sets and sensors (+- over seeds, ddof 1)", "Seeds")
    return Table(header=header, rows=rows)


def _apart(table: FlexibleTable) -> list[Block]:
    """What is known of how far seeds are apart."""
    if any(len(system.seeds) > 1 for system in table.systems):
        return [
            "In the tables of the sets, what stands under Seeds are standard deviations over seeds "
            "(ddof 1), of means over folds where there are folds."
        ]
    return ["Each system was trained with one seed: how far seeds are apart is not known."]


def _title(one: Set, table: FlexibleTable) -> str:
    of = sorted({name for j in table.judged if j.protocol in one.protocols for name in j.datasets})
    folds = f", {len(one.protocols)} folds" if len(one.protocols) > 1 else ""
    like = "" if one.same else f", built like {one.published}"
    unlike = f" {one.unlike}" if one.unlike else ""
    return f"{one.title} ({_made_of(of)}{like}{unlike}{folds}):"


def _rates(one: Set, table: FlexibleTable) -> Table:
    apart = any(len(system.seeds) > 1 for system in table.systems)
    rows = []
    for system in table.systems:
        for sensor in SENSORS:
            found = [system.rates[one.title, sensor, rate] for rate in RATES]
            cells = [_percent(mean.value, mean.over_folds) for mean in found]
            if apart:
                cells += ["" if m.over_seeds is None else _percent(m.over_seeds) for m in found]
            rows.append((system.name, str(sensor), *cells))
    seeds = tuple(f"Seeds: {rate}" for rate in RATES.values()) if apart else ()
    return Table(header=(*HEADER, *seeds), rows=tuple(rows), text_columns=2)


def _counts(table: FlexibleTable) -> Table:
    rows = tuple(
        (j.protocol, ", ".join(j.datasets), str(j.learned), str(j.bona_fide), str(j.attacks))
        for j in table.judged
    )
    header = ("Protocol", "Judged data", "Learned from", "Bona fide", "Attacks")
    return Table(header=header, rows=rows, text_columns=2)


def _published(sets: Sequence[Set], figures: Sequence[Published]) -> Section:
    """What papers print of sets like these, each figure with the number of its note."""
    benchmarks = {one.like: one for one in sets}
    figures = [figure for figure in figures if figure.benchmark in benchmarks]
    notes = list(dict.fromkeys(figure.note for figure in figures if figure.note))
    sources = ", ".join(dict.fromkeys(figure.source for figure in figures))
    blocks: list[Block] = [
        Caution(text=_comparable(sets)),
        f"Percent, as printed in: {sources}. {' '.join(CONDITIONS)}",
    ]
    for name, one in benchmarks.items():
        blocks += [
            f"{one.published}:",
            _printed([f for f in figures if f.benchmark == name], notes),
        ]
    blocks += [f"[{number}] {note}." for number, note in enumerate(notes, start=1)]
    return Section(heading="Published by others, on real data sets", blocks=tuple(blocks))


def _comparable(sets: Sequence[Set]) -> str:
    if any(one.same for one in sets):
        return (
            "The sets are those above, but how the printed thresholds and epochs were chosen is "
            "not known: where they differ, so may the choice."
        )
    return (
        "Other people, attacks and sensors than above: no figure below can be compared with one "
        "above."
    )


def _printed(figures: Sequence[Published], notes: Sequence[str]) -> Table:
    """One benchmark."""
    by_place = {(f.system, f.shown, f.metric): f for f in figures}
    rows = tuple(
        (system, str(sensor), *(_cell(by_place[system, sensor, rate], notes) for rate in RATES))
        for system in dict.fromkeys(figure.system for figure in figures)
        for sensor in SENSORS
    )
    return Table(header=HEADER, rows=rows, text_columns=2)


def _cell(figure: Published, notes: Sequence[str]) -> str:
    text = _percent(figure.value / 100, None if figure.std is None else figure.std / 100)
    return f"{text} [{notes.index(figure.note) + 1}]" if figure.note else text


def _percent(value: float, std: float | None = None) -> str:
    text = f"{100 * value:.2f}"
    return text if std is None else f"{text} +- {100 * std:.2f}"
