"""What this project writes: the tensors of an ``ImageEncoder`` or a ``Clip`` by their own names."""

from unmask.weights.layouts._tables import Layout

BLOCK = ("norm1.*", "attention.qkv.*", "attention.out.*", "norm2.*", "mlp.0.*", "mlp.2.*")
IMAGE = ("class_token", "position", "patch_embed.*", "pre_norm.*", "norm.*", "projection.weight")
TEXT = ("token.weight", "position", "norm.*", "projection.weight")

NAMES = (
    *(f"image.{name}" for name in IMAGE),
    *(f"text.{name}" for name in TEXT),
    *(f"{part}.blocks.{{i}}.{name}" for part in ("image", "text") for name in BLOCK),
    "logit_scale",
)

LAYOUT = Layout(name="unmask", table={name: name for name in NAMES})
