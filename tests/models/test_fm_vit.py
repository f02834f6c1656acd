import itertools

import pytest
import torch

from unmask.errors import ConfigError
from unmask.layers.branches import partners
from unmask.models import create_model

EVERY = torch.tensor([row for row in itertools.product([False, True], repeat=3) if any(row)])


@pytest.mark.parametrize(
    ("placement", "depth", "places"),
    [
        ("quarters", 12, [2, 5, 8, 11]),
        ("quarters", 6, [1, 2, 4, 5]),
        ("quarters", 2, [0, 1]),
        ("quarters", 1, [0]),
        ("every", 3, [0, 1, 2]),
        ("last", 5, [4]),
    ],
)
def test_cross_modal_blocks_stand_where_asked(
    placement: str, depth: int, places: list[int]
) -> None:
    model = create_model("fm_vit/tiny_test", depth=depth, placement=placement)
    assert model.config.places == places
    assert [int(i) for i in model.cross_modal] == places


@pytest.mark.parametrize("placement", ["every", "quarters", "last"])
def test_branches_walk_in_step_and_meet_after_the_named_blocks(placement: str) -> None:
    torch.manual_seed(0)
    model = create_model("fm_vit/tiny_test", depth=3, placement=placement).eval()
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    image = torch.randn(7, 3, 3, 32, 32)
    presence = model.config.presence(EVERY)
    partner = partners(presence, drop=0.0)
    hidden = presence.hide(image)
    x = [encoder.embed(hidden[:, m]) for m, encoder in enumerate(model.backbone)]
    for i in range(3):
        x = [encoder.blocks[i](own, None) for encoder, own in zip(model.backbone, x, strict=True)]
        if i in model.config.places:
            x = list(model.cross_modal[str(i)](torch.stack(x, dim=1), partner).unbind(1))
    first = [encoder.norm(own)[:, 0] for encoder, own in zip(model.backbone, x, strict=True)]
    logit = torch.cat([model.head(token) for token in first], dim=1) * EVERY
    torch.testing.assert_close(model(image, EVERY).modality_logit, logit, rtol=0, atol=1e-5)


def test_the_feature_is_the_mean_of_the_class_tokens_and_the_head_reads_it() -> None:
    model = create_model("fm_vit/tiny_test").eval()
    output = model(torch.randn(7, 3, 3, 32, 32), EVERY)
    assert output.feature.shape == (7, 32)
    expected = model.head(output.feature).squeeze(1)
    torch.testing.assert_close(output.logit, expected, rtol=0, atol=1e-5)


def test_blocks_and_head_do_not_grow_with_the_modalities() -> None:
    def shared(modalities: list[str]) -> int:
        model = create_model("fm_vit/tiny_test", modalities=modalities)
        own = sum(p.numel() for p in model.backbone.parameters())
        return sum(p.numel() for p in model.parameters()) - own

    assert shared(["rgb"]) == shared(["thermal", "rgb", "depth", "infrared"])


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"kept": 0.0}, r"kept is 0\.0; it must be above 0 and at most 1"),
        ({"kept": 1.1}, r"kept is 1\.1; it must be above 0 and at most 1"),
        ({"threshold": -1.0}, r"threshold is -1\.0; it must be at least 0"),
        ({"placement": "thirds"}, "one of: 'every', 'quarters', 'last'"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        create_model("fm_vit/tiny_test", **settings)
