"""The tables of docs/judging.md are those that its script prints, and its commands are accepted."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

from unmask.cli import COMMANDS, _settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "judging.md").read_text(encoding="utf-8")


def test_the_tables_of_published_counts_are_as_their_script_prints_them() -> None:
    words = [sys.executable, str(ROOT / "docs" / "published_counts.py")]
    printed = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120).stdout
    assert "183 / 1791 | 10.22 % (8.9 to 11.7 %) | 5 / 600 | 0.83 % (0.27 to 1.9 %)" in printed
    assert printed.strip() in PAGE


def test_every_command_of_the_page_is_accepted_by_its_parser() -> None:
    functions = {f.__name__: f for f in COMMANDS}
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)
    shown = [line for block in blocks for line in block.splitlines() if line]
    assert len(shown) == 5
    for line in shown:
        _, verb, *words = shlex.split(line)
        assert isinstance(_settings(functions[verb], words), COMMANDS[functions[verb]])


def test_what_the_page_says_of_settings_is_accepted_too() -> None:
    functions = {f.__name__: f for f in COMMANDS}
    options = re.findall(r"^\| `(--[^`]+)`(?: or `(--[^`]+)`)? \|", PAGE, flags=re.MULTILINE)
    assert len(options) == 6
    for option in (text for pair in options for text in pair if text):
        words = shlex.split(f"--dev a.csv --eval b.csv --out c {option}")
        assert _settings(functions["report"], words)
