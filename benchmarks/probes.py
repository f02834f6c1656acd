"""What shipped backbones know: linear probes against training from scratch, and zero-shot words.

    python benchmarks/probes.py --work /tmp/probes

Protocol, fixed before any result was seen, but for the batch norm (docs/evidence.md). Data: four
sites, seed 21, people that no pretraining saw (the cards name its seed); the sets of
``manifest/split``; each modality by itself.

Probes: a linear head on [class token; mean of the patches], made equal in scale by a batch norm
without weights of its own (as in the paper of MAE, appendix A), bona fide or attack. ``scratch``
trains the whole network of that size from random weights; the others train the head alone, on a
backbone that stays as it is. All have the same steps, batches, augmentation and seeds 0 to 2; heads
learn at 5e-3, the network at 1e-3. Dev chooses the step; eval is judged once: AUC, and HTER at the
EER threshold of dev. Mean and standard deviation (ddof 1) over the seeds. No label was read to make
vit_tiny, but the captions of clip_tiny told the verdict: it has seen labels that scratch has not.

Zero-shot: the picture tower of clip_tiny against the mean of some prompts for each of "live",
"print", "replay" and "mask" (all species of these kinds; the others are left out), on eval.
``captions`` are prompts worded like the captions it learned from, ``plain`` are everybody's words.
Balanced accuracy is the mean of the recall of the four kinds; chance is 25 %.

Finished runs are kept in the work folder. Writes benchmarks/results/probes.json and .md.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
from torch import Tensor, nn

import unmask
from unmask.capture.crop import CROP_VERSION
from unmask.config import DataConfig, ModelConfig, OptimConfig, SimulateConfig, TrainConfig
from unmask.data import Presentations, collate
from unmask.files import sha256, write_text
from unmask.layers import clip, image_encoder
from unmask.layers.clip import Clip
from unmask.layers.clip_tokens import tokenize
from unmask.layers.image_encoder import ImageEncoder
from unmask.metrics.curves import auc
from unmask.metrics.rates import hter
from unmask.metrics.thresholds import operating_point
from unmask.protocols import load_protocol
from unmask.training.checkpoint import load_weights
from unmask.training.loop import fit
from unmask.training.scoring import Scorer
from unmask.transforms.normalize import Preprocessing
from unmask.types import Modality, Output, Protocol, Sample
from unmask.weights import fill_encoder, load_backbone
from unmask.weights.sources import locate

SEEDS = (0, 1, 2)
DATA_SEED = 21
MODALITIES = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)
RATES = {True: 5e-3, False: 1e-3}
"""Learning rate of a head on a frozen backbone, and of a whole network."""
RESULTS = Path(__file__).parent / "results"

CAMERA = {Modality.RGB: "colour", Modality.DEPTH: "depth", Modality.INFRARED: "infrared"}
TEMPLATES = (
    "This {camera} image of a {verdict} shows {what}, facing the camera.",
    "In this {verdict}, the {camera} camera sees {what}, facing the camera.",
)
WHAT = {
    Modality.RGB: {
        "live": ("a young woman with light skin", "a middle-aged man with brown skin"),
        "print": ("a printed portrait of a man", "a portrait of a woman printed on a cloth"),
        "replay": ("a portrait of a woman on the screen of a phone", "a portrait of a man on the "
                   "screen of a monitor"),
        "mask": ("a silicone mask of a woman", "a painted resin mask of a man",
                 "a mask in the shape of a man, glued from pieces of printed paper"),
    },
    Modality.DEPTH: {
        "live": ("the full relief of a face",),
        "print": ("a flat sheet", "a bent sheet with holes for the eyes", "a cloth with creases"),
        "replay": ("a plate without the relief of a face",),
        "mask": ("the relief of a face with holes for the eyes", "a face of flat pieces",
                 "a face in relief with the rim of a rigid mask"),
    },
    Modality.INFRARED: {
        "live": ("a young woman", "a middle-aged man"),
        "print": ("a sheet of paper that looks blank", "a printed piece of cloth",
                  "a portrait of a man printed in ink that stays dark in infrared"),
        "replay": ("the dark glass of a phone, which shows no picture in infrared",),
        "mask": ("a silicone mask brighter than skin, with living eyes in its holes",
                 "a rigid mask of a man with living eyes behind it",
                 "a folded paper mask with living eyes in its holes"),
    },
}  # fmt: skip
PLAIN = {"live": "a live face", "print": "a printed photo", "replay": "a screen", "mask": "a mask"}


def main() -> None:
    """Run what is missing, then write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for data and runs")
    parser.add_argument("--per-site", type=int, default=500)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--vit", default="shipped:vit_tiny")
    parser.add_argument("--clip", default="shipped:clip_tiny")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args()
    data = DataConfig(root=given.work / "data")
    unmask.simulate(SimulateConfig(out=data.root, per_site=given.per_site, seed=DATA_SEED))
    systems = {"scratch": "", "vit_tiny, frozen": given.vit, "clip_tiny, frozen": given.clip}
    probes = [
        judged(
            given.work / f"runs_{given.per_site}", data, modality, system, source, seed, given.steps
        )
        for seed in range(given.seeds)
        for modality in MODALITIES
        for system, source in systems.items()
    ]
    words = [zero_shot(data, given.clip, modality, kind) for modality in MODALITIES
             for kind in ("captions", "plain")]  # fmt: skip
    told = f"{probe_table(probes, list(systems))}\n{labels(given.clip)}\n{word_table(words)}"
    result = {
        "command": f"python benchmarks/probes.py --work FOLDER --per-site {given.per_site} "
        f"--steps {given.steps} --seeds {given.seeds}",
        "backbones": {
            name: load_backbone(name, source).report.sha256
            for name, source in (("vit_tiny", given.vit), ("clip_tiny", given.clip))
        },
        "data_seed": DATA_SEED,
        "machine": {
            "processor": platform.machine(),
            "threads": torch.get_num_threads(),
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
        "probes": probes,
        "zero_shot": words,
    }
    write_text(given.out / "probes.json", json.dumps(result, indent=1) + "\n")
    write_text(given.out / "probes.md", told)
    print(told)


class Probe(nn.Module):
    """One picture, one linear head."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.config = image_encoder.SIZES["vit_tiny"]
        self.encoder = ImageEncoder(self.config)
        self.scale = nn.BatchNorm1d(2 * self.config.dim, affine=False)
        self.head = nn.Linear(2 * self.config.dim, 1)
        nn.init.zeros_(self.head.weight)
        if source:
            fill_encoder(self.encoder, source)
            self.encoder.requires_grad_(requires_grad=False)

    def forward(self, image: Tensor, present: Tensor) -> Output:
        """(B, 1, 3, H, W) and (B, 1) -> Output."""
        told = self.encoder(image[:, 0])
        feature = torch.cat([told.class_token, told.patches.mean(dim=1)], dim=1)  # (B, 2 D)
        logit = self.head(self.scale(feature)).squeeze(-1)
        return Output(logit=logit.float(), feature=feature.float())


def judged(
    folder: Path, data: DataConfig, modality: Modality, system: str, source: str, seed: int,
    steps: int,
) -> dict[str, Any]:  # fmt: skip
    """Train one probe, or take the finished one, and judge it on eval."""
    name = system.replace(", ", "_")
    began = sha256(locate(source))[:12] if source else "nothing"
    out = folder / f"{name}_{began}_{modality}_{seed}_{steps}"
    protocol = load_protocol(data, (modality,))
    torch.manual_seed(seed)
    model = Probe(source)
    config = TrainConfig(
        data=data,
        out=out,
        model=ModelConfig(name=name),
        modalities=(modality,),
        optim=OptimConfig(steps=steps, lr=RATES[bool(source)]),
        seed=seed,
        resume=(out / "config.yaml").exists(),
    )
    if (out / "card.json").exists():
        load_weights(model, out / "model.safetensors")
    else:
        fit(model, config, protocol)
    return {"system": system, "modality": modality, "seed": seed, **figures(model, protocol)}


def figures(model: Probe, protocol: Protocol) -> dict[str, float]:
    """AUC and HTER on eval, with the threshold of dev."""
    scorer = Scorer(model=model, preprocessing=preprocessing(), modalities=protocol.modalities)
    shown = protocol.modalities
    dev = scorer.scores(protocol.dev, shown=shown, split="dev")
    evaluation = scorer.scores(protocol.eval, shown=shown, split="eval")
    threshold = operating_point(dev, "eer").threshold
    return {"auc": auc(evaluation), "hter": hter(evaluation, threshold), "n": len(evaluation)}


def preprocessing() -> Preprocessing:
    """As in pretraining."""
    return Preprocessing(
        image_size=image_encoder.SIZES["vit_tiny"].image_size, crop_version=CROP_VERSION
    )


def kind_of(sample: Sample) -> str:
    """live, print, replay, mask, or "" for what is none of them."""
    kind = "live" if sample.pai_species is None else sample.pai_species.split("_")[0]
    return kind if kind in PLAIN else ""


@torch.inference_mode()
def zero_shot(data: DataConfig, source: str, modality: Modality, wording: str) -> dict[str, Any]:
    """Which kind's prompts are nearest to each picture of eval."""
    towers = Clip(clip.SIZES["clip_tiny"]).eval()
    towers.load_state_dict(dict(load_backbone("clip_tiny", source).tensors))
    text = towers.config.text
    kinds = list(PLAIN)
    rows = []
    for kind in kinds:
        tokens = tokenize(
            prompts(modality, kind, wording), vocabulary=text.vocabulary, length=text.length
        )
        rows.append(nn.functional.normalize(towers.text(tokens), dim=-1).mean(dim=0))
    samples = [s for s in load_protocol(data, (modality,)).eval if kind_of(s)]
    shown = Presentations(samples, preprocessing=preprocessing(), modalities=(modality,))
    confusion = torch.zeros(len(kinds), len(kinds), dtype=torch.int64)
    for start in range(0, len(samples), 64):
        chosen = range(start, min(start + 64, len(samples)))
        image = collate([shown[i] for i in chosen]).image[:, 0]
        said = towers.compare(towers.image(image).class_token, torch.stack(rows)).argmax(dim=1)
        for i, answer in zip(chosen, said.tolist(), strict=True):
            confusion[kinds.index(kind_of(samples[i])), answer] += 1
    recall = confusion.diag() / confusion.sum(dim=1)
    return {
        "modality": modality,
        "prompts": wording,
        "n": len(samples),
        "accuracy": float(confusion.diag().sum() / confusion.sum()),
        "balanced_accuracy": float(recall.mean()),
        "recall": dict(zip(kinds, recall.tolist(), strict=True)),
        "confusion": confusion.tolist(),
    }


def prompts(modality: Modality, kind: str, wording: str) -> list[str]:
    """What is said of one kind."""
    if wording == "plain":
        return [f"a {CAMERA[modality]} image of {PLAIN[kind]}"]
    verdict = "bona fide presentation" if kind == "live" else "presentation attack"
    return [
        template.format(camera=CAMERA[modality], verdict=verdict, what=what)
        for template in TEMPLATES
        for what in WHAT[modality][kind]
    ]


def probe_table(rows: list[dict[str, Any]], systems: list[str]) -> str:
    """One line per modality and system."""
    lines = ["| modality | system | AUC | HTER % |", "|---|---|---:|---:|"]
    for modality in MODALITIES:
        for system in systems:
            of = [r for r in rows if (r["modality"], r["system"]) == (modality, system)]
            cells = f"{spread(of, 'auc', 1, 3)} | {spread(of, 'hter', 100, 1)}"
            lines.append(f"| {modality} | {system} | {cells} |")
    return "\n".join(lines) + "\n"


def labels(source: str) -> str:
    """Who had been told more than the labels of this benchmark."""
    rows = load_backbone("clip_tiny", source).report.card["data"]["rows"]
    return (
        "The captions that clip_tiny learned from told bona fide from attack: "
        f"{rows:,} labelled rows more than the scratch network had. The pretraining of vit_tiny "
        "saw no label.\n"
    )


def word_table(rows: list[dict[str, Any]]) -> str:
    """One line per modality and wording."""
    heads = " | ".join(f"{kind} %" for kind in PLAIN)
    lines = [
        f"| modality | prompts | accuracy % | balanced % | {heads} | n |",
        "|---|---|---:|---:|" + "---:|" * (len(PLAIN) + 1),
    ]
    for row in rows:
        recall = " | ".join(f"{100 * row['recall'][kind]:.0f}" for kind in PLAIN)
        both = f"{100 * row['accuracy']:.1f} | {100 * row['balanced_accuracy']:.1f}"
        lines.append(f"| {row['modality']} | {row['prompts']} | {both} | {recall} | {row['n']} |")
    return "\n".join(lines) + "\n"


def spread(rows: list[dict[str, Any]], key: str, scale: float, digits: int) -> str:
    """``mean +- std`` of one column; a single run has no spread."""
    values = [scale * row[key] for row in rows]
    told = f"{mean(values):.{digits}f}"
    return f"{told} +- {stdev(values):.{digits}f}" if len(values) > 1 else told


if __name__ == "__main__":
    main()
