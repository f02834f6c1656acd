"""Hugging Face's ``ViTModel``, alone or inside a classifier, as its files are written."""

from unmask.weights.layouts._tables import Layout, joined, leading

BLOCK = "encoder.layer.{i}"
HEADS = f"{BLOCK}.attention.attention"

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
)
