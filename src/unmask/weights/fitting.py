"""Which layout a file has, and what keeps it from fitting the network that wants it.

Tensors show most sizes, but not in how many heads attention is split, which activation the MLPs
have, or what the norms add to a variance: those are compared where a card beside the file says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import torch

from unmask.layers.transformer import TransformerConfig
from unmask.weights.layouts import layouts
from unmask.weights.layouts._tables import Layout, Settings, Tensors

Shapes = Mapping[str, torch.Size]
Towers = Mapping[str, TransformerConfig]
"""The config of ``image``, and of ``text``."""

PROJECTION = "image.projection.weight"
"""The one tensor of a picture tower that a network may do without."""

UNSEEN = ("heads", "activation", "norm_eps", "square_pictures")
"""Settings that no tensor shows."""

NEGLIGIBLE = 1e-6
"""A smaller ``norm_eps`` moves features by some 1e-5: Hugging Face runs with 1e-12 what Google's
ViT was trained with at 1e-6."""

RUN = "backbone.patch_embed.maps.0.weight"
"""A tensor of whole models of ours, which are no backbones."""


def recognise(tensors: Tensors) -> Layout:
    """The layout that finds most of its tensors in the file."""
    return max(layouts(), key=lambda layout: len(layout.found(layout.current(tensors))))


def strangeness(tensors: Tensors, card: Mapping[str, Any]) -> str:
    """What a file is of which no layout finds anything; ``card`` is a card.json beside it."""
    if RUN in tensors or str(card.get("format")).startswith("unmask-card/"):
        began = (card.get("backbone") or {}).get("source")
        return (
            "it is a whole trained model, not a backbone; give the backbone that its training "
            f"began with{f' ({began})' if began else ''}, or the file as model.weights"
        )
    names = ", ".join(list(tensors)[:2]) or "no tensors"
    return f"it has {names}, which is none of the layouts; {_known()}"


def misfit(
    tensors: Tensors, ours: Tensors, wanted: Shapes, layout: Layout, settings: Settings
) -> str:
    """How a file differs from what is wanted, and what would fit; "" if it fits.

    ``ours`` are its ``tensors`` by our names; ``settings`` are what its card says.
    """
    towers = tuple({f"{name.split('.')[0]}." for name in wanted})
    missing = [n for n in wanted if n not in ours and not _may_miss(n, ours, layout)]
    shapes = [n for n in wanted if n in ours and ours[n].shape != wanted[n]]
    no_place = [n for n in ours if n.startswith(towers) and n not in wanted and n != PROJECTION]
    no_place += layout.unknown(tensors, towers)
    if not (missing or shapes or no_place):
        return ""
    theirs = layout.entries(wanted)
    lacks = [theirs[n].names[0] if n in theirs else n for n in missing]
    differ = [f"{n} is {tuple(ours[n].shape)}, wanted {tuple(wanted[n])}" for n in shapes]
    differences = (_first("lacks", lacks), _first("differs:", differ), _first("adds", no_place))
    sizes = _sizes({name: tensor.shape for name, tensor in ours.items()})
    if len(ours) <= len(missing):
        remedy = _known()
    elif sizes != _sizes(wanted):
        told = _told(sizes | _compared(settings.get("image", layout.usual)))
        remedy = f"the file was made for {told}: choose these sizes, or another file"
    else:
        remedy = "give a file that has just what is wanted"
    return (
        f"its layout is nearest to {layout.name}, but it "
        f"{', '.join(text for text in differences if text)}; {remedy}"
    )


def disagreement(settings: Settings, towers: Towers) -> str:
    """Where a card says that the file was trained to compute something else; "" if nowhere."""
    for name, config in towers.items():
        own = {field.name: getattr(config, field.name) for field in fields(config)}
        own["square_pictures"] = True
        said = _compared(settings.get(name, {}))
        differ = [field for field in said if not _same(said[field], own[field])]
        if differ:
            return (
                f"the card beside it says {_told({f: said[f] for f in differ})} of its {name} "
                f"tower, wanted {_told({f: own[f] for f in differ})}; choose what the card says, "
                "or another file"
            )
    return ""


def _compared(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {field: settings[field] for field in UNSEEN if field in settings}


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(max(one, NEGLIGIBLE), max(other, NEGLIGIBLE))
    return one == other


def _may_miss(name: str, ours: Tensors, layout: Layout) -> bool:
    """The layout never has it, or it belongs to a text tower and the file has none of that."""
    texts = any(other.startswith("text.") for other in ours)
    return name in layout.lacks or (not texts and not name.startswith("image."))


def _first(verb: str, names: list[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"{verb} {', '.join(names[:2])}{more}" if names else ""


def _sizes(shapes: Shapes) -> dict[str, object]:
    """The sizes of a picture tower, as the settings of a model."""
    blocks = {name.split(".")[2] for name in shapes if name.startswith("image.blocks.")}
    sizes: dict[str, object] = {"depth": len(blocks)}
    kernel = shapes.get("image.patch_embed.weight", ())
    if len(kernel) == 4:
        sizes |= {"dim": kernel[0], "patch_size": kernel[-1]}
    sizes["patch_bias"] = "image.patch_embed.bias" in shapes
    sizes["pre_norm"] = "image.pre_norm.weight" in shapes
    return sizes


def _told(settings: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {str(value).lower()}" for name, value in settings.items())


def _known() -> str:
    return "known layouts are " + ", ".join(layout.name for layout in layouts())
