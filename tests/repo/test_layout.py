"""The house stays the house: short files, tests where one looks for them, nothing left over."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src" / "unmask").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_source_file_is_short_documented_and_ascii(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    assert text.startswith('"""'), "the first line says what the file is"
    assert text.isascii()


def test_every_test_folder_mirrors_a_source_folder() -> None:
    own = {"contracts", "repo"}
    folders = {p.name for p in (ROOT / "tests").iterdir() if p.is_dir()} - {"__pycache__"}
    packages = {p.name for p in (ROOT / "src" / "unmask").iterdir() if p.is_dir()}
    assert folders - own <= packages


def test_nothing_is_unfinished() -> None:
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    for path in [*SOURCES, *(ROOT / "docs").glob("*.md"), *(ROOT / "benchmarks").glob("*.py")]:
        assert not unfinished.search(path.read_text(encoding="utf-8")), path
