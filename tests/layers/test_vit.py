import pytest
import torch

from unmask.errors import ConfigError
from unmask.layers.presence import Presence
from unmask.layers.vit import Backbone, BackboneConfig, PatchEmbed

SMALL = {"image_size": 16, "patch_size": 4, "dim": 12, "depth": 2, "heads": 3}


@pytest.mark.parametrize("patch_embed", ["shared", "per_modality"])
def test_patches_run_row_by_row_and_modality_by_modality(patch_embed: str) -> None:
    config = BackboneConfig(**SMALL, patch_embed=patch_embed)
    embed = PatchEmbed(config)
    image = torch.randn(2, 3, 3, 16, 16)
    x = embed(image, [0, 2])
    assert x.shape == (2, 2, 16, 12)
    for place, modality in enumerate([0, 2]):
        layer = embed.maps[0 if patch_embed == "shared" else modality]
        patch = image[1, modality, :, 4:8, 8:12]  # row 1, column 2: patch 6
        expected = (layer.weight * patch).sum(dim=(1, 2, 3)) + layer.bias
        torch.testing.assert_close(x[1, place, 6], expected, rtol=0, atol=1e-5)


def test_all_modalities_share_positions_and_differ_by_their_own_vector() -> None:
    torch.manual_seed(0)
    backbone = Backbone(BackboneConfig(**SMALL))
    torch.nn.init.normal_(backbone.modality.weight)
    picture = torch.randn(1, 1, 3, 16, 16).expand(1, 3, -1, -1, -1)
    present = torch.ones(1, 3, dtype=torch.bool)
    x = backbone.embed(picture, Presence.of(present, drop=True))
    assert x.shape == (1, 1 + 3 * 16, 12)
    difference = backbone.modality.weight[2] - backbone.modality.weight[0]
    torch.testing.assert_close(x[0, 33:] - x[0, 1:17], difference.expand(16, -1))


def test_the_pre_norm_of_clip_stands_before_the_first_block() -> None:
    torch.manual_seed(0)
    plain, normed = (Backbone(BackboneConfig(**SMALL, pre_norm=pre)) for pre in (False, True))
    normed.load_state_dict(plain.state_dict(), strict=False)
    torch.nn.init.normal_(normed.pre_norm.weight)
    image, presence = torch.randn(1, 3, 3, 16, 16), Presence.of(torch.ones(1, 3) > 0, drop=True)
    expected = normed.pre_norm(plain.embed(image, presence))
    assert torch.equal(normed.embed(image, presence), expected)
    normed.freeze()
    assert not normed.pre_norm.weight.requires_grad


@pytest.mark.parametrize(
    ("absent", "columns", "counted"),
    [
        ("drop", [0, 2], [True, False, True]),
        ("mask", [0, 1, 2], [True, False, True]),
        ("zero", [0, 1, 2], [True, True, True]),
    ],
)
def test_the_setting_says_which_tokens_there_are_and_which_count(
    absent: str, columns: list[int], counted: list[bool]
) -> None:
    presence = BackboneConfig(**SMALL, absent=absent).presence(torch.tensor([[True, False, True]]))
    assert presence.columns == columns
    assert presence.counted.tolist() == [counted]
    assert presence.present.tolist() == [[True, False, True]]


def test_frozen_backbone_still_learns_tokens_and_positions() -> None:
    backbone = Backbone(BackboneConfig(**SMALL))
    backbone.freeze()
    trainable = {name for name, p in backbone.named_parameters() if p.requires_grad}
    assert trainable == {"class_token", "position", "modality.weight"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"image_size": 17}, "image_size is 17; it must be a multiple of patch_size, which is 4"),
        ({"heads": 5}, "dim is 12; it must be a multiple of heads, which is 5"),
        ({"depth": 0}, "depth is 0; it must be at least 1"),
        ({"modalities": ()}, r"modalities are \[\]; name at least one, and each only once"),
    ],
)
def test_impossible_sizes_are_refused(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        BackboneConfig(**(SMALL | wrong))
