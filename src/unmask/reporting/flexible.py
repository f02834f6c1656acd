"""Flexible models side by side, each sensor alone, in the layout of table 1 of FMM-RPL.

Ours come first, then what papers print of the same kind of system on real data sets: another table
under another heading, for the two cannot be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from unmask.reporting.blocks import Block, Caution, Document, Section, Table
from unmask.reporting.document import SIMULATION
from unmask.reporting.markdown import markdown_of
from unmask.reporting.published import CONDITIONS, Published, read_published
from unmask.types import SIMULATED, Modality

SENSORS = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)
RATES = {"apcer_pooled": "APCER", "bpcer": "BPCER", "acer": "ACER"}
"""As papers of this kind have them: APCER of all attacks together, ACER the mean of the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """A set of the table: one protocol, or several folds of one."""

    title: str
    protocols: tuple[str, ...]
    like: str
    """The published benchmark that it is built like."""
    published: str
    """Title of that benchmark."""


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
    ),
    Set(
        title="In distribution",
        protocols=("flexible/in_distribution",),
        like="wmca/grandtest",
        published="WMCA grandtest",
    ),
)


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
    """How many presentations of a protocol were judged."""

    protocol: str
    bona_fide: int
    attacks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexibleTable:
    """All systems, judged on the same sets."""

    sets: tuple[Set, ...]
    systems: tuple[System, ...]
    judged: tuple[Judged, ...]
    datasets: tuple[str, ...]
    """Where the judged presentations came from."""
    no_response: int
    """Answers that were not given, over all systems, sets, sensors and seeds."""


def as_markdown(table: FlexibleTable) -> str:
    """Both tables, and what must be known of each, as one page."""
    page = Document(
        title="Flexible modalities: trained with three sensors, judged with each alone",
        warning="",
        note="",
        sections=(_ours(table), _published(read_published())),
    )
    return markdown_of(page)


def _ours(table: FlexibleTable) -> Section:
    simulated = SIMULATED in table.datasets
    blocks: list[Block] = [Caution(text=SIMULATION)] if simulated else []
    blocks += [_method(table), _rates(table), _by_mean(table), *_spread_over_seeds(table)]
    if table.no_response:
        blocks.append(
            Caution(text=f"{table.no_response} times a system gave no response: in no rate here.")
        )
    blocks += ["What was judged, and the published set that it is built like:", _counts(table)]
    made_of = "simulated presentations" if simulated else ", ".join(table.datasets)
    return Section(heading=f"Measured here, on {made_of}", blocks=tuple(blocks))


def _method(table: FlexibleTable) -> str:
    folded = any(len(one.protocols) > 1 for one in table.sets)
    return (
        "Percent. Accept is score >= threshold; the threshold is at the EER of dev, seen through "
        "the sensor that is judged. The unit is the presentation. APCER is that of all attacks "
        "together and ACER the mean of APCER and BPCER, as the published table has them; neither "
        "is ISO/IEC 30107-3. Seeds are averaged."
        + (" +- is the standard deviation over folds (ddof 1)." if folded else "")
    )


def _rates(table: FlexibleTable) -> Table:
    rows = []
    for system in table.systems:
        for sensor in SENSORS:
            found = [system.rates[key] for key in _keys(table, sensor)]
            cells = [_percent(mean.value, mean.over_folds) for mean in found]
            rows.append((system.name, str(sensor), *cells))
    return Table(header=_header(one.title for one in table.sets), rows=tuple(rows), text_columns=2)


def _by_mean(table: FlexibleTable) -> Table:
    ordered = sorted(table.systems, key=lambda system: system.mean_acer.value)
    rows = tuple(
        (s.name, _percent(s.mean_acer.value, s.mean_acer.over_seeds), str(len(s.seeds)))
        for s in ordered
    )
    header = ("System", "Mean ACER of all sets and sensors (+- over seeds, ddof 1)", "Seeds")
    return Table(header=header, rows=rows)


def _spread_over_seeds(table: FlexibleTable) -> list[Block]:
    several = [system for system in table.systems if len(system.seeds) > 1]
    if not several:
        return ["Each system was trained with one seed: how far seeds are apart is not known."]
    rows = []
    for system in several:
        for sensor in SENSORS:
            found = [system.rates[key].over_seeds for key in _keys(table, sensor)]
            rows.append((system.name, str(sensor), *(_percent(std or 0.0) for std in found)))
    header = _header(one.title for one in table.sets)
    return [
        "How far seeds are apart: standard deviations (ddof 1) of the means over folds.",
        Table(header=header, rows=tuple(rows), text_columns=2),
    ]


def _counts(table: FlexibleTable) -> Table:
    likes = {name: one.published for one in table.sets for name in one.protocols}
    rows = tuple(
        (j.protocol, likes[j.protocol], str(j.bona_fide), str(j.attacks)) for j in table.judged
    )
    header = ("Protocol", "Built like", "Bona fide", "Attacks")
    return Table(header=header, rows=rows, text_columns=2)


def _keys(table: FlexibleTable, sensor: Modality) -> list[tuple[str, Modality, str]]:
    """The cells of a row."""
    return [(one.title, sensor, rate) for one in table.sets for rate in RATES]


def _published(figures: Sequence[Published]) -> Section:
    """What papers print, each figure with the number of its note."""
    benchmarks = {one.like for one in SETS}
    figures = [figure for figure in figures if figure.benchmark in benchmarks]
    notes = list(dict.fromkeys(figure.note for figure in figures if figure.note))
    by_place = {(f.system, f.shown, f.benchmark, f.metric): f for f in figures}
    rows = []
    for system in dict.fromkeys(figure.system for figure in figures):
        for sensor in SENSORS:
            found = [by_place[system, sensor, one.like, rate] for one in SETS for rate in RATES]
            rows.append((system, str(sensor), *(_cell(figure, notes) for figure in found)))
    sources = ", ".join(dict.fromkeys(figure.source for figure in figures))
    return Section(
        heading="Published by others, on real data sets",
        blocks=(
            Caution(
                text="Other people, attacks and sensors than above: no figure of this table can be "
                "compared with one of the table above."
            ),
            f"Percent, as printed in: {sources}. {' '.join(CONDITIONS)}",
            Table(header=_header(one.published for one in SETS), rows=tuple(rows), text_columns=2),
            *(f"[{number}] {note}." for number, note in enumerate(notes, start=1)),
        ),
    )


def _cell(figure: Published, notes: Sequence[str]) -> str:
    text = _percent(figure.value / 100, None if figure.std is None else figure.std / 100)
    return f"{text} [{notes.index(figure.note) + 1}]" if figure.note else text


def _header(titles: Iterable[str]) -> tuple[str, ...]:
    return ("System", "Sensor", *(f"{title} {rate}" for title in titles for rate in RATES.values()))


def _percent(value: float, std: float | None = None) -> str:
    text = f"{100 * value:.2f}"
    return text if std is None else f"{text} +- {100 * std:.2f}"
