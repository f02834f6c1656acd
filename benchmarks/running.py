"""What the benchmarks that train share: runs that are kept, parts of score files, the machine."""

import platform
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import polars as pl
import torch

import unmask
from unmask.config import DataConfig, ModelConfig, OptimConfig, TrainConfig
from unmask.metrics.scores import Scores
from unmask.types import Modality

THREE = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)


def trained(
    out: Path,
    data: DataConfig,
    model: str,
    *,
    steps: int,
    seed: int,
    modalities: tuple[Modality, ...] = THREE,
    **settings: Any,
) -> Path:
    """The folder of a run, which is made or completed if need be."""
    if not (out / "card.json").exists():
        unmask.train(
            TrainConfig(
                data=data,
                out=out,
                model=ModelConfig(name=model),
                modalities=modalities,
                optim=OptimConfig(steps=steps),
                seed=seed,
                resume=(out / "config.yaml").exists(),
                **settings,
            )
        )
    return out


def only(scores: Scores, species: str) -> Scores:
    """Bona fide and one PAI species."""
    keep = pl.col("pai_species").is_in(["", species])
    return Scores(table=scores.table.filter(keep), source=scores.source)


def spread(values: list[float], digits: int) -> str:
    """``mean +- std`` (ddof 1), or the value alone."""
    text = f"{mean(values):.{digits}f}"
    return text if len(values) < 2 else f"{text} +- {stdev(values):.{digits}f}"


def machine() -> dict[str, Any]:
    """Where this was measured."""
    return {
        "processor": platform.machine(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
