"""What a training starts from: nothing, weights of the same model, or a pretrained backbone."""

from __future__ import annotations

import logging
from dataclasses import replace

from torch import nn

from unmask.config import ModelConfig
from unmask.errors import CheckpointError, ConfigError
from unmask.layers.branches import Branches
from unmask.layers.clip import Clip
from unmask.layers.vit import Backbone
from unmask.models import usual_backbone
from unmask.training.checkpoint import load_weights
from unmask.weights import Report, fill_backbone, fill_branches, fill_clip

NONE = "none"
"""As ``model.backbone``: start from nothing, even where a variant has a usual backbone."""

log = logging.getLogger("unmask")


def start(model: nn.Module, config: ModelConfig, *, quiet: bool = False) -> ModelConfig:
    """Fill ``model`` with what ``config`` names, or with what its variant usually starts from.

    Says what it found in the file, unless ``quiet``. Returns ``config`` with the backbone that was
    used, and the hash of its file.

    Raises:
        ConfigError: a backbone for a model without one, or none for a frozen one.
        CheckpointError: a file that does not fit, or is not the one that the hash is of.
    """
    if config.weights is not None:
        load_weights(model, config.weights)
        return config
    source = config.backbone or usual_backbone(config.name)
    if source not in ("", NONE):
        report = _fill(model, source, config)
        if not quiet:
            log.info("backbone: %s", report)
        return replace(config, backbone=source, backbone_sha256=report.sha256)
    if getattr(model.config, "frozen_backbone", False):
        raise ConfigError(
            f"{config.name} keeps its backbone frozen, which means nothing without trained "
            "weights; give model.weights or model.backbone, or model.overrides.frozen_backbone "
            "false to train it"
        )
    return config


def _fill(model: nn.Module, source: str, config: ModelConfig) -> Report:
    backbone = getattr(model, "backbone", None)
    if not isinstance(backbone, Backbone | Branches | Clip):
        raise ConfigError(
            f"{config.name} has no transformer for model.backbone to fill; take it away, or choose "
            "another model"
        )
    try:
        match backbone:
            case Clip():
                report = fill_clip(backbone, source)
            case Branches():
                report = fill_branches(backbone, source)
            case Backbone():
                report = fill_backbone(backbone, source)
    except CheckpointError as error:
        if config.backbone:
            raise
        remedy = f'give model.backbone another file, or "{NONE}" to start from nothing'
        raise CheckpointError(f"{error}; {config.name} usually starts from it: {remedy}") from error
    if config.backbone_sha256 not in ("", report.sha256):
        raise CheckpointError(
            f"{source} has SHA-256 {report.sha256[:12]}..., but model.backbone_sha256 is "
            f"{config.backbone_sha256[:12]}...; give the file that the run was made with"
        )
    return report
