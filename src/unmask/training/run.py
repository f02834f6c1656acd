"""One run from its settings: protocol, model, starting weights, then the loop."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import nn

from unmask.config import ModelConfig, TrainConfig
from unmask.errors import ConfigError
from unmask.models import create_model
from unmask.protocols import load_protocol
from unmask.training.loop import Run, fit
from unmask.training.start import start
from unmask.types import Modality


def train(config: TrainConfig) -> Run:
    """Train a model on a protocol; see ``fit`` for what the folder ``out`` then holds."""
    protocol = load_protocol(config.data, config.modalities)
    torch.manual_seed(config.seed)
    model, started = begin(config.model, config.modalities)
    return fit(model, replace(config, model=started), protocol)


def begin(
    config: ModelConfig, modalities: tuple[Modality, ...], *, quiet: bool = False
) -> tuple[nn.Module, ModelConfig]:
    """The model as its training begins, and its settings with the backbone that was used.

    Raises:
        ConfigError: there is no such model, or it cannot start from what is given.
        CheckpointError: a file that does not fit, or is not the one that the hash is of.
    """
    if "modalities" in config.overrides:
        raise ConfigError(
            "model.overrides has modalities; give them as --modalities, for all parts"
        )
    model = create_model(config.name, **config.overrides, modalities=modalities)
    return model, start(model, config, quiet=quiet)
