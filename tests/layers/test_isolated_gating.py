"""Who sees what: isolated and shared gates, with prompts and without."""

import itertools

import pytest
import torch
from torch import Tensor

from unmask.layers.coarse_experts import CoarseExperts, NoisyTopKRouter
from unmask.layers.fine_grained_experts import FineGrainedExperts
from unmask.layers.isolated_gating import GatingSizes, Igma
from unmask.layers.presence import Presence
from unmask.layers.product_keys import ProductKeyRouter
from unmask.layers.quick_gelu import quick_gelu

DIM, NARROW, PROMPT, GRID, PATCHES = 24, 4, 6, 4, 16
EVERY = torch.ones(1, 3, dtype=torch.bool)

every_gate = pytest.mark.parametrize("shared", [False, True])
every_kind = pytest.mark.parametrize(
    ("shared", "prompt", "coarse"), itertools.product([False, True], [0, PROMPT], [False, True])
)


def build(
    *, shared: bool = False, prompt: int = PROMPT, coarse: bool = False, refine: bool = True
) -> Igma:
    """Every weight away from where it starts; evaluation, so without dropout and noise."""
    torch.manual_seed(0)
    sizes = GatingSizes(
        modalities=3,
        grid=GRID,
        dim=DIM,
        narrow=NARROW,
        prompt=prompt,
        shared=shared,
        refine=refine,
    )
    experts: FineGrainedExperts | CoarseExperts
    if coarse:
        noisy = NoisyTopKRouter(sizes.gate, num_experts=4, top_k=2)
        experts = CoarseExperts(sizes.experts, noisy, expert_dim=5, answer_dim=sizes.joined)
    else:
        keys = ProductKeyRouter(sizes.gate, num_experts=16, heads=2, top_k=2, key_dim=NARROW)
        experts = FineGrainedExperts(sizes.experts, keys, answer_dim=sizes.joined)
    igma = Igma(sizes, experts, dropout=0.1)
    with torch.no_grad():
        for parameter in igma.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return igma.eval().requires_grad_(requires_grad=False)


def inputs(igma: Igma) -> tuple[Tensor, Tensor | None]:
    """Tokens (B, S, D) of three modalities, and a prompt map (B, C, G, G)."""
    torch.manual_seed(1)
    tokens, prompt = torch.randn(1, 1 + 3 * PATCHES, DIM), torch.randn(1, PROMPT, GRID, GRID)
    return tokens, prompt if igma.sizes.prompt else None


def everything() -> Presence:
    return Presence.of(EVERY, drop=True)


def heard(igma: Igma, x: Tensor, prompt: Tensor | None) -> tuple[Tensor, Tensor]:
    """What experts and gate are given in one forward."""
    given: list[Tensor] = []
    hooks = [
        part.register_forward_hook(lambda _, arguments, __: given.append(arguments[0]))
        for part in (igma.experts.router, igma.experts.norm)
    ]
    igma(x, prompt, everything())
    for hook in hooks:
        hook.remove()
    gate, experts = given
    return experts, gate


def joined(narrowed: Tensor) -> Tensor:
    """(1, 3 P, r) -> (P, 3 r), position by position."""
    return torch.cat(narrowed[0].split(PATCHES), dim=1)


@every_kind
def test_gate_and_experts_see_what_the_formula_says(
    *, shared: bool, prompt: int, coarse: bool
) -> None:
    igma = build(shared=shared, prompt=prompt, coarse=coarse)
    x, told = inputs(igma)
    experts, gate = heard(igma, x, told)
    narrowed = quick_gelu(igma.down(x[:, 1:]))
    feature = joined(narrowed[..., :NARROW])
    own = feature if shared else quick_gelu(igma.gate_feature(joined(narrowed[..., NARROW:])))
    if told is not None:
        own = torch.cat([own, quick_gelu(igma.gate_prompt(told[0].flatten(1).T))], dim=1)
    torch.testing.assert_close(gate, own, rtol=0, atol=1e-6)
    torch.testing.assert_close(experts, own if shared else feature, rtol=0, atol=1e-6)
    assert gate.shape == (PATCHES, igma.sizes.gate)
    assert experts.shape == (PATCHES, igma.sizes.experts)
    _, seen, _ = igma(x, told, everything())
    assert torch.equal(seen[0].flatten(1).T, gate), "row by row"


@every_gate
@pytest.mark.parametrize("refine", [False, True])
def test_experts_refine_the_feature_or_take_its_place(*, shared: bool, refine: bool) -> None:
    igma = build(shared=shared, refine=refine)
    x, prompt = inputs(igma)
    experts, gate = heard(igma, x, prompt)
    valid = torch.ones(PATCHES, dtype=torch.bool)
    answer, _ = igma.experts(experts, gate, valid)  # (P, 3 r)
    if refine:
        answer = answer + experts[:, : 3 * NARROW]
    tokens = torch.cat(answer.split(NARROW, dim=1))  # (3 P, r)
    added, _, _ = igma(x, prompt, everything())
    torch.testing.assert_close(added[0, 1:], quick_gelu(igma.up(tokens)), rtol=0, atol=1e-6)


def test_an_isolated_prompt_chooses_experts_but_never_reaches_them() -> None:
    igma = build()
    x, prompt = inputs(igma)
    experts, gate = heard(igma, x, prompt)
    same, other = heard(igma, x, prompt + 1.0)
    assert torch.equal(experts, same)
    assert torch.equal(gate[:, :NARROW], other[:, :NARROW])
    assert not torch.equal(gate[:, NARROW:], other[:, NARROW:])
    routing = [igma(x, p, everything())[2] for p in (prompt, prompt + 1.0)]
    assert not torch.equal(routing[0].prob, routing[1].prob)


def test_a_shared_gate_reads_the_very_tensor_that_its_experts_read() -> None:
    igma = build(shared=True)
    experts, gate = heard(igma, *inputs(igma))
    assert experts.data_ptr() == gate.data_ptr()
    assert torch.equal(experts, gate)


def test_noise_in_what_experts_see_moves_a_shared_gate_and_no_isolated_one() -> None:
    def choice(igma: Igma) -> tuple[Tensor, Tensor]:
        x, prompt = inputs(igma)
        before = igma(x, prompt, everything())[2].prob
        igma.down.weight[:NARROW] += torch.randn(NARROW, DIM)  # the narrowing of the experts
        return before, igma(x, prompt, everything())[2].prob

    isolated, shared = choice(build()), choice(build(shared=True))
    assert torch.equal(*isolated)
    assert not torch.equal(*shared)


@every_gate
def test_a_prompt_of_one_cell_is_the_same_at_every_position(*, shared: bool) -> None:
    igma = build(shared=shared)
    x, prompt = inputs(igma)
    cell = prompt[:, :, :1, :1]
    small, whole = (igma(x, p, everything()) for p in (cell, cell.expand_as(prompt)))
    torch.testing.assert_close(small[0], whole[0], rtol=0, atol=1e-6)
    torch.testing.assert_close(small[1], whole[1], rtol=0, atol=1e-6)


@every_kind
def test_one_choice_serves_all_modalities_of_a_position_and_the_class_token_passes(
    *, shared: bool, prompt: int, coarse: bool
) -> None:
    igma = build(shared=shared, prompt=prompt, coarse=coarse)
    x, told = inputs(igma)
    y, _, routing = igma(x, told, everything())
    assert routing.expert.shape == (PATCHES, 2 if coarse else 4)
    assert (y[:, 0] == 0).all()
    changed = x.clone()
    changed[:, 1 + 5] += 1.0  # first modality, position 5
    difference = (igma(changed, told, everything())[0] - y)[0].abs().sum(dim=-1)
    assert difference.nonzero().flatten().tolist() == [1 + 5, 1 + 16 + 5, 1 + 32 + 5]


@every_gate
@pytest.mark.parametrize("drop", [True, False])
def test_absent_modality_reaches_neither_gate_nor_experts(*, shared: bool, drop: bool) -> None:
    igma = build(shared=shared)
    x, prompt = inputs(igma)
    without_depth = torch.tensor([[True, False, True]])
    presence = Presence.of(without_depth, drop=drop)
    tokens = x if not drop else torch.cat([x[:, :17], x[:, 33:]], dim=1)
    y, seen, routing = igma(tokens, prompt, presence)
    changed = x.clone()
    changed[:, 17:33] = 100.0
    masked = Presence.of(without_depth, drop=False)
    other_y, other_seen, other_routing = igma(changed, prompt, masked)
    torch.testing.assert_close(seen, other_seen, rtol=0, atol=1e-6)
    assert torch.equal(routing.expert, other_routing.expert)
    torch.testing.assert_close(y[:, :17], other_y[:, :17], rtol=0, atol=1e-6)


def test_a_picture_of_zeros_reaches_gate_and_experts_and_its_position_stays_invalid() -> None:
    igma = build()
    x, prompt = inputs(igma)
    nobody = torch.zeros(1, 3, dtype=torch.bool)
    zero = Presence.of(nobody, drop=False, zero=True)
    y, seen, routing = igma(x, prompt, zero)
    whole_y, whole_seen, whole_routing = igma(x, prompt, everything())
    assert torch.equal(y, whole_y)
    assert torch.equal(seen, whole_seen)
    assert not routing.valid.any()
    assert whole_routing.valid.all()


@every_kind
def test_at_first_nothing_is_added(*, shared: bool, prompt: int, coarse: bool) -> None:
    igma = build(shared=shared, prompt=prompt, coarse=coarse).train()
    torch.nn.init.zeros_(igma.up.weight)
    torch.nn.init.zeros_(igma.up.bias)
    assert not igma(*inputs(igma), everything())[0].any()
