"""What the flexible systems cost: parameters, operations and time, one sensor at a time.

    python benchmarks/flexible.py [--repetitions 7] [--batch 1]

All systems are of size base (ViT-B/16 at 224 pixels), with three modalities and random weights.
Float32. Judged is one RGB picture, depth and infrared absent; texts, which no picture changes, are
made once before. Operations are two per multiply-add, counted by torch over such a forward pass,
without the texts. Times are ratios, in one process and in turn, to the picture tower of CLIP alone;
compared are medians. Learned parameters are those that training changes; where a system holds a
text tower, its frozen parameters are in the total, although one sensor's answer needs none of them.
"""

from __future__ import annotations

import argparse
import json
import statistics
from functools import partial
from pathlib import Path
from typing import Any

import torch
from latency import Cases, measure, metadata, summary
from parameters import count
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from unmask.files import write_text
from unmask.layers.clip import SIZES
from unmask.layers.image_encoder import ImageEncoder
from unmask.models import create_model

RESULT = Path(__file__).parent / "results" / "flexible.json"
TOWER = "picture tower of CLIP ViT-B/16"
SYSTEMS: dict[str, tuple[str, dict[str, Any]]] = {
    "clip, zero-shot": ("clip/base", {"learned": "nothing"}),
    "clip, linear": ("clip/base", {"learned": "linear"}),
    "clip, prompts": ("clip/base", {"learned": "prompts"}),
    "clip, adapter": ("clip/base", {"learned": "adapter"}),
    "cms_enhancer": ("cms_enhancer/base", {}),
    "fm_clip": ("fm_clip/base", {}),
    "fmm_rpl": ("fmm_rpl/base", {}),
    "fm_vit": ("fm_vit/base", {}),
    "branch_per_modality": ("branch_per_modality/base", {}),
    "vit (all sensors in one sequence)": ("vit/base", {}),
    "big_moe (all sensors in one sequence)": ("big_moe/base", {}),
}
AIM = {"fmm_rpl": 1.05}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--batch", type=int, default=1, help="pictures per forward pass")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tower = ImageEncoder(SIZES["clip_b16"].image).eval().to(device)
    picture = torch.randn(given.batch, 3, 224, 224, device=device)
    cases: Cases = {TOWER: partial(tower, picture)}
    table = {TOWER: sizes(tower)}
    for name, (model_name, overrides) in SYSTEMS.items():
        model = create_model(model_name, **overrides).eval().to(device)
        cases[name] = partial(model, *presentation(given.batch, device))
        table[name] = sizes(model)
    with torch.inference_mode():
        for name, run in cases.items():
            run()  # makes the texts
            # torch counts no operations of the fused attention of a CPU
            with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
                run()
            table[name]["gflops"] = counter.get_total_flops() / given.batch / 1e9
    seconds = measure(cases, given.repetitions, device)
    tower_time = statistics.median(seconds[TOWER])
    for name, runs in seconds.items():
        table[name]["time"] = statistics.median(runs) / tower_time
    result = {
        "table": table,
        "aims": AIM,
        "seconds": {name: summary(runs) for name, runs in seconds.items()},
        "metadata": metadata(device, given.batch, given.repetitions)
        | {
            "command": f"python benchmarks/flexible.py --repetitions {given.repetitions} "
            f"--batch {given.batch}"
        },
    }
    write_text(given.out, json.dumps(result, indent=2) + "\n")
    print(as_markdown(table))


def presentation(batch: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """RGB alone."""
    image = torch.randn(batch, 3, 3, 224, 224, device=device)
    return image, torch.tensor([True, False, False], device=device).expand(batch, -1)


def sizes(model: nn.Module) -> dict[str, float]:
    """Millions of parameters: all, and those that training changes."""
    return {"total": count(model) / 1e6, "learned": count(model, trainable=True) / 1e6}


def as_markdown(table: dict[str, dict[str, float]]) -> str:
    """One row for each system."""
    rows = [
        "| system | learned, M | total, M | GFLOPs, one sensor | time, one sensor |",
        "|---|---:|---:|---:|---:|",
    ]
    rows += [
        f"| {name} | {row['learned']:.2f} | {row['total']:.1f} | {row['gflops']:.2f} | "
        f"{row['time']:.3f} |"
        for name, row in table.items()
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    main()
