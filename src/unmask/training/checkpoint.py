"""A trained model on disk: ``model.safetensors`` and ``card.json`` in the folder of its run.

The card holds what the weights mean nothing without: architecture, preprocessing, the thresholds of
every set of modalities with their rules, where the data came from, and the hash of the weights.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import nn

from unmask.errors import CheckpointError, ConfigError
from unmask.files import sha256, write_text, write_whole
from unmask.models import create_model
from unmask.parsing import to_plain
from unmask.transforms.normalize import Preprocessing
from unmask.types import Modality
from unmask.weights.networks import read_network

FORMAT = "unmask-card/1"


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
        return Card(**{f.name: entries[f.name] for f in fields(Card) if f.name in entries})
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            f"{path} is damaged ({type(error).__name__}: {error}); copy it again from its run"
        ) from error
