"""The page about features: how well a plane parts classes, and how well sensors."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from unmask.config.separability import Read
from unmask.files import write_text
from unmask.metrics.embedding import SEED, perplexity
from unmask.metrics.probes import FOLDS
from unmask.metrics.separability import Estimate, ModelSeparability
from unmask.reporting.blocks import Block, Caution, Document, Figure, Section, Table
from unmask.reporting.html import html_of
from unmask.reporting.markdown import markdown_of
from unmask.reporting.separability_figures import FIGURES, Panel, save_png, svg
from unmask.reporting.wording import percent, plural
from unmask.types import SIMULATED

SCHEMA = 1
"""Raised when a field of the JSON file changes its name or meaning."""
SIMULATION = (
    "Simulated presentations were looked at here: these figures are no evidence about real people "
    "or real attacks."
)

FEATURES: dict[Read, str] = {
    "last": "what the last layer sees; of a model that compares pictures with texts, the class "
    "token and not the patches",
    "patches": "those of patches, as the models score them beside the class token: the mean of the "
    "projected patches, drawn to the texts or weighed by them",
}
"""Which features were read, in words."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SeparabilityReport:
    """Features of some models, looked at on the same presentations."""

    note: str
    """What the cards say of the models."""
    protocol: str
    datasets: tuple[str, ...]
    sensors: tuple[str, ...]
    feature: Read
    all_sensors: str
    """The name, in ``models``, of all sensors in one set."""
    dev: int
    """Presentations, or frames of them, that the probes learn from; each sensor shows them."""
    judged: int
    drawn: int
    """Those in the pictures and the silhouettes."""
    marks: int
    """In a picture: those, as often as there are sensors that show them."""
    people: int
    """Judged."""
    shared_people: int
    """Of them, those that dev shows, too."""
    draws: int
    """Of the bootstrap."""
    models: tuple[ModelSeparability, ...]

    @property
    def together(self) -> str:
        """What the summary is about: all sensors, or the only one."""
        return self.all_sensors if len(self.sensors) > 1 else self.sensors[0]


def write(report: SeparabilityReport, panels: Sequence[Panel], folder: Path) -> Path:
    """Write separability.html, .md, .json and a PNG file for each drawing; the path of the first.

    The same report gives the same bytes.
    """
    page = document(report)
    markdown = markdown_of(page, figure="![{name}]({name}.png)")
    html = html_of(page, lambda name: svg(panels, name))
    for name in figures_of(report):
        save_png(panels, name, folder)
    write_text(folder / "separability.md", markdown)
    write_text(folder / "separability.json", as_json(report))
    write_text(folder / "separability.html", html)
    return folder / "separability.html"


def figures_of(report: SeparabilityReport) -> tuple[str, ...]:
    """The drawings that say something."""
    return FIGURES if len(report.sensors) > 1 else FIGURES[:1]


def as_json(report: SeparabilityReport) -> str:
    """The report for programs; shares from 0 to 1."""
    content = {"schema": SCHEMA, **asdict(report)}
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def document(report: SeparabilityReport) -> Document:
    """Say what was found."""
    several = len(report.sensors) > 1
    return Document(
        title="Linear separability of visual features",
        warning="",
        note=report.note,
        sections=(
            _result(report),
            _pictures(report),
            *((_sensors(report), _transfer(report)) if several else ()),
            _method(report),
        ),
    )


def _result(report: SeparabilityReport) -> Section:
    entries = [(model, entry) for model in report.models for entry in model.separation]
    probes = [model.probe(entry.shown, entry.shown) for model, entry in entries]
    strong = frozenset(n for n, (_, e) in enumerate(entries) if e.shown == report.together)
    by_probe = Table(
        header=("Model", "Shown", "AUC of a linear probe", "Balanced error of the probe"),
        rows=tuple(
            (model.name, entry.shown, number(probe.auc), share(probe.balanced_error))
            for (model, entry), probe in zip(entries, probes, strict=True)
        ),
        text_columns=2,
        strong=strong,
    )
    by_distance = Table(
        header=("Model", "Shown", "Fisher ratio", "Silhouette"),
        rows=tuple(
            (model.name, entry.shown, number(entry.fisher), number(entry.silhouette))
            for model, entry in entries
        ),
        text_columns=2,
        strong=strong,
    )
    return Section(
        heading="Bona fide and attacks",
        blocks=(
            _sentence(report),
            f"Features looked at: {FEATURES[report.feature]}.",
            *_cautions(report),
            by_probe,
            "The same classes by distance rather than by a plane, without any learning:",
            by_distance,
        ),
    )


def _sentence(report: SeparabilityReport) -> str:
    """The result in plain words."""
    shown, sensors = report.together, ", ".join(report.sensors)
    best = max(report.models, key=lambda model: model.probe(shown, shown).auc.value)
    auc = number(best.probe(shown, shown).auc)
    if len(report.models) == 1:
        found = (
            f"By the features of {best.name}, shown one sensor at a time ({sensors}), a linear "
            f"probe tells bona fide from attack with AUC {auc}."
        )
    else:
        found = (
            f"Of the features of {len(report.models)} models, each shown one sensor at a time "
            f"({sensors}), those of {best.name} give a linear probe for bona fide and attack the "
            f"highest AUC: {auc}. Intervals are those of each model by itself; the judged people "
            "are the same for all."
        )
    traces = [(model.sensors, model.name) for model in report.models if model.sensors]
    if not traces:
        return found
    nearest, name = min(traces, key=lambda pair: pair[0].gap.value)
    which = f"closest together in {name}" if len(traces) > 1 else "apart, too"
    return (
        f"{found} Sensors are {which}: their centroids differ by {nearest.gap.value:.2f} times the "
        f"spread within a sensor, and a linear probe names the sensor of "
        f"{percent(nearest.accuracy.value)} of the pictures (by chance: {percent(nearest.chance)})."
    )


def _cautions(report: SeparabilityReport) -> list[Caution]:
    found = []
    if SIMULATED in report.datasets:
        found.append(SIMULATION)
    if report.shared_people:
        found.append(
            f"Of the judged people, {report.shared_people} are in dev, too, from which the probes "
            "learned."
        )
    others = [m for m in report.models if m.protocol != report.protocol]
    if others:
        told = ", ".join(f"{m.name} ({m.protocol or 'not named'})" for m in others)
        found.append(
            f"Trained under another protocol than {report.protocol}, so that the judged people may "
            f"have been in the training: {told}."
        )
    return [Caution(text=text) for text in found]


def _pictures(report: SeparabilityReport) -> Section:
    how = (
        "t-SNE of the standardised features of eval, one panel for each model, perplexity "
        f"{perplexity(report.marks):.3g}, seed {SEED}, started from the first two principal "
        "components"
    )
    blocks: list[Block] = [
        "Every mark is a presentation as one sensor shows it. t-SNE keeps neighbours together; the "
        "size of a cloud and the space between clouds mean little. Every figure on this page is "
        "computed in the space of the features and none in these pictures.",
        Figure(name="classes", caption=f"By class: {how}. The AUC is that of the table above."),
    ]
    if len(report.sensors) > 1:
        blocks.append(
            Figure(name="sensors", caption="By sensor: the same places. Below the name: how often "
                   "a linear probe names the sensor, and the gap; less is more modality-agnostic.")
        )  # fmt: skip
    return Section(heading="Pictures", blocks=tuple(blocks))


def _sensors(report: SeparabilityReport) -> Section:
    traces = [(model.name, model.sensors) for model in report.models if model.sensors]
    pairs = tuple(traces[0][1].gaps)
    together = Table(
        header=("Model", "Sensor named", "Gap, mean of the pairs", "Transfer AUC, mean"),
        rows=tuple(
            (name, share(trace.accuracy), number(trace.gap), number(trace.transfer_auc))
            for name, trace in traces
        ),
    )
    apart = Table(
        header=("Model", *(f"Gap {pair}" for pair in pairs)),
        rows=tuple((name, *(number(trace.gaps[pair]) for pair in pairs)) for name, trace in traces),
    )
    before = (
        "How much of the sensor is left in the features. Sensor named: the share of pictures whose "
        "sensor a linear probe names, all sensors counting the same; by chance it is "
        f"{percent(1 / len(report.sensors))}. Gap: distance of the centroids of two sensors, in "
        "units of the spread within them; both are of the same presentations. Lower is more "
        "modality-agnostic, and worth something only where the AUC above is high. Transfer: a "
        "probe for bona fide and attack fitted to one sensor and judged on another; higher is more "
        "modality-agnostic, 0.5 is chance."
    )
    return Section(heading="Sensors", blocks=(before, together, *((apart,) if pairs[1:] else ())))


def _transfer(report: SeparabilityReport) -> Section:
    views = (*report.sensors, report.all_sensors)
    rows = tuple(
        (model.name, fitted, *(f"{model.probe(fitted, judged).auc.value:.3f}" for judged in views))
        for model in report.models
        for fitted in views
    )
    header = ("Model", "Fitted on", *(f"Judged on {view}" for view in views))
    before = (
        "AUC of a linear probe for bona fide and attack, fitted to the features of dev through one "
        "sensor or all, and judged on those of eval. Below 0.5 the order is turned round. The "
        "intervals are in separability.json."
    )
    table = Table(header=header, rows=rows, text_columns=2)
    return Section(heading="From one sensor to another", blocks=(before, table))


def _method(report: SeparabilityReport) -> Section:
    drawn = (
        f"Pictures and silhouettes are of {report.drawn} of the {report.judged}, drawn once. "
        if report.drawn < report.judged
        else ""
    )
    facts = Table(
        header=("Model", "Checkpoint", "Network", "Features", "SHA-256 of the weights"),
        rows=tuple(
            (m.name, m.checkpoint, m.model, str(m.features), m.weights_sha256)
            for m in report.models
        ),
        text_columns=5,
    )
    return Section(
        heading="How it was measured",
        blocks=(
            f"Protocol {report.protocol}. {plural(report.dev, 'presentation')} of dev, "
            f"{report.judged} of eval from {report.people} people, each shown through every sensor "
            f"it was captured with, alone. {drawn}Features are "
            "standardised with the mean and standard deviation of dev, over all sensors together.",
            "Probes are logistic regressions, fitted to dev and judged on eval; classes count the "
            "same, and the strength of the regularisation is chosen on dev by predicting "
            f"{FOLDS} groups of people, each by a probe that learned from the others. The Fisher "
            "ratio is the squared distance of the two centroids over the sum of the two variances, "
            "all features together; the silhouette compares the mean distance to the own class and "
            "to the other, from -1 to 1.",
            f"Intervals of 95 % come from {report.draws} draws of the judged people with "
            "all that they present; training, dev and probes stay as they are. One without a width "
            "only says that every draw gave the same.",
            facts,
        ),
    )


def number(estimate: Estimate) -> str:
    """A figure with its interval: ``0.824 (0.791 to 0.857)``."""
    return _with_interval(estimate, lambda value: f"{value:.3f}")


def share(estimate: Estimate) -> str:
    """The same in per cent: ``23.4 % (20.4 to 26.4 %)``."""
    return _with_interval(estimate, percent)


def _with_interval(estimate: Estimate, told: Callable[[float], str]) -> str:
    low, high = told(estimate.low).removesuffix(" %"), told(estimate.high)
    return f"{told(estimate.value)} ({low} to {high})"
