"""Score files in, report files out."""

from dataclasses import replace
from pathlib import Path

from unmask.config import ReportConfig
from unmask.errors import ConfigError
from unmask.files import make_folder, sha256, write_text
from unmask.metrics.thresholds import Rule
from unmask.reporting.beside import origin_of, routing_of
from unmask.reporting.further import further, read_judged
from unmask.reporting.html import as_html
from unmask.reporting.json import as_json
from unmask.reporting.judge import judge
from unmask.reporting.markdown import as_markdown
from unmask.reporting.records import Report


def judge_files(config: ReportConfig) -> Report:
    """Read two score files, judge, and write report.md, report.html and report.json.

    Raises:
        ConfigError: dev and eval are one file, or a rule is unknown.
        DatasetError: a score file has a fault, a presentation is in both, or the routing belongs to
            other scores.
    """
    assert config.dev is not None, "ReportConfig sees to it"
    assert config.eval is not None
    assert config.out is not None
    for rule in config.rules:
        Rule.parse(rule)
    judged = read_judged(config)
    dev_hash, eval_hash = sha256(config.dev), sha256(config.eval)
    if dev_hash == eval_hash and not config.oracle_threshold:
        raise ConfigError(
            f"dev {config.dev} and eval {config.eval} hold the same scores; what sets the "
            "threshold must not be judged: give another dev file, or set oracle_threshold and the "
            "report will say so"
        )
    report = judge(
        judged.dev,
        judged.evaluation,
        rules=config.rules,
        title=config.title,
        note=config.note,
        aggregation=config.aggregation,
        oracle_threshold=config.oracle_threshold,
    )
    report = replace(
        further(report, judged, config),
        dev=replace(report.dev, sha256=dev_hash),
        evaluation=replace(report.evaluation, sha256=eval_hash),
        routing=routing_of(config.routing, config.eval, eval_hash),
        origin=origin_of(config.eval, eval_hash),
    )
    write_report(report, config.out)
    return report


def write_report(report: Report, folder: Path) -> None:
    """Write report.md, report.html and report.json; the same report gives the same bytes."""
    make_folder(folder)
    pages = {"md": as_markdown(report), "html": as_html(report), "json": as_json(report)}
    for suffix, page in pages.items():  # all are made before one is written
        write_text(folder / f"report.{suffix}", page)
