"""Work in other processes: in order, the same as in this one, and no worker is lost in silence."""

import os
import signal
from functools import partial

import pytest

from unmask.errors import UnmaskError
from unmask.processes import in_order


def squared(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def killed_at(fatal: int, number: int) -> int:
    if number == fatal:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_results_come_in_the_order_of_the_jobs_from_other_processes() -> None:
    found = list(in_order(squared, range(20), workers=2))
    assert [square for square, _ in found] == [n * n for n in range(20)]
    assert os.getpid() not in {process for _, process in found}


def test_one_worker_is_this_process() -> None:
    assert list(in_order(squared, range(3), workers=1)) == [(n * n, os.getpid()) for n in range(3)]


def test_a_worker_that_is_killed_is_one_clear_error() -> None:
    with pytest.raises(UnmaskError, match="ended from outside"):
        list(in_order(partial(killed_at, 2), range(4), workers=2))
