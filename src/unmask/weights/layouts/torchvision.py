"""torchvision's ``vit_b_16`` and its sisters.

Files of the first release call the two maps of an MLP linear_1 and linear_2.
"""

from unmask.weights.layouts._tables import Layout, leading

BLOCK = "encoder.layers.encoder_layer_{i}"

LAYOUT = Layout(
    name="torchvision",
    table={
        "image.patch_embed.*": "conv_proj.*",
        "image.class_token": leading(2, "class_token"),
        "image.position": leading(1, "encoder.pos_embedding"),
        "image.blocks.{i}.norm1.*": f"{BLOCK}.ln_1.*",
        "image.blocks.{i}.attention.qkv.*": f"{BLOCK}.self_attention.in_proj_*",
        "image.blocks.{i}.attention.out.*": f"{BLOCK}.self_attention.out_proj.*",
        "image.blocks.{i}.norm2.*": f"{BLOCK}.ln_2.*",
        "image.blocks.{i}.mlp.0.*": f"{BLOCK}.mlp.0.*",
        "image.blocks.{i}.mlp.2.*": f"{BLOCK}.mlp.3.*",
        "image.norm.*": "encoder.ln.*",
    },
    older={r"\.mlp\.linear_1\.": ".mlp.0.", r"\.mlp\.linear_2\.": ".mlp.3."},
)
