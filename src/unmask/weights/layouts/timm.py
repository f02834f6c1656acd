"""timm's vision transformers, and files with the same names: DeiT, DINO, MAE."""

from unmask.weights.layouts._tables import Layout, leading

LAYOUT = Layout(
    name="timm",
    table={
        "image.patch_embed.*": "patch_embed.proj.*",
        "image.class_token": leading(2, "cls_token"),
        "image.position": leading(1, "pos_embed"),
        "image.pre_norm.*": "norm_pre.*",
        "image.blocks.{i}.norm1.*": "blocks.{i}.norm1.*",
        "image.blocks.{i}.attention.qkv.*": "blocks.{i}.attn.qkv.*",
        "image.blocks.{i}.attention.out.*": "blocks.{i}.attn.proj.*",
        "image.blocks.{i}.norm2.*": "blocks.{i}.norm2.*",
        "image.blocks.{i}.mlp.0.*": "blocks.{i}.mlp.fc1.*",
        "image.blocks.{i}.mlp.2.*": "blocks.{i}.mlp.fc2.*",
        "image.norm.*": "norm.*",
    },
)
