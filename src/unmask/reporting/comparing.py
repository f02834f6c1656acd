"""Folders of scores in; tables for a page, a paper and a program out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from unmask.config import CompareConfig
from unmask.files import make_folder, write_text
from unmask.reporting.comparison import Comparison, compare_folders
from unmask.reporting.comparison_page import document, figures, pairs, ranking
from unmask.reporting.latex import as_latex
from unmask.reporting.markdown import markdown_of


def compare(config: CompareConfig) -> Comparison:
    """Compare systems; writes the files to ``config.out``, where that is given."""
    made = compare_folders(config)
    if config.out is not None:
        write_comparison(made, config.out)
    return made


def write_comparison(made: Comparison, folder: Path) -> None:
    """Write the four files; the same comparison gives the same bytes."""
    files = {
        "comparison.md": markdown_of(document(made)),
        "comparison.tex": latex(made),
        "comparison.csv": systems_csv(made),
        "differences.csv": differences_csv(made),
    }
    make_folder(folder)
    for name, text in files.items():
        write_text(folder / name, text)


def latex(made: Comparison) -> str:
    """The three tables of the page, for a paper."""
    by = made.ranking.by.upper()
    return "\n".join(
        [
            as_latex(ranking(made), f"Systems by {by}; in bold, none is clearly better."),
            as_latex(figures(made), f"Rates at the threshold of each system (dev, {made.rule})."),
            as_latex(pairs(made), f"Differences in {by}, paired by subject; in bold, clear ones."),
        ]
    )


def systems_csv(made: Comparison) -> str:
    """One row per system, the best first; shares from 0 to 1."""
    header = (
        *("rank", "best_rank", "worst_rank", "system", "by", "figure", "low", "high"),
        *("threshold", "rule", "worst_species", "apcer_errors", "apcer_trials", "apcer"),
        *("apcer_low", "apcer_high", "apcer_pooled", "bpcer_errors", "bpcer_trials", "bpcer"),
        *("bpcer_low", "bpcer_high", "acer", "hter", "eer", "auc", "no_response", "sha256"),
    )
    rows = [
        (
            *(place.rank, place.best_rank, place.worst_rank, s.name, made.ranking.by),
            *(place.figure.value, place.figure.low, place.figure.high),
            *(s.point.threshold, s.point.rule, s.worst, s.apcer.errors, s.apcer.trials),
            *(s.apcer.value, *s.apcer.interval(), s.apcer_pooled.value),
            *(s.bpcer.errors, s.bpcer.trials, s.bpcer.value, *s.bpcer.interval()),
            *(s.acer, s.hter, s.eer, s.auc, s.silent, s.sha256),
        )
        for place, s in zip(made.ranking.standings, made.systems, strict=True)
    ]
    return _csv(header, rows)


def differences_csv(made: Comparison) -> str:
    """One row per pair, the better system first; shares from 0 to 1."""
    header = ("system", "compared_with", "by", "difference", "low", "high", "told_apart")
    rows = [
        (
            *(pair.better, pair.worse, made.ranking.by),
            *(pair.difference.value, pair.difference.low, pair.difference.high),
            str(pair.difference.is_clear).lower(),
        )
        for pair in made.ranking.pairs
    ]
    return _csv(header, rows)


def _csv(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()
