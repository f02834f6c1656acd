"""BIG-MoE tiny against a plain ViT of the same sizes, on simulated people that neither has seen.

    python benchmarks/tiny_models.py --work /tmp/tiny_models

Protocol, fixed before any result was seen: one simulated data set (sites A and B, seed 11), both
systems from scratch with the same steps, batch, augmentation and modality dropout, seeds 0 to 2;
dev chooses the step that is kept and, for each set of modalities, the threshold (EER); eval is
judged once. Finished runs are kept in the work folder, so that the script goes on where it was
stopped. It writes benchmarks/results/tiny_models.json and .md.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from running import machine, only, spread, trained

import unmask
from unmask.config import DataConfig, EvaluateConfig, SimulateConfig
from unmask.files import write_text
from unmask.metrics.curves import auc
from unmask.metrics.rates import apcer_worst, bpcer, hter
from unmask.metrics.scores import read_scores
from unmask.metrics.thresholds import operating_point
from unmask.types import Modality, subset_name

SYSTEMS = ("vit/tiny", "big_moe/tiny")
SEEDS = (0, 1, 2)
STEPS = 600
PER_SITE = 1000
DATA_SEED = 11
SHOWN = (
    (Modality.RGB, Modality.DEPTH, Modality.INFRARED),
    (Modality.RGB,),
    (Modality.DEPTH,),
    (Modality.INFRARED,),
)
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for data and runs")
    work = parser.parse_args().work
    data = DataConfig(root=work / "data")
    unmask.simulate(
        SimulateConfig(out=data.root, sites=("A", "B"), per_site=PER_SITE, seed=DATA_SEED)
    )
    rows = []
    for seed in SEEDS:
        for name in SYSTEMS:
            out = work / f"{name.replace('/', '_')}_{seed}"
            run = trained(out, data, name, steps=STEPS, seed=seed)
            rows += [judged(run, data, name, seed, shown) for shown in SHOWN]
    result = {
        "command": "python benchmarks/tiny_models.py --work /tmp/tiny_models",
        "protocol": {
            "steps": STEPS,
            "per_site": PER_SITE,
            "data_seed": DATA_SEED,
            "seeds": SEEDS,
            "unit": "presentation",
            "threshold": "EER on dev, for each set of modalities",
        },
        "machine": machine(),
        "rows": rows,
    }
    write_text(RESULTS / "tiny_models.json", json.dumps(result, indent=1) + "\n")
    write_text(RESULTS / "tiny_models.md", table(rows))
    print(table(rows))


def judged(
    run: Path, data: DataConfig, name: str, seed: int, shown: tuple[Modality, ...]
) -> dict[str, Any]:
    """The figures of one run with one set of modalities."""
    out = run / subset_name(shown)
    if not (out / "eval.csv").exists():
        unmask.evaluate(EvaluateConfig(checkpoint=run, data=data, out=out, modalities=shown))
    dev, evaluation = read_scores(out / "dev.csv"), read_scores(out / "eval.csv")
    threshold = operating_point(dev, "eer").threshold
    species, worst = apcer_worst(evaluation, threshold)
    return {
        "system": name,
        "seed": seed,
        "modalities": subset_name(shown),
        "auc": auc(evaluation),
        "hter": hter(evaluation, threshold),
        "bpcer": bpcer(evaluation, threshold).value,
        "worst_apcer": worst.value,
        "worst_species": species,
        "auc_by_species": {s: auc(only(evaluation, s)) for s in evaluation.attacks},
        "n": len(evaluation),
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Mean and standard deviation (ddof 1) over the seeds, as Markdown."""
    kinds = sorted(rows[0]["auc_by_species"])
    heads = ["AUC", "HTER %", "BPCER %", "worst APCER %", *(f"AUC {kind}" for kind in kinds)]
    lines = [f"| shown | system | {' | '.join(heads)} |", f"|---|---|{'---:|' * len(heads)}"]
    for shown in map(subset_name, SHOWN):
        for system in SYSTEMS:
            of = [r for r in rows if r["modalities"] == shown and r["system"] == system]
            cells = [spread([r["auc"] for r in of], 3)]
            cells += [
                spread([100 * r[key] for r in of], 1) for key in ("hter", "bpcer", "worst_apcer")
            ]
            cells += [spread([r["auc_by_species"][kind] for r in of], 3) for kind in kinds]
            lines.append(f"| {shown} | {system} | {' | '.join(cells)} |")
    lines.append(f"| any | chance | 0.500 | 50.0 | | |{' 0.500 |' * len(kinds)}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
