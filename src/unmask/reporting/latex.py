"""A table of a report for a paper: LaTeX with the booktabs package."""

from __future__ import annotations

import re

from unmask.reporting.blocks import Table

_MINUS = re.compile(r"(?<!\S)-(?=\d)")
"""A hyphen that begins a number."""
_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': "''",
        **{character: rf"\{character}" for character in "&%$#_{}"},
    }
)


def as_latex(table: Table, caption: str) -> str:
    """A table environment; every text is what a reader sees, so all of LaTeX in it is escaped."""
    columns = "l" * table.text_columns + "r" * (len(table.header) - table.text_columns)
    rows = [_row(row, strong=index in table.strong) for index, row in enumerate(table.rows)]
    return "\n".join(
        [
            "% needs \\usepackage{booktabs}",
            "\\begin{table}",
            "  \\centering",
            f"  \\caption{{{escaped(caption)}}}",
            f"  \\begin{{tabular}}{{{columns}}}",
            "    \\toprule",
            f"    {_row(table.header)}",
            "    \\midrule",
            *(f"    {row}" for row in rows),
            "    \\bottomrule",
            "  \\end{tabular}",
            "\\end{table}",
            "",
        ]
    )


def escaped(text: str) -> str:
    """Text as LaTeX shows it, on one line."""
    return " ".join(text.split()).translate(_SPECIAL)


def _row(cells: tuple[str, ...], *, strong: bool = False) -> str:
    texts = [_MINUS.sub("$-$", escaped(cell)) for cell in cells]
    if strong:
        texts = [rf"\textbf{{{text}}}" if text else "" for text in texts]
    return " & ".join(texts) + r" \\"
