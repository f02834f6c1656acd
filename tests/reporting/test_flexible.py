"""The page of the table: ours and the published apart, every figure with its note."""

from dataclasses import replace
from itertools import product

import pytest

from unmask.reporting.flexible import (
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
        judged=tuple(Judged(protocol=n, bona_fide=7, attacks=9) for s in SETS for n in s.protocols),
        datasets=("simulated",),
        no_response=0,
    )


def rows_of(page: str) -> list[list[str]]:
    """Cells of all table rows."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_a_row_has_the_three_rates_of_each_set_as_in_the_published_table(
    table: FlexibleTable,
) -> None:
    rows = rows_of(as_markdown(table))
    assert rows[0][:5] == [
        *("System", "Sensor"),
        *("Cross-species APCER", "Cross-species BPCER", "Cross-species ACER"),
    ]
    first = next(row for row in rows if row[:2] == ["ours", "depth"])
    assert first[2:] == [
        *("3.00", "4.00", "5.00"),
        *("12.00 +- 0.20", "13.00 +- 0.20", "14.00 +- 0.20"),
        *("21.00", "22.00", "23.00"),
    ]
    theirs = next(row for row in rows if row[:2] == ["FM-CLIP", "rgb"])
    assert theirs[2:] == [
        *("18.59", "1.83", "10.21"),
        *("14.40 +- 3.37", "9.30 +- 2.98", "11.87 +- 3.14"),
        *("2.49", "0.87", "1.68"),
    ]


def test_seeds_and_folds_are_told_apart(table: FlexibleTable) -> None:
    page = as_markdown(table)
    spread = page[page.index("How far seeds are apart: ") : page.index("What was judged")]
    assert "| ours | rgb | 0.30 |" in spread
    assert "| theirs | rgb |" not in spread, "one seed has no spread"
    assert "+- is the standard deviation over folds (ddof 1)" in page
    assert ["ours", "12.50 +- 1.25", "2"] in rows_of(page)
    alone = replace(table, systems=table.systems[:1])
    assert "with one seed: how far seeds are apart is not known" in as_markdown(alone)


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
    assert "no figure of this table can be compared with one of the table above" in published
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


def test_real_data_are_not_called_simulated_and_silence_is_told(table: FlexibleTable) -> None:
    page = as_markdown(replace(table, datasets=("wmca",), no_response=4))
    assert "## Measured here, on wmca" in page
    assert "simulated" not in page.lower()
    assert "4 times a system gave no response" in page
