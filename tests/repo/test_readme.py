"""What the README promises is what the machine that checks us runs."""

import re
import shlex
from pathlib import Path

from unmask.cli import COMMANDS, _settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """The lines of the README's shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_both_setup_commands_are_run_by_ci_word_by_word() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    setup = [line for line in commands() if line.startswith("python3 -m venv")]
    assert len(setup) == 2
    for line in setup:
        assert line in ci


def test_every_unmask_command_is_accepted_by_its_parser() -> None:
    functions = {f.__name__: f for f in COMMANDS}
    shown = [line for line in commands() if line.startswith("unmask ")]
    assert len(shown) >= 6
    for line in shown:
        _, verb, *words = shlex.split(line)
        assert isinstance(_settings(functions[verb], words), COMMANDS[functions[verb]])


def test_every_relative_link_leads_to_a_file() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
