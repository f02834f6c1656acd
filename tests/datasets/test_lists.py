"""Lists are read as their layout declares: counts of the real ones, and every fault is named."""

from collections import Counter
from pathlib import Path, PurePosixPath

import pytest

from unmask.datasets.lists import LAYOUTS, Entry, Layout, distinct, read_list, read_lists
from unmask.errors import DatasetError
from unmask.types import Label

LISTS = Path(__file__).parents[3] / "shared" / "lists"
needs_lists = pytest.mark.skipif(not LISTS.exists(), reason="no published lists here")

MMDG, PADISI, CASIA, WMCA = (
    LAYOUTS[name] for name in ("mmdg", "mmdg_padisi", "casia_fas", "wmca_grandtest")
)

COUNTS = {
    **{
        f"casia/CASIA_CeFA@p4.{fold}_video_{name}.txt": (CASIA, *counts)
        for fold in (1, 3, 5)
        for name, counts in {
            "train": (200, 200, 0),
            "dev": (100, 100, 0),
            "test": (400, 1923, 0),
        }.items()
    },
    "casia/CASIA_SURF@p1_video_train.txt": (CASIA, 300, 900, 0),
    "casia/CASIA_SURF@p1_video_dev.txt": (CASIA, 100, 300, 0),
    "casia/CASIA_SURF@p1_video_test.txt": (CASIA, 600, 1791, 0),
    "casia/WMCA_Grandtest.txt": (WMCA, 347, 1332, 0),
    "casia/WMCA_p1_video_train.txt": (CASIA, 124, 441, 0),
    "casia/WMCA_p1_video_val.txt": (CASIA, 108, 449, 0),
    "casia/WMCA_p1_video_test.txt": (CASIA, 115, 442, 0),
    "mmdg/C-train.txt": (MMDG, 1200, 3600, 0),
    "mmdg/C-val.txt": (MMDG, 601, 1800, 0),
    "mmdg/C-test.txt": (MMDG, 1200, 5539, 4),
    "mmdg/P-train.txt": (PADISI, 597, 493, 0),
    "mmdg/P-val.txt": (PADISI, 145, 127, 0),
    "mmdg/P-test.txt": (PADISI, 363, 304, 0),
    "mmdg/S-train.txt": (MMDG, 900, 5397, 20),
    "mmdg/S-val.txt": (MMDG, 300, 1800, 0),
    "mmdg/S-test.txt": (MMDG, 1800, 10764, 56),
    "mmdg/W-train.txt": (MMDG, 372, 1323, 0),
    "mmdg/W-val.txt": (MMDG, 324, 1347, 0),
    "mmdg/W-test.txt": (MMDG, 345, 1326, 0),
    "flexmodal/WMCA_test.txt": (MMDG, 1041, 3996, 0),
}
"""Bona fide, attacks, and lines that stand twice, as published or counted by others."""


def folders(name: str) -> list[list[str]]:
    """The parts of the first path of every line of a real list."""
    entries = read_list(LISTS / name, COUNTS[name][0])
    return [list(PurePosixPath(entry.paths[0]).parts) for entry in entries]


@needs_lists
@pytest.mark.parametrize("name", COUNTS)
def test_a_real_list_has_the_published_counts(name: str) -> None:
    layout, bona_fide, attacks, twice = COUNTS[name]
    entries = read_list(LISTS / name, layout)
    labels = Counter(entry.label for entry in entries)
    assert (labels[Label.BONA_FIDE], labels[Label.ATTACK]) == (bona_fide, attacks)
    assert len(entries) - len(distinct(entries)) == twice
    assert all(len(entry.paths) == len(layout.paths) for entry in entries)


@needs_lists
def test_polarity_agrees_with_what_the_folders_are_called() -> None:
    for name in ("CASIA_SURF@p1_video_dev.txt", "CASIA_SURF@p1_video_test.txt"):
        for entry in read_list(LISTS / "casia" / name, CASIA):
            assert (entry.label is Label.BONA_FIDE) == ("/real_part/" in entry.paths[0])
    for entry in read_list(LISTS / "mmdg" / "S-test.txt", MMDG):
        assert (entry.label is Label.BONA_FIDE) == ("/real_part/" in entry.paths[0])


@needs_lists
def test_subjects_and_species_of_casia_surf() -> None:
    seen: set[str] = set()
    for name, people, attacks in (
        ("train", 300, {"04_en_b": 300, "05_enm_s": 300, "06_enm_b": 300}),
        ("dev", 100, {"01_e_s": 100, "02_e_b": 100, "03_en_s": 100}),
        ("test", 600, {"01_e_s": 599, "02_e_b": 594, "03_en_s": 598}),
    ):
        parts = folders(f"casia/CASIA_SURF@p1_video_{name}.txt")
        subjects = {part[4] for part in parts}
        assert len(subjects) == people
        assert not subjects & seen
        seen |= subjects
        videos = Counter(part[5].removesuffix(".rssdk") for part in parts)
        assert videos == {"real": people, **attacks}


@needs_lists
def test_the_mmdg_lists_of_casia_surf_have_its_thousand_people() -> None:
    sizes = {"train": 300, "val": 100, "test": 600}
    for name, people in sizes.items():
        parts = folders(f"mmdg/S-{name}.txt")
        assert len({part[3] for part in parts}) == people
        assert len({part[4] for part in parts}) == 7  # bona fide and six attacks


@needs_lists
def test_the_one_frame_that_two_mmdg_lists_of_cefa_share() -> None:
    val, test = (
        {e.paths for e in read_list(LISTS / f"mmdg/C-{n}.txt", MMDG)} for n in ("val", "test")
    )
    (shared,) = val & test
    assert shared[0].endswith("AF-300/1_300_1_1_1/profile/0026.jpg")


def write(folder: Path, text: str) -> Path:
    path = folder / "list.txt"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("gap", [" ", "\t", "  "])
@pytest.mark.parametrize("last", ["", "\n", "\r\n", "\n\n"])
def test_line_ends_gaps_and_a_missing_last_end_change_nothing(
    end: str, gap: str, last: str, tmp_path: Path
) -> None:
    path = write(tmp_path, end.join([f"a/1.jpg{gap}1", f"a/2.jpg{gap}0"]) + last)
    assert read_list(path, PADISI) == [
        Entry(paths=("a/1.jpg",), label=Label.BONA_FIDE, line=1),
        Entry(paths=("a/2.jpg",), label=Label.ATTACK, line=2),
    ]


def test_backslashes_of_windows_part_folders_and_lead_nowhere_else(tmp_path: Path) -> None:
    assert read_list(write(tmp_path, "a\\b\\1.jpg 1\r\n"), PADISI)[0].paths == ("a/b/1.jpg",)
    for outside in ("..\\1.jpg", "a\\..\\1.jpg", "\\\\server\\1.jpg", "C:\\1.jpg"):
        with pytest.raises(DatasetError, match=r"line 1: .* is no path inside a data set"):
            read_list(write(tmp_path, f"{outside} 1\n"), PADISI)


def test_the_same_digit_means_what_the_layout_declares(tmp_path: Path) -> None:
    path = write(tmp_path, "a 1\n")
    assert read_list(path, PADISI)[0].label is Label.BONA_FIDE
    assert read_list(path, CASIA)[0].label is Label.ATTACK


def test_repeated_lines_are_kept_until_one_asks_for_distinct_ones(tmp_path: Path) -> None:
    entries = read_list(write(tmp_path, "b 1\na 0\nb 1\n"), PADISI)
    assert [entry.line for entry in entries] == [1, 2, 3]
    assert [entry.line for entry in distinct(entries)] == [1, 2]


def test_other_columns_of_a_table_are_kept_by_name(tmp_path: Path) -> None:
    path = write(tmp_path, ",client_id,filepath,group,label\n7,2,x/002_01,train,attack\n")
    (entry,) = read_list(path, WMCA)
    assert entry.paths == ("x/002_01",)
    assert entry.fields == {"client_id": "2", "group": "train"}
    assert entry.line == 2


@pytest.mark.parametrize(
    ("text", "layout", "message"),
    [
        ("a 1\nb\n", PADISI, r"line 2 has 1 columns; .*'mmdg_padisi' has: array label"),
        ("a 1\nb 2\n", PADISI, "line 2 has the label '2'; .*1 for bona fide and 0 for attack"),
        ("a b c 1\n", PADISI, "line 1 has 4 columns"),
        ("/abs/a 1\n", PADISI, "line 1: '/abs/a' is no path inside a data set"),
        ("a/../../b 1\n", PADISI, "is no path inside a data set"),
        ("a 1\nb 0\na 0\n", PADISI, "line 3: 'a' is attack, but bona_fide in line 1"),
        ("", PADISI, "has no line"),
        ("1,2,x,train,attack\n", WMCA, "line 1 has the columns '1,2,x,train,attack'"),
    ],
)
def test_what_does_not_fit_is_named_with_file_and_line(
    text: str, layout: Layout, message: str, tmp_path: Path
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(DatasetError, match=message) as caught:
        read_list(path, layout)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_list_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"\xff\xfe\x00 1\n")
    with pytest.raises(DatasetError, match="cannot read"):
        read_list(path, PADISI)
    with pytest.raises(DatasetError, match=r"no list .*; check data\.lists"):
        read_list(tmp_path / "gone.txt", PADISI)


def test_lists_are_found_below_the_folder_and_all_missing_ones_are_named(tmp_path: Path) -> None:
    (tmp_path / "protocol").mkdir()
    (tmp_path / "protocol" / "a.txt").write_text("x 1\n")
    names = {"train": "a.txt", "dev": "b.txt", "eval": "c.txt"}
    assert read_lists(tmp_path, {"train": "a.txt"}, PADISI)["train"][0].paths == ("x",)
    with pytest.raises(DatasetError, match=r"has no b\.txt, c\.txt; .*a\.txt, b\.txt, c\.txt"):
        read_lists(tmp_path, names, PADISI)


def test_two_lists_of_one_name_must_be_equal(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text("x 1\n")
    assert read_lists(tmp_path, {"train": "a.txt"}, PADISI)
    (tmp_path / "two" / "a.txt").write_text("x 0\n")
    with pytest.raises(DatasetError, match="differ; keep one of them"):
        read_lists(tmp_path, {"train": "a.txt"}, PADISI)
