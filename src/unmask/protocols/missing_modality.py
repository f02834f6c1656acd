"""Trained with every sensor: what is left of the detector when some of them fail?

Train, dev, eval: the rows as the ``split`` column says. Train keeps all its modalities; in dev and
eval those that the variant takes away are gone, as if they had never been captured. Train is that
of ``manifest/split``: one model, trained once on it, can be evaluated by every variant.
Threshold: from dev, seen through the sensors that are left: whoever loses a sensor can know that.
Source: missing modalities at test as in MMDG, protocol 2 (arXiv:2402.19298), which takes away
depth, infrared or both on a data set left out, and sets the threshold on it. Here RGB goes too, and
the sites stay, so that the loss of a sensor is the only change.
Counts: those of ``manifest/split``, for every variant the same.
"""

from dataclasses import replace

from unmask.config import DataConfig
from unmask.datasets.manifest import Rows, read_sets
from unmask.errors import ConfigError, DatasetError
from unmask.protocols import Build
from unmask.types import Modality, Protocol, Sample

RGB, DEPTH, INFRARED = Modality.RGB, Modality.DEPTH, Modality.INFRARED
LEFT = {
    "without_rgb": {*Modality} - {RGB},
    "without_depth": {*Modality} - {DEPTH},
    "without_infrared": {*Modality} - {INFRARED},
    "rgb_only": {RGB},
    "depth_only": {DEPTH},
    "infrared_only": {INFRARED},
}
"""What dev and eval still show."""


def missing(variant: str, left: set[Modality]) -> Build:
    """Learn from all modalities; set the threshold and judge with those that are left."""

    def build(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
        name = f"missing_modality/{variant}"
        if not left & set(modalities):
            raise ConfigError(
                f"{name} leaves nothing of {', '.join(modalities)}; ask for at least one of "
                + ", ".join(m for m in Modality if m in left)
            )
        sets = read_sets(data.root, data.manifest)
        return Protocol(
            name=name,
            modalities=modalities,
            train=sets["train"].samples,
            dev=_reduced(sets["dev"], left & set(modalities)),
            eval=_reduced(sets["eval"], left & set(modalities)),
        )

    return build


def _reduced(rows: Rows, left: set[Modality]) -> list[Sample]:
    """The same samples with only these modalities, at least one of which somebody captured."""
    samples = [
        replace(sample, paths={m: path for m, path in sample.paths.items() if m in left})
        for sample in rows.samples
    ]
    if samples and not any(sample.paths for sample in samples):
        captured = {modality for sample in rows.samples for modality in sample.paths}
        raise DatasetError(
            f"{rows.title} have no {' or '.join(sorted(left))}, all that this protocol leaves; "
            f"they have: {', '.join(sorted(captured))}; choose a variant that leaves one of those"
        )
    return samples


PROTOCOLS = {variant: missing(variant, left) for variant, left in LEFT.items()}
