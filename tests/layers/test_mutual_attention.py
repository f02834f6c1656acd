"""Mutual and fusion attention against loops over presentations, heads and partners."""

import itertools
import math
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unmask.layers.branches import partners
from unmask.layers.mutual_attention import ClassAttention, CrossModalBlock, CrossModalSizes
from unmask.layers.presence import Presence

EVERY = torch.tensor([row for row in itertools.product([False, True], repeat=3) if any(row)])
SIZES = CrossModalSizes(
    dim=12,
    heads=3,
    mlp_ratio=2,
    norm_eps=1e-6,
    mask="top",
    kept=0.5,
    threshold=1.0,
    fusion="sum",
)
AXES: list[dict[str, Any]] = [
    {},
    {"kept": 0.3},
    {"kept": 1.0},
    {"mask": "threshold"},
    {"mask": "threshold", "threshold": 0.7},
    {"fusion": "mean"},
]


def build(**settings: Any) -> CrossModalBlock:
    torch.manual_seed(0)
    block = CrossModalBlock(replace(SIZES, **settings))
    for parameter in block.parameters():
        nn.init.normal_(parameter, std=0.5)
    return block.eval()


def tokens() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(7, 3, 10, 12)  # (B, m, S, D), P = 9


def heads(layer: ClassAttention, token: Tensor, patches: Tensor) -> list[tuple[Tensor, ...]]:
    """For each head: query of a class token (d,), keys and values of some patches (P, d)."""
    dim = SIZES.dim // SIZES.heads
    q = layer.query(layer.norm(token)).split(dim)
    k, v = layer.key_value(layer.norm(patches)).split(SIZES.dim, dim=-1)
    return list(zip(q, k.split(dim, dim=-1), v.split(dim, dim=-1), strict=True))


def scores(layer: ClassAttention, token: Tensor, patches: Tensor, head: int) -> Tensor:
    q, k, _ = heads(layer, token, patches)[head]
    return k @ q / math.sqrt(q.shape[0])  # (P,)


def mutual(layer: ClassAttention, x: Tensor, i: int, looks_at: list[int]) -> Tensor:
    """MMA of modality i: x is (m, S, D), one presentation."""
    joined = []
    for head in range(SIZES.heads):
        relevance = [scores(layer, x[j, 0], x[j, 1:], head).softmax(0) for j in looks_at]
        s = torch.stack(relevance).mean(dim=0)
        own = scores(layer, x[i, 0], x[i, 1:], head)
        if layer.sizes.mask == "top":
            high = s.argsort(descending=True)[: max(1, round(layer.sizes.kept * 9))].tolist()
        else:
            high = [p for p in range(9) if s[p] >= layer.sizes.threshold * s.mean()]
        _, _, v = heads(layer, x[i, 0], x[i, 1:])[head]
        joined.append(own[high].softmax(0) @ v[high])
    return layer.out(torch.cat(joined))


def fusion(layer: ClassAttention, first: Tensor, x: Tensor, looks_at: list[int]) -> Tensor:
    """MFA of one modality: its class token, and x (m, S, D) of one presentation."""
    joined = []
    for head in range(SIZES.heads):
        y = torch.zeros(SIZES.dim // SIZES.heads)
        for j in looks_at:
            _, _, v = heads(layer, first, x[j, 1:])[head]
            y = y + scores(layer, first, x[j, 1:], head).softmax(0) @ v
        joined.append(y / len(looks_at) if layer.sizes.fusion == "mean" else y)
    return layer.out(torch.cat(joined))


@pytest.mark.parametrize("settings", AXES)
def test_block_is_the_formula_for_every_set_of_modalities(settings: dict[str, Any]) -> None:
    block, x = build(**settings), tokens()
    y = block(x, partners(Presence.of(EVERY, drop=True), drop=0.0))
    assert torch.equal(y[:, :, 1:], x[:, :, 1:]), "patches go through unchanged"
    for b, i in itertools.product(range(7), range(3)):
        if EVERY[b, i]:
            looks_at = EVERY[b].nonzero().flatten().tolist()
            first = x[b, i, 0] + mutual(block.mutual, x[b], i, looks_at)
            first = first + fusion(block.fusion, first, x[b], looks_at)
            first = first + block.mlp(block.norm(first))
            torch.testing.assert_close(y[b, i, 0], first, rtol=0, atol=2e-4)


@pytest.mark.parametrize("settings", AXES)
def test_one_modality_alone_is_told_by_its_own_patches(settings: dict[str, Any]) -> None:
    block, x = build(**settings), tokens()
    together = block(x, torch.eye(3, dtype=torch.bool).expand(7, -1, -1))
    for m in range(3):
        alone = block(x[:, m : m + 1], torch.ones(7, 1, 1, dtype=torch.bool))
        torch.testing.assert_close(together[:, m : m + 1], alone, rtol=0, atol=1e-4)


def test_partners_change_both_where_to_look_and_what_is_seen() -> None:
    block, x = build(), tokens()
    everyone = torch.ones(7, 3, 3, dtype=torch.bool)
    nobody = torch.eye(3, dtype=torch.bool).expand(7, -1, -1)
    for layer in (block.mutual, block.fusion):
        seen = layer(x[:, :, 0], x[:, :, 1:], everyone)
        assert not torch.allclose(seen, layer(x[:, :, 0], x[:, :, 1:], nobody), atol=1e-3)


def test_all_modalities_share_the_parameters() -> None:
    block, x = build(), tokens()
    everyone = torch.ones(7, 3, 3, dtype=torch.bool)
    order = [2, 0, 1]
    turned = block(x[:, order], everyone)
    torch.testing.assert_close(turned, block(x, everyone)[:, order], rtol=0, atol=1e-4)


def test_of_equal_patches_all_are_informative_and_at_least_one_always_is() -> None:
    partner = torch.ones(2, 2, 2, dtype=torch.bool)
    even = torch.zeros(2, 2, 3, 9)
    for settings in ({}, {"mask": "threshold"}):
        assert build(**settings).mutual._informative(even, partner).all()
    uneven = torch.randn(2, 2, 3, 9)
    high = build(mask="threshold", threshold=100.0).mutual._informative(uneven, partner)
    assert (high.sum(dim=-1) == 1).all()


@pytest.mark.parametrize(("kept", "count"), [(0.01, 1), (0.3, 3), (0.5, 4), (1.0, 9)])
def test_the_highest_are_as_many_as_asked(kept: float, count: int) -> None:
    partner = torch.ones(2, 2, 2, dtype=torch.bool)
    high = build(kept=kept).mutual._informative(torch.randn(2, 2, 3, 9), partner)
    assert (high.sum(dim=-1) == count).all()


def test_a_new_block_leaves_every_token_as_it_is() -> None:
    x = tokens()
    assert torch.equal(CrossModalBlock(SIZES)(x, torch.ones(7, 3, 3, dtype=torch.bool)), x)
