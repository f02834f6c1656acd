"""The wiring of the figure, and that none of the published code's defects is here."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from unmask.layers.presence import Presence
from unmask.layers.quick_gelu import quick_gelu
from unmask.models import create_model
from unmask.models.big_moe import Cpb, Igma, absence_code

EVERY = torch.tensor([row for row in itertools.product([False, True], repeat=3) if any(row)])


def build(**overrides: object) -> nn.Module:
    torch.manual_seed(0)
    return create_model("big_moe/tiny_test", **overrides)


def stir(model: nn.Module) -> nn.Module:
    """Move every weight away from where it starts."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model.eval()


def images(count: int = 7) -> Tensor:
    torch.manual_seed(1)
    return torch.randn(count, 3, 3, 32, 32)


def igma_inputs(igma: Igma) -> tuple[Tensor, Tensor]:
    """Tokens (B, S, D) of three modalities, and a prompt map (B, C, G, G)."""
    torch.manual_seed(1)
    tokens = torch.randn(1, 1 + 3 * igma.patches, igma.down.in_features)
    return tokens, torch.randn(1, igma.gate_prompt.in_features, 4, 4)


def everything() -> Presence:
    return Presence.of(torch.ones(1, 3, dtype=torch.bool), drop=True)


# --- What it starts from


def test_untrained_model_is_exactly_the_plain_transformer() -> None:
    model = build().train()
    plain = create_model("vit/tiny_test")
    plain.backbone.load_state_dict(model.backbone.state_dict())
    plain.head.load_state_dict(model.head.state_dict())
    assert torch.equal(model(images(), EVERY).feature, plain(images(), EVERY).feature)
    assert torch.equal(model(images(), EVERY).logit, plain(images(), EVERY).logit)


def test_untrained_block_is_exactly_the_plain_block() -> None:
    model = build()
    block = next(model.backbone.each_block())
    x, prompt = igma_inputs(model.igma[0])
    adapted, _, _ = model.igma[0](block.attend(x, None), prompt, everything())
    assert torch.equal(block.think(block.attend(x, None)) + adapted, block(x, None))


def test_recomputing_changes_neither_output_nor_gradient() -> None:
    results = []
    for recompute in (False, True):
        model = build(recompute=recompute).train()
        torch.manual_seed(2)  # of the dropout
        output = model(images(), EVERY)
        output.logit.square().sum().backward()
        results.append([output.logit, *(p.grad for p in model.parameters())])
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))


# --- Wiring


def test_adapter_stands_beside_the_mlp_and_the_bypass_runs_from_block_to_block() -> None:
    model = stir(build(depth=3))
    image, present = images(2), torch.ones(2, 3, dtype=torch.bool)
    presence = Presence.of(present, drop=True)
    prompt = model.prompt(image, present)
    x = model.backbone.embed(image, presence)
    for i, block in enumerate(model.backbone.blocks):
        middle = x + block.attention(block.norm1(x), None)
        adapted, seen, _ = model.igma[i](middle, prompt, presence)
        x = block.mlp(block.norm2(middle)) + middle + adapted
        if i < 2:
            prompt = prompt + model.cpb[i].attention(
                quick_gelu(torch.cat([model.cpb[i].carry(prompt), model.cpb[i].learn(seen)], dim=1))
            )
    x = model.backbone.norm(x)
    expected = torch.cat([x[:, 0], x[:, 1:].mean(dim=1)], dim=1)
    torch.testing.assert_close(model(image, present).feature, expected, rtol=0, atol=1e-5)


# --- What is trained


@pytest.mark.parametrize("frozen", [True, False])
def test_no_trainable_parameter_is_dead(*, frozen: bool) -> None:
    model = stir(build(frozen_backbone=frozen)).train()
    model(images(), EVERY).logit.square().sum().backward()
    trainable = {name: p for name, p in model.named_parameters() if p.requires_grad}
    assert [name for name, p in trainable.items() if p.grad is None or not p.grad.any()] == []
    frozen_names = {name for name, p in model.named_parameters() if not p.requires_grad}
    assert bool(frozen_names) is frozen
    assert all("blocks" in n or "patch_embed" in n or "backbone.norm" in n for n in frozen_names)


def test_last_block_has_experts_and_no_bypass() -> None:
    model = build(depth=3)
    assert len(model.igma) == 3
    assert len(model.cpb) == 2
    assert len(model.eval()(images(), EVERY).routing) == 3


def test_a_few_steps_learn_a_cue_that_only_depth_shows() -> None:
    model = build(dropout=0.0)
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    image, target = images(16), torch.arange(16) % 2
    image[target == 1, 1, :, ::2] += 1.0  # stripes in depth, under noise
    present = torch.ones(16, 3, dtype=torch.bool)
    for _ in range(40):
        loss = nn.functional.binary_cross_entropy_with_logits(
            model(image, present).logit, target.float()
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.eval()
    fresh = torch.randn(64, 3, 3, 32, 32)
    fresh[::2, 1, :, ::2] += 1.0
    seen = model(fresh, torch.ones(64, 3, dtype=torch.bool)).logit
    assert seen[::2].min() > seen[1::2].max()


# --- Prompts


def test_absence_code_has_a_bit_per_absent_modality() -> None:
    table = {
        (True, True, True): 0,
        (False, True, True): 1,
        (True, False, True): 2,
        (False, False, True): 3,
        (True, True, False): 4,
        (False, True, False): 5,
        (True, False, False): 6,
        (False, False, False): 7,
    }
    assert absence_code(torch.tensor(list(table))).tolist() == list(table.values())


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("absent", ["drop", "mask"])
def test_absence_prompt_tells_the_truth_in_training_and_in_use(
    absent: str, *, training: bool
) -> None:
    model = stir(build(absent=absent)).train(training)
    for present in EVERY:
        model.zero_grad()
        model(images(2), present.expand(2, -1)).logit.sum().backward()
        rows = model.prompt.absent.weight.grad.any(dim=1).nonzero().flatten().tolist()
        assert rows == [int(absence_code(present[None]))]


def test_prompt_sees_all_modalities_together() -> None:
    prompt = stir(build()).prompt
    present = torch.ones(1, 3, dtype=torch.bool)
    image = images(1)
    for modality in range(3):
        changed = image.clone()
        changed[:, modality] += 1.0
        assert not torch.equal(prompt(image, present), prompt(changed, present))


def test_bypass_adds_to_the_prompt_it_carries() -> None:
    model = build().eval()
    cpb: Cpb = model.cpb[0]
    nn.init.zeros_(cpb.carry.weight)
    nn.init.zeros_(cpb.learn.weight)
    prompt, seen = torch.randn(2, 8, 4, 4), torch.randn(2, 8, 4, 4)
    assert torch.equal(cpb(prompt, seen), prompt)


def test_rows_and_columns_of_the_prompt_are_never_exchanged() -> None:
    model = stir(build())
    igma, cpb = model.igma[0], model.cpb[0]
    x, prompt = igma_inputs(igma)
    _, seen, _ = igma(x, prompt, everything())
    changed = x.clone()
    changed[:, 1 + 1 * 4 + 3] += 1.0  # first modality, row 1, column 3
    _, seen_changed, _ = igma(changed, prompt, everything())
    assert (seen_changed - seen)[0].abs().sum(dim=0).nonzero().tolist() == [[1, 3]]
    carried = (cpb.carry(seen_changed) - cpb.carry(seen))[0].abs().sum(dim=0)
    assert sorted(carried.nonzero().tolist()) == [[r, c] for r in (0, 1, 2) for c in (2, 3)]


# --- Isolated gating


def test_prompt_chooses_experts_but_never_reaches_them() -> None:
    igma = stir(build()).igma[0]
    heard: list[Tensor] = []
    igma.experts.norm.register_forward_hook(lambda _, inputs, __: heard.append(inputs[0]))
    x, prompt = igma_inputs(igma)
    _, seen, routing = igma(x, prompt, everything())
    _, other_seen, other_routing = igma(x, prompt + 1.0, everything())
    assert torch.equal(heard[0], heard[1])
    assert not torch.equal(routing.prob, other_routing.prob)
    assert torch.equal(seen[:, :4], other_seen[:, :4])
    assert not torch.equal(seen[:, 4:], other_seen[:, 4:])


def test_gate_and_experts_narrow_the_features_each_in_their_own_way() -> None:
    igma = stir(build()).igma[0]
    x, prompt = igma_inputs(igma)
    _, before, routing = igma(x, prompt, everything())
    with torch.no_grad():
        igma.down.weight[: igma.narrow] += 1.0  # the half of the experts
    _, after, same = igma(x, prompt, everything())
    assert torch.equal(before, after)
    assert torch.equal(routing.prob, same.prob)


def test_one_choice_serves_all_modalities_of_a_position_and_the_class_token_passes() -> None:
    igma = stir(build()).igma[0]
    x, prompt = igma_inputs(igma)
    y, _, routing = igma(x, prompt, everything())
    assert routing.expert.shape == (16, 4)
    assert (y[:, 0] == 0).all()
    changed = x.clone()
    changed[:, 1 + 5] += 1.0  # first modality, position 5
    difference = (igma(changed, prompt, everything())[0] - y)[0].abs().sum(dim=-1)
    assert difference.nonzero().flatten().tolist() == [1 + 5, 1 + 16 + 5, 1 + 32 + 5]


@pytest.mark.parametrize("drop", [True, False])
def test_absent_modality_reaches_neither_gate_nor_experts(*, drop: bool) -> None:
    igma = stir(build()).igma[0]
    x, prompt = igma_inputs(igma)
    without_depth = torch.tensor([[True, False, True]])
    presence = Presence.of(without_depth, drop=drop)
    tokens = x if not drop else torch.cat([x[:, :17], x[:, 33:]], dim=1)
    y, seen, routing = igma(tokens, prompt, presence)
    changed = x.clone()
    changed[:, 17:33] = 100.0
    masked = Presence.of(without_depth, drop=False)
    other_y, other_seen, other_routing = igma(changed, prompt, masked)
    kept = other_y if not drop else torch.cat([other_y[:, :17], other_y[:, 33:]], dim=1)
    torch.testing.assert_close(seen, other_seen, rtol=0, atol=1e-6)
    assert torch.equal(routing.expert, other_routing.expert)
    own = slice(0, 17)
    torch.testing.assert_close(y[:, own], kept[:, own], rtol=0, atol=1e-6)


def test_a_position_is_valid_where_any_modality_is_present() -> None:
    model = build().eval()
    present = torch.tensor([[True, False, False], [False, False, False]])
    output = model(images(2), present)
    assert output.routing[0].valid.tolist() == [True] * 16 + [False] * 16
    assert output.logit.isfinite().all()


# --- Sizes


def test_base_has_the_sizes_of_the_published_code_where_it_has_them() -> None:
    with torch.device("meta"):
        model = create_model("big_moe/base")

    def count(part: nn.Module) -> int:
        return sum(p.numel() for p in part.parameters())

    assert count(model.prompt) == 1_502_515
    assert count(model.backbone.blocks) == 12 * 7_087_872
    experts = model.igma[0].experts
    assert count(experts) == 78_632
    assert count(model.igma[0].up) == 6_912
    assert count(model.igma[0].gate_prompt) == 520
    assert count(model.igma[0].gate_feature) == 200
    assert count(model.igma[0].down) == 2 * 6_152, "one narrowing for experts, one for the gate"
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == 3_094_709
