"""Prompts of both towers, walked by hand."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.layers.clip_tokens import tokenize
from unmask.layers.image_encoder import ImageEncoder, ImageEncoderConfig
from unmask.layers.refined_prompts import (
    PromptGates,
    PromptPool,
    PromptSizes,
    RefinedTexts,
    VisualPrompts,
    look_through,
)
from unmask.layers.text_encoder import TextEncoder, TextEncoderConfig

WORDS = ("live", "fake")
SIZES = PromptSizes(
    prompts=3,
    depth=2,
    update="accumulate",
    dim=12,
    text_dim=8,
    vocabulary=1024,
    coupling=2,
    source="image",
)
OWN = 17


def text_tower() -> TextEncoder:
    torch.manual_seed(0)
    config = TextEncoderConfig(dim=8, depth=3, heads=2, vocabulary=1024, projection=6)
    return TextEncoder(config).eval()


def picture_tower() -> ImageEncoder:
    torch.manual_seed(0)
    config = ImageEncoderConfig(image_size=16, patch_size=4, dim=12, depth=3, heads=3)
    return ImageEncoder(config).eval()


def texts(*, moved: bool = True, **changes: object) -> RefinedTexts:
    torch.manual_seed(1)
    prompts = RefinedTexts(replace(SIZES, **changes), WORDS)
    if moved:
        for later in prompts.later:
            torch.nn.init.normal_(later)
    return prompts


def pictures() -> Tensor:
    torch.manual_seed(2)
    return torch.randn(2, 3, 16, 16)


def close(one: Tensor, other: Tensor, tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(one, other, rtol=0, atol=tolerance)


def test_texts_start_as_those_of_the_tower_with_that_context() -> None:
    tower, prompts = text_tower(), texts(moved=False)
    feature, told = prompts(tower)
    tokens = tokenize(WORDS, context=3, vocabulary=1024)
    close(feature, F.normalize(tower(tokens, prompts.first), dim=-1), 1e-6)
    assert [t.shape for t in told] == [(3, 8)] * 2
    close(told[0], prompts.first + tower.position[1:4])


@pytest.mark.parametrize("update", ["accumulate", "replace"])
def test_text_prompts_gather_what_is_added_or_are_replaced(update: str) -> None:
    tower, prompts = text_tower(), texts(update=update)
    feature, told = prompts(tower)
    tokens = tokenize(WORDS, context=3, vocabulary=1024)
    ends = [row.tolist().index(1023) for row in tokens]
    for row, end, said in zip(tokens, ends, feature, strict=True):
        x = tower.embed(row[None, : end + 1], prompts.first)
        causal = torch.ones(end + 1, end + 1).tril().bool()
        for i, block in enumerate(tower.blocks):
            if i == 1:
                before = x[:, 1:4] if update == "accumulate" else 0
                x = torch.cat([x[:, :1], before + prompts.later[0][None], x[:, 4:]], dim=1)
            if i < 2:
                close(told[i], x[0, 1:4])  # of either word: no prompt looks at it
            x = block(x, causal)
        close(said, F.normalize(tower.projection(tower.norm(x))[0, end], dim=-1))


def test_texts_are_made_once_in_use_and_anew_when_a_prompt_has_changed() -> None:
    tower, prompts = text_tower(), texts()
    runs: list[int] = []
    tower.blocks[0].norm1.register_forward_pre_hook(lambda *_: runs.append(1))
    with torch.no_grad():
        first, told = prompts(tower)
        assert prompts(tower)[0] is first
    assert len(runs) == 1
    assert prompts(tower)[0].requires_grad
    with torch.no_grad():
        prompts.later[0].add_(1)
        changed, changed_told = prompts(tower)
    assert not torch.equal(changed, first)
    close(changed_told[1], told[1] + 1)


def test_every_text_prompt_learns_and_there_is_one_for_each_block() -> None:
    for depth in (1, 2, 3):
        prompts = texts(depth=depth)
        assert len(list(prompts.parameters())) == depth
        prompts(text_tower())[0][0].sum().backward()
        assert all(p.grad is not None and p.grad.any() for p in prompts.parameters())


@torch.no_grad()
def test_queries_gather_patches_as_the_loop_does_and_nothing_is_learned_through_them() -> None:
    torch.manual_seed(0)
    pool, patches = PromptPool(6, prompts=2), torch.randn(2, 5, 6)
    torch.nn.init.normal_(pool.norm.weight)
    torch.nn.init.normal_(pool.norm.bias)
    gathered = pool(patches)
    for n in range(2):
        rows = []
        for patch in patches[n]:
            spread = (patch - patch.mean()) / (patch.var(unbiased=False) + 1e-5).sqrt()
            rows.append(spread * pool.norm.weight + pool.norm.bias)
        for query, found in zip(pool.query, gathered[n], strict=True):
            score = [math.exp((query @ row).item() / math.sqrt(6)) for row in rows]
            mean = sum(s * row for s, row in zip(score, rows, strict=True)) / sum(score)
            close(found, pool.value.weight @ mean + pool.value.bias)
    with torch.enable_grad():
        asked = torch.randn(2, 5, 6, requires_grad=True)
        pool(asked).sum().backward()
    assert asked.grad is None


@pytest.mark.parametrize("update", ["accumulate", "replace"])
@pytest.mark.parametrize("source", ["image", "learned"])
@pytest.mark.parametrize("coupling", [0, 2])
def test_visual_prompts_walk_beside_the_patches(update: str, source: str, coupling: int) -> None:
    torch.manual_seed(3)
    tower, raw = picture_tower(), picture_tower().raw(pictures())
    prompts = VisualPrompts(replace(SIZES, update=update, source=source, coupling=coupling))
    for share in prompts.share:
        torch.nn.init.normal_(share)
    told = list(torch.randn(2, 3, 8).unbind())
    features = tower.encode(tower.place(raw), prompts=prompts(prompts.draw(raw), told))

    first = prompts.pool(raw) if source == "image" else prompts.first.expand(2, -1, -1)
    middle = first - first.mean(dim=-1, keepdim=True)
    first = middle / (middle.square().mean(dim=-1, keepdim=True) + 1e-5).sqrt()
    x = torch.cat([tower.embed(pictures()), torch.zeros(2, 3, 12)], dim=1)
    for i, block in enumerate(tower.blocks):
        if i < 2:
            new = prompts.share[i] * first
            if coupling:
                down, up = prompts.couple[i]
                new = new + told[i] @ down.weight.T @ up.weight.T
            out = x[:, OWN:] if update == "accumulate" else 0
            x = torch.cat([x[:, :OWN], out + new], dim=1)
        x = block(x, None)
    close(features.class_token, tower.norm(x)[:, 0])
    close(features.prompts, tower.norm(x)[:, OWN:])


def test_raw_patches_with_their_places_are_the_tokens() -> None:
    tower = picture_tower()
    assert torch.equal(tower.place(tower.raw(pictures())), tower.embed(pictures()))
    close(tower.raw(pictures()), tower.embed(pictures())[:, 1:] - tower.position[1:])


def test_a_closed_gate_hides_the_prompts_exactly_and_an_open_one_does_not() -> None:
    tower, gates = picture_tower(), PromptGates(3, 3)
    x, table = tower.embed(pictures()), torch.randn(2, 4, 12)
    plain = tower.encode(x)

    def gated() -> Tensor:
        said = tower.encode(x, prompts=lambda i, p: p if i else table, look=gates(OWN))
        return torch.cat([said.class_token[:, None], said.patches], dim=1)

    close(gated(), torch.cat([plain.class_token[:, None], plain.patches], dim=1), 1e-6)
    with torch.no_grad():
        gates.strength[2, 1] = 0.5
    assert ((gated()[:, 0] - plain.class_token).abs() > 1e-3).any()


def test_own_tokens_see_prompts_by_the_gate_and_prompts_see_all() -> None:
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 1, 2, 5, 4).double().unbind()
    opening = torch.tensor([0.3, -0.8]).double()
    found = look_through(q, k, v, None, own=3, opening=opening)

    def looked(head: int, query: Tensor, places: range) -> Tensor:
        score = [math.exp((query @ k[0, head, p]).item() / 2) for p in places]
        return sum(s * v[0, head, p] for s, p in zip(score, places, strict=True)) / sum(score)

    for head in range(2):
        for token in range(5):
            query = q[0, head, token]
            expected = looked(head, query, range(5))
            if token < 3:
                through = looked(head, query, range(3, 5))
                expected = looked(head, query, range(3)) + opening[head] * through
            close(found[0, head, token], expected, 1e-12)


def test_gates_open_by_the_hyperbolic_tangent_of_what_is_learned() -> None:
    gates = PromptGates(3, 2)
    torch.nn.init.normal_(gates.strength)
    torch.testing.assert_close(gates(5)(1).keywords["opening"], gates.strength[1].tanh())
