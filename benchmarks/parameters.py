"""Parameters of BIG-MoE base by part, beside those measured on the authors' public code, and why.

    python benchmarks/parameters.py

Writes results/parameters.json and prints the table. Nothing is computed: the model has shapes only.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import nn

from unmask.files import write_text
from unmask.models import create_model

RESULT = Path(__file__).parent / "results" / "parameters.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One part of the model."""

    part: str
    here: int
    published: int
    why: str


def count(*parts: nn.Module | nn.Parameter, trainable: bool = False) -> int:
    """Numbers in all of ``parts``, or only those that training changes."""
    parameters = [
        parameter
        for part in parts
        for parameter in ([part] if isinstance(part, nn.Parameter) else part.parameters())
    ]
    return sum(p.numel() for p in parameters if p.requires_grad or not trainable)


def rows(model: nn.Module) -> list[Row]:
    """The table; figures of the published code were measured by running it with random weights."""
    backbone, igma, cpb = model.backbone, model.igma[0], model.cpb[0]
    tokens = (backbone.class_token, backbone.position, backbone.modality)
    gate = (igma.gate_feature, igma.gate_prompt)
    total, trainable = count(model), count(model, trainable=True)
    table = [
        ("total", total, 90_148_953, ""),
        ("trainable", trainable, 11_591_769, "the published code also trains the last block"),
        ("frozen", total - trainable, 78_557_184, "here also the last block and the final norm"),
        ("patch embedding", count(backbone.patch_embed), 590_592, "the same"),
        ("one transformer block", count(backbone.blocks[0]), 7_087_872, "the same"),
        ("final norm", count(backbone.norm), 0, "used here, as in the pretrained model"),
        (
            "tokens and positions",
            count(*tokens),
            453_120,
            "modalities share 1 + 196 positions and have a vector each; published: 589 positions",
        ),
        ("prompt generator", count(model.prompt), 1_502_515, "the same"),
        ("IGMA, all blocks", count(model.igma), 12 * 92_416, "12 x what the next five rows say"),
        ("IGMA: experts and router", count(igma.experts), 78_632, "the same"),
        (
            "IGMA: narrowing",
            count(igma.down),
            6_152,
            "experts and gate have one each, as the figure draws; published: shared",
        ),
        ("IGMA: gate, feature", count(gate[0]), 200, "the same"),
        ("IGMA: gate, prompt", count(gate[1]), 520, "the same"),
        ("IGMA: widening", count(igma.up), 6_912, "the same"),
        (
            "CPB, all",
            count(model.cpb),
            12 * 119_811,
            "11, as nobody would read a twelfth; each as in the next row",
        ),
        (
            "CPB, one",
            count(cpb),
            119_811,
            "two convolutions of 32 channels that add to the prompt, as the figure draws; "
            "published: two of 64 and a third over both, without the addition",
        ),
        (
            "head",
            count(model.head),
            1_538,
            "one logit over class token and mean patch; published: two logits over the class token",
        ),
    ]
    return [Row(part=part, here=here, published=then, why=why) for part, here, then, why in table]


def main() -> None:
    with torch.device("meta"):
        table = rows(create_model("big_moe/base"))
    write_text(RESULT, json.dumps([asdict(row) for row in table], indent=2) + "\n")
    print(f"{'part':<26}{'here':>12}{'published':>12}  why")
    for row in table:
        print(f"{row.part:<26}{row.here:>12,}{row.published:>12,}  {row.why}")


if __name__ == "__main__":
    main()
