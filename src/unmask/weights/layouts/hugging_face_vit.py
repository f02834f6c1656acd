"""Hugging Face's ``ViTModel``, alone or inside a classifier, as its files are written."""

from collections.abc import Mapping
from typing import Any

from unmask.weights.layouts._tables import Layout, Settings, joined, leading

BLOCK = "encoder.layer.{i}"
HEADS = f"{BLOCK}.attention.attention"

NAMES = {"heads": "num_attention_heads", "activation": "hidden_act", "norm_eps": "layer_norm_eps"}
USUAL = {"heads": 12, "activation": "gelu", "norm_eps": 1e-12}
"""What a config.json means that leaves them out."""


def tower(config: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in one section of a config.json, under our names."""
    told = {ours: config.get(theirs, usual[ours]) for ours, theirs in NAMES.items()}
    sides = config.get("image_size")
    return told | ({"square_pictures": len(set(sides)) == 1} if isinstance(sides, list) else {})


def settings(config: Mapping[str, Any]) -> Settings:
    """Of the one tower."""
    return {"image": tower(config, USUAL)} if "model_type" in config else {}


LAYOUT = Layout(
    name="Hugging Face ViT",
    table={
        "image.patch_embed.*": "embeddings.patch_embeddings.projection.*",
        "image.class_token": leading(2, "embeddings.cls_token"),
        "image.position": leading(1, "embeddings.position_embeddings"),
        "image.blocks.{i}.norm1.*": f"{BLOCK}.layernorm_before.*",
        "image.blocks.{i}.attention.qkv.*": joined(
            f"{HEADS}.query.*", f"{HEADS}.key.*", f"{HEADS}.value.*"
        ),
        "image.blocks.{i}.attention.out.*": f"{BLOCK}.attention.output.dense.*",
        "image.blocks.{i}.norm2.*": f"{BLOCK}.layernorm_after.*",
        "image.blocks.{i}.mlp.0.*": f"{BLOCK}.intermediate.dense.*",
        "image.blocks.{i}.mlp.2.*": f"{BLOCK}.output.dense.*",
        "image.norm.*": "layernorm.*",
    },
    older={r"^vit\.": ""},
    card="config.json",
    settings=settings,
)
