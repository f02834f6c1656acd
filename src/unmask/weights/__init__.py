"""Pretrained backbones, out of the files that people have.

    loaded = load_backbone("vit_b16", "vit_b_16-imagenet.pth")
    encoder.load_state_dict(loaded.part("image"))
    load_backbone("vit_tiny")  # comes with the package

Every file is said to be of a layout (``weights.layouts``), and nothing of it is passed over in
silence: see ``Report``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unmask.errors import CheckpointError, ConfigError
from unmask.files import sha256
from unmask.layers import clip, image_encoder
from unmask.layers.branches import Branches
from unmask.layers.clip import Clip
from unmask.layers.image_encoder import ImageEncoder
from unmask.layers.vit import Backbone
from unmask.weights.files import read_tensors
from unmask.weights.fitting import (
    PROJECTION,
    Shapes,
    Towers,
    disagreement,
    misfit,
    recognise,
    strangeness,
)
from unmask.weights.layouts._tables import Layout, Settings, Tensors
from unmask.weights.positions import resample
from unmask.weights.sources import SHIPPED, locate, read_beside

NAMES = (*image_encoder.SIZES, *clip.SIZES)
"""Backbones that ``load_backbone`` knows by name."""

POSITION = "image.position"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found in a file."""

    source: str
    sha256: str
    """Of the file."""
    layout: str
    missing: tuple[str, ...]
    """Tensors of ours that the file does not have; they keep their initial values."""
    unexpected: tuple[str, ...]
    """Tensors of the file that nobody reads, such as a classifier."""
    interpolated: tuple[str, ...]
    """What was done to the positions."""
    card: Mapping[str, Any] = field(default_factory=dict)
    """What the file says that its layout has beside the weights, if it is there."""

    def __str__(self) -> str:
        """One line."""
        told = [f"{self.source}: layout {self.layout}, SHA-256 {self.sha256[:12]}"]
        told += [*self.interpolated]
        for what in ("missing", "unexpected"):
            names = getattr(self, what)
            if names:
                first = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
                told.append(f"{len(names)} {what} ({first})")
        return "; ".join(told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A backbone's tensors by our names, and what was found."""

    tensors: Mapping[str, Tensor]
    """``image.``: an ImageEncoder; for CLIP also ``text.``: a TextEncoder, and ``logit_scale``."""
    report: Report

    def part(self, name: str) -> dict[str, Tensor]:
        """The state dict of ``image`` or ``text`` alone."""
        prefix = f"{name}."
        return {k.removeprefix(prefix): t for k, t in self.tensors.items() if k.startswith(prefix)}


def load_backbone(name: str, source: str = "") -> Loaded:
    """Read a backbone of a known size.

    Args:
        name: one of ``NAMES``.
        source: a file, a folder, or a repository on the hub, see ``weights.sources``; without one,
            the backbone of this name that ships with the package.

    Raises:
        ConfigError: no such name.
        CheckpointError: the file cannot be read, or does not fit; the nearest layout is named.
    """
    source = source or f"{SHIPPED}{name}"
    return _load(source, _shapes(name), _towers(name), wanted_by=name)


def fill_encoder(encoder: ImageEncoder, source: str) -> Report:
    """Start an encoder of pictures from another one; its projection keeps its initial values.

    Raises:
        CheckpointError: as ``load_backbone``.
    """
    state = encoder.state_dict()
    wanted = {f"image.{name}": tensor.shape for name, tensor in state.items()}
    wanted.pop(PROJECTION, None)
    loaded = _load(source, wanted, {"image": encoder.config}, wanted_by="the encoder")
    encoder.load_state_dict(state | loaded.part("image"))
    return loaded.report


def fill_backbone(backbone: Backbone, source: str) -> Report:
    """Start a backbone for several modalities from one for pictures.

    A patch embedding per modality starts as the same one; the modality vectors keep their values.

    Raises:
        CheckpointError: as ``load_backbone``.
    """
    targets: dict[str, list[nn.Parameter]] = {}
    for name, parameter in backbone.named_parameters():
        if not name.startswith("modality."):
            single = re.sub(r"^patch_embed\.maps\.\d+\.", "patch_embed.", name)
            targets.setdefault(f"image.{single}", []).append(parameter)
    wanted = {name: _single(name, places[0]) for name, places in targets.items()}
    loaded = _load(source, wanted, {"image": backbone.config}, wanted_by="the model")
    with torch.no_grad():
        for name, tensor in loaded.tensors.items():
            for place in targets[name]:
                place.copy_(tensor.view_as(place))
    return loaded.report


def fill_branches(branches: Branches, source: str) -> Report:
    """Start every encoder of a row from the same one for pictures.

    Raises:
        CheckpointError: as ``load_backbone``.
    """
    first, *others = branches.each()
    report = fill_encoder(first, source)
    for encoder in others:
        encoder.load_state_dict(first.state_dict())
    return report


def fill_clip(towers: Clip, source: str) -> Report:
    """Start both towers and their temperature from a CLIP.

    Raises:
        CheckpointError: as ``load_backbone``.
    """
    wanted = {name: tensor.shape for name, tensor in towers.state_dict().items()}
    configs: Towers = {"image": towers.config.image, "text": towers.config.text}
    loaded = _load(source, wanted, configs, wanted_by="the model")
    if loaded.report.missing:
        raise CheckpointError(
            f"{source} does not fit the model: it lacks {len(loaded.report.missing)} tensors, "
            f"{loaded.report.missing[0]} first; give a CLIP with both towers"
        )
    towers.load_state_dict(dict(loaded.tensors))
    return loaded.report


def _load(source: str, wanted: Shapes, towers: Towers, *, wanted_by: str) -> Loaded:
    path = locate(source)
    told = f"{source} does not fit {wanted_by}"
    tensors = read_tensors(path)
    layout = recognise(tensors)
    tensors = layout.current(tensors)
    ours = _read(tensors, layout, told)
    card_name = layout.card if ours else "card.json"
    card = read_beside(source, path, card_name) if card_name else {}
    if not ours:
        raise CheckpointError(f"{told}: {strangeness(tensors, card)}")
    interpolated: tuple[str, ...] = ()
    if POSITION in ours and ours[POSITION].ndim == 2:
        rows = wanted[POSITION][0]
        ours[POSITION], interpolated = resample(ours[POSITION], rows, layout.modalities)
    settings = _settings(layout, card, path)
    wrong = misfit(tensors, ours, wanted, layout, settings) or disagreement(settings, towers)
    if wrong:
        raise CheckpointError(f"{told}: {wrong}")
    taken = {name: ours[name] for name in wanted if name in ours}
    stored = layout.entries(tensors)
    read = {theirs for name in taken for theirs in stored[name].names}
    return Loaded(
        tensors=taken,
        report=Report(
            source=source,
            sha256=sha256(path),
            layout=layout.name,
            missing=tuple(name for name in wanted if name not in taken),
            unexpected=tuple(name for name in tensors if name not in read),
            interpolated=interpolated,
            card=card,
        ),
    )


def _read(tensors: Tensors, layout: Layout, told: str) -> dict[str, Tensor]:
    try:
        return layout.to_ours(tensors)
    except (RuntimeError, IndexError) as error:  # shapes that cannot be joined or turned
        why = str(error).splitlines()[0]
        raise CheckpointError(f"{told}: its layout is nearest to {layout.name}, {why}") from error


def _settings(layout: Layout, card: Mapping[str, Any], path: Path) -> Settings:
    try:
        return layout.settings(card) if card else {}
    except (KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"the {layout.card} beside {path} is damaged ({type(error).__name__}: {error}); copy "
            "it again"
        ) from error


def _shapes(name: str) -> Shapes:
    if name not in NAMES:
        raise ConfigError(f"no backbone {name!r}; there are: {', '.join(NAMES)}")
    with torch.device("meta"):
        if name in clip.SIZES:
            return {key: t.shape for key, t in Clip(clip.SIZES[name]).state_dict().items()}
        encoder = ImageEncoder(image_encoder.SIZES[name])
    return {f"image.{key}": t.shape for key, t in encoder.state_dict().items()}


def _towers(name: str) -> Towers:
    if name in clip.SIZES:
        return {"image": clip.SIZES[name].image, "text": clip.SIZES[name].text}
    return {"image": image_encoder.SIZES[name]}


def _single(name: str, parameter: Tensor) -> torch.Size:
    """The shape of a tensor in an encoder of one picture, whose class token has one axis."""
    return parameter.shape[-1:] if name == "image.class_token" else parameter.shape
