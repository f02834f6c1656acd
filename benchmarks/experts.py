"""What more experts cost: fine-grained experts from a hundred to a million, on the same tokens.

    python benchmarks/experts.py [--repetitions 9] [--presentations 8] [--quick]

One layer of the sizes of BIG-MoE base (24 features, a gate of 16, 2 heads of 2 experts), float32.
Timed are the key search alone, the whole forward pass, and a training step (forward, backward,
AdamW), with dense gradients of the tables and with sparse ones. Every case holds its tables all the
time; the cases take turns, each repetition in another order, after one round that does not count;
compared are medians. Read the ratios, to the 1,600 experts of base: the seconds are those of one
machine and one hour.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from running import machine
from torch import Tensor

from unmask.files import write_text
from unmask.layers.fine_grained_experts import FineGrainedExperts
from unmask.layers.product_keys import ProductKeyRouter
from unmask.training.row_adamw import RowAdamW

COUNTS = (100, 1_600, 10_000, 1_000_000)
USUAL = 1_600
PATCHES = 196
RESULT = Path(__file__).parent / "results" / "experts.json"
Cases = dict[tuple[str, int], Callable[[], object]]
"""By what is timed and the number of experts."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--presentations", type=int, default=8, help="of 196 positions each")
    parser.add_argument(
        "--quick", action="store_true", help="see that it runs; figures mean little"
    )
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.repetitions, arguments.presentations = 1, 1
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    made = cases(arguments.presentations * PATCHES, device)
    seconds = measure(made, arguments.repetitions, device)
    result = {
        "ratios": ratios(seconds),
        "seconds": {f"{what}, {count} experts": runs for (what, count), runs in seconds.items()},
        "metadata": {
            "command": f"python benchmarks/experts.py --repetitions {arguments.repetitions} "
            f"--presentations {arguments.presentations}",
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
            "seed": 0,
            **machine(),
        },
    }
    write_text(arguments.out, json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["ratios"], indent=1))


def cases(tokens: int, device: torch.device) -> Cases:
    """Everything that is timed, on the same tokens."""
    x, gate = torch.randn(tokens, 24, device=device), torch.randn(tokens, 16, device=device)
    valid = torch.ones(tokens, dtype=torch.bool, device=device)
    made: Cases = {}
    for count in COUNTS:
        for sparse in (False, True):
            router = ProductKeyRouter(16, num_experts=count, heads=2, top_k=2, key_dim=8)
            experts = FineGrainedExperts(24, router, sparse=sparse).to(device)
            optimiser = RowAdamW(experts.parameters(), lr=1e-3, weight_decay=0.0)
            kind = "sparse" if sparse else "dense"
            made[f"step, {kind}", count] = partial(step, experts, optimiser, (x, gate, valid))
        made["key search", count] = torch.no_grad()(partial(experts.router, gate))
        made["forward", count] = torch.no_grad()(partial(experts, x, gate, valid))
    return made


def step(
    experts: FineGrainedExperts, optimiser: RowAdamW, inputs: tuple[Tensor, Tensor, Tensor]
) -> None:
    """One training step towards nothing in particular."""
    optimiser.zero_grad()
    experts(*inputs)[0].square().mean().backward()
    optimiser.step()


def measure(
    made: Cases, repetitions: int, device: torch.device
) -> dict[tuple[str, int], list[float]]:
    """Seconds of every run of every case."""
    seconds: dict[tuple[str, int], list[float]] = {case: [] for case in made}
    order = list(made)
    for repetition in range(1 + repetitions):
        shift = repetition % len(order)
        for case in order[shift:] + order[:shift]:
            synchronise(device)
            start = time.perf_counter()
            made[case]()
            synchronise(device)
            if repetition:  # the first round warms up
                seconds[case].append(time.perf_counter() - start)
    return seconds


def synchronise(device: torch.device) -> None:
    """Wait for what was started on a GPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def ratios(seconds: dict[tuple[str, int], list[float]]) -> dict[str, dict[str, float]]:
    """Median time of each case to that of the usual number of experts."""
    median = {case: statistics.median(runs) for case, runs in seconds.items()}
    found: dict[str, dict[str, float]] = {}
    for (what, count), value in median.items():
        found.setdefault(what, {})[f"{count:,} experts"] = round(value / median[what, USUAL], 2)
    return found


if __name__ == "__main__":
    main()
