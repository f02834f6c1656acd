"""How much harder a site is that training has not seen: a plain ViT, HTER on seen and unseen sites.

    python benchmarks/simulator_sites.py --work /tmp/simulator_sites

Protocol, fixed before any result on these data was seen (recipe and simulator were tried out on
data of other seeds): four sites, 2,500 presentations each, seed 0; ``vit/tiny`` from scratch for
3,000 steps of 32 in bf16 on three sites (``leave_one_site_out``), seeds 0 to 2; dev of the seen
sites chooses the step and sets the threshold (EER). Judged once: the eval people of the seen
sites, and those of the site left out. It answers rule 3 of the simulator: HTER on an unseen site
is at least three times that on seen sites. Finished runs are kept in the work folder. Writes
benchmarks/results/simulator_sites.json and simulator_sites.md.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import polars as pl
from running import machine, spread, trained

import unmask
from unmask.config import DataConfig, EvaluateConfig, SimulateConfig
from unmask.files import write_text
from unmask.metrics.curves import auc
from unmask.metrics.rates import apcer_worst, bpcer, hter
from unmask.metrics.scores import Scores, read_scores
from unmask.metrics.thresholds import operating_point

MODEL = "vit/tiny"
SITES = ("A", "B", "C", "D")
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run what is missing, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="folder for data and runs")
    parser.add_argument("--data", type=Path, help="where the data are, or go (else: in --work)")
    parser.add_argument("--per-site", type=int, default=2500)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--model", default=MODEL, help="each with a work folder of its own")
    parser.add_argument("--sites", default="".join(SITES), help="sites to leave out")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--out", type=Path, default=RESULTS / "simulator_sites.json")
    given = parser.parse_args()
    root = given.data or given.work / "data"
    unmask.simulate(SimulateConfig(out=root, per_site=given.per_site, seed=0))
    rows = [
        judged(given.work, root, unseen, seed, (given.model, given.steps))
        for seed in range(given.seeds)
        for unseen in given.sites
    ]
    result = {
        "command": "python benchmarks/simulator_sites.py --work FOLDER",
        "model": given.model,
        "steps": given.steps,
        "per_site": given.per_site,
        "data_seed": 0,
        "precision": "bf16",
        "threshold": "EER on dev of the seen sites",
        "machine": machine(),
        "rows": rows,
    }
    write_text(given.out, json.dumps(result, indent=1) + "\n")
    write_text(given.out.with_suffix(".md"), table(rows))
    print(table(rows))


def judged(
    work: Path, root: Path, unseen: str, seed: int, system: tuple[str, int]
) -> dict[str, Any]:
    """The figures of one run, trained if need be."""
    model, steps = system
    out = trained(
        work / f"without_{unseen}_{seed}",
        DataConfig(root=root, protocol=f"leave_one_site_out/{unseen}"),
        model,
        steps=steps,
        seed=seed,
        dev_every=500,
        precision="bf16",
    )
    if not (out / "judged" / "eval.csv").exists():
        data = DataConfig(root=root, protocol="simulated/within")
        unmask.evaluate(EvaluateConfig(checkpoint=out, data=data, out=out / "judged"))
    dev, found = (read_scores(out / "judged" / f"{name}.csv") for name in ("dev", "eval"))
    threshold = operating_point(at_site(dev, unseen, inside=False), "eer").threshold
    seen, new = at_site(found, unseen, inside=False), at_site(found, unseen, inside=True)
    return {
        "unseen": unseen,
        "seed": seed,
        "threshold": threshold,
        "seen": figures(seen, threshold),
        "unseen_site": figures(new, threshold),
        "ratio": hter(new, threshold) / hter(seen, threshold),
    }


def at_site(scores: Scores, site: str, *, inside: bool) -> Scores:
    """Presentations of one site, or of all others; a key begins with its site."""
    here = pl.col("key").str.starts_with(f"{site}-")
    return Scores(table=scores.table.filter(here if inside else ~here), source=scores.source)


def figures(scores: Scores, threshold: float) -> dict[str, Any]:
    """What is said about one set of presentations."""
    species, worst = apcer_worst(scores, threshold)
    return {
        "n": len(scores),
        "auc": auc(scores),
        "hter": hter(scores, threshold),
        "bpcer": bpcer(scores, threshold).value,
        "worst_species": species,
        "worst_apcer": worst.value,
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Mean and standard deviation (ddof 1) over the seeds, as Markdown."""
    lines = [
        "| left out | HTER seen % | HTER unseen % | ratio | AUC seen | AUC unseen |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for site in sorted({row["unseen"] for row in rows}):
        of = [row for row in rows if row["unseen"] == site]
        cells = [
            spread([100 * r["seen"]["hter"] for r in of], 1),
            spread([100 * r["unseen_site"]["hter"] for r in of], 1),
            spread([r["ratio"] for r in of], 1),
            spread([r["seen"]["auc"] for r in of], 3),
            spread([r["unseen_site"]["auc"] for r in of], 3),
        ]
        lines.append(f"| {site} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
