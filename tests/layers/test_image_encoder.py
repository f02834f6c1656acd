import pytest
import torch
from torch import Tensor

from unmask.errors import ConfigError
from unmask.layers import clip, image_encoder
from unmask.layers.image_encoder import ImageEncoder, ImageEncoderConfig

SMALL = {"image_size": 16, "patch_size": 4, "dim": 12, "depth": 3, "heads": 3}


def build(**settings: object) -> ImageEncoder:
    torch.manual_seed(0)
    return ImageEncoder(ImageEncoderConfig(**(SMALL | settings))).eval()


def pictures() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(2, 3, 16, 16)


def close(one: Tensor, other: Tensor) -> None:
    torch.testing.assert_close(one, other, rtol=0, atol=1e-6)


def test_patches_run_row_by_row_after_the_class_token() -> None:
    encoder, image = build(), pictures()
    x = encoder.embed(image)
    assert x.shape == (2, 17, 12)
    layer, patch = encoder.patch_embed, image[1, :, 4:8, 8:12]  # row 1, column 2: patch 6
    expected = (layer.weight * patch).sum(dim=(1, 2, 3)) + layer.bias + encoder.position[7]
    torch.testing.assert_close(x[1, 7], expected, rtol=0, atol=1e-5)
    close(x[:, 0], (encoder.class_token + encoder.position[0]).expand(2, -1))


def test_features_are_normed_and_projected_and_those_on_the_way_are_not() -> None:
    encoder = build(projection=5, pre_norm=True, patch_bias=False)
    features = encoder(pictures(), keep=[1, 2])
    assert features.class_token.shape == (2, 5)
    assert features.patches.shape == (2, 16, 5)
    assert features.prompts.shape == (2, 0, 5)
    assert list(features.blocks) == [1, 2]
    assert features.blocks[1].shape == (2, 17, 12)
    close(encoder.projection(encoder.norm(features.blocks[2]))[:, 0], features.class_token)
    assert encoder.patch_embed.bias is None


def test_prompts_come_after_the_patches_and_may_be_replaced_at_each_block() -> None:
    encoder, table = build(), torch.randn(3, 4, 12)
    seen: list[tuple[int, ...]] = []

    def replace(i: int, prompts: Tensor) -> Tensor:
        seen.append(tuple(prompts.shape))
        return table[i].expand(2, -1, -1)

    features = encoder(pictures(), prompts=replace, keep=[0])
    x = encoder.embed(pictures())
    for i, block in enumerate(encoder.blocks):
        x = block(torch.cat([x[:, :17], table[i].expand(2, -1, -1)], dim=1), None)
        if i == 0:
            close(features.blocks[0], x[:, :17])
    close(features.class_token, encoder.norm(x)[:, 0])
    close(features.patches, encoder.norm(x)[:, 1:17])
    close(features.prompts, encoder.norm(x)[:, 17:])
    assert seen == [(2, 0, 12), (2, 4, 12), (2, 4, 12)]


def test_prompts_may_accumulate() -> None:
    encoder, table = build(), torch.randn(3, 2, 12)
    features = encoder(
        pictures(), prompts=lambda i, p: (p if i else p.new_zeros(2, 2, 12)) + table[i]
    )
    x = torch.cat([encoder.embed(pictures()), torch.zeros(2, 2, 12)], dim=1)
    for i, block in enumerate(encoder.blocks):
        x = torch.cat([x[:, :17], x[:, 17:] + table[i]], dim=1)
        x = block(x, None)
    close(features.class_token, encoder.norm(x)[:, 0])


def test_an_adapter_stands_beside_the_mlp() -> None:
    encoder = build()
    features = encoder(pictures(), beside=lambda i, x: (i + 1) * x.flip(-1))
    x = encoder.embed(pictures())
    for i, block in enumerate(encoder.blocks):
        middle = x + block.attention(block.norm1(x), None)
        x = middle + block.mlp(block.norm2(middle)) + (i + 1) * middle.flip(-1)
    torch.testing.assert_close(features.class_token, encoder.norm(x)[:, 0], rtol=0, atol=1e-5)


def test_any_choice_of_patches_can_be_encoded() -> None:
    """As masked autoencoding does; the order of the patches does not matter."""
    encoder = build()
    x = encoder.embed(pictures())
    chosen = encoder.encode(x[:, [0, 3, 9, 5]])
    turned = encoder.encode(x[:, [0, 5, 3, 9]])
    close(chosen.class_token, turned.class_token)
    close(chosen.patches, turned.patches[:, [1, 2, 0]])


def test_bf16_arithmetic_comes_close() -> None:
    encoder = build(projection=5, pre_norm=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = encoder(pictures(), prompts=lambda i, p: torch.ones(2, 1, 12))
    exact = encoder(pictures(), prompts=lambda i, p: torch.ones(2, 1, 12))
    assert features.class_token.dtype == torch.bfloat16
    torch.testing.assert_close(features.class_token.float(), exact.class_token, rtol=0, atol=0.05)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("vit_ti16", 5_524_416), ("vit_s16", 21_665_664), ("vit_b16", 85_798_656)],
)
def test_named_sizes_have_the_published_number_of_parameters(name: str, parameters: int) -> None:
    with torch.device("meta"):
        encoder = ImageEncoder(image_encoder.SIZES[name])
    assert sum(p.numel() for p in encoder.parameters()) == parameters


@pytest.mark.parametrize(
    ("name", "parameters"), [("clip_b16", 86_192_640), ("clip_b32", 87_849_216)]
)
def test_the_image_towers_of_clip_have_the_published_number_of_parameters(
    name: str, parameters: int
) -> None:
    with torch.device("meta"):
        encoder = ImageEncoder(clip.SIZES[name].image)
    assert sum(p.numel() for p in encoder.parameters()) == parameters


def test_an_impossible_projection_is_refused() -> None:
    with pytest.raises(ConfigError, match="projection is -1; it must be at least 0"):
        ImageEncoderConfig(projection=-1)
