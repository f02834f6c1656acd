from unmask.reporting.blocks import Table
from unmask.reporting.latex import as_latex, escaped


def test_nothing_in_a_text_is_a_command() -> None:
    assert escaped(r"a_b & 5 % #1 $x$ {y} ~ ^ \z") == (
        r"a\_b \& 5 \% \#1 \$x\$ \{y\} \textasciitilde{} \textasciicircum{} \textbackslash{}z"
    )
    assert escaped("two\nlines") == "two lines"


def test_a_table_has_its_columns_and_stresses_its_rows() -> None:
    table = Table(
        header=("System", "Note", "Rate"),
        rows=(("a_1", "", "1 %"), ("b", "x-2", "-2 to +1")),
        text_columns=2,
        strong=frozenset({0}),
    )
    lines = [line.strip() for line in as_latex(table, "100 %").splitlines()]
    assert r"\begin{tabular}{llr}" in lines
    assert r"\caption{100 \%}" in lines
    assert r"\textbf{a\_1} &  & \textbf{1 \%} \\" in lines
    assert r"b & x-2 & $-$2 to +1 \\" in lines
