"""How many presentations a second the simulator makes: all three pictures, written to disk.

    python benchmarks/simulator.py [--per-site 300] [--workers 2] [--image-size 128]

Times a whole ``generate`` with its start of worker processes, then one process alone, kind by kind,
warm, in processor time: that is what a busy machine does not disturb. Peak memory is that of one
process at half and at the whole of its presentations: it must not grow.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from unmask.config import SimulateConfig
from unmask.files import write_text
from unmask.sim.generate import generate, render
from unmask.sim.plan import make_plan
from unmask.sim.sites import SITES

RESULT = Path(__file__).parent / "results" / "simulator.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--per-site", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--image-size", type=int, default=128)
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]  # of other work; it slows the wall clock, not processor time
    with tempfile.TemporaryDirectory() as folder:
        config = SimulateConfig(
            out=Path(folder) / "data",
            per_site=arguments.per_site,
            image_size=arguments.image_size,
            workers=arguments.workers,
        )
        begun = time.perf_counter()
        generate(config)
        wall = time.perf_counter() - begun
        one = one_process(Path(folder) / "one", arguments.image_size)
    count = arguments.per_site * len(SITES)
    result = {
        "generate": {"presentations": count, "seconds": wall, "per_second": count / wall},
        "one_process": one,
        "metadata": {
            "image_size": arguments.image_size,
            "workers": arguments.workers,
            "cores": os.cpu_count(),
            "load_before": load,
            "processor": processor(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "opencv": cv2.__version__,
        },
    }
    write_text(arguments.out, json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def one_process(folder: Path, image_size: int, count: int = 120) -> dict[str, object]:
    """Processor milliseconds by kind (median and quartiles) and peak memory in MiB."""
    cv2.setNumThreads(1)
    site = SITES["A"]
    spent: dict[str, list[float]] = {}
    peak = []
    for index in range(count):
        kind = make_plan(0, site, site.species, index).kind
        begun = time.process_time()
        render((0, site.name, site.species, index), folder, image_size)
        spent.setdefault(kind, []).append(1000 * (time.process_time() - begun))
        if index in (count // 2 - 1, count - 1):
            peak.append(peak_memory())
    return {
        "processor_ms": {kind: summary(times) for kind, times in sorted(spent.items())},
        "mean_processor_ms": statistics.fmean(t for times in spent.values() for t in times),
        "peak_memory_mib_at_half_and_end": peak,
    }


def summary(values: list[float]) -> dict[str, float]:
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return {"median": middle, "q1": low, "q3": high, "n": len(values)}


def peak_memory() -> float:
    """Largest resident set of this process so far, MiB."""
    unit = 1024 if sys.platform != "darwin" else 1024**2
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def processor() -> str:
    """The processor's name, where the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
