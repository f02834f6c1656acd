"""What list files say by themselves: small ones with one fault each, and the published ones."""

from collections.abc import Callable
from pathlib import Path

import pytest

from unmask.checkup.findings import Checkup
from unmask.checkup.lists import examine_lists
from unmask.errors import ConfigError, DatasetError

PUBLISHED = Path(__file__).parents[3] / "shared" / "lists"
needs_lists = pytest.mark.skipif(not PUBLISHED.exists(), reason="no published lists here")


def line(video: str, frame: int, label: int) -> str:
    return " ".join(f"{video}/{m}/{frame:04d}.jpg" for m in ("color", "depth", "ir")) + f" {label}"


@pytest.fixture
def look(tmp_path: Path) -> Callable[..., dict[str, int]]:
    """Writes two lists and says what is found in them, and how often."""

    def look(train: list[str], test: list[str]) -> dict[str, int]:
        (tmp_path / "train.txt").write_text("\r\n".join(train), encoding="utf-8")
        (tmp_path / "test.txt").write_text("\r\n".join(test), encoding="utf-8")
        return told(examine_lists(tmp_path, "mmdg", ("*.txt",)))

    return look


def told(checkup: Checkup) -> dict[str, int]:
    return {found.what: found.count for _, found in checkup.findings}


def test_lists_that_share_nothing_are_clean(look) -> None:
    assert look([line("real/a", 1, 1), line("fake/b", 1, 0)], [line("real/c", 1, 1)]) == {}


def test_a_line_that_stands_twice_is_counted(look) -> None:
    found = look([line("real/a", 1, 1)] * 3, [line("real/c", 1, 1)])
    assert found["lines repeat an earlier one of their list"] == 2


def test_a_video_in_two_lists_is_found_by_any_of_its_frames(look) -> None:
    found = look([line("real/a", 1, 1)], [line("real/a", 2, 1)])
    assert found == {"presentations are in two sets": 1}


def test_a_polarity_that_is_turned_round_is_read_off_the_names(look) -> None:
    turned = [line("real_part/a", 1, 0), line("fake_part/b", 1, 1)]
    assert look(turned, [line("x/c", 1, 1)])["labels contradict the names of their files"] == 2


def test_an_unknown_layout_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there are: mmdg"):
        examine_lists(tmp_path, "nobody", ("*.txt",))
    with pytest.raises(DatasetError, match="has no file"):
        examine_lists(tmp_path, "mmdg", ("*.txt",))


@needs_lists
def test_mmdg_repeats_80_lines_and_shows_one_frame_in_two_lists() -> None:
    found = told(examine_lists(PUBLISHED / "mmdg", "mmdg", ("[CSW]-*.txt",)))
    assert found["lines repeat an earlier one of their list"] == 4 + 20 + 56
    assert found["files are in two sets"] == 3  # of AF-300, one for each sensor
    assert found["presentations are in two sets"] == 1
    assert "labels contradict the names of their files" not in found


@needs_lists
def test_the_device_tells_the_class_in_cefa() -> None:
    checkup = examine_lists(PUBLISHED / "casia", "casia_fas", ("CASIA_CeFA@p4.1_*.txt",))
    ((_, found),) = checkup.findings
    assert found.examples[0].startswith("part 3 of 5: AUC 1.000, bona fide mostly 1")


@needs_lists
def test_surf_grandtest_and_padisi_are_divided_cleanly() -> None:
    surf = examine_lists(PUBLISHED / "casia", "casia_fas", ("CASIA_SURF@p1_*.txt",))
    assert surf.exit_code == 0
    assert {(c.set, c.kind): c.presentations for c in surf.counts}[
        "CASIA_SURF@p1_video_test", "attack"
    ] == 1791
    wmca = examine_lists(PUBLISHED / "casia", "wmca_grandtest", ("WMCA_Grandtest.txt",))
    assert wmca.exit_code == 0
    counted = {(c.set, c.kind): c.presentations for c in wmca.counts}
    assert (counted["eval", "bona_fide"], counted["eval", "attack"]) == (115, 442)
    assert examine_lists(PUBLISHED / "mmdg", "mmdg_padisi", ("P-*.txt",)).findings == ()


@needs_lists
def test_surf_read_with_the_other_polarity_is_contradicted_by_every_name(tmp_path: Path) -> None:
    text = (PUBLISHED / "casia" / "CASIA_SURF@p1_video_dev.txt").read_text(encoding="utf-8")
    turned = text.replace(" 0", " x").replace(" 1", " 0").replace(" x", " 1")
    (tmp_path / "dev.txt").write_text(turned, encoding="utf-8")
    assert (
        told(examine_lists(tmp_path, "casia_fas", ("dev.txt",)))[
            "labels contradict the names of their files"
        ]
        == 400
    )
