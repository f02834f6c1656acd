"""Features of a trained model, each sensor shown alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from unmask.errors import DatasetError
from unmask.metrics.features import Features
from unmask.training.scoring import Scorer
from unmask.types import Modality, Output, Sample


def features_of(
    scorer: Scorer,
    samples: Sequence[Sample],
    sensors: Sequence[Modality],
    *,
    split: str,
    title: str = "",
) -> Features:
    """Show every sample through one sensor after the other, as far as it was captured with it.

    Raises:
        DatasetError: no sample has one of the sensors.
    """
    parts = [_through(scorer, samples, sensor, split, title) for sensor in sensors]
    return Features.joined(parts)


def _through(
    scorer: Scorer, samples: Sequence[Sample], sensor: Modality, split: str, title: str
) -> Features:
    seen = [sample for sample in samples if sensor in sample.paths]
    if not seen:
        captured = ", ".join(m for m in Modality if any(m in sample.paths for sample in samples))
        raise DatasetError(f"no sample in {split} has {sensor}; it has: {captured}; ask for those")
    found: list[npt.NDArray[np.float32]] = []

    def watch(_: Sequence[str], output: Output) -> None:
        found.append(output.feature.float().cpu().numpy())

    told = title and f"{title}: {split}, {sensor}"
    scorer.scores(seen, shown=(sensor,), split=split, title=told, watch=watch)
    return Features.of(seen, np.concatenate(found), modality=sensor, split=split)
