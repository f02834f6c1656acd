"""How long it takes to judge ten million scores, beside scikit-learn and a loop over thresholds.

    python benchmarks/judging.py [--scores 10000000] [--loop 60000]

The scores are made for it: 60 % attacks of twelve PAI species, 2,000 people, an eval file of that
size and a dev file of a tenth of it, both Parquet. Measured is all that a report is made of: both
files read and checked, thresholds by two rules, rates and exact intervals of all species, curves,
histograms, fixed points, named targets, EER, AUC and HTER with 2,000 draws of people. Beside it, in
the same run: scikit-learn's ``roc_curve`` and ``roc_auc_score`` on the same scores in memory, and
the loop that published code of the field has, over every threshold, on a part of them (and
``report data`` on the same part).

Seconds are those of the clock and of all processors together; the latter depend less on what else
the machine does. Every case runs in a process of its own, whose highest memory is its own too.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.metrics import roc_auc_score, roc_curve

from unmask.files import write_text
from unmask.metrics.scores import read_scores
from unmask.reporting.judge import judge

RESULT = Path(__file__).parent / "results" / "judging.json"
SPECIES = 12
PEOPLE = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--scores", type=int, default=10_000_000)
    parser.add_argument("--loop", type=int, default=60_000)
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        apart(make, folder / "dev.parquet", given.scores // 10, 1)
        apart(make, folder / "eval.parquet", given.scores, 2)
        apart(make, folder / "few.parquet", given.loop, 3)
        cases: dict[str, tuple[Callable[..., None], Path]] = {
            f"report data, {given.scores:,} scores": (report_data, folder / "eval.parquet"),
            f"scikit-learn, {given.scores:,} scores": (scikit_learn, folder / "eval.parquet"),
            f"report data, {given.loop:,} scores": (report_data, folder / "few.parquet"),
            f"loop over thresholds, {given.loop:,} scores": (loop, folder / "few.parquet"),
        }
        measured = {case: apart(timed, *call) for case, call in cases.items()}
    result = {
        "measured": measured,
        "metadata": {
            "command": f"python benchmarks/judging.py --scores {given.scores} --loop {given.loop}",
            "processor": platform.machine(),
            "python": platform.python_version(),
            "polars": pl.__version__,
            "threads": pl.thread_pool_size(),
        },
    }
    write_text(given.out, json.dumps(result, indent=2) + "\n")
    print(json.dumps(measured, indent=2))


def apart(function: Callable[..., Any], *given: Any) -> Any:
    """Run in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, given)


def make(path: Path, count: int, seed: int) -> None:
    """A score file without a fault."""
    rng = np.random.default_rng(seed)
    attack = rng.random(count) < 0.6
    pl.DataFrame(
        {
            "number": np.arange(count),
            "score": np.where(attack, rng.beta(1.2, 4, count), rng.beta(4, 1.2, count)),
            "attack": attack,
            "species": rng.integers(0, SPECIES, count),
            "person": rng.integers(0, PEOPLE, count),
        }
    ).select(
        key=pl.format("{}-{}", pl.lit(seed), "number"),
        presentation=pl.format("{}-{}", pl.lit(seed), "number"),
        score="score",
        label=pl.when("attack").then(pl.lit("attack")).otherwise(pl.lit("bona_fide")),
        pai_species=pl.when("attack")
        .then(pl.format("species {}", "species"))
        .otherwise(pl.lit("")),
        subject=pl.format("{}-{}", pl.lit(seed), "person"),
    ).write_parquet(path)


def timed(case: Callable[[Path], None], path: Path) -> dict[str, float]:
    """Seconds of one case, by the clock and by processors, and its highest memory."""
    wall, cpu = time.perf_counter(), time.process_time()
    case(path)
    return {
        "seconds": round(time.perf_counter() - wall, 2),
        "processor_seconds": round(time.process_time() - cpu, 2),
        "gigabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
    }


def report_data(path: Path) -> None:
    judge(read_scores(path.with_name("dev.parquet")), read_scores(path))


def scikit_learn(path: Path) -> None:
    table = pl.read_parquet(path, columns=["score", "label"])
    genuine, score = (table["label"] == "bona_fide").to_numpy(), table["score"].to_numpy()
    roc_curve(genuine, score)
    roc_auc_score(genuine, score)


def loop(path: Path) -> None:
    """Rates at every threshold, one after the other, each from all scores."""
    table = pl.read_parquet(path, columns=["score", "label"])
    genuine, score = (table["label"] == "bona_fide").to_numpy(), table["score"].to_numpy()
    best = np.inf
    for threshold in np.unique(score):
        accepted = score >= threshold
        apcer, bpcer = np.mean(accepted[~genuine]), np.mean(~accepted[genuine])
        best = min(best, abs(apcer - bpcer))


if __name__ == "__main__":
    main()
