"""The shared layer of branches against loops, for every set of modalities."""

import itertools
import math

import pytest
import torch
from torch import Tensor, nn

from unmask.layers.branches import partners
from unmask.layers.cross_modal_attention import ChannelCrossAttention, TokenCrossAttention
from unmask.layers.presence import Presence
from unmask.layers.transformer import TransformerConfig

EVERY = torch.tensor([row for row in itertools.product([False, True], repeat=3) if any(row)])
SIZES = TransformerConfig(dim=12, depth=1, heads=3, mlp_ratio=2)
LAYERS = {
    "tokens": lambda: TokenCrossAttention(SIZES, class_tokens=False),
    "class_tokens": lambda: TokenCrossAttention(SIZES, class_tokens=True),
    "channels": lambda: ChannelCrossAttention(SIZES),
}
every_layer = pytest.mark.parametrize("name", LAYERS)


def build(name: str) -> nn.Module:
    torch.manual_seed(0)
    layer = LAYERS[name]()
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.4)
    return layer.eval()


def tokens() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(7, 3, 5, 12)  # (B, m, S, D)


def looking() -> Tensor:
    return partners(Presence.of(EVERY, drop=True), drop=0.0)


@pytest.mark.parametrize(("name", "count"), [("tokens", 5), ("class_tokens", 1)])
def test_tokens_of_present_modalities_are_one_sequence(name: str, count: int) -> None:
    layer, x = build(name), tokens()
    y = layer(x, looking())
    for b, row in enumerate(EVERY):
        sequence = x[b, row, :count].flatten(0, 1)[None]
        expected = layer.block(sequence, None)[0].unflatten(0, (int(row.sum()), count))
        torch.testing.assert_close(y[b, row, :count], expected, rtol=0, atol=1e-4)
        assert torch.equal(y[b, row, count:], x[b, row, count:])


def test_channels_of_each_partner_choose_a_mixture_of_own_channels() -> None:
    layer, x = build("channels"), tokens()
    y = layer(x, looking())
    for b, i in itertools.product(range(7), range(3)):
        if EVERY[b, i]:
            own = layer.norm(x[b, i])  # (S, D)
            mixed = torch.zeros(5, 12)
            for j in range(3):
                if EVERY[b, j] and j != i:
                    weight = (layer.norm(x[b, j]).T @ own / math.sqrt(5)).softmax(dim=1)  # (D, D)
                    mixed = mixed + (weight @ own.T).T
            torch.testing.assert_close(y[b, i], x[b, i] + layer.out(mixed), rtol=0, atol=1e-4)


def test_channels_of_a_modality_alone_stay_as_they_are() -> None:
    layer, x = build("channels"), tokens()
    assert torch.equal(layer(x, torch.eye(3, dtype=torch.bool).expand(7, -1, -1)), x)


@every_layer
def test_a_modality_that_may_look_at_none_is_as_if_alone(name: str) -> None:
    layer, x = build(name), tokens()
    together = layer(x, torch.eye(3, dtype=torch.bool).expand(7, -1, -1))
    for m in range(3):
        alone = layer(x[:, m : m + 1], torch.ones(7, 1, 1, dtype=torch.bool))
        torch.testing.assert_close(together[:, m : m + 1], alone, rtol=0, atol=1e-4)


@every_layer
def test_all_modalities_share_the_layer(name: str) -> None:
    layer, x, order = build(name), tokens(), [2, 0, 1]
    everyone = torch.ones(7, 3, 3, dtype=torch.bool)
    turned = layer(x[:, order], everyone)
    torch.testing.assert_close(turned, layer(x, everyone)[:, order], rtol=0, atol=1e-4)
    assert not torch.allclose(layer(x, looking())[0], layer(x, everyone)[0], atol=1e-3)


@every_layer
def test_a_new_layer_leaves_every_token_as_it_is(name: str) -> None:
    x = tokens()
    assert torch.equal(LAYERS[name]()(x, looking()), x)
