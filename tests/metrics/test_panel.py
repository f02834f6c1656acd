"""Systems are only put side by side when they judged the same presentations."""

import numpy as np
import polars as pl
import pytest

from unmask.errors import DatasetError
from unmask.metrics.panel import line_up
from unmask.metrics.scores import Scores


def scores(source: str, **columns: list[str] | list[float]) -> Scores:
    names = ["a", "b", "c", "d"]
    table = {
        "key": names,
        "presentation": names,
        "score": [0.9, 0.8, 0.2, float("nan")],
        "label": ["bona_fide", "bona_fide", "attack", "attack"],
        "pai_species": ["", "", "print", "mask"],
        "subject": ["s1", "s2", "s1", ""],
    }
    return Scores.from_columns({**table, **columns}, source=source)


def test_order_of_rows_does_not_matter() -> None:
    ours = scores("ours.csv")
    theirs = Scores(table=ours.table.reverse(), source="theirs.csv")
    panel = line_up({"ours": ours, "theirs": theirs})
    assert np.array_equal(panel.score[0], panel.score[1], equal_nan=True)
    assert panel.bona_fide.tolist() == [True, True, False, False]
    assert panel.species.tolist() == ["", "", "print", "mask"]
    assert panel.person[0] == panel.person[2] != panel.person[1]
    assert (panel.people, panel.nameless) == (3, 1)


def test_subjects_may_be_named_in_one_file_alone() -> None:
    without = Scores(table=scores("x").table.with_columns(pl.lit("").alias("subject")), source="x")
    panel = line_up({"without": without, "with": scores("y")})
    assert (panel.people, panel.nameless) == (3, 1)


def test_presentations_without_a_subject_are_people_of_their_own() -> None:
    panel = line_up({"one": scores("x", subject=[""] * 4), "two": scores("y", subject=[""] * 4)})
    assert sorted(panel.person.tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize("turned", [False, True])
def test_a_presentation_that_one_system_was_not_shown_is_an_error(*, turned: bool) -> None:
    whole = scores("whole.csv")
    part = Scores(table=whole.table.filter(pl.col("key") != "c"), source="part.csv")
    systems = {"part": part, "whole": whole} if turned else {"whole": whole, "part": part}
    with pytest.raises(DatasetError, match=r"whole\.csv has presentation 'c'.*part\.csv has not"):
        line_up(systems)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("pai_species", ["", "", "print", "replay"]),
        ("subject", ["s1", "s2", "s3", ""]),
        ("label", None),
    ],
)
def test_what_two_files_tell_differently_is_an_error(column: str, values: list[str] | None) -> None:
    if values is None:
        other = scores(
            "b.csv",
            label=["bona_fide", "attack", "attack", "attack"],
            pai_species=["", "print", "print", "mask"],
        )
    else:
        other = scores("b.csv", **{column: values})
    with pytest.raises(DatasetError, match=rf"a\.csv and b\.csv differ.*: {column} is '"):
        line_up({"a": scores("a.csv"), "b": other})
