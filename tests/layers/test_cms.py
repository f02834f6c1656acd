"""The streams of a CMS-Enhancer and their exchange against naive loops, for every sensor set."""

import itertools

import pytest
import torch
from scipy import fft
from torch import Tensor, nn
from torch.nn import functional as F

from unmask.errors import ConfigError
from unmask.layers.apart import Apart
from unmask.layers.cms import (
    CmsConfig,
    Enhancer,
    Enhancers,
    Exchange,
    FrequencyStream,
    partner_weights,
)
from unmask.layers.image_encoder import ImageEncoder
from unmask.layers.vision_language import TINY_TEST

SUBSETS = [list(row) for row in itertools.product([False, True], repeat=3) if any(row)]
EVERY = torch.tensor(SUBSETS)
AXES: list[dict[str, object]] = [
    {},
    {"domain": "idct"},
    {"position": "both"},
    {"share_across_layers": True},
    {"recombine": "projection"},
    {"position": "both", "share_across_layers": True, "down_dim": 3},
]


def config(**settings: object) -> CmsConfig:
    return CmsConfig(**(TINY_TEST | {"down_dim": 4, "dropout": 0.0} | settings))


def trained(module: nn.Module) -> nn.Module:
    """Away from the start, where what is added is zero."""
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter += 0.2 * torch.randn_like(parameter)
    return module.eval().requires_grad_(requires_grad=False)


def maps(channels: int = 3, grid: int = 4) -> Tensor:
    """One map for each picture of seven presentations with three sensors."""
    torch.manual_seed(1)
    return torch.randn(7, 3, channels, grid, grid)


def frequencies(x: Tensor) -> Tensor:
    return torch.from_numpy(fft.dctn(x.numpy(), axes=(-2, -1), norm="ortho"))


def test_partners_are_the_others_that_are_there_in_equal_parts() -> None:
    weights = partner_weights(EVERY, drop=0.0)
    for row, present in zip(weights, SUBSETS, strict=True):
        for m, n in itertools.product(range(3), repeat=2):
            partners = [k for k in range(3) if present[k] and k != m]
            expected = 1 / len(partners) if n in partners else 0.0
            assert row[m, n].item() == pytest.approx(expected)


def test_each_partner_is_left_out_by_itself() -> None:
    torch.manual_seed(0)
    weights = partner_weights(torch.ones(4000, 3, dtype=torch.bool), drop=0.25)
    assert set(weights.unique().tolist()) == {0.0, 0.5, 1.0}
    for m in range(3):
        one, other = (weights[:, m, n] > 0 for n in range(3) if n != m)
        for kept, share in ((one, 0.75), (other, 0.75), (one & other, 0.75**2)):
            assert kept.float().mean().item() == pytest.approx(share, abs=0.03)
    taken = weights > 0
    assert (taken[:, 0, 1] != taken[:, 1, 0]).any(), "a pair may exchange one way"
    assert not partner_weights(EVERY, drop=1.0).any()


@pytest.mark.parametrize("left_out", [0.0, 0.5])
@pytest.mark.parametrize("drop", [True, False])
def test_exchange_equals_the_loop_over_presentations(left_out: float, *, drop: bool) -> None:
    exchange, x = trained(Exchange(3)), maps()
    apart, weights = Apart.of(EVERY, drop=drop), partner_weights(EVERY, drop=left_out)
    result = apart.together(exchange(apart.pick(x), apart, weights))
    for b, present in enumerate(SUBSETS):
        here = [m for m in range(3) if present[m]]
        gate = {m: exchange.gate(x[b, m][None])[0].sigmoid() for m in here}
        for m in here:
            expected = x[b, m] + gate[m] * x[b, m]
            partners = [n for n in here if n != m and weights[b, m, n]]
            for n in partners:
                expected = expected + (1 - gate[m]) * gate[n] * x[b, n] / len(partners)
            torch.testing.assert_close(result[b, m], expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("domain", ["literal", "idct"])
def test_frequency_gate_weighs_places_as_printed_or_frequencies(domain: str) -> None:
    stream = trained(FrequencyStream(3, down_dim=2, grid=4, domain=domain))
    x = maps()[0]
    seen = frequencies(x)
    result = stream(x)
    for picture, row, column in itertools.product(range(3), range(4), range(4)):
        narrow = F.gelu(
            stream.down.weight[:, :, 0, 0] @ seen[picture, :, row, column] + stream.down.bias
        )
        gate = torch.sigmoid(stream.up.weight[:, :, 0, 0] @ narrow + stream.up.bias)
        weighed, source = (x, result) if domain == "literal" else (seen, frequencies(result))
        expected = gate * weighed[picture, :, row, column]
        torch.testing.assert_close(source[picture, :, row, column], expected, rtol=0, atol=1e-5)


def test_an_open_frequency_gate_is_silent_about_the_way_back() -> None:
    stream = trained(FrequencyStream(3, down_dim=2, grid=4, domain="idct"))
    nn.init.constant_(stream.up.bias, 50.0)  # every frequency passes
    torch.testing.assert_close(stream(maps()[0]), maps()[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("recombine", ["scale", "projection"])
def test_enhancer_adds_both_streams_to_the_patches_and_the_spatial_one_to_the_class_token(
    recombine: str,
) -> None:
    settings = config(recombine=recombine)
    enhancer = trained(Enhancer(settings, frequency=True))
    apart, partners = Apart.of(EVERY, drop=True), partner_weights(EVERY, drop=0.0)
    torch.manual_seed(2)
    x = torch.randn(12, 17, 32)
    added = enhancer(x, apart, partners)
    crossing = enhancer.crossing
    grid = x[:, 1:].reshape(12, 4, 4, 32).permute(0, 3, 1, 2)
    enriched = crossing.exchange(crossing.frequency(grid), apart, partners)
    for picture, place in itertools.product(range(12), range(17)):
        streams = x[picture, place]
        if place:
            streams = streams + enriched[picture, :, (place - 1) // 4, (place - 1) % 4]
        expected = enhancer.spatial(x)[picture, place] + crossing.join(streams[None, None])[0, 0]
        torch.testing.assert_close(added[picture, place], expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("grid", [1, 3, 7])
def test_enhancers_work_at_any_length_and_pass_by_tokens_behind_the_patches(grid: int) -> None:
    settings = config(image_size=8 * grid)
    enhancer = trained(Enhancer(settings, frequency=True))
    apart, partners = Apart.of(EVERY, drop=True), partner_weights(EVERY, drop=0.0)
    x = torch.randn(12, 1 + grid**2 + 5, 32)
    added = enhancer(x, apart, partners)
    assert (added[:, :-5].abs().amax(dim=2) > 0).all()
    assert not added[:, -5:].any()
    torch.testing.assert_close(added[:, :-5], enhancer(x[:, :-5], apart, partners))


@pytest.mark.parametrize("settings", AXES)
def test_untrained_enhancers_leave_the_tower_exactly_as_it_was(settings: dict[str, object]) -> None:
    torch.manual_seed(0)
    made = config(**settings)
    tower = ImageEncoder(made.clip.image)
    enhancers = Enhancers(made, patches_read=True)
    image, apart = torch.randn(7, 3, 3, 32, 32), Apart.of(EVERY, drop=True)
    plain = tower(apart.pictures(image))
    enhanced = enhancers(tower, apart, image)
    assert torch.equal(enhanced.class_token, plain.class_token)
    assert torch.equal(enhanced.patches, plain.patches)
    assert enhanced.prompts.shape == (12, 0, 16)
    changed = trained(enhancers)(tower, apart, image)
    assert not torch.isclose(changed.class_token, plain.class_token).all(dim=1).any()


@pytest.mark.parametrize("settings", AXES)
def test_enhancers_stand_beside_what_they_are_asked_to(settings: dict[str, object]) -> None:
    made = config(**settings)
    tower, enhancers = trained(ImageEncoder(made.clip.image)), Enhancers(made, patches_read=True)
    trained(enhancers)
    image, apart = torch.randn(7, 3, 3, 32, 32), Apart.of(EVERY, drop=True)
    partners = partner_weights(EVERY, drop=0.0)
    per_block = 2 if made.position == "both" else 1
    assert len(enhancers.places) == (1 if made.share_across_layers else 2 * per_block)
    x = tower.pre_norm(tower.embed(apart.pictures(image)))
    for i, block in enumerate(tower.blocks):
        beside = [
            enhancers.places[0 if made.share_across_layers else i * per_block + place]
            for place in range(per_block)
        ]
        middle = x + block.attention(block.norm1(x), None)
        if made.position == "both":
            middle = middle + beside[0](block.norm1(x), apart, partners)
        seen = block.norm2(middle)
        x = middle + block.mlp(seen) + beside[-1](seen, apart, partners)
    expected = tower.projection(tower.norm(x))
    features = enhancers(tower, apart, image)
    torch.testing.assert_close(features.class_token, expected[:, 0], rtol=0, atol=1e-5)
    torch.testing.assert_close(features.patches, expected[:, 1:], rtol=0, atol=1e-5)


@pytest.mark.parametrize(("position", "last"), [("mlp", 1), ("both", 2)])
def test_where_nobody_reads_patches_the_last_block_has_the_spatial_stream_alone(
    position: str, last: int
) -> None:
    enhancers = Enhancers(config(position=position), patches_read=False)
    assert [place.crossing is None for place in enhancers.places] == [False] * last + [True] * last
    shared = Enhancers(config(position=position, share_across_layers=True), patches_read=False)
    assert shared.places[0].crossing is not None


def test_partners_are_left_out_in_training_alone() -> None:
    made = config(partner_drop=1.0)
    tower, enhancers = trained(ImageEncoder(made.clip.image)), Enhancers(made, patches_read=True)
    trained(enhancers)
    image, apart = torch.randn(7, 3, 3, 32, 32), Apart.of(EVERY, drop=True)
    alone = Apart.of(torch.ones(12, 1, dtype=torch.bool), drop=True)
    own = image.flatten(0, 1)[apart.place][:, None]
    without = enhancers(tower, alone, own).patches
    together = enhancers(tower, apart, image).patches
    single = EVERY.sum(dim=1).repeat_interleave(EVERY.sum(dim=1)) == 1  # (12,)
    difference = (together - without).abs().amax(dim=(1, 2))
    assert (difference[single] < 1e-5).all()
    assert (difference[~single] > 1e-3).all(), "partners tell something"
    enhancers.train()
    torch.testing.assert_close(enhancers(tower, apart, image).patches, without, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("partner_drop", "outcomes"), [(0.0, 1), (0.5, 3)])
def test_a_partner_is_left_out_of_all_blocks_alike(partner_drop: float, outcomes: int) -> None:
    made = config(partner_drop=partner_drop, modalities=("rgb", "depth"))
    tower, enhancers = trained(ImageEncoder(made.clip.image)), Enhancers(made, patches_read=True)
    trained(enhancers).train()
    image = torch.randn(1, 2, 3, 32, 32).expand(60, -1, -1, -1, -1)
    apart = Apart.of(torch.ones(60, 2, dtype=torch.bool), drop=True)
    feature = apart.together(enhancers(tower, apart, image).patches)[:, 0]  # (60, P, E)
    # alone; with the other; with the other, which itself does without
    assert feature.mul(1000).round().unique(dim=0).shape[0] == outcomes


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"partner_drop": 1.5}, "partner_drop is 1.5; it must be from 0 to 1"),
        ({"dropout": -0.1}, "dropout is -0.1; it must be from 0 to 1"),
        ({"down_dim": 0}, "down_dim is 0; it must be at least 1"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        config(**settings)
