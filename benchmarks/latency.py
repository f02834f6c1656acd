"""What BIG-MoE costs beside the plain transformer that it adapts, and what an absent sensor saves.

    python benchmarks/latency.py [--repetitions 7] [--batch 1]

Both models are of size base: 12 blocks over 1 + 3 * 196 tokens, float32, random weights, no
gradient. All cases run in one process and in turn, each repetition in another order, after one
round that does not count; compared are medians. Read the ratios: the seconds are those of one
machine and one hour.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from unmask.files import write_text
from unmask.models import create_model

RESULT = Path(__file__).parent / "results" / "latency.json"
Cases = dict[str, Callable[[], object]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--batch", type=int, default=1, help="presentations per forward pass")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    seconds = measure(cases(arguments.batch, device), arguments.repetitions, device)
    median = {name: statistics.median(runs) for name, runs in seconds.items()}
    result = {
        "seconds": {name: summary(runs) for name, runs in seconds.items()},
        "ratios": {
            "big_moe / vit, three modalities": median["big_moe"] / median["vit"],
            "big_moe / vit, rgb alone": median["big_moe, rgb"] / median["vit, rgb"],
            "big_moe, three modalities / rgb alone": median["big_moe"] / median["big_moe, rgb"],
            "vit, three modalities / rgb alone": median["vit"] / median["vit, rgb"],
        },
        "metadata": metadata(device, arguments.batch, arguments.repetitions),
    }
    write_text(arguments.out, json.dumps(result, indent=2) + "\n")
    print(json.dumps(result["ratios"], indent=2))


def cases(batch: int, device: torch.device) -> Cases:
    """Two models, with every modality and with RGB alone."""
    image = torch.randn(batch, 3, 3, 224, 224, device=device)
    every = torch.ones(batch, 3, dtype=torch.bool, device=device)
    rgb = torch.tensor([True, False, False], device=device).expand(batch, -1)
    made: Cases = {}
    for name in ("vit", "big_moe"):
        model = create_model(f"{name}/base").eval().to(device)
        made[name] = partial(model, image, every)
        made[f"{name}, rgb"] = partial(model, image, rgb)
    return made


def measure(made: Cases, repetitions: int, device: torch.device) -> dict[str, list[float]]:
    """Seconds of every run of every case."""
    seconds: dict[str, list[float]] = {name: [] for name in made}
    names = list(made)
    with torch.inference_mode():
        for repetition in range(1 + repetitions):
            shift = repetition % len(names)
            for name in names[shift:] + names[:shift]:
                synchronise(device)
                start = time.perf_counter()
                made[name]()
                synchronise(device)
                if repetition:  # the first round warms up
                    seconds[name].append(time.perf_counter() - start)
    return seconds


def synchronise(device: torch.device) -> None:
    """Wait for what was started on a GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def summary(runs: list[float]) -> dict[str, float]:
    """Median and quartiles, in seconds."""
    lower, median, upper = statistics.quantiles(runs, n=4, method="inclusive")
    return {"median": median, "lower_quartile": lower, "upper_quartile": upper, "runs": len(runs)}


def metadata(device: torch.device, batch: int, repetitions: int) -> dict[str, object]:
    """What a reader must know to judge or repeat the figures."""
    return {
        "command": f"python benchmarks/latency.py --repetitions {repetitions} --batch {batch}",
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else processor(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.system(),
        "precision": "float32",
        "seed": 0,
    }


def processor() -> str:
    """The name of the CPU, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
