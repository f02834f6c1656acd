"""Which layout a file has, and whether its tensors fit the network that wants them."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from unmask.errors import CheckpointError
from unmask.weights.layouts import layouts
from unmask.weights.layouts._tables import Layout, Tensors

Shapes = Mapping[str, torch.Size]
PROJECTION = "image.projection.weight"
"""The one tensor of a picture tower that a network may do without."""


def recognise(tensors: Tensors) -> Layout:
    """The layout that finds most of its tensors in the file."""
    return max(layouts(), key=lambda layout: len(layout.found(layout.current(tensors))))


def check(ours: Tensors, wanted: Shapes, layout: Layout, told: str) -> None:
    """Refuse tensors that do not fit; ``told`` begins the message.

    Raises:
        CheckpointError: names the nearest layout and the first differences.
    """
    missing = [n for n in wanted if n not in ours and not _may_miss(n, ours, layout)]
    shapes = [n for n in wanted if n in ours and ours[n].shape != wanted[n]]
    no_place = [n for n in ours if n.startswith("image.") and n not in wanted and n != PROJECTION]
    if not (missing or shapes or no_place):
        return
    theirs = layout.entries(wanted)
    lacks = [theirs[n].names[0] if n in theirs else n for n in missing]
    differ = [f"{n} is {tuple(ours[n].shape)}, wanted {tuple(wanted[n])}" for n in shapes]
    differences = (_first("lacks", lacks), _first("differs:", differ), _first("adds", no_place))
    raise CheckpointError(
        f"{told}: its layout is nearest to {layout.name}, but it "
        + ", ".join(text for text in differences if text)
        + "; "
        + (_sizes(ours) if len(ours) > len(missing) else _known())
    )


def _may_miss(name: str, ours: Tensors, layout: Layout) -> bool:
    """The layout never has it, or it belongs to a text tower and the file has none of that."""
    texts = any(other.startswith("text.") for other in ours)
    return name in layout.lacks or (not texts and not name.startswith("image."))


def _first(verb: str, names: list[str]) -> str:
    more = f" and {len(names) - 2} more" if len(names) > 2 else ""
    return f"{verb} {', '.join(names[:2])}{more}" if names else ""


def _sizes(ours: Tensors) -> str:
    """The sizes that the file was made for, as the settings of a model."""
    blocks = {name.split(".")[2] for name in ours if name.startswith("image.blocks.")}
    sizes: dict[str, object] = {"depth": len(blocks)}
    if "image.patch_embed.weight" in ours:
        kernel = ours["image.patch_embed.weight"].shape
        sizes |= {"dim": kernel[0], "patch_size": kernel[-1]}
    sizes["patch_bias"] = "image.patch_embed.bias" in ours
    sizes["pre_norm"] = "image.pre_norm.weight" in ours
    told = ", ".join(f"{name} {str(value).lower()}" for name, value in sizes.items())
    return f"the file was made for {told}: choose these sizes, or another file"


def _known() -> str:
    return "known layouts are " + ", ".join(layout.name for layout in layouts())
