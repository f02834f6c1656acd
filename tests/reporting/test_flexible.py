"""The page of the table: ours and the published apart, every figure with its note."""

from dataclasses import replace
from itertools import product

import pytest

from unmask.reporting.flexible import (
    ALL_SETS,
    RATES,
    SENSORS,
    SETS,
    FlexibleTable,
    Judged,
    Mean,
    System,
    as_markdown,
)
from unmask.reporting.published import CONDITIONS, read_published


@pytest.fixture
def table() -> FlexibleTable:
    """Two systems, one of them with a single seed."""
    places = list(product([one.title for one in SETS], SENSORS, RATES))
    ours = {
        p: Mean(0.01 * n, 0.002 if "eth" in p[0] else None, 0.003) for n, p in enumerate(places)
    }
    theirs = {p: Mean(0.5, 0.1 if "eth" in p[0] else None) for p in places}
    return FlexibleTable(
        sets=SETS,
        systems=(
            System(name="theirs", seeds=(0,), rates=theirs, mean_acer=Mean(0.5)),
            System(name="ours", seeds=(0, 1), rates=ours, mean_acer=Mean(0.125, over_seeds=0.0125)),
        ),
        judged=tuple(
            Judged(protocol=n, learned=50, bona_fide=7, attacks=9, datasets=("simulated",))
            for s in SETS
            for n in s.protocols
        ),
        mixed=(),
        no_response=0,
    )


def rows_of(page: str) -> list[list[str]]:
    """Cells of all table rows."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def under(page: str, title: str) -> list[list[str]]:
    """Rows of the table that follows a line which begins so."""
    lines = page[page.index(f"\n{title}") :].splitlines()[3:]
    return rows_of("\n".join(lines[: lines.index("")]))


def test_a_row_has_the_three_rates_of_a_set(table: FlexibleTable) -> None:
    page = as_markdown(table)
    expected = {
        "Cross-species (": ["3.00", "4.00", "5.00"],
        "Cross-ethnicity (": ["12.00 +- 0.20", "13.00 +- 0.20", "14.00 +- 0.20"],
        "In distribution (": ["21.00", "22.00", "23.00"],
    }
    for title, rates in expected.items():
        rows = under(page, title)
        assert rows[0] == [
            *("System", "Sensor", "APCER", "BPCER", "ACER"),
            *("Seeds: APCER", "Seeds: BPCER", "Seeds: ACER"),
        ]
        assert ["ours", "depth", *rates, *["0.30"] * 3] in rows
        assert len(rows) == 2 + 6


def test_a_row_has_the_printed_rates_of_a_benchmark(table: FlexibleTable) -> None:
    page = as_markdown(table)
    expected = {
        "CASIA-SURF p1:": ["18.59", "1.83", "10.21"],
        "CeFA p4:": ["14.40 +- 3.37", "9.30 +- 2.98", "11.87 +- 3.14"],
        "WMCA grandtest:": ["2.49", "0.87", "1.68"],
    }
    for title, rates in expected.items():
        rows = under(page, title)
        assert rows[0] == ["System", "Sensor", "APCER", "BPCER", "ACER"]
        assert ["FM-CLIP", "rgb", *rates] in rows
        assert len(rows) == 2 + 4 * 3


def test_no_row_of_a_table_is_wider_than_120_columns(table: FlexibleTable) -> None:
    rows = [line for line in as_markdown(table).splitlines() if line.startswith("|")]
    assert max(map(len, rows)) <= 120


def test_seeds_and_folds_are_told_apart(table: FlexibleTable) -> None:
    page = as_markdown(table)
    assert ["theirs", "rgb", *["50.00"] * 3, *[""] * 3] in under(page, "Cross-species")
    assert "+- is the standard deviation over folds (ddof 1)" in page
    assert "under Seeds are standard deviations over seeds (ddof 1)" in page
    assert ["ours", "12.50 +- 1.25", "2"] in rows_of(page)
    alone = as_markdown(replace(table, systems=table.systems[:1]))
    assert "with one seed: how far seeds are apart is not known" in alone
    assert "Seeds: " not in alone


def test_systems_are_ordered_by_their_mean_where_it_is_told(table: FlexibleTable) -> None:
    rows = rows_of(as_markdown(table))
    start = next(n for n, row in enumerate(rows) if row[1].startswith("Mean ACER"))
    assert [row[0] for row in rows[start + 2 : start + 4]] == ["ours", "theirs"]


def test_ours_and_the_published_stand_apart_and_none_is_called_comparable(
    table: FlexibleTable,
) -> None:
    ours, published = as_markdown(table).split("## Published by others, on real data sets")
    assert "## Measured here, on simulated presentations" in ours
    assert "no evidence about real people" in ours
    assert "no figure below can be compared with one above" in published
    assert not any(row[0] == "FMM-RPL" for row in rows_of(ours))
    assert not any(row[0] in ("ours", "theirs") for row in rows_of(published))


def test_every_note_of_a_printed_figure_is_on_the_page(table: FlexibleTable) -> None:
    page = as_markdown(table)
    likes = {one.like for one in SETS}
    figures = [figure for figure in read_published() if figure.benchmark in likes]
    notes = {figure.note for figure in figures} - {""}
    assert len(notes) == 2
    for note in notes:
        marked = sum(figure.note == note for figure in figures)
        line = next(line for line in page.splitlines() if line.endswith(f"{note}."))
        mark = line.split()[0]
        assert sum(mark in cell for row in rows_of(page) for cell in row) == marked
    assert all(text in page for text in CONDITIONS)


def of_data(table: FlexibleTable, name: str) -> FlexibleTable:
    """The same, of another data set."""
    judged = tuple(replace(one, datasets=(name,) if name else ()) for one in table.judged)
    return replace(table, judged=judged)


def test_real_data_are_not_called_simulated_and_silence_is_told(table: FlexibleTable) -> None:
    page = as_markdown(replace(of_data(table, "wmca"), no_response=4))
    assert "## Measured here, on wmca" in page
    assert "simulated" not in page.lower()
    assert "4 times a system gave no response" in page
    assert "on presentations of a data set without a name" in as_markdown(of_data(table, ""))


def test_every_set_and_protocol_says_what_its_data_are(table: FlexibleTable) -> None:
    page = as_markdown(table)
    title = "built like CeFA p4 with masks of paper beside replays to learn from, 3 folds"
    assert f"Cross-ethnicity (simulated presentations, {title}):" in page
    row = ["flexible/cross_species", "simulated", "50", "7", "9"]
    assert row in rows_of(page)


def test_a_row_of_several_recipes_says_so_before_any_figure(table: FlexibleTable) -> None:
    assert "not alike" not in as_markdown(table)
    mixed = as_markdown(replace(table, mixed=("ours, optim.lr: 0.1 in a; 0.2 in b",)))
    assert "trainings that are not alike" in mixed
    assert mixed.index("ours, optim.lr: 0.1 in a; 0.2 in b.") < mixed.index("| ours |")


def test_of_the_benchmarks_themselves_printed_figures_are_of_the_same_sets(
    table: FlexibleTable,
) -> None:
    real = ALL_SETS[3:]
    assert [one.title for one in real] == [one.published for one in SETS]
    titles = {ours.title: one.title for ours, one in zip(SETS, real, strict=True)}
    systems = tuple(
        replace(s, rates={(titles[t], *rest): m for (t, *rest), m in s.rates.items()})
        for s in table.systems
    )
    page = as_markdown(replace(of_data(table, "wmca"), sets=real, systems=systems))
    assert "The sets are those above" in page
    assert "built like" not in page


def test_only_benchmarks_of_the_judged_sets_are_printed(table: FlexibleTable) -> None:
    page = as_markdown(replace(table, sets=SETS[2:]))
    assert "\nWMCA grandtest:" in page
    assert "CASIA-SURF p1:" not in page
