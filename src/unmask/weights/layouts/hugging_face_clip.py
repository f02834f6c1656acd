"""Hugging Face's ``CLIPModel``, or its vision tower alone."""

from unmask.weights.layouts._tables import Layout, Stored, joined


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
)
