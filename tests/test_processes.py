"""Work in other processes: in order, the same as in this one, and no worker is lost in silence."""

import importlib
import os
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from unmask.errors import UnmaskError
from unmask.processes import in_order

WORK = """
import os, signal

def squared(number):
    return number * number, os.getpid()

def killed_at(fatal, number):
    if number == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    return number
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module that a new process can import, as it cannot import this one."""
    (tmp_path / "work_of_processes.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    return importlib.import_module("work_of_processes")


def test_results_come_in_the_order_of_the_jobs_from_other_processes(work: ModuleType) -> None:
    found = list(in_order(work.squared, range(20), workers=2))
    assert [square for square, _ in found] == [n * n for n in range(20)]
    assert os.getpid() not in {process for _, process in found}


def test_one_worker_is_this_process(work: ModuleType) -> None:
    found = list(in_order(work.squared, range(3), workers=1))
    assert found == [(n * n, os.getpid()) for n in range(3)]


def test_a_worker_that_is_killed_is_one_clear_error(work: ModuleType) -> None:
    results = in_order(partial(work.killed_at, 2), range(40), workers=2)
    with pytest.raises(UnmaskError, match="ended from outside"):
        list(results)
    assert list(in_order(partial(work.killed_at, 50), range(40), workers=2)) == list(range(40))
