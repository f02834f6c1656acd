"""Our transformer beside that of transformers, recomputing, and texts cut at their end.

    python benchmarks/backbones.py [--repetitions 7] [--batch 1] [--train-batch 2]

Speed: the 12 blocks of a ViT-B/16, 197 tokens (one picture) and 589 (three), float32 and bf16
(autocast), random weights, no gradient; transformers with its own fused attention. The text tower
of CLIP ViT-B: two prompts of nine tokens or fewer, up to the end of text and to all 77 places. All
cases run in one process and in turn, each repetition in another order, after one round that does
not count; compared are medians. Among them are forward and backward pass of ``vit/base`` over three
modalities, with and without ``recompute``. Their memory is measured in processes of their own: the
highest point of a whole training step above what the process holds before it, which is weights,
gradients and the state of AdamW. Read the ratios: the seconds are those of one machine and one
hour.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

import torch
import transformers
from latency import measure, metadata, summary
from torch import Tensor, nn

from unmask.files import write_text
from unmask.layers import clip, image_encoder
from unmask.layers.clip_tokens import tokenize
from unmask.layers.text_encoder import TextEncoder
from unmask.layers.transformer import Blocks
from unmask.models import create_model

RESULT = Path(__file__).parent / "results" / "backbones.json"
TOKENS = (197, 589)
PRECISIONS = ("float32", "bf16")
TRAINED = ("kept", "recomputed")
PROMPTS = ("a photo of a live face", "a photo of a fake face")
MEBIBYTE = 2**20

Cases = dict[str, Callable[[], object]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--batch", type=int, default=1, help="rows per forward pass")
    parser.add_argument("--train-batch", type=int, default=2, help="presentations per step")
    parser.add_argument("--out", type=Path, default=RESULT)
    given = parser.parse_args()
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    cases = block_cases(given.batch, device) | text_cases(device)
    cases |= train_cases(given.train_batch, device)
    seconds = measure(cases, given.repetitions, device)
    peaks = {name: apart(given.train_batch, recompute=name == "recomputed") for name in TRAINED}
    result = {
        "seconds": {name: summary(runs) for name, runs in seconds.items()},
        "training_step_mebibytes": peaks,
        "ratios": ratios({name: statistics.median(runs) for name, runs in seconds.items()})
        | {"recomputed / kept, memory": peaks["recomputed"] / peaks["kept"]},
        "metadata": metadata(device, given.batch, given.repetitions)
        | {
            "command": "python benchmarks/backbones.py "
            f"--repetitions {given.repetitions} --batch {given.batch} "
            f"--train-batch {given.train_batch}",
            "precision": "as named",
            "transformers": transformers.__version__,
        },
    }
    write_text(given.out, json.dumps(result, indent=2) + "\n")
    print(json.dumps({"ratios": result["ratios"], "mebibytes": peaks}, indent=2))


def block_cases(batch: int, device: torch.device) -> Cases:
    """The same 12 blocks, ours and theirs, fed with the same tokens."""
    sizes = image_encoder.SIZES["vit_b16"]
    ours = Blocks(sizes).eval().to(device)
    config = transformers.ViTConfig(attn_implementation="sdpa")
    theirs = transformers.ViTModel(config, add_pooling_layer=False).eval().to(device)
    layers = next(m for m in theirs.modules() if isinstance(m, nn.ModuleList))
    made: Cases = {}
    for count in TOKENS:
        x = torch.randn(batch, count, sizes.dim, device=device)
        for precision in PRECISIONS:
            case = f"{count} tokens, {precision}"
            made[f"unmask, {case}"] = partial(run_in, precision, device, partial(ours, x))
            made[f"transformers, {case}"] = partial(
                run_in, precision, device, partial(run_layers, layers, x)
            )
    return made


def run_layers(layers: nn.ModuleList, x: Tensor) -> Tensor:
    """Through the layers of transformers, without what stands around them."""
    for layer in layers:
        x = layer(x)
        x = x[0] if isinstance(x, tuple) else x
    return x


def run_in(precision: str, device: torch.device, function: Callable[[], object]) -> object:
    """Under autocast, where bf16 is asked for."""
    arithmetic: AbstractContextManager[object] = (
        torch.autocast(device.type, dtype=torch.bfloat16) if precision == "bf16" else nullcontext()
    )
    with arithmetic:
        return function()


def text_cases(device: torch.device) -> Cases:
    """Two prompts as they are, and with the end-of-text token in the last of the 77 places."""
    encoder = TextEncoder(clip.SIZES["clip_b16"].text).eval().to(device)
    short = tokenize(PROMPTS).to(device)
    long = short.clone()
    long[long == encoder.config.vocabulary - 1] = 0
    long[:, -1] = encoder.config.vocabulary - 1
    return {"text, to its end": partial(encoder, short), "text, 77 tokens": partial(encoder, long)}


def ratios(median: dict[str, float]) -> dict[str, float]:
    """Below 1: ours is faster."""
    made = {
        f"unmask / transformers, {count} tokens, {precision}": median[
            f"unmask, {count} tokens, {precision}"
        ]
        / median[f"transformers, {count} tokens, {precision}"]
        for count in TOKENS
        for precision in PRECISIONS
    }
    made["recomputed / kept, seconds"] = median["step, recomputed"] / median["step, kept"]
    made["text to its end / 77 tokens"] = median["text, to its end"] / median["text, 77 tokens"]
    return made


def train_cases(batch: int, device: torch.device) -> Cases:
    """Forward and backward pass of one model that keeps or recomputes the inside of its blocks."""
    model, loss = training(batch, device)

    def step(*, recompute: bool) -> None:
        for block in model.backbone.each_block():
            block.recompute = recompute
        with torch.inference_mode(mode=False):
            loss().backward()

    return {f"step, {name}": partial(step, recompute=name == "recomputed") for name in TRAINED}


def training(batch: int, device: torch.device) -> tuple[nn.Module, Callable[[], Tensor]]:
    """A model over three modalities, and its loss on random presentations."""
    model = create_model("vit/base").train().to(device)
    image = torch.randn(batch, 3, 3, 224, 224, device=device)
    present = torch.ones(batch, 3, dtype=torch.bool, device=device)
    target = torch.arange(batch, device=device) % 2.0

    def loss() -> Tensor:
        logit = model(image, present).logit
        return nn.functional.binary_cross_entropy_with_logits(logit, target)

    return model, loss


def apart(batch: int, *, recompute: bool) -> float:
    """``peak`` in a fresh process, which gives back at once what it no longer uses."""
    os.environ["MALLOC_MMAP_THRESHOLD_"] = str(2**16)  # read by the C library when it starts
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(peak, (batch,), {"recompute": recompute})


def peak(batch: int, *, recompute: bool) -> float:
    """Mebibytes that the second training step needs, when the optimiser has its state."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model, loss = training(batch, device)
    for block in model.backbone.each_block():
        block.recompute = recompute
    optimiser = torch.optim.AdamW(model.parameters())
    before = 0
    for _ in range(2):
        before = memory(device, fresh=True)
        optimiser.zero_grad(set_to_none=False)
        loss().backward()
        optimiser.step()
    return (memory(device) - before) / MEBIBYTE


def memory(device: torch.device, *, fresh: bool = False) -> int:
    """Bytes at the highest point; ``fresh`` starts to look for it anew, from where it is now."""
    if device.type == "cuda":
        if fresh:
            torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.max_memory_allocated(device)
    if fresh:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # Linux: resets VmHWM
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) * 1024


if __name__ == "__main__":
    main()
