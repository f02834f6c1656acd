"""Hugging Face's ``CLIPModel``, or its vision tower alone."""

from collections.abc import Mapping
from typing import Any

from unmask.weights.layouts._tables import Layout, Settings, Stored, joined
from unmask.weights.layouts.hugging_face_vit import tower

USUAL = {"heads": 12, "activation": "quick_gelu", "norm_eps": 1e-5}
"""Of the vision tower, where a config.json leaves them out."""
USUAL_TEXT = USUAL | {"heads": 8}


def settings(config: Mapping[str, Any]) -> Settings:
    """Of both towers, or of the vision tower alone."""
    if "text_config" not in config:
        return {"image": tower(config, USUAL)} if "model_type" in config else {}
    return {
        "image": tower(config.get("vision_config") or {}, USUAL),
        "text": tower(config["text_config"] or {}, USUAL_TEXT),
    }


def _blocks(ours: str, theirs: str) -> dict[str, str | Stored]:
    """A tower of encoder layers."""
    block, layer = ours + ".blocks.{i}", theirs + ".encoder.layers.{i}"
    return {
        f"{block}.norm1.*": f"{layer}.layer_norm1.*",
        f"{block}.attention.qkv.*": joined(
            *(f"{layer}.self_attn.{part}_proj.*" for part in ("q", "k", "v"))
        ),
        f"{block}.attention.out.*": f"{layer}.self_attn.out_proj.*",
        f"{block}.norm2.*": f"{layer}.layer_norm2.*",
        f"{block}.mlp.0.*": f"{layer}.mlp.fc1.*",
        f"{block}.mlp.2.*": f"{layer}.mlp.fc2.*",
    }


LAYOUT = Layout(
    name="Hugging Face CLIP",
    table={
        "image.patch_embed.weight": "vision_model.embeddings.patch_embedding.weight",
        "image.class_token": "vision_model.embeddings.class_embedding",
        "image.position": "vision_model.embeddings.position_embedding.weight",
        "image.pre_norm.*": "vision_model.pre_layrnorm.*",
        **_blocks("image", "vision_model"),
        "image.norm.*": "vision_model.post_layernorm.*",
        "image.projection.weight": "visual_projection.weight",
        "text.token.weight": "text_model.embeddings.token_embedding.weight",
        "text.position": "text_model.embeddings.position_embedding.weight",
        **_blocks("text", "text_model"),
        "text.norm.*": "text_model.final_layer_norm.*",
        "text.projection.weight": "text_projection.weight",
        "logit_scale": "logit_scale",
    },
    card="config.json",
    settings=settings,
)
