"""Small networks of transformers with random weights, and their tensors in everybody's names."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

Tensors = dict[str, Tensor]
SMALL = {
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 96,
}
PICTURE = {"image_size": 32, "patch_size": 8}


def stirred(model: nn.Module) -> nn.Module:
    """Every weight away from where it starts: no norm is 1, no bias 0."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim:
                parameter += parameter.shape[-1] ** -0.5 / 2 * torch.randn_like(parameter)
    return model.eval()


def build_vit(**sizes: object) -> nn.Module:
    import transformers

    torch.manual_seed(0)
    config = transformers.ViTConfig(**(SMALL | PICTURE | {"layer_norm_eps": 1e-6} | sizes))
    return stirred(transformers.ViTForImageClassification(config))


def build_clip() -> nn.Module:
    import transformers

    torch.manual_seed(0)
    text = {"vocab_size": 60, "bos_token_id": 58, "eos_token_id": 59, "projection_dim": 16}
    config = transformers.CLIPConfig(
        vision_config=SMALL | PICTURE | {"projection_dim": 16},
        text_config=SMALL | text,
        projection_dim=16,
    )
    return stirred(transformers.CLIPModel(config))


def build_clip_b16() -> nn.Module:
    import transformers

    torch.manual_seed(0)
    config = transformers.CLIPConfig(
        vision_config={"patch_size": 16}, text_config={"bos_token_id": 49406, "eos_token_id": 49407}
    )
    return stirred(transformers.CLIPModel(config))


def saved(model: nn.Module, folder: Path) -> Tensors:
    """The tensors as transformers writes them into a file."""
    model.save_pretrained(folder)
    return load_file(folder / "model.safetensors")


def renamed(tensors: Tensors, names: list[tuple[str, str]]) -> Tensors:
    """Parts of names replaced, in this order."""
    result = {}
    for name, tensor in tensors.items():
        new = name
        for old, by in names:
            new = new.replace(old, by)
        result[new] = tensor
    return result


def fused(tensors: Tensors, parts: tuple[str, str, str], whole: str) -> Tensors:
    """Query, key and value in one tensor."""
    result = {n: t for n, t in tensors.items() if not any(part in n for part in parts)}
    for name in tensors:
        if parts[0] in name:
            three = [tensors[name.replace(parts[0], part)] for part in parts]
            result[name.replace(parts[0], whole)] = torch.cat(three)
    return result


def torchvision(tensors: Tensors, *, old: bool = False) -> Tensors:
    mlp = ("mlp.linear_1.", "mlp.linear_2.") if old else ("mlp.0.", "mlp.3.")
    heads = ("attention.attention.query.", "attention.attention.key.", "attention.attention.value.")
    tensors = fused(tensors, heads, "self_attention.in_proj_")
    return renamed(
        tensors,
        [
            ("vit.embeddings.cls_token", "class_token"),
            ("vit.embeddings.position_embeddings", "encoder.pos_embedding"),
            ("vit.embeddings.patch_embeddings.projection.", "conv_proj."),
            ("vit.encoder.layer.", "encoder.layers.encoder_layer_"),
            ("layernorm_before.", "ln_1."),
            ("layernorm_after.", "ln_2."),
            ("attention.output.dense.", "self_attention.out_proj."),
            ("intermediate.dense.", mlp[0]),
            ("output.dense.", mlp[1]),
            ("vit.layernorm.", "encoder.ln."),
            ("classifier.", "heads.head."),
        ],
    )


def timm(tensors: Tensors) -> Tensors:
    heads = ("attention.attention.query.", "attention.attention.key.", "attention.attention.value.")
    return renamed(
        fused(tensors, heads, "attn.qkv."),
        [
            ("vit.embeddings.cls_token", "cls_token"),
            ("vit.embeddings.position_embeddings", "pos_embed"),
            ("vit.embeddings.patch_embeddings.projection.", "patch_embed.proj."),
            ("vit.encoder.layer.", "blocks."),
            ("layernorm_before.", "norm1."),
            ("layernorm_after.", "norm2."),
            ("attention.output.dense.", "attn.proj."),
            ("intermediate.dense.", "mlp.fc1."),
            ("output.dense.", "mlp.fc2."),
            ("vit.layernorm.", "norm."),
            ("classifier.", "head."),
        ],
    )


def openai(tensors: Tensors) -> Tensors:
    three = ("self_attn.q_proj.", "self_attn.k_proj.", "self_attn.v_proj.")
    tensors = renamed(
        fused(tensors, three, "attn.in_proj_"),
        [
            ("self_attn.out_proj.", "attn.out_proj."),
            ("layer_norm1.", "ln_1."),
            ("layer_norm2.", "ln_2."),
            ("mlp.fc1.", "mlp.c_fc."),
            ("mlp.fc2.", "mlp.c_proj."),
            ("vision_model.embeddings.class_embedding", "visual.class_embedding"),
            ("vision_model.embeddings.patch_embedding.", "visual.conv1."),
            ("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
            ("vision_model.pre_layrnorm.", "visual.ln_pre."),
            ("vision_model.post_layernorm.", "visual.ln_post."),
            ("vision_model.encoder.layers.", "visual.transformer.resblocks."),
            ("visual_projection.weight", "visual.proj"),
            ("text_model.embeddings.token_embedding.", "token_embedding."),
            ("text_model.embeddings.position_embedding.weight", "positional_embedding"),
            ("text_model.final_layer_norm.", "ln_final."),
            ("text_model.encoder.layers.", "transformer.resblocks."),
            ("text_projection.weight", "text_projection"),
        ],
    )
    turned = {n: tensors[n].T.contiguous() for n in ("visual.proj", "text_projection")}
    return tensors | turned


def open_clip(tensors: Tensors) -> Tensors:
    own = ("visual.", "logit_scale")
    return {n if n.startswith(own) else f"text.{n}": t for n, t in openai(tensors).items()}


WRITERS: dict[str, Callable[[Tensors], Tensors]] = {
    "Hugging Face ViT": lambda tensors: tensors,
    "torchvision": torchvision,
    "torchvision, old": lambda tensors: torchvision(tensors, old=True),
    "timm": timm,
    "Hugging Face CLIP": lambda tensors: tensors,
    "OpenAI CLIP": openai,
    "open_clip": open_clip,
}


@pytest.fixture
def writers() -> dict[str, Callable[[Tensors], Tensors]]:
    """By layout: what turns the tensors of transformers into those of that layout."""
    return WRITERS


@pytest.fixture
def vit() -> Callable[..., nn.Module]:
    return build_vit


@pytest.fixture
def clip() -> Callable[..., nn.Module]:
    return build_clip


@pytest.fixture
def clip_b16() -> Callable[..., nn.Module]:
    return build_clip_b16


@pytest.fixture
def save() -> Callable[[nn.Module, Path], Tensors]:
    return saved
