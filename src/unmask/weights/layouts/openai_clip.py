"""OpenAI's CLIP with a vision transformer; open_clip gives most of its files the same names.

OpenAI's own downloads are programs (TorchScript), which are never run here: see ``weights.files``.
"""

from unmask.weights.layouts._tables import Layout, Stored, transposed

USUAL = {"activation": "quick_gelu (gelu in most that others trained)", "norm_eps": 1e-5}


def _blocks(ours: str, theirs: str) -> dict[str, str]:
    """A tower of residual attention blocks."""
    block, resblock = ours + ".blocks.{i}", theirs + "transformer.resblocks.{i}"
    return {
        f"{block}.norm1.*": f"{resblock}.ln_1.*",
        f"{block}.attention.qkv.*": f"{resblock}.attn.in_proj_*",
        f"{block}.attention.out.*": f"{resblock}.attn.out_proj.*",
        f"{block}.norm2.*": f"{resblock}.ln_2.*",
        f"{block}.mlp.0.*": f"{resblock}.mlp.c_fc.*",
        f"{block}.mlp.2.*": f"{resblock}.mlp.c_proj.*",
    }


def names(text: str) -> dict[str, str | Stored]:
    """The table, for a text tower under this prefix."""
    return {
        "image.patch_embed.weight": "visual.conv1.weight",
        "image.class_token": "visual.class_embedding",
        "image.position": "visual.positional_embedding",
        "image.pre_norm.*": "visual.ln_pre.*",
        **_blocks("image", "visual."),
        "image.norm.*": "visual.ln_post.*",
        "image.projection.weight": transposed("visual.proj"),
        "text.token.weight": f"{text}token_embedding.weight",
        "text.position": f"{text}positional_embedding",
        **_blocks("text", text),
        "text.norm.*": f"{text}ln_final.*",
        "text.projection.weight": transposed(f"{text}text_projection"),
        "logit_scale": "logit_scale",
    }


LAYOUT = Layout(name="OpenAI CLIP", table=names(""), usual=USUAL)
