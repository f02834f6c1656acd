"""What BIG-MoE of size base costs: forward pass, training step and memory, in float32 and bf16.

    python benchmarks/base.py [--repetitions 5] [--batch 1] [--train-batch 8]

Every time is a ratio, per presentation, to the float32 forward pass of a plain ViT-B/16 of ours
(``vit/base``) over the same three modalities, 1 + 3 * 196 tokens: 1.0. Random weights; bf16 is
autocast. Forward passes keep no gradient; with RGB alone the tokens of the others are dropped,
which ``big_moe_official``, wired as published, cannot do. A training step is that of ``unmask
train``: forward, loss, backward, clipping, AdamW.

All cases run in one process and in turn, each repetition in another order, after one round that
does not count; compared are medians. Memory is measured in processes of their own: the highest
point of a whole training step above what the process holds before it, which is weights, gradients
and the state of AdamW. Where there is a GPU, presentations per second in bf16 at larger batches
(``--gpu-batch``), and which share of its matrix peak that is: of the rate of a large bf16 product
in the same run.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch
from backbones import memory, run_in
from latency import Cases, measure, metadata, summary
from torch.utils.flop_counter import FlopCounterMode

from unmask.config import OptimConfig
from unmask.files import write_text
from unmask.models import create_model
from unmask.training.learner import Learner
from unmask.types import Batch, Modality

RESULT = Path(__file__).parent / "results" / "base.json"
MODELS = ("big_moe", "big_moe_official")
PRECISIONS = ("float32", "bf16")
MODALITIES = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)
ONE = "vit, forward, float32"
AIMS = {
    "big_moe, forward, float32": 1.10,
    "big_moe, forward, bf16": 0.62,
    "big_moe, rgb alone, float32": 0.36,
    "big_moe, rgb alone, bf16": 0.18,
    "big_moe, training step, float32": 2.6,
    "big_moe, training step, bf16": 1.6,
}
GIGABYTES = 0.35  # aim: of a training step, per presentation
SIDE = 16384  # of the product that measures the matrix peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--batch", type=int, default=1, help="presentations per forward pass")
    parser.add_argument("--train-batch", type=int, default=8, help="presentations per step")
    parser.add_argument("--gpu-batch", type=int, default=64, help="for presentations per second")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    warnings.filterwarnings("ignore", module="lightning")  # that its steps run without a trainer
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    gigabytes = memories(given.train_batch)
    cases = forward_cases(given.batch, device) | train_cases(given.train_batch, device)
    seconds = measure(cases, given.repetitions, device)
    sizes = {name: given.train_batch if "step" in name else given.batch for name in cases}
    each = {name: statistics.median(runs) / sizes[name] for name, runs in seconds.items()}
    result = {
        "ratios": {name: value / each[ONE] for name, value in each.items()},
        "aims": AIMS,
        "gigabytes_per_presentation": gigabytes,
        "gigabytes_aim": GIGABYTES,
        "gpu": throughput(given.gpu_batch, given.repetitions) if device.type == "cuda" else {},
        "seconds": {name: summary(runs) for name, runs in seconds.items()},
        "metadata": metadata(device, given.batch, given.repetitions)
        | {
            "command": f"python benchmarks/base.py --repetitions {given.repetitions} "
            f"--batch {given.batch} --train-batch {given.train_batch} "
            f"--gpu-batch {given.gpu_batch}",
            "precision": "as named",
        },
    }
    write_text(given.out, json.dumps(result, indent=2) + "\n")
    shown = ("ratios", "aims", "gigabytes_per_presentation", "gigabytes_aim", "gpu")
    print(json.dumps({name: result[name] for name in shown}, indent=2))


def forward_cases(batch: int, device: torch.device) -> Cases:
    """Forward passes without gradient; the first of them is 1.0."""
    shown = presentations(batch, device)
    rgb = torch.tensor([True, False, False], device=device).expand(batch, -1)
    vit = create_model("vit/base").eval().to(device)
    made: Cases = {ONE: partial(vit, shown.image, shown.present)}
    for name in MODELS:
        model = create_model(f"{name}/base").eval().to(device)
        for precision in PRECISIONS:
            run = partial(run_in, precision, device)
            every = partial(model, shown.image, shown.present)
            made[f"{name}, forward, {precision}"] = partial(run, every)
            if name == "big_moe":
                alone = partial(model, shown.image, rgb)
                made[f"{name}, rgb alone, {precision}"] = partial(run, alone)
    return made


def train_cases(batch: int, device: torch.device) -> Cases:
    """Training steps; those of one model follow each other in both precisions."""
    made: Cases = {}
    for name in MODELS:
        step = training(name, batch, device)
        for precision in PRECISIONS:
            made[f"{name}, training step, {precision}"] = partial(step, precision)
    return made


def training(
    name: str, batch: int, device: torch.device, **overrides: bool
) -> Callable[[str], None]:
    """A training step of a new model, to be told its precision."""
    model = create_model(f"{name}/base", **overrides).train().to(device)
    learner = Learner(model, OptimConfig(), seed=0)
    optimiser = learner.configure_optimizers()["optimizer"]
    shown = presentations(batch, device)

    def step(precision: str) -> None:
        with torch.inference_mode(mode=False):
            loss = run_in(precision, device, partial(learner.training_step, shown, 0))
            optimiser.zero_grad()
            loss.backward()
            learner.configure_gradient_clipping(optimiser, learner.optim.clip)
            optimiser.step()

    return step


def presentations(batch: int, device: torch.device) -> Batch:
    """Noise, with every modality."""
    return Batch(
        image=torch.randn(batch, len(MODALITIES), 3, 224, 224, device=device),
        present=torch.ones(batch, len(MODALITIES), dtype=torch.bool, device=device),
        label=torch.arange(batch, device=device) % 2,
        key=[str(number) for number in range(batch)],
        modalities=MODALITIES,
    )


def memories(batch: int) -> dict[str, float]:
    """Gigabytes (10^9 bytes) per presentation that a training step needs."""
    made: dict[str, float] = {}
    for precision in PRECISIONS:
        made[f"big_moe, {precision}"] = apart("big_moe", batch, precision)
        made[f"big_moe, {precision}, recompute"] = apart(
            "big_moe", batch, precision, recompute=True
        )
        made[f"big_moe_official, {precision}"] = apart("big_moe_official", batch, precision)
    return made


def apart(name: str, batch: int, precision: str, **overrides: bool) -> float:
    """``peak`` in a fresh process, which gives back at once what it no longer uses."""
    os.environ["MALLOC_MMAP_THRESHOLD_"] = str(2**16)  # read by the C library when it starts
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(peak, (name, batch, precision), overrides)


def peak(name: str, batch: int, precision: str, **overrides: bool) -> float:
    """Gigabytes per presentation of the second step, when the optimiser has its state."""
    warnings.filterwarnings("ignore", module="lightning")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    step = training(name, batch, device, **overrides)
    step(precision)
    before = memory(device, fresh=True)
    step(precision)
    return (memory(device) - before) / 1e9 / batch


def throughput(batch: int, repetitions: int) -> dict[str, float]:
    """Of ``big_moe`` in bf16 on a GPU: presentations per second, and the share of its peak."""
    device = torch.device("cuda")
    shown = presentations(batch, device)
    model = create_model("big_moe/base").eval().to(device)
    forward = partial(run_in, "bf16", device, partial(model, shown.image, shown.present))
    matrix = torch.randn(SIDE, SIDE, device=device, dtype=torch.bfloat16)
    cases: Cases = {
        "matrix": partial(torch.mm, matrix, matrix),
        "inference": forward,
        "training": partial(training("big_moe", batch, device), "bf16"),
    }
    seconds = {
        name: statistics.median(runs) for name, runs in measure(cases, repetitions, device).items()
    }
    top = 2 * SIDE**3 / seconds["matrix"]
    made = {"batch": float(batch), "matrix_peak_teraflops": top / 1e12}
    for name in ("inference", "training"):
        made[f"{name}_presentations_per_second"] = batch / seconds[name]
        made[f"{name}_share_of_peak"] = flops(cases[name]) / seconds[name] / top
    return made


def flops(case: Callable[[], object]) -> int:
    """Floating-point operations of matrix products and convolutions, two per multiply-add."""
    with FlopCounterMode(display=False) as counter:
        case()
    return int(counter.get_total_flops())


if __name__ == "__main__":
    main()
