"""What a command leaves on the terminal; only this file and ``cli`` print."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from unmask.config import PredictConfig, ReportConfig

if TYPE_CHECKING:
    from unmask.api import Demonstrated
    from unmask.experiments.running import Evidence
    from unmask.experiments.separating import Separability
    from unmask.reporting.flexible import FlexibleTable
    from unmask.reporting.records import Report
    from unmask.serving.schema import Decision
    from unmask.training.evaluation import Evaluated
    from unmask.training.loop import Run
    from unmask.training.pretraining.run import Pretrained


def present(verb: str, result: Any, settings: Any) -> None:
    """Print the result of one verb of ``api``."""
    console = Console(highlight=False, markup=False)
    if isinstance(settings, PredictConfig) and settings.json:
        for decision in result:
            console.out(json.dumps(decision.to_json()))
        return
    if isinstance(settings, ReportConfig) and settings.table:
        _table(console, result, settings)
        return
    {
        "simulate": lambda: console.print(f"simulated presentations are in {result}"),
        "pretrain": lambda: _pretrained(console, result),
        "train": lambda: _run(console, result),
        "evaluate": lambda: _evaluated(console, result),
        "report": lambda: _report(console, result, settings.out),
        "evidence": lambda: _evidence(console, result),
        "separability": lambda: _separability(console, result),
        "predict": lambda: _decisions(console, result),
        "demo": lambda: _demonstrated(console, result),
        "show": lambda: console.print(result),
    }[verb]()


def _run(console: Console, run: Run) -> None:
    figures = run.card.figures
    console.print(
        f"kept step {run.card.step}: on dev EER {figures['eer']:.1%}, AUC {figures['auc']:.3f}\n"
        f"model, card and logs are in {run.folder}"
    )


def _pretrained(console: Console, made: Pretrained) -> None:
    figures = [f"held-out loss {loss:.3f}; " for loss in made.card.figures.values()]
    console.print(
        f"{''.join(figures)}backbone, card and logs are in {made.folder}\n"
        f"start a training from it with: unmask train --model.backbone "
        f"{shlex.quote(str(made.folder))} ..."
    )


def _evaluated(console: Console, written: Evaluated) -> None:
    if written.routing is not None:
        dead = [f"{layer.dead} of {layer.num_experts}" for layer in written.routing.layers]
        console.print(
            f"experts never chosen, by layer: {', '.join(dead)}; more in "
            f"{written.dev.parent / 'routing.json'} and in the report"
        )
    console.print(
        f"wrote {written.dev} and {written.eval}; judge them with:\n"
        f"unmask report --dev {written.dev} --eval {written.eval} --out {written.dev.parent}/report"
    )


def _report(console: Console, report: Report, folder: Any) -> None:
    from unmask.reporting.document import document

    for block in document(report).sections[0].blocks:
        if isinstance(block, str):
            console.print(block)
    console.print(f"report: {folder / 'report.html'}")


def _table(console: Console, made: FlexibleTable, settings: ReportConfig) -> None:
    from unmask.reporting.flexible import as_markdown

    console.out(as_markdown(made), highlight=False)
    if settings.out is not None:
        console.print(f"the same is in {settings.out}")


def _evidence(console: Console, made: Evidence) -> None:
    console.out((made.folder / "table.md").read_text(encoding="utf-8"), highlight=False)
    console.print(f"tables, results.jsonl and scores are in {made.folder}")


def _separability(console: Console, made: Separability) -> None:
    report = made.report
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", overflow="fold", ratio=1)
    for column in ("probe AUC", "95 % interval", "sensor named", "gap"):
        table.add_column(column, no_wrap=True, justify="right")
    for model in report.models:
        auc = model.probe(report.together, report.together).auc
        trace = model.sensors
        traced = (f"{trace.accuracy.value:.1%}", f"{trace.gap.value:.2f}") if trace else ("", "")
        interval = f"{auc.low:.3f} to {auc.high:.3f}"
        table.add_row(Text(model.name), f"{auc.value:.3f}", interval, *traced)
    console.print(table)
    console.print(f"figures, pictures and tables: {made.page}")


def _decisions(console: Console, decisions: tuple[Decision, ...]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("presentation", overflow="fold", ratio=1)
    for column in ("decision", "score", "threshold", "modalities"):
        table.add_column(column, no_wrap=True)
    for d in decisions:
        score = "" if d.pad_score is None else f"{d.pad_score:.3f}"
        shown = "+".join(d.modalities)
        table.add_row(Text(d.source), d.pad_decision, score, f"{d.threshold:.3f}", shown)
    console.print(table)
    for d in decisions:
        if d.reason:
            console.print(f"{d.source}: {d.reason}")
    rules = sorted({d.rule for d in decisions})
    console.print(
        "\nA score is the probability of bona fide; bona_fide is said from the threshold on.\n"
        f"Thresholds were set on dev by the rule {', '.join(rules)}."
    )
    for warning in sorted({d.warning for d in decisions}):
        console.print(warning)


def _demonstrated(console: Console, made: Demonstrated) -> None:
    console.rule("judged on unseen subjects")
    _report(console, made.report, made.folder / "report")
    console.print(f"what the faces look like: {made.contact_sheet}")
    console.rule("two photographs of real people, RGB alone")
    _decisions(console, made.decisions)
