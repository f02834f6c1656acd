"""Every fault of a score file is one error that says where it is and what is allowed."""

import re

import polars as pl
import pytest

from unmask.errors import DatasetError
from unmask.metrics.scores import Scores, read_scores

HEADER = "key,presentation,score,label,pai_species,subject"
GOOD = ["k1,p1,0.9,bona_fide,,s1", "k2,p2,0.1,attack,print,s2"]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("k3,p3,0.5,live,,s1", "row 3, column label: 'live' is not a label; write bona_fide or at"),
        (
            "k3,p3,0.5,1,,s1",
            "row 3, column label: '1' is not a label; write bona_fide or attack (1",
        ),
        ("k3,p3,0.5,,,s1", "row 3, column label: '' is not a label"),
        ("k3,p3,0.5,attack,,s1", "row 3, column pai_species: '' is empty; an attack needs"),
        (
            "k3,p3,0.5,bona_fide,print,s1",
            "row 3, column pai_species: 'print' stands in a bona fide",
        ),
        ("k3,p3,1.5,bona_fide,,s1", "row 3, column score: 1.5 is not in [0, 1]"),
        ("k3,p3,-3,bona_fide,,s1", "row 3, column score: -3.0 is not in [0, 1]"),
        ("k3,p3,inf,bona_fide,,s1", "row 3, column score: inf is not in [0, 1]"),
        ("k3,p3,high,bona_fide,,s1", "row 3, column score: 'high' is not a number"),
        ('k3,p3,"0,5",bona_fide,,s1', "row 3, column score: '0,5' is not a number"),
        (",p3,0.5,bona_fide,,s1", "row 3, column key: '' is empty"),
        ("k3,,0.5,bona_fide,,s1", "row 3, column presentation: '' is empty"),
        ("k1,p3,0.5,bona_fide,,s1", "row 3, column key: 'k1' is in row 1 too"),
        (
            "k3,p1,0.5,attack,print,s1",
            "row 3, column label: 'attack' differs from an earlier frame",
        ),
        ("k3,p2,0.5,attack,mask,s2", "row 3, column pai_species: 'mask' differs from an earlier"),
        ("k3,p2,0.5,attack,print,s9", "row 3, column subject: 's9' differs from an earlier frame"),
        ("k3,p2,0.5,attack,print,s2,more", "cannot read"),
    ],
)
def test_a_faulty_row_is_named_with_its_column(tmp_path, row, expected):
    path = tmp_path / "eval.csv"
    path.write_text("\n".join(["# any comment", HEADER, *GOOD, row]))
    with pytest.raises(DatasetError, match=re.escape(expected)) as caught:
        read_scores(path)
    message = str(caught.value)
    assert "eval.csv" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "end", ["\n", "\n\n", "\r\n\r\n", "\n  \n", "\n,,,,,\n", '\n"","","","","",""']
)
def test_blank_lines_after_the_last_row_are_no_rows(tmp_path, end):
    path = tmp_path / "eval.csv"
    path.write_bytes(("\n".join([HEADER, *GOOD]) + end).encode())
    assert read_scores(path).table["key"].to_list() == ["k1", "k2"]


@pytest.mark.parametrize("blank", ["", "   ", ",,,,,"])
def test_a_blank_line_between_rows_is_named(tmp_path, blank):
    path = tmp_path / "eval.csv"
    path.write_text("\n".join(["# any comment", HEADER, GOOD[0], blank, GOOD[1], ""]))
    with pytest.raises(DatasetError, match=r"eval\.csv, row 2 is blank; remove the line"):
        read_scores(path)


def test_a_file_of_blank_lines_holds_no_scores(tmp_path):
    path = tmp_path / "eval.csv"
    path.write_text(HEADER + "\n\n\n")
    with pytest.raises(DatasetError, match="holds no scores"):
        read_scores(path)


@pytest.mark.parametrize("missing", ["key", "presentation", "score", "label", "pai_species"])
def test_a_missing_column_is_named_beside_those_that_are_there(tmp_path, missing):
    path = tmp_path / "eval.csv"
    path.write_text(HEADER.replace(missing, "other") + "\n" + "\n".join(GOOD))
    with pytest.raises(
        DatasetError, match=rf"eval\.csv has no column '{missing}'.*it has: .*other"
    ):
        read_scores(path)


@pytest.mark.parametrize(
    ("header", "advice"),
    [
        (HEADER.replace(",", ";"), "separated by semicolons; save it with commas"),
        (HEADER.replace(",", "\t"), "separated by tabs; save it with commas"),
        (HEADER.replace("score", " Score"), "it has ' Score'; write it exactly as 'score'"),
    ],
)
def test_a_header_that_is_nearly_right_is_told_what_is_wrong(tmp_path, header, advice):
    (tmp_path / "eval.csv").write_text(header + "\n")
    with pytest.raises(DatasetError, match=re.escape(advice)):
        read_scores(tmp_path / "eval.csv")


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("score", [[0.9, 0.8]], "column score: holds List"),
        ("camera", [{"name": "x"}], "column camera: holds Struct"),
        ("camera", [b"\xff"], "column camera: holds Binary"),
        ("score", [True], "column score: holds true and false"),
    ],
)
def test_parquet_that_holds_more_than_texts_and_numbers_is_refused(
    tmp_path, column, value, expected
):
    row = {"key": ["a"], "presentation": ["a"], "score": [0.9], "label": ["bona_fide"]}
    table = pl.DataFrame({**row, "pai_species": [""], column: value})
    table.write_parquet(tmp_path / "eval.parquet")
    with pytest.raises(DatasetError, match=expected):
        read_scores(tmp_path / "eval.parquet")


def test_the_ending_of_a_name_may_be_in_capitals(tmp_path):
    (tmp_path / "EVAL.CSV").write_text("\n".join([HEADER, *GOOD]))
    assert len(read_scores(tmp_path / "EVAL.CSV")) == len(GOOD)


def test_a_column_that_stands_twice_is_refused(tmp_path):
    path = tmp_path / "eval.csv"
    path.write_text(
        "key,presentation,score,label,pai_species,label\nk,p,0.5,attack,print,bona_fide"
    )
    with pytest.raises(DatasetError, match="two columns 'label'"):
        read_scores(path)


@pytest.mark.parametrize("name", ["eval.csv", "eval.parquet"])
@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\xff\xfe\x00", b"PAR1PAR1"])
def test_an_unreadable_file_is_one_line(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=name) as caught:
        read_scores(path)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_not_a_table_is_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"there is no score file .*eval\.csv"):
        read_scores(tmp_path / "eval.csv")
    with pytest.raises(DatasetError, match=r"its name ends in \.csv or \.parquet"):
        read_scores(tmp_path / "eval.xlsx")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DatasetError, match="cannot read"):
        read_scores(tmp_path / "folder.csv")


def test_a_header_without_rows_is_refused(tmp_path):
    (tmp_path / "eval.csv").write_text(HEADER + "\n")
    with pytest.raises(DatasetError, match="holds no scores"):
        read_scores(tmp_path / "eval.csv")


def test_numbers_for_labels_are_not_guessed_in_parquet_either(tmp_path):
    good = Scores.from_columns(
        {
            "key": ["a", "b"],
            "presentation": ["a", "b"],
            "score": [0.9, 0.1],
            "label": ["bona_fide", "attack"],
            "pai_species": [None, "print"],
        }
    )
    table = good.table.with_columns((good.table["label"] == "bona_fide").cast(int).alias("label"))
    table.write_parquet(tmp_path / "eval.parquet")
    with pytest.raises(DatasetError, match=r"row 1, column label: '1' is not a label.*not guessed"):
        read_scores(tmp_path / "eval.parquet")
