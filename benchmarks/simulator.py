"""How many presentations a second the simulator makes: all three pictures, written to disk.

    python benchmarks/simulator.py [--per-site 2500] [--workers 2] [--image-size 128]

Times a whole ``generate`` at four sites with its start of worker processes, then reads every file
back: manifest, number, shape and type of each picture. Then one process alone, kind by kind, one
person after another as in such a run, in processor time: that is what a busy machine does not
disturb. Memory is the largest resident set of a worker, after a tenth of the run and after all.
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
from unmask.datasets.manifest import index
from unmask.files import write_text
from unmask.sim.generate import generate, render
from unmask.sim.plan import make_plan
from unmask.sim.sites import SITES
from unmask.types import Modality

RESULT = Path(__file__).parent / "results" / "simulator.json"


def main() -> None:
    """Measure, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--per-site", type=int, default=2500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--image-size", type=int, default=128)
    parser.add_argument("--keep", type=Path, help="leave the data set here")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    load = os.getloadavg()[0]  # of other work; it slows the wall clock, not processor time
    with tempfile.TemporaryDirectory() as folder:
        place = given.keep or Path(folder) / "data"
        run(Path(folder) / "few", given, max(given.per_site // 10, 10))
        few = peak_memory(resource.RUSAGE_CHILDREN)
        wall = run(place, given, given.per_site)
        many = peak_memory(resource.RUSAGE_CHILDREN)
        checked = validate(place, given.image_size)
        one = one_process(Path(folder) / "one", given.image_size, given.per_site)
    count = given.per_site * len(SITES)
    result = {
        "generate": {"presentations": count, "seconds": wall, "per_second": count / wall},
        "read_back": checked,
        "worker_memory_mib": {"after_a_tenth": few, "after_all": many},
        "one_process": one,
        "metadata": {
            "image_size": given.image_size,
            "workers": given.workers,
            "cores": os.cpu_count(),
            "load_before": load,
            "processor": processor(),
            "system": platform.platform(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "opencv": cv2.__version__,
        },
    }
    write_text(given.out, json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def run(out: Path, given: argparse.Namespace, per_site: int) -> float:
    """Seconds of one generation."""
    begun = time.perf_counter()
    generate(
        SimulateConfig(
            out=out, per_site=per_site, image_size=given.image_size, workers=given.workers
        )
    )
    return time.perf_counter() - begun


def validate(root: Path, side: int) -> dict[str, int]:
    """Read everything back; fails at the first picture that is not as promised."""
    samples = index(root)
    shapes = {Modality.RGB: (side, side, 3), Modality.DEPTH: (side, side)}
    types = {Modality.RGB: (np.uint8,), Modality.DEPTH: (np.uint16,)}
    for sample in samples:
        assert len(sample.paths) == 3, sample.key
        for modality, path in sample.paths.items():
            pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            assert pixels is not None, path
            assert pixels.shape == shapes.get(modality, (side, side)), path
            assert pixels.dtype in types.get(modality, (np.uint8, np.uint16)), path
            assert pixels.any(), path
    return {"presentations": len(samples), "pictures": 3 * len(samples)}


def one_process(
    folder: Path, image_size: int, per_site: int, count: int = 100
) -> dict[str, object]:
    """Processor milliseconds by kind (median and quartiles), the first of each site's people."""
    cv2.setNumThreads(1)
    config = SimulateConfig(out=folder, image_size=image_size)
    spent: dict[str, list[float]] = {}
    for site in SITES.values():
        plans = [make_plan(0, site, site.species, k) for k in range(per_site)]
        plans.sort(key=lambda p: (p.split, p.subject.subject))
        for plan in plans[:count]:
            begun = time.process_time()
            render(plan, config)
            spent.setdefault(plan.kind, []).append(1000 * (time.process_time() - begun))
    return {
        "processor_ms": {kind: summary(times) for kind, times in sorted(spent.items())},
        "mean_processor_ms": statistics.fmean(t for times in spent.values() for t in times),
    }


def summary(values: list[float]) -> dict[str, float]:
    """Median and quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    return {"median": middle, "q1": low, "q3": high, "n": len(values)}


def peak_memory(whose: int) -> float:
    """Largest resident set so far, MiB, of this process or of any child that has ended."""
    unit = 1024 if sys.platform != "darwin" else 1024**2
    return resource.getrusage(whose).ru_maxrss / unit


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
