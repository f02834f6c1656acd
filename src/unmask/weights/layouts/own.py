"""What this project writes: the tensors of an ``ImageEncoder`` or a ``Clip`` by their own names."""

from collections.abc import Mapping
from typing import Any

from unmask.weights.layouts._tables import Layout, Settings

BLOCK = ("norm1.*", "attention.qkv.*", "attention.out.*", "norm2.*", "mlp.0.*", "mlp.2.*")
IMAGE = ("class_token", "position", "patch_embed.*", "pre_norm.*", "norm.*", "projection.weight")
TEXT = ("token.weight", "position", "norm.*", "projection.weight")

NAMES = (
    *(f"image.{name}" for name in IMAGE),
    *(f"text.{name}" for name in TEXT),
    *(f"{part}.blocks.{{i}}.{name}" for part in ("image", "text") for name in BLOCK),
    "logit_scale",
)


def settings(card: Mapping[str, Any]) -> Settings:
    """Every field of both towers, or of the only one."""
    told: dict[str, Any] = card["settings"]
    return told if "image" in told else {"image": told}


LAYOUT = Layout(
    name="unmask", table={name: name for name in NAMES}, card="card.json", settings=settings
)
