"""What a command leaves on the terminal; only this file and ``cli`` print."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from unmask.config import DoctorConfig, ManifestConfig, PredictConfig, ReportConfig

if TYPE_CHECKING:
    from unmask.api import Demonstrated
    from unmask.checkup.findings import Checkup
    from unmask.datasets.rows import Written
    from unmask.experiments.running import Evidence
    from unmask.experiments.separating import Separability
    from unmask.experiments.stressing import Stressed
    from unmask.preparing.run import Prepared
    from unmask.reporting.blocks import Block
    from unmask.reporting.comparison import Comparison
    from unmask.reporting.decisions import Decided
    from unmask.reporting.flexible import FlexibleTable
    from unmask.reporting.planning import Plan
    from unmask.reporting.records import Report
    from unmask.reporting.reproduced import Reproduced
    from unmask.serving.schema import Decision
    from unmask.training.calibration import Calibrated
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
        "prepare": lambda: _prepared(console, result),
        "doctor": lambda: _checkup(console, result, settings),
        "manifest": lambda: _manifest(console, result, settings),
        "pretrain": lambda: _pretrained(console, result),
        "train": lambda: _run(console, result),
        "evaluate": lambda: _evaluated(console, result),
        "calibrate": lambda: _calibrated(console, result),
        "report": lambda: _report(console, result, settings.out),
        "plan": lambda: _plan(console, result),
        "compare": lambda: _comparison(console, result, settings.out),
        "decide": lambda: _decided(console, result, settings.out),
        "stress": lambda: _stressed(console, result),
        "evidence": lambda: _evidence(console, result),
        "reproduce": lambda: _reproduced(console, result),
        "separability": lambda: _separability(console, result),
        "predict": lambda: _decisions(console, result),
        "demo": lambda: _demonstrated(console, result),
        "show": lambda: console.print(result, soft_wrap=settings.what == "schema"),
    }[verb]()


def _run(console: Console, run: Run) -> None:
    figures = run.card.figures
    console.print(
        f"kept step {run.card.step}: on dev EER {figures['eer']:.1%}, AUC {figures['auc']:.3f}\n"
        f"model, card and logs are in {run.folder}"
    )


def _prepared(console: Console, made: Prepared) -> None:
    console.print(f"prepared {made.count} frames; crops and manifest are in {made.folder}")
    if made.failed:
        told = ", ".join(f"{code} {count}" for code, count in made.failed.items())
        console.print(
            f"{sum(made.failed.values())} frames failed: {told}; each is listed with its reason in "
            f"{made.folder / 'failures.csv'}"
        )


def _checkup(console: Console, made: Checkup, settings: DoctorConfig) -> None:
    from unmask.reporting.checkup import as_json, sentence, verdict

    if settings.json:
        console.out(as_json(made), end="", highlight=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=bool(made.findings))
    table.add_column("")
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("what, first examples, what to do", overflow="fold", ratio=1)
    style = {"fault": "bold red", "warning": "yellow", "note": ""}
    for _, found in made.findings:
        name = found.severity.name.lower()
        told = Text(sentence(found.what), style="bold")
        told.append(
            "".join(f"\n  {example}" for example in found.examples[:3]), style="not bold dim"
        )
        told.append(f"\n{sentence(found.remedy)}\n", style="not bold")
        table.add_row(Text(name, style=style[name]), str(found.count), told)
    console.print(table)
    clean = sum(not check.findings for check in made.checks)
    console.print(
        f"{verdict(made)} {clean} of {len(made.checks)} checks found nothing; pictures opened: "
        f"{made.pictures}.\nmore is in {settings.out / 'doctor.html'}"
    )


def _manifest(console: Console, made: Written, settings: ManifestConfig) -> None:
    told = ", ".join(f"{count} {split}" for split, count in made.rows.items())
    console.print(f"wrote the sets of {made.protocol} to {made.path}: {told} rows")
    if made.threshold_from == "eval":
        console.print(
            f"{made.protocol} sets its threshold on eval, so no row is dev; manifest/split needs "
            "some: name rows of train so, in the column split"
        )
    root, path = settings.data.root.resolve(), made.path.resolve()
    name = path.relative_to(root) if path.is_relative_to(root) else path
    depth = "" if settings.data.depth == "millimetres" else f" --data.depth {settings.data.depth}"
    console.out(
        f"read them with: --data.root {shlex.quote(str(settings.data.root))} --data.manifest "
        f"{shlex.quote(str(name))}{depth}",
        highlight=False,
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
    oracle = " --oracle-threshold" if written.oracle else ""
    console.print(
        f"wrote {written.dev} and {written.eval}; judge them with:\nunmask report{oracle} "
        f"--dev {written.dev} --eval {written.eval} --out {written.dev.parent}/report"
    )


def _calibrated(console: Console, made: Calibrated) -> None:
    point = made.point
    console.print(
        f"operating point {made.name} for {made.modalities}: threshold {point.threshold:.6g} "
        f"({point.target}), from {point.told()}"
    )
    rates = {"BPCER": point.bpcer, **{f"APCER of {n}": rate for n, rate in point.apcer.items()}}
    for name, rate in rates.items():
        console.print(
            f"{name}: {rate.errors} of {rate.trials}, 95 % interval {100 * rate.low:.1f} to "
            f"{100 * rate.high:.1f} %"
        )
    for flag in point.flags:
        console.print(f"{flag.code}: {flag.text}")
    if made.replaced is not None:
        console.print(
            f"it replaced the threshold {made.replaced.threshold:.6g}, which is in the history of "
            f"{made.folder / 'card.json'}"
        )
    console.print(
        f"use it with: unmask predict --checkpoint {shlex.quote(str(made.folder))} "
        f"--operating-point {made.name} ..."
    )


def _report(console: Console, report: Report, folder: Any) -> None:
    from unmask.reporting.blocks import Caution
    from unmask.reporting.document import document

    page = document(report)
    if page.warning:
        console.print(page.warning)
    for block in page.sections[0].blocks:
        if isinstance(block, str | Caution):
            console.print(block if isinstance(block, str) else block.text)
    console.print(f"report: {folder / 'report.html'}")


def _plan(console: Console, made: Plan) -> None:
    from unmask.reporting.planning import document

    for section in document(made).sections:
        console.rule(section.heading)
        _blocks(console, section.blocks)
    if made.settings.out is not None:
        console.print(f"the same is in {made.settings.out}")


def _comparison(console: Console, made: Comparison, folder: Path | None) -> None:
    from unmask.reporting.comparison_page import document

    _blocks(console, document(made).sections[0].blocks)
    if folder is not None:
        console.print(f"tables as Markdown, LaTeX and CSV are in {folder}")


def _decided(console: Console, made: Decided, folder: Path | None) -> None:
    from unmask.reporting.decisions import cautions
    from unmask.reporting.wording import counts, percent

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("rule", "species"):
        table.add_column(column, overflow="fold")
    for column in ("worst APCER", "BPCER", "frames", "95 %"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in made.rules:
        apcer = one.apcer[one.worst]
        told = [f"{percent(rate.value)} ({counts(rate)})" for rate in (apcer, one.bpcer)]
        time = f"{one.bona_fide.median:g}", str(one.bona_fide.most)
        table.add_row(Text(one.name), Text(one.worst), *told, *time)
    console.print(table)
    console.print(
        f"Thresholds were set on dev by the rule {made.rule}. Frames: until half of all bona fide "
        "presentations are decided, and 95 % of them."
    )
    for text in cautions(made):
        console.print(text)
    if folder is not None:
        console.print(f"page: {folder / 'decisions.html'}")


def _stressed(console: Console, made: Stressed) -> None:
    from unmask.reporting.stress import cautions, sentences

    for text in (*sentences(made.report), *cautions(made.report)):
        console.print(f"{text}\n")
    console.print(f"tables and heat maps: {made.page}")


def _blocks(console: Console, blocks: Sequence[Block]) -> None:
    """Paragraphs and tables of a report."""
    from unmask.reporting import blocks as kinds

    for block in blocks:
        if isinstance(block, kinds.Table):
            table = Table(box=None, pad_edge=False, header_style="bold")
            for number, column in enumerate(block.header):
                justify = "left" if number < block.text_columns else "right"
                table.add_column(column, overflow="fold", justify=justify)  # type: ignore[arg-type]
            for row in block.rows:
                table.add_row(*map(Text, row))
            console.print(table)
        elif isinstance(block, kinds.Caution):
            console.print(block.text)
        elif isinstance(block, str):
            console.print(block)
        console.print()


def _table(console: Console, made: FlexibleTable, settings: ReportConfig) -> None:
    from unmask.reporting.flexible import document

    for section in document(made).sections:
        console.rule(section.heading)
        _blocks(console, section.blocks)
    if settings.out is not None:
        console.print(f"the same is in {settings.out}")


def _evidence(console: Console, made: Evidence) -> None:
    console.out((made.folder / "table.md").read_text(encoding="utf-8"), highlight=False)
    console.print(f"tables, results.jsonl and scores are in {made.folder}")


def _reproduced(console: Console, made: Reproduced | str) -> None:
    from unmask.reporting.reproduced import document

    if isinstance(made, str):
        console.out(made, highlight=False)
        return
    page = document(made)
    console.print(page.warning)
    for section in page.sections:
        console.rule(section.heading)
        _blocks(console, section.blocks)
    if page.note:
        console.print(page.note)
    console.print(f"the same is in {made.page}")


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
    console.print(
        "\nA score is the probability of bona fide; bona_fide is said from the threshold on."
    )
    for name, rule, origin in sorted({(d.operating_point, d.rule, d.origin) for d in decisions}):
        point = f" of the operating point {name}" if name else ""
        console.print(f"Thresholds{point} were set on {origin} by the rule {rule}.")
    for warning in sorted({d.warning for d in decisions}):
        console.print(warning)


def _demonstrated(console: Console, made: Demonstrated) -> None:
    console.rule("judged on unseen subjects")
    _report(console, made.report, made.folder / "report")
    console.print(f"what the faces look like: {made.contact_sheet}")
    console.rule("two photographs of real people, RGB alone")
    _decisions(console, made.decisions)
