"""What papers print of their systems: facts that ship with the package, one number a row.

In percent, as printed there. Some figures cannot be right or were not made as one would expect;
their ``note`` says so and goes wherever the figure goes. Nothing here was measured by us.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from unmask.types import Modality, subset_name

CONDITIONS = (
    "Published rates of CASIA-SURF and CASIA-CeFA count videos: 600 bona fide and 1,791 attacks; "
    "400 and 1,923 for each fold of CeFA.",
    "The +- of FMM-RPL is the population standard deviation over the folds (ddof 0), that of the "
    "other rows the sample one (ddof 1): multiply the former by 1.225 to compare them.",
    "How thresholds and epochs were chosen is not printed; the public benchmark code of FM-CLIP's "
    "authors keeps the epoch that is best on the judged set.",
)
"""What the figures of flexible models were made with, as far as it could be worked out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One printed number."""

    system: str
    benchmark: str
    """Data set and protocol, such as casia_surf/p1."""
    split: str
    """Part of the benchmark, such as CPS->W; empty where it has one."""
    shown: str
    """Modalities at test, as ``subset_name`` writes them."""
    metric: str
    """hter, auc, apcer_pooled, bpcer, or acer: the mean of pooled APCER and BPCER."""
    value: float
    """Percent."""
    std: float | None
    """Percent, over folds."""
    source: str
    note: str
    """What to know before comparing anything with it; empty if there is nothing."""


@lru_cache(maxsize=1)
def read_published() -> tuple[Published, ...]:
    """Every number, in the order of the file."""
    text = files("unmask.reporting").joinpath("assets/published.csv").read_text(encoding="utf-8")
    return tuple(
        Published(
            system=row["system"],
            benchmark=row["benchmark"],
            split=row["split"],
            shown=subset_name(Modality(name) for name in row["test_modalities"].split("+")),
            metric=row["metric"],
            value=float(row["value"]),
            std=float(row["std"]) if row["std"] else None,
            source=row["source"],
            note=row["note"],
        )
        for row in csv.DictReader(text.splitlines())
    )
