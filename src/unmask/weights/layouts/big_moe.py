"""The authors' published BIG-MoE, whole: the names on the left are those of ``big_moe_official``.

``models.big_moe`` gives the same names to the parts that do the same. There is no final norm, and
the patches of the three modalities (RGB, infrared, depth) have positions of their own.
"""

from unmask.weights.layouts._tables import Layout, leading, pictures, regrouped, swapped

BLOCK = "ViT_Encoder.{i}"
ADDED = "adaptors.{i}"
HALVES, HEADS = 2, 2
"""Of a query: theirs puts the heads within the halves, ours the halves within the heads."""

LAYOUT = Layout(
    name="BIG-MoE of the authors",
    table={
        "image.patch_embed.*": "conv_proj.*",
        "image.class_token": leading(2, "class_token"),
        "image.position": leading(1, "pos_embedding"),
        "image.blocks.{i}.norm1.*": f"{BLOCK}.ln_1.*",
        "image.blocks.{i}.attention.qkv.*": f"{BLOCK}.self_attention.in_proj_*",
        "image.blocks.{i}.attention.out.*": f"{BLOCK}.self_attention.out_proj.*",
        "image.blocks.{i}.norm2.*": f"{BLOCK}.ln_2.*",
        "image.blocks.{i}.mlp.0.*": f"{BLOCK}.mlp.0.*",
        "image.blocks.{i}.mlp.2.*": f"{BLOCK}.mlp.3.*",
        "prompt.content.weight": "VP_learner.conv_d.conv.weight",
        "prompt.absent.weight": pictures("VP_learner.modality_prompt"),
        "prompt.task": "VP_learner.P_s",
        "prompt.patches.*": "VP_learner.conv_proj.*",
        "igma.{i}.down.*": f"{ADDED}.C_down.*",
        "igma.{i}.gate_feature.*": f"{ADDED}.G_down.*",
        "igma.{i}.gate_prompt.*": f"{ADDED}.conv_VP.*",
        "igma.{i}.up.*": f"{ADDED}.conv_up.*",
        "igma.{i}.experts.norm.weight": f"{ADDED}.adaptor.norm.gamma",
        "igma.{i}.experts.down.weight": f"{ADDED}.adaptor.weight_down_embed.weight",
        "igma.{i}.experts.up.weight": f"{ADDED}.adaptor.weight_up_embed.weight",
        "igma.{i}.experts.router.norm.weight": f"{ADDED}.adaptor.norm_gate.gamma",
        "igma.{i}.experts.router.query.weight": regrouped(
            f"{ADDED}.adaptor.to_queries.0.weight", HALVES, HEADS
        ),
        "igma.{i}.experts.router.keys": swapped(f"{ADDED}.adaptor.keys", 1, 2),
        "cpb.{i}.carry.weight": f"{ADDED}.VP_block.conv_VP.conv.weight",
        "cpb.{i}.learn.weight": f"{ADDED}.VP_block.conv_gate.conv.weight",
        "cpb.{i}.attention.mix.weight": f"{ADDED}.VP_block.attn.conv.weight",
        "cpb.{i}.compose.weight": f"{ADDED}.VP_block.conv_compose.conv.weight",
        "head.*": "fc.0.*",
    },
    modalities=3,
    lacks=("image.norm.weight", "image.norm.bias"),
)
