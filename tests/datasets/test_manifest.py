"""A manifest is read whole and in order, or its first fault is named with row, line and column."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from unmask.datasets.manifest import index, read_manifest, read_sets
from unmask.errors import DatasetError
from unmask.types import Label, Modality

HEADER = "key,presentation,rgb,depth,label,pai_species,subject,split,skin"
ROWS = (
    "a1,a,i/a1.png,i/a1_d.png,bona_fide,,ann,train,III",
    "a2,a,i/a2.png,,bona_fide,,ann,train,III",
    "b1,b,i/b1.png,i/b1_d.png,attack,print,ann,train,",
    "c1,,,i/c1_d.png,attack,replay,bob,,V",
)
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes the table (with some text replaced) and every image that the good one names."""

    def write(*replaced: tuple[str, str], header: str = HEADER) -> Path:
        root = tmp_path / "faces"
        (root / "i").mkdir(parents=True, exist_ok=True)
        for name in ("a1", "a1_d", "a2", "b1", "b1_d", "c1_d"):
            (root / "i" / f"{name}.png").touch()
        text = "\n".join([header, *ROWS]) + "\n"
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        (root / "manifest.csv").write_text(text, encoding="utf-8")
        return root

    return write


def refusal(root: Path, name: str = "manifest.csv") -> str:
    with pytest.raises(DatasetError) as caught:
        read_manifest(root, name)
    message = str(caught.value)
    assert name in message
    assert "\n" not in message
    return message


def test_every_field_arrives(write: Write) -> None:
    root = write()
    samples = index(root)
    assert [sample.key for sample in samples] == ["a1", "a2", "b1", "c1"]
    first, second, third, last = samples
    assert first.paths == {
        Modality.RGB: root / "i/a1.png",
        Modality.DEPTH: root / "i/a1_d.png",
    }
    assert set(second.paths) == {Modality.RGB}, "an empty path is a modality not captured"
    assert set(last.paths) == {Modality.DEPTH}
    assert (first.presentation, last.presentation) == ("a", "c1"), "alone, a row is its own"
    assert (first.label, first.pai_species) == (Label.BONA_FIDE, None)
    assert (third.label, third.pai_species) == (Label.ATTACK, "print")
    assert (last.subject, last.site, last.dataset) == ("bob", "", "faces")
    assert (first.attributes, third.attributes) == ({"skin": "III"}, {})
    assert [split for _, split in read_manifest(root, "manifest.csv")] == ["train"] * 3 + [""]


def test_parquet_and_csv_say_the_same(write: Write) -> None:
    root = write()
    expected = read_manifest(root, "manifest.csv")
    pl.read_csv(root / "manifest.csv").write_parquet(root / "manifest.parquet")
    assert read_manifest(root, "manifest.parquet") == expected
    (root / "manifest.csv").unlink()
    assert index(root) == [sample for sample, _ in expected]


def test_numbers_and_categories_in_parquet_become_text(write: Write) -> None:
    root = write(("III", "3"), (",V", ",5"))
    frame = pl.read_csv(root / "manifest.csv").with_columns(pl.col("label").cast(pl.Categorical))
    assert frame["skin"].dtype == pl.Int64
    frame.write_parquet(root / "manifest.parquet")
    assert index(root)[0].attributes == {"skin": "3"}


def test_the_data_set_can_be_named_by_the_table(write: Write) -> None:
    samples = index(write(("skin", "dataset")))
    assert [sample.dataset for sample in samples] == ["III", "III", "faces", "V"]


def test_blank_lines_and_a_byte_order_mark_do_not_matter(write: Write) -> None:
    plain = index(write())
    assert index(write(("key,pres", "\ufeffkey,pres"), ("\na2", "\n\na2"))) == plain


@pytest.mark.parametrize("column", ["key", "label", "pai_species"])
def test_a_missing_column_is_named_with_those_that_are_there(column: str, write: Write) -> None:
    root = write(header=HEADER.replace(column, "lable"))
    message = refusal(root)
    assert f"no column {column!r}" in message
    assert "lable" in message


def test_a_table_without_images_says_which_columns_hold_them(write: Write) -> None:
    root = write(header=HEADER.replace("rgb", "colour").replace("depth", "z"))
    assert "rgb, depth, infrared, thermal" in refusal(root)


def test_a_column_that_stands_twice_is_refused(write: Write) -> None:
    assert "'subject' twice" in refusal(write(header=HEADER.replace("skin", "subject")))


@pytest.mark.parametrize(
    ("old", "new", "place", "problem"),
    [
        ("b1,b", ",b", "row 3 (line 4), column key: ''", "is empty"),
        ("b1,b", "a2,b", "row 3 (line 4), column key: 'a2'", "in an earlier row"),
        ("attack,print", "genuine,print", "column label: 'genuine'", "attack, bona_fide"),
        ("attack,print", ",print", "row 3 (line 4), column label: ''", "attack, bona_fide"),
        ("attack,print", "attack,", "row 3 (line 4), column pai_species: ''", "print or replay"),
        ("bona_fide,", "bona_fide,mask", "row 1 (line 2), column pai_species: 'mask'", "empty"),
        ("bob,,V", "bob,test,V", "row 4 (line 5), column split: 'test'", "train, dev, eval"),
        ("i/b1.png", "/i/b1.png", "row 3 (line 4), column rgb: '/i/b1.png'", "outside"),
        ("i/b1.png", "../b1.png", "row 3 (line 4), column rgb: '../b1.png'", "outside"),
        ("i/b1.png", "i/../../b1.png", "column rgb: 'i/../../b1.png'", "outside"),
        ("i/b1.png", "C:/b1.png", "column rgb: 'C:/b1.png'", "outside"),
        ("i/c1_d.png", "", "row 4 (line 5), column rgb: ''", "at least one of rgb, depth"),
        ("i/b1_d.png", "i/gone.png", "row 3 (line 4), column depth: 'i/gone.png'", "not a file"),
        ("i/b1_d.png", "no/b1.png", "row 3 (line 4), column depth: 'no/b1.png'", "not a file"),
        ("i/b1_d.png", "i", "row 3 (line 4), column depth: 'i'", "not a file"),
    ],
)
def test_a_bad_cell_is_named(old: str, new: str, place: str, problem: str, write: Write) -> None:
    message = refusal(write((old, new)))
    assert place in message
    assert problem in message


@pytest.mark.parametrize(
    ("column", "old", "new"),
    [
        ("label", "a2.png,,bona_fide,", "a2.png,,attack,print"),
        ("subject", "a2.png,,bona_fide,,ann", "a2.png,,bona_fide,,eve"),
        ("split", "a2.png,,bona_fide,,ann,train", "a2.png,,bona_fide,,ann,dev"),
        ("pai_species", "c1,,", "c1,b,"),
    ],
)
def test_frames_of_one_presentation_agree(column: str, old: str, new: str, write: Write) -> None:
    message = refusal(write((old, new)))
    assert f"column {column}: " in message
    assert "same presentation" in message


def test_the_line_is_right_after_a_cell_with_a_line_break(write: Write) -> None:
    root = write((",III\na2", ',"I\nII"\na2'), ("replay", ""))
    assert "row 4 (line 6), column pai_species" in refusal(root)
    root = write((",III\na2", ',"I\nII"\na2'), ("bona_fide,", "bona_fide,mask"))
    assert "row 1 (line 2), column pai_species" in refusal(root), "where the row begins"


def test_a_row_of_another_length_is_named(write: Write) -> None:
    assert "row 2 (line 3) has 10 cells" in refusal(write(("a2,a", "a2,a,extra")))


def test_parquet_faults_name_the_row(write: Write) -> None:
    root = write(("attack,print", "genuine,print"))
    pl.read_csv(root / "manifest.csv").write_parquet(root / "manifest.parquet")
    message = refusal(root, "manifest.parquet")
    assert "row 3, column label: 'genuine'" in message


@pytest.mark.parametrize("name", ["manifest.csv", "manifest.parquet"])
@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00nonsense", b'key,label\n"open,quote\n'])
def test_a_file_that_is_no_table_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    refusal(tmp_path, name)


def test_a_missing_or_strange_manifest_is_refused(tmp_path: Path) -> None:
    assert "data.manifest" in refusal(tmp_path)
    (tmp_path / "manifest.xlsx").touch()
    assert ".csv and .parquet" in refusal(tmp_path, "manifest.xlsx")
    with pytest.raises(DatasetError, match=r"manifest\.parquet or manifest\.csv"):
        index(tmp_path)


def test_sets_are_the_rows_of_each_split_in_their_order(write: Write) -> None:
    root = write(("i/c1_d.png,attack,replay,bob,,V", "i/c1_d.png,attack,replay,bob,eval,V"))
    sets = read_sets(root, "manifest.csv")
    assert {split: [s.key for s in rows.samples] for split, rows in sets.items()} == {
        "train": ["a1", "a2", "b1"],
        "dev": [],
        "eval": ["c1"],
    }
    assert sets["eval"].title == f"the eval rows of {root / 'manifest.csv'}"


def test_rows_are_chosen_by_any_column_and_say_so(write: Write) -> None:
    rows = read_sets(write(), "manifest.csv")["train"]
    by_attribute = rows.only("skin", ["III"], remedy="")
    assert [s.key for s in by_attribute.samples] == ["a1", "a2"]
    assert by_attribute.title == f"{rows.title} with skin III"
    by_species = rows.only("pai_species", ["print"], remedy="")
    assert [s.key for s in by_species.samples] == ["b1"]
    both = rows.only("pai_species", ["print", "bona_fide"], remedy="")
    assert both.samples == rows.samples


def test_values_that_no_row_has_are_named_with_those_there_are(write: Write) -> None:
    root = write()
    rows = read_sets(root, "manifest.csv")["train"].only("pai_species", ["bona_fide"], remedy="")
    with pytest.raises(DatasetError) as caught:
        rows.only("skin", ["III", "IV", "VI"], remedy="paint them")
    assert str(caught.value) == (
        f"the train rows of {root / 'manifest.csv'} with pai_species bona_fide have no skin IV, VI;"
        " they have: III; paint them"
    )
    with pytest.raises(DatasetError, match="have no site A; they have: none; move"):
        rows.only("site", ["A"], remedy="move")


def test_pictures_inside_of_files_are_checked_for_being_there(write: Write) -> None:
    root = write(("i/a1.png", "i/a.npz#Frame_1/array[0]"))
    with pytest.raises(DatasetError, match=r"column rgb: 'i/a\.npz#Frame_1/array\[0\]' is not a"):
        index(root)
    np.savez(root / "i" / "a.npz", **{"Frame_1/array": np.zeros((1, 3, 4, 4), np.uint8)})
    assert index(root)[0].paths[Modality.RGB] == root / "i" / "a.npz#Frame_1/array[0]"
