"""What each sensor alone can tell: AUC by PAI species and modality, one small network for each.

    python benchmarks/simulator_species.py --work /tmp/simulator_species

Protocol, fixed before any result on these data was seen (network and simulator were tried out on
data of other seeds): all four sites, 2,500 presentations each, seed 0; ``cnn/tiny`` for 1,200
steps of 32 in bf16 on one modality (and on all three), seed 0 (or more, by --seeds); dev chooses
the step; other people are judged (``simulated/within``). AUC of a species: all bona fide of eval
against that species. It answers rule 2 of the simulator: each modality has work to do, none
solves all. Finished runs are kept in the work folder. Writes
benchmarks/results/simulator_species.json and simulator_species.md.
"""

import argparse
import json
from pathlib import Path
from statistics import mean
from typing import Any

from running import machine, only, trained

import unmask
from unmask.config import DataConfig, EvaluateConfig, SimulateConfig
from unmask.files import write_text
from unmask.metrics.curves import auc
from unmask.metrics.scores import read_scores
from unmask.types import Modality, subset_name

MODEL = "cnn/tiny"
SHOWN = (
    (Modality.RGB,),
    (Modality.DEPTH,),
    (Modality.INFRARED,),
    (Modality.RGB, Modality.DEPTH, Modality.INFRARED),
)
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for data and runs")
    parser.add_argument("--data", type=Path, help="where the data are, or go (else: in --work)")
    parser.add_argument("--per-site", type=int, default=2500)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--seeds", type=int, default=1, help="how many")
    parser.add_argument("--out", type=Path, default=RESULTS / "simulator_species.json")
    given = parser.parse_args()
    data = DataConfig(root=given.data or given.work / "data", protocol="simulated/within")
    unmask.simulate(SimulateConfig(out=data.root, per_site=given.per_site, seed=0))
    rows = [
        judged(given.work, data, shown, seed, given.steps)
        for seed in range(given.seeds)
        for shown in SHOWN
    ]
    result = {
        "command": "python benchmarks/simulator_species.py --work FOLDER",
        "model": MODEL,
        "steps": given.steps,
        "per_site": given.per_site,
        "data_seed": 0,
        "precision": "bf16",
        "machine": machine(),
        "rows": rows,
    }
    write_text(given.out, json.dumps(result, indent=1) + "\n")
    write_text(given.out.with_suffix(".md"), table(rows))
    print(table(rows))


def judged(
    work: Path, data: DataConfig, shown: tuple[Modality, ...], seed: int, steps: int
) -> dict[str, Any]:
    """AUC by species of one network, trained if need be."""
    out = trained(
        work / f"{subset_name(shown)}_{seed}",
        data,
        MODEL,
        steps=steps,
        seed=seed,
        modalities=shown,
        dev_every=300,
        precision="bf16",
    )
    if not (out / "judged" / "eval.csv").exists():
        unmask.evaluate(EvaluateConfig(checkpoint=out, data=data, out=out / "judged"))
    scores = read_scores(out / "judged" / "eval.csv")
    return {
        "modalities": subset_name(shown),
        "seed": seed,
        "auc": auc(scores),
        "auc_by_species": {species: auc(only(scores, species)) for species in scores.attacks},
        "attacks": {species: len(found.score) for species, found in scores.attacks.items()},
        "bona_fide": len(scores.bona_fide.score),
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Mean over the seeds, a row per species, as Markdown."""
    columns = [subset_name(shown) for shown in SHOWN]
    lines = [f"| AUC | n | {' | '.join(columns)} |", f"|---|---:|{'---:|' * len(columns)}"]
    for species in sorted(rows[0]["auc_by_species"]):
        of = {c: [r for r in rows if r["modalities"] == c] for c in columns}
        cells = [f"{mean(r['auc_by_species'][species] for r in of[c]):.3f}" for c in columns]
        lines.append(f"| {species} | {rows[0]['attacks'][species]} | {' | '.join(cells)} |")
    cells = [f"{mean(r['auc'] for r in rows if r['modalities'] == c):.3f}" for c in columns]
    lines.append(f"| all | {sum(rows[0]['attacks'].values())} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
