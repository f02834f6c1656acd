"""A trained model on disk: ``model.safetensors`` and ``card.json`` in the folder of its run.

The card holds what the weights mean nothing without: architecture, preprocessing, the thresholds of
every set of modalities with their rules, where the data came from, and the hash of the weights.
Operating points that ``unmask calibrate`` adds stand beside them; those that it replaced are kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from unmask.errors import CheckpointError, ConfigError
from unmask.files import sha256, write_text, write_whole
from unmask.metrics.calibration import Calibration
from unmask.models import create_model
from unmask.parsing import to_plain
from unmask.transforms.normalize import Preprocessing
from unmask.types import Modality
from unmask.weights.networks import read_network

FORMAT = "unmask-card/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """An operating point that another has taken the place of."""

    name: str
    modalities: str
    point: Calibration


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What goes with the weights of a trained model."""

    model: str
    """Family and variant."""
    settings: Mapping[str, Any]
    """Every field of the model's Config."""
    modalities: tuple[Modality, ...]
    """The model's M axis."""
    preprocessing: Preprocessing
    thresholds: Mapping[str, Mapping[str, float]]
    """Per set of modalities (``rgb+depth``) and rule (``eer``): accept is score >= threshold."""
    threshold_from: str
    """The set that gave the thresholds."""
    data: Mapping[str, Any]
    """Data set, protocol, number of presentations and subjects."""
    figures: Mapping[str, float]
    """Dev figures of the step that was kept."""
    step: int
    """The step that was kept."""
    seed: int
    limits: str
    """What answers of this model are worth, in a sentence that every user sees."""
    weights_sha256: str
    unmask_version: str
    backbone: Mapping[str, str] = field(default_factory=dict)
    """``source`` and ``sha256`` of the pretrained backbone that the training began with, if any."""
    operating_points: Mapping[str, Mapping[str, Calibration]] = field(default_factory=dict)
    """Added after the training, by name and set of modalities."""
    replaced: tuple[Replaced, ...] = ()
    """Operating points that were replaced, the oldest first."""
    format: str = FORMAT


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the tensors of a model, whole or not at all."""
    tensors = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
    with write_whole(path) as temporary:
        try:
            save_file(tensors, temporary)
        except SafetensorError as error:  # how the library reports a full disk
            raise OSError(str(error)) from error


def load_weights(model: nn.Module, path: Path) -> None:
    """Fill a model with exactly its own tensors, under our names or those of a known layout.

    Raises:
        CheckpointError: the file is missing or damaged, or holds another model's tensors.
    """
    own = model.state_dict()
    try:
        tensors = read_network(path, own)
    except CheckpointError as error:
        raise CheckpointError(f"cannot read the weights: {error}") from error
    strange = sorted(set(tensors) - set(own))
    missing = sorted(set(own) - set(tensors))
    shapes = [n for n in own if n in tensors and own[n].shape != tensors[n].shape]
    if strange or missing or shapes:
        raise CheckpointError(
            f"{path} belongs to another model: {len(missing)} tensors are missing "
            f"{missing[:2]}, {len(strange)} are unknown {strange[:2]}, {len(shapes)} have another "
            f"shape {shapes[:2]}; give the model name and settings that it was trained with"
        )
    model.load_state_dict(tensors)


def save_card(card: object, folder: Path) -> None:
    """Write ``card.json`` into the folder of a run."""
    write_text(folder / "card.json", json.dumps(to_plain(card), indent=2) + "\n")


def with_operating_points(card: Card, folder: Path) -> Card:
    """The card with what was calibrated since the folder's card was written for the same weights.

    A training that is gone on with after its end writes its card again.
    """
    try:
        before = load_card(folder)
    except CheckpointError:  # none, or one that is written anew because it is damaged
        return card
    if before.weights_sha256 != card.weights_sha256:
        return card
    return replace(card, operating_points=before.operating_points, replaced=before.replaced)


def load(folder: Path) -> tuple[nn.Module, Card]:
    """The trained model of a run, in evaluation mode, and its card.

    Raises:
        CheckpointError: not the folder of a finished run, or its files do not belong together.
    """
    card = load_card(folder)
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise CheckpointError(f"{folder} has a card.json but no model.safetensors; copy both")
    if sha256(weights) != card.weights_sha256:
        raise CheckpointError(
            f"{weights} is not the file that {folder / 'card.json'} describes (SHA-256 differs); "
            "copy both from the same run"
        )
    try:
        model = create_model(card.model, **card.settings)
    except ConfigError as error:
        raise CheckpointError(
            f"{folder / 'card.json'} names a model that this version cannot build: {error}"
        ) from error
    load_weights(model, weights)
    return model.eval(), card


def load_card(folder: Path) -> Card:
    """Read ``card.json``; see ``load`` for the errors."""
    path = folder / "card.json"
    if not path.is_file():
        unfinished = (folder / "config.yaml").is_file()
        why = "its training has not finished; go on with: unmask train --config " + str(
            folder / "config.yaml --resume"
        )
        raise CheckpointError(
            f"no card.json in {folder}: "
            + (why if unfinished else "--checkpoint takes the folder that unmask train wrote")
        )
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        if entries["format"] != FORMAT:
            raise CheckpointError(f"{path} has format {entries['format']!r}; known is {FORMAT!r}")
        entries["modalities"] = tuple(Modality(m) for m in entries["modalities"])
        entries["preprocessing"] = Preprocessing(**entries["preprocessing"])
        entries |= _operating_points(entries)
        return Card(**{f.name: entries[f.name] for f in fields(Card) if f.name in entries})
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            f"{path} is damaged ({type(error).__name__}: {error}); copy it again from its run"
        ) from error


def operating_point(card: Card, name: str) -> Mapping[str, Calibration]:
    """A calibrated operating point by its name, per set of modalities.

    Raises:
        ConfigError: the card has none of that name.
    """
    if name not in card.operating_points:
        has = ", ".join(card.operating_points) or "none"
        raise ConfigError(
            f"no operating point {name!r}; the card has: {has}; unmask calibrate makes them"
        )
    return card.operating_points[name]


def _operating_points(entries: Mapping[str, Any]) -> dict[str, Any]:
    """What a card says of operating points; those of older versions say nothing."""
    points = {
        name: {shown: Calibration.from_plain(point) for shown, point in by_modalities.items()}
        for name, by_modalities in entries.get("operating_points", {}).items()
    }
    replaced = tuple(
        Replaced(**{**one, "point": Calibration.from_plain(one["point"])})
        for one in entries.get("replaced", ())
    )
    return {"operating_points": points, "replaced": replaced}
