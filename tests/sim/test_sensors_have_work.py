"""Each sensor has work to do and none solves everything: one small network for each, by species."""

import json
from pathlib import Path
from statistics import mean

import polars as pl
import pytest

import unmask
from unmask.config import (
    DataConfig,
    EvaluateConfig,
    ModelConfig,
    OptimConfig,
    SimulateConfig,
    TrainConfig,
)
from unmask.metrics.curves import auc
from unmask.metrics.scores import Scores, read_scores
from unmask.types import Modality

RESULT = Path(__file__).parents[2] / "benchmarks" / "results" / "simulator_species.json"
Table = dict[str, dict[str, float]]


def check(found: Table, *, easy: float, hard: float) -> None:
    """The claims of rule 2: ``found`` is AUC by modality and species."""
    depth, rgb, infrared = found["depth"], found["rgb"], found["infrared"]
    assert depth["print_flat"] > easy
    assert infrared["replay"] > easy
    assert rgb["replay"] < infrared["replay"]
    assert rgb["print_flat"] < depth["print_flat"]
    assert depth["mask_flexible"] < hard
    assert depth["mask_rigid"] < infrared["mask_rigid"]
    assert all(min(of.values()) < 0.98 for of in (depth, rgb, infrared)), "one sensor solves all"


def test_published_figures_say_that_each_sensor_has_work_to_do() -> None:
    rows = json.loads(RESULT.read_text())["rows"]
    found: Table = {}
    for shown in ("rgb", "depth", "infrared"):
        of = [row["auc_by_species"] for row in rows if row["modalities"] == shown]
        found[shown] = {species: mean(row[species] for row in of) for species in of[0]}
    assert len(found["rgb"]) == 10
    check(found, easy=0.97, hard=0.85)
    assert min(min(of.values()) for of in found.values()) > 0.5, "nothing is upside down"


@pytest.mark.slow
def test_each_sensor_has_work_to_do(tmp_path: Path) -> None:
    data = DataConfig(root=tmp_path / "data", protocol="simulated/within")
    simulate = SimulateConfig(out=data.root, per_site=250, image_size=64, seed=17)
    unmask.simulate(simulate)
    found: Table = {}
    for modality in (Modality.RGB, Modality.DEPTH, Modality.INFRARED):
        run = unmask.train(
            TrainConfig(
                data=data,
                out=tmp_path / modality,
                model=ModelConfig(
                    name="cnn/tiny", overrides={"image_size": 64, "widths": (24, 48, 96)}
                ),
                modalities=(modality,),
                optim=OptimConfig(steps=400),
            )
        )
        out = tmp_path / modality / "judged"
        scores = unmask.evaluate(EvaluateConfig(checkpoint=run.folder, data=data, out=out))
        judged = read_scores(scores.eval)
        found[modality] = {species: auc(only(judged, species)) for species in judged.attacks}
    check(found, easy=0.9, hard=0.9)


def only(scores: Scores, species: str) -> Scores:
    """Bona fide and one PAI species."""
    keep = pl.col("pai_species").is_in(["", species])
    return Scores(table=scores.table.filter(keep), source=scores.source)
