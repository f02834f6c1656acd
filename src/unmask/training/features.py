"""Features of a trained model, each sensor shown alone.

``last`` is what the last layer sees, ``Output.feature``: of models that compare pictures with texts
the class token, of others whatever stands before their head. ``patches`` is what such models score
beside the class token, ``Output.levels``: the mean of the projected patches, drawn to the texts or
weighed by them as the model does, of length 1.

Axes: B presentations, M modalities, L levels (whole picture, patches), E features.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from unmask.config.separability import Read
from unmask.datasets.rows import captured_by
from unmask.errors import ConfigError, DatasetError
from unmask.metrics.features import Features
from unmask.training.scoring import Scorer
from unmask.types import Modality, Output, Sample

PATCHES = 1
"""Their place on the L axis."""


def features_of(
    scorer: Scorer,
    samples: Sequence[Sample],
    sensors: Sequence[Modality],
    *,
    split: str,
    feature: Read = "last",
    title: str = "",
) -> Features:
    """Show every sample through one sensor after the other, as far as it was captured with it.

    Raises:
        DatasetError: no sample has one of the sensors.
    """
    parts = []
    for sensor in sensors:
        seen = _with(sensor, samples, split)
        told = title and f"{title}: {split}, {sensor}"
        values = _through(scorer, seen, sensor, feature, split, told)
        parts.append(Features.of(seen, values, modality=sensor, split=split))
    return Features.joined(parts)


def check_feature(scorer: Scorer, feature: Read, name: str) -> None:
    """Refuse to read what a model does not have, by one look at an empty picture.

    Raises:
        ConfigError: with the name of the model.
    """
    if feature == "last":
        return
    device = next(scorer.model.parameters()).device
    count, side = len(scorer.modalities), scorer.preprocessing.image_size
    with torch.inference_mode():
        image = torch.zeros(1, count, 3, side, side, device=device)
        output: Output = scorer.model(image, torch.ones(1, count, dtype=torch.bool, device=device))
    if output.levels is None or output.levels.feature.shape[2] <= PATCHES:
        raise ConfigError(
            f"{name} scores no patches by themselves, as fm_clip and fmm_rpl do; "
            "take --feature last, or leave the model out"
        )


def read(output: Output, feature: Read, modality: int) -> Tensor:
    """(B, E) float32 of a modality, by its index on the M axis, that alone was shown."""
    if feature == "last":
        return output.feature
    assert output.levels is not None  # see check_feature
    return output.levels.feature[:, modality, PATCHES]  # of (B, M, L, E)


def _with(sensor: Modality, samples: Sequence[Sample], split: str) -> list[Sample]:
    """Those that were captured with it."""
    seen = [sample for sample in samples if sensor in sample.paths]
    if not seen:
        captured = ", ".join(captured_by(samples))
        raise DatasetError(f"no sample in {split} has {sensor}; it has: {captured}; ask for those")
    return seen


def _through(
    scorer: Scorer,
    seen: Sequence[Sample],
    sensor: Modality,
    feature: Read,
    split: str,
    title: str,
) -> npt.NDArray[np.float32]:
    """(N, E) of the pictures of one sensor."""
    found: list[npt.NDArray[np.float32]] = []
    modality = scorer.modalities.index(sensor)

    def watch(_: Sequence[str], output: Output) -> None:
        found.append(read(output, feature, modality).float().cpu().numpy())

    scorer.scores(seen, shown=(sensor,), split=split, title=title, watch=watch)
    return np.concatenate(found)
