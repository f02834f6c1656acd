"""Pretrain a backbone: from a manifest to weights with their card."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from unmask.capture.crop import CROP_VERSION
from unmask.config import PretrainConfig
from unmask.errors import CheckpointError, ConfigError
from unmask.files import sha256
from unmask.layers import clip, image_encoder
from unmask.layers.clip import Clip
from unmask.layers.image_encoder import ImageEncoder
from unmask.layers.masked_autoencoder import MaskedAutoencoder
from unmask.parsing import to_plain
from unmask.training.callbacks import HeldOut, StepBar
from unmask.training.checkpoint import save_card, save_weights
from unmask.training.folder import open_folder
from unmask.training.pretraining import card as cards
from unmask.training.pretraining.batches import Captions, Turns, Views, by_modality, collate
from unmask.training.pretraining.card import BackboneCard
from unmask.training.pretraining.learners import (
    ContrastiveLearner,
    MaskedLearner,
    PretrainLearner,
)
from unmask.training.pretraining.pictures import Crops, Place, divide, places, require_pictures
from unmask.training.start import NONE
from unmask.training.trainer import RemainingSteps, run
from unmask.transforms.normalize import Preprocessing
from unmask.weights import fill_encoder

SIZES: dict[str, Mapping[str, object]] = {"mae": image_encoder.SIZES, "clip": clip.SIZES}
USUAL = {"mae": "vit_tiny", "clip": "clip_tiny"}

LOOKED_AT = 6
"""Batches of what is held out whose loss is looked at."""

log = logging.getLogger("unmask")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretrained:
    """A finished pretraining."""

    folder: Path
    card: BackboneCard


def pretrain(config: PretrainConfig) -> Pretrained:
    """Train a backbone; its last state is what is kept.

    Writes into ``config.out``: config.yaml, last.ckpt (resumable), model.safetensors (the towers,
    in the layout of ``weights``), card.json and logs/.

    Raises:
        ConfigError: no such size for the method, or the folder holds another run.
        DatasetError: the data do not give what the method needs.
        CheckpointError: the backbone does not fit, or is not the one that the hash is of.
    """
    size = _size(config)
    division = divide(config)
    found, held_out = places(division.train, config), places(division.held_out, config)
    require_pictures(found, config)
    torch.manual_seed(config.seed)
    learner, encoder = _learner(config, size, [*found, *held_out])
    origin = _start(encoder, config)
    config = replace(config, backbone_sha256=origin.get("sha256", config.backbone_sha256))
    open_folder(config)
    preprocessing = Preprocessing(
        image_size=encoder.config.image_size, crop_version=CROP_VERSION, depth=config.data.depth
    )
    crops = Crops([*found, *held_out], preprocessing)
    captions = learner.captions if isinstance(learner, ContrastiveLearner) else None
    views = Views(crops, captions, config.augment, seed=config.seed)
    look = _look(learner, views, _groups(held_out, config, first=len(found)), config)
    watch = HeldOut(look, every=config.dev_every if held_out else config.optim.steps + 1)
    bar = StepBar(watch.told, steps=config.optim.steps)
    loader = _loader(views, _groups(found, config), config)
    device = run(learner, loader, config, [watch, bar])
    weights = config.out / "model.safetensors"
    towers = learner.model if config.method == "clip" else nn.ModuleDict({"image": encoder})
    save_weights(towers, weights)
    card = BackboneCard(
        size=size,
        method=config.method,
        settings=to_plain(SIZES[config.method][size]),
        preprocessing=preprocessing,
        command=cards.command(config),
        data=cards.describe_data(config, division.train, found),
        figures={"held_out_loss": look()} if held_out else {},
        steps=config.optim.steps,
        seed=config.seed,
        backbone=origin,
        licence=cards.licence(config, division.train, origin),
        limits=cards.limits(config, division.train, origin),
        weights_sha256=sha256(weights),
        unmask_version=cards.unmask_version(),
        torch_version=torch.__version__,
        device=device,
    )
    save_card(card, config.out)
    return Pretrained(folder=config.out, card=card)


def _size(config: PretrainConfig) -> str:
    size = config.size or USUAL[config.method]
    if size not in SIZES[config.method]:
        raise ConfigError(
            f"method {config.method} has no size {size!r}; it has: "
            f"{', '.join(SIZES[config.method])}"
        )
    return size


def _learner(
    config: PretrainConfig, size: str, found: Sequence[Place]
) -> tuple[PretrainLearner, ImageEncoder]:
    """The method with its network, and the picture tower inside."""
    if config.method == "mae":
        autoencoder = MaskedAutoencoder(image_encoder.SIZES[size], hidden=config.hidden)
        return MaskedLearner(autoencoder, config.optim, seed=config.seed), autoencoder.encoder
    towers = Clip(clip.SIZES[size])
    captions = Captions(found, towers.config.text)
    learner = ContrastiveLearner(towers, captions, config.optim, seed=config.seed)
    return learner, towers.image


def _start(encoder: ImageEncoder, config: PretrainConfig) -> dict[str, Any]:
    """Fill the picture tower, where weights were named."""
    if config.backbone in ("", NONE):
        return {}
    report = fill_encoder(encoder, config.backbone)
    if config.backbone_sha256 not in ("", report.sha256):
        raise CheckpointError(
            f"{config.backbone} has SHA-256 {report.sha256[:12]}..., but backbone_sha256 is "
            f"{config.backbone_sha256[:12]}...; give the file that the run was made with"
        )
    log.info("backbone: %s", report)
    return cards.describe_origin(report)


def _loader(
    views: Views, groups: Sequence[Sequence[int]], config: PretrainConfig
) -> DataLoader[tuple[torch.Tensor, int]]:
    optim = config.optim

    def batches(first: int) -> Turns:
        return Turns(groups, optim.batch_size, first=first, last=optim.steps, seed=config.seed)

    return DataLoader(
        views,
        batch_sampler=RemainingSteps(batches, optim.steps),
        collate_fn=collate,
    )


def _look(
    learner: PretrainLearner,
    views: Views,
    groups: Sequence[Sequence[int]],
    config: PretrainConfig,
) -> Callable[[], float]:
    """The mean loss of some batches of what is held out, unchanged, the same at every look."""
    size = min([config.optim.batch_size, *map(len, groups)])
    turns = list(Turns(groups, size, first=0, last=LOOKED_AT, seed=0)) if any(groups) else []

    @torch.no_grad()
    def look() -> float:
        torch.manual_seed(0)  # what is hidden; a step of training seeds its own
        device = next(learner.model.parameters()).device
        losses = []
        for turn in turns:
            batch = collate([views[number] for _, _, number in turn])
            losses.append(float(learner.loss(batch.to(device))))
        return math.fsum(losses) / len(losses)

    return look


def _groups(found: Sequence[Place], config: PretrainConfig, *, first: int = 0) -> list[list[int]]:
    """Numbers of pictures, counted from ``first``, that share batches.

    For clip a batch is of one modality: to tell depth from colour would be too easy a task.
    """
    groups = by_modality(found) if config.method == "clip" else [list(range(len(found)))]
    return [[first + number for number in group] for group in groups]
