"""Run what is left of an experiment, some trials at a time, and write what came out.

Every trial is a job of a process pool. Workers hold one end of a pipe whose other end this process
holds alone: however it ends, by Ctrl-C, an error or a kill, they see the pipe close and leave at
once. What they did since their last checkpoint is all that is lost.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import torch

from unmask.config import EvidenceConfig
from unmask.errors import UnmaskError
from unmask.experiments.experiment import Trial, plan
from unmask.experiments.results import Result, write_lines
from unmask.experiments.table import Table, as_json, as_markdown, tables
from unmask.experiments.trial import finish, finished
from unmask.files import alone_in, make_folder, write_text
from unmask.parsing import to_yaml
from unmask.training.checkpoint import load_card

log = logging.getLogger("unmask")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A finished experiment."""

    folder: Path
    results: tuple[Result, ...]
    """One for each system, protocol, seed and condition."""
    tables: tuple[Table, ...]
    """One for each group of protocols and condition."""


def run(config: EvidenceConfig) -> Evidence:
    """Finish every trial, then write the tables.

    Writes into ``config.out``: experiment.yaml, runs/, results.jsonl, table.md, table.json.

    Raises:
        UnmaskError: a setting that cannot be, another run at work in that folder, or a trial that
            failed; what was finished is kept.
    """
    trials = plan(config)
    with alone_in(make_folder(config.out)):
        return _run(config, trials)


def _run(config: EvidenceConfig, trials: Sequence[Trial]) -> Evidence:
    write_text(config.out / "experiment.yaml", to_yaml(config))
    book = _Book(trials, config.out / "results.jsonl")
    try:
        _finish_all(book.left, config, book.add)
    except KeyboardInterrupt:
        log.info("stopped; the same command goes on from the last checkpoints")
        raise
    made = tables(config, book.results, config.out)
    note = " ".join(filter(None, (_oracles(trials), load_card(trials[0].training.out).limits)))
    write_text(config.out / "table.md", as_markdown(config, made, note))
    write_text(config.out / "table.json", as_json(config, made, note))
    return Evidence(folder=config.out, results=book.results, tables=made)


def _oracles(trials: Sequence[Trial]) -> str:
    """What the first line says where the judged set chose anything."""
    names = dict.fromkeys(t.training.data.protocol for t in trials if t.threshold_from == "eval")
    if not names:
        return ""
    return (
        f"ORACLE: under {', '.join(names)} the judged set itself chose the step and the threshold: "
        "better than any use can be."
    )


class _Book:
    """Which trials are finished, in a file and in the log."""

    def __init__(self, trials: Sequence[Trial], path: Path) -> None:
        self.trials = trials
        self.path = path
        self.found = {t.identity: results for t in trials if (results := finished(t)) is not None}
        self.before = len(self.found)
        self.start = time.monotonic()
        write_lines(self.results, path)
        log.info("%d runs, of which %d are finished", len(trials), self.before)

    @property
    def left(self) -> list[Trial]:
        """Trials that are not finished."""
        return [trial for trial in self.trials if trial.identity not in self.found]

    @property
    def results(self) -> tuple[Result, ...]:
        """All that there are, in the order of the trials."""
        return tuple(result for t in self.trials for result in self.found.get(t.identity, ()))

    def add(self, trial: Trial, results: tuple[Result, ...]) -> None:
        """Note a finished trial."""
        self.found[trial.identity] = results
        write_lines(self.results, self.path)
        figures = ", ".join(f"{r.condition} {r.metrics['hter']:.1%}" for r in results)
        log.info(
            "%d of %d (%s): %s: HTER %s",
            *(len(self.found), len(self.trials), self._time(), trial.title, figures),
        )

    def _time(self) -> str:
        """How long it has taken, and is likely to take still."""
        passed = time.monotonic() - self.start
        left = passed / (len(self.found) - self.before) * (len(self.trials) - len(self.found))
        return f"{_minutes(passed)}, about {_minutes(left)} left"


def _minutes(seconds: float) -> str:
    """Hours, minutes and seconds as 1:02:03 or 2:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def _finish_all(
    trials: Sequence[Trial],
    config: EvidenceConfig,
    told: Callable[[Trial, tuple[Result, ...]], None],
) -> None:
    """Finish the trials and tell of each when it is done; those that fail stop no other.

    Raises:
        UnmaskError: some failed, each of which is named.
    """
    failed: list[str] = []

    def tell(trial: Trial, result_of: Callable[[], tuple[Result, ...]]) -> None:
        try:
            told(trial, result_of())
        except UnmaskError as error:
            log.warning("failed: %s", error)
            failed.append(str(error))

    if config.workers == 1 or len(trials) < 2:
        with _threads(config.threads):
            for trial in trials:
                tell(trial, partial(finish, trial))
    else:
        with _pool(min(config.workers, len(trials)), config.threads) as pool:
            jobs = {pool.submit(finish, trial): trial for trial in trials}
            for job in as_completed(jobs):
                tell(jobs[job], job.result)
    if failed:
        raise UnmaskError(f"{len(failed)} of {len(trials)} runs failed: {'; '.join(failed)}")


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """As many threads in this process for a while."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def _pool(workers: int, threads: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that leave when this block is left, whatever they are at."""
    context = multiprocessing.get_context("spawn")  # no threads of the parent are copied
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start_worker, initargs=(theirs, threads)
    )
    try:
        yield pool
        pool.shutdown()
    except BrokenProcessPool as error:
        raise UnmaskError(
            "a worker process was ended from outside, as happens where memory runs out; start "
            "the same command again to go on, with fewer --workers"
        ) from error
    finally:
        ours.close()
        pool.shutdown(cancel_futures=True)


def _start_worker(leash: Connection, threads: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent answers Ctrl-C
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # progress bars of several runs would mix
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    threading.Thread(target=_leave_with, args=(leash,), daemon=True).start()


def _leave_with(leash: Connection) -> None:
    """End this process as soon as nobody holds the other end."""
    leash.poll(None)
    os._exit(1)
