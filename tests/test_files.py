"""Files are whole or not there."""

import os
from pathlib import Path

import pytest

from unmask.errors import OutputError
from unmask.files import make_folder, sha256, write_text, write_whole


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    write_text(path, "old")
    with pytest.raises(RuntimeError), write_whole(path) as temporary:
        temporary.write_text("half of the ne")
        raise RuntimeError
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["scores.csv"]


def test_success_replaces_the_file_and_makes_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "scores.csv"
    write_text(path, "one")
    write_text(path, "two")
    assert path.read_text() == "two"
    assert sha256(path) == "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"


def test_a_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full on this system")
    path = tmp_path / "report.md"
    with (
        pytest.raises(OutputError, match=r"cannot write .*report.md: No space left"),
        write_whole(path),
    ):
        full.write_text("x" * 100_000)
    assert not list(tmp_path.iterdir())


def test_a_file_in_place_of_a_folder_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="choose another place"):
        write_text(tmp_path / "file" / "report.md", "text")
    with pytest.raises(OutputError, match="choose another place"):
        make_folder(tmp_path / "file")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_one_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="choose another place"):
        write_text(tmp_path / "report.md", "text")
