"""What goes with the weights of a pretrained backbone: ``card.json`` beside them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from unmask.config import PicturesConfig, PretrainConfig
from unmask.datasets.manifest import Pictures
from unmask.files import sha256
from unmask.parsing import to_plain
from unmask.training.folder import flat
from unmask.training.pretraining.pictures import Place
from unmask.transforms.normalize import Preprocessing
from unmask.types import SIMULATED

FORMAT = "unmask-backbone/1"
OWN_LICENCE = "Apache-2.0, as unmask itself: all data are simulated"
UNKNOWN_LICENCE = "not stated; it may depend on that of the data"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackboneCard:
    """Where a backbone came from, and what it is good for."""

    size: str
    method: str
    settings: Mapping[str, Any]
    """Every field of the backbone's config."""
    preprocessing: Preprocessing
    command: str
    """What made it."""
    data: Mapping[str, Any]
    """Data sets, hash of the manifest, rows, subjects, pictures of each modality."""
    figures: Mapping[str, float]
    """Loss of what was held out, after the last step."""
    steps: int
    seed: int
    backbone: Mapping[str, str]
    """``source`` and ``sha256`` of what the training began with, if anything."""
    licence: str
    limits: str
    weights_sha256: str
    unmask_version: str
    format: str = FORMAT


def describe_data(
    config: PretrainConfig, rows: Sequence[Pictures], found: Sequence[Place]
) -> dict[str, Any]:
    """What was learned from, so that somebody else can have the same."""
    made = config.data.root / "simulation.json"
    told = json.loads(made.read_text(encoding="utf-8")) if made.is_file() else {}
    return {
        "datasets": sorted({row.dataset for row in rows}),
        "manifest_sha256": sha256(config.data.root / config.data.manifest),
        "splits": list(config.data.splits),
        "rows": len(rows),
        "subjects": len({(row.dataset, row.subject) for row in rows}),
        "pictures": {str(m): n for m, n in Counter(place.modality for place in found).items()},
        "simulation": told,
    }


def command(config: PretrainConfig) -> str:
    """The words on the command line that mean this very config."""
    usual = flat(
        to_plain(PretrainConfig(data=PicturesConfig(root=config.data.root), out=config.out))
    )
    given = flat(to_plain(config))
    always = {"method", "data.root", "out"}
    words = [
        f"--{key} {_word(value)}"
        for key, value in given.items()
        if key in always or (value != usual.get(key) and key != "resume")
    ]
    return " ".join(["unmask pretrain", *words])


def licence(config: PretrainConfig, rows: Sequence[Pictures]) -> str:
    """The one that was named, or ours for simulated data."""
    simulated = all(row.dataset == SIMULATED for row in rows)
    return config.licence or (OWN_LICENCE if simulated else UNKNOWN_LICENCE)


def limits(config: PretrainConfig, rows: Sequence[Pictures]) -> str:
    """What the backbone is good for, in two sentences."""
    words = " Its text tower knows the words of its captions." if config.method == "clip" else ""
    if all(row.dataset == SIMULATED for row in rows):
        return (
            "Learned from simulated faces alone: a start for demonstrations and tests, and no "
            f"evidence about real people or real attacks.{words}"
        )
    return f"A start for training: what is built on it needs a test of its own.{words}"


def unmask_version() -> str:
    """Of this package."""
    return version("unmask")


def _word(value: object) -> str:
    if isinstance(value, list):
        return f"[{','.join(str(item) for item in value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)
