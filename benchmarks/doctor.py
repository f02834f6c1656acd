"""How long ``unmask doctor`` takes to look at the table of a large data set, without its pictures.

    python benchmarks/doctor.py [--rows 100000] [--repetitions 3]

The tree is made for it and thrown away: the rows of a manifest with three sensors, four frames per
presentation and one subject per twenty presentations, and as many empty-looking files of one byte.
Reported is the median over repetitions, after one that does not count.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from pathlib import Path

import polars as pl

from unmask.checkup.rows import read_rows
from unmask.checkup.run import STRUCTURE, examine
from unmask.config import DoctorConfig
from unmask.files import write_text

RESULT = Path(__file__).parent / "results" / "doctor.json"
SENSORS = ("rgb", "depth", "infrared")
FRAMES = 4
PER_SUBJECT = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = DoctorConfig(root=make(Path(folder), arguments.rows), images="none")
        seconds = [timed(config) for _ in range(1 + arguments.repetitions)][1:]
        checks = {check.__name__: timed_check(check, config) for check in STRUCTURE}
    result = {
        "rows": arguments.rows,
        "files": arguments.rows * len(SENSORS),
        "seconds": {"median": statistics.median(seconds), "all": seconds},
        "seconds_of_each_check": checks,
        "metadata": {
            "processor": platform.machine(),
            "python": platform.python_version(),
            "polars": pl.__version__,
            "threads": pl.thread_pool_size(),
        },
    }
    write_text(arguments.out, json.dumps(result, indent=2) + "\n")
    print(f"{statistics.median(seconds):.1f} s for {arguments.rows:,} rows")


def make(root: Path, rows: int) -> Path:
    """A folder whose table has no fault."""
    number = pl.int_range(rows)
    video = number // FRAMES
    attack = video % 3 > 0
    split = pl.when(video // PER_SUBJECT % 5 < 3).then(pl.lit("train"))
    split = split.when(video // PER_SUBJECT % 5 == 3).then(pl.lit("dev")).otherwise(pl.lit("eval"))
    species = pl.when(video % 3 == 1).then(pl.lit("print")).otherwise(pl.lit("replay"))
    paths = {m: pl.format("{}/{}/{}.png", video, pl.lit(m), number % FRAMES) for m in SENSORS}
    table = pl.select(
        key=pl.format("k{}", number),
        presentation=pl.format("v{}", video),
        **paths,
        label=pl.when(attack).then(pl.lit("attack")).otherwise(pl.lit("bona_fide")),
        pai_species=pl.when(attack).then(species),
        subject=pl.format("s{}", video // PER_SUBJECT),
        site=pl.format("{}", video // 7 % 4),
        split=split,
        session=pl.format("{}", video // 5 % 3),
        device=pl.format("{}", video // 11 % 2),
    )
    for modality in SENSORS:
        for path in table[modality]:
            file = root / path
            if path.endswith("/0.png"):
                file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b".")
    table.write_parquet(root / "manifest.parquet")
    return root


def timed(config: DoctorConfig) -> float:
    """Seconds of a whole examination, which must find nothing."""
    start = time.perf_counter()
    found = examine(config)
    seconds = time.perf_counter() - start
    assert not found.findings, found.findings
    return seconds


def timed_check(check: object, config: DoctorConfig) -> float:
    """Seconds of one check."""
    assert callable(check)
    rows = read_rows(config)
    start = time.perf_counter()
    check(rows)
    return round(time.perf_counter() - start, 3)


if __name__ == "__main__":
    main()
