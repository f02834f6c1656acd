"""What goes with the weights of a pretrained backbone: ``card.json`` beside them."""

from __future__ import annotations

import json
import re
import shlex
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
from unmask.weights import Report

FORMAT = "unmask-backbone/1"
OWN_LICENCE = "Apache-2.0, as unmask itself: all data are simulated"
UNKNOWN_LICENCE = "not stated; it may depend on those of the data and of what it began with"

VERDICT = re.compile(r"\b(bona fide|attacks?)\b", re.IGNORECASE)
"""Words of a caption that tell the label."""


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
    backbone: Mapping[str, Any]
    """``source``, ``sha256`` and ``licence`` of what the training began with, if anything, and
    whether that learned from ``simulated`` data alone."""
    licence: str
    limits: str
    weights_sha256: str
    unmask_version: str
    torch_version: str
    device: str
    """What the training ran on."""
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
    words = ["unmask", "pretrain"]
    for key, value in given.items():
        if key in always or (value != usual.get(key) and key != "resume"):
            words += [f"--{key}", _word(value)]
    return shlex.join(words)


def describe_origin(report: Report) -> dict[str, Any]:
    """What the training began with; the rest is known of what has a card of ours alone."""
    card = report.card
    told = {"source": report.source, "sha256": report.sha256}
    if card.get("format") != FORMAT or card.get("weights_sha256") != report.sha256:
        return told | {"licence": UNKNOWN_LICENCE, "simulated": False}
    before = card["backbone"]
    simulated = card["data"]["datasets"] == [SIMULATED] and before.get("simulated", not before)
    return told | {"licence": card["licence"], "simulated": simulated}


def licence(config: PretrainConfig, rows: Sequence[Pictures], origin: Mapping[str, Any]) -> str:
    """The one that was named, or ours for simulated data from the beginning."""
    own = _simulated(rows) and origin.get("licence", OWN_LICENCE) == OWN_LICENCE
    return config.licence or (OWN_LICENCE if own else UNKNOWN_LICENCE)


def limits(config: PretrainConfig, rows: Sequence[Pictures], origin: Mapping[str, Any]) -> str:
    """What the backbone is good for, in a few sentences."""
    if _simulated(rows):
        alone = " alone" if origin.get("simulated", True) else ""
        told = (
            f"Learned from simulated faces{alone}: a start for demonstrations and tests, and no "
            "evidence about real people or real attacks."
        )
    else:
        told = "A start for training: what is built on it needs a test of its own."
    if origin:
        told += f" It began with {origin['source']}, whose limits hold for it too."
    if config.method == "clip":
        captions = [row.captions.get(m, "") for row in rows for m in config.modalities]
        verdict = any(map(VERDICT.search, captions))
        told += " Its text tower knows the words of its captions"
        told += ", which told bona fide from attack." if verdict else "."
    return told


def unmask_version() -> str:
    """Of this package."""
    return version("unmask")


def _simulated(rows: Sequence[Pictures]) -> bool:
    return all(row.dataset == SIMULATED for row in rows)


def _word(value: object) -> str:
    if isinstance(value, list):
        return f"[{','.join(str(item) for item in value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)
