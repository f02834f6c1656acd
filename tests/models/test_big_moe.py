"""The wiring of the figure, its switches, and that none of the published code's defects is here."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from unmask.layers.isolated_gating import Igma
from unmask.layers.presence import Presence
from unmask.layers.prompt_bypass import absence_code
from unmask.layers.quick_gelu import quick_gelu
from unmask.models import create_model
from unmask.models.big_moe import Config
from unmask.types import Modality, Output

EVERY = torch.tensor([row for row in itertools.product([False, True], repeat=3) if any(row)])

KINDS: tuple[dict[str, object], ...] = ({}, {"experts": "coarse", "num_experts": 4})
SWITCHES: list[dict[str, object]] = [
    {**kind, "gate": gate, "prompts": prompts}
    for kind, gate, prompts in itertools.product(
        KINDS, ("isolated", "shared"), ("cpb", "vector", "none")
    )
]


def over(switches: list[dict[str, object]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "switch", switches, ids=lambda s: "-".join(str(s.get(k, "fine")) for k in ("experts", *s))
    )


every_switch = over(SWITCHES)
each_without_tokens = over([switch for switch in SWITCHES if switch["prompts"] != "vector"])


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


def igma_inputs(igma: Igma, *, prompt_dim: int = 8) -> tuple[Tensor, Tensor]:
    """Tokens (B, S, D) of three modalities, and a prompt map (B, C, G, G)."""
    torch.manual_seed(1)
    tokens = torch.randn(1, 1 + 3 * igma.sizes.patches, igma.down.in_features)
    return tokens, torch.randn(1, prompt_dim, 4, 4)


def everything() -> Presence:
    return Presence.of(torch.ones(1, 3, dtype=torch.bool), drop=True)


# --- What it starts from


@each_without_tokens
@pytest.mark.parametrize("absent", ["drop", "mask", "zero"])
def test_untrained_model_is_exactly_the_plain_transformer(
    switch: dict[str, object], absent: str
) -> None:
    model = build(absent=absent, **switch).train()
    plain = create_model("vit/tiny_test", absent=absent)
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


@pytest.mark.parametrize("gate", ["isolated", "shared"])
def test_each_block_has_prompt_tokens_of_its_own_for_what_is_absent(gate: str) -> None:
    model = stir(build(depth=3, prompts="vector", prompt_tokens=2, gate=gate))
    image, present = images(2), torch.tensor([[True, True, False], [False, True, True]])
    presence = Presence.of(present, drop=True)
    x, mask = model.backbone.embed(presence.hide(image), presence), presence.attention_mask(16)
    mask = torch.cat([mask, torch.ones(2, 1, 1, 2, dtype=torch.bool)], dim=3)
    for i, block in enumerate(model.backbone.blocks):
        tokens = model.tokens[i].table.weight[[4, 1]].reshape(2, 2, 32)
        both = block.attend(torch.cat([x, tokens], dim=1), mask)
        middle, told = both[:, :-2], both[:, -2:].mean(dim=1)
        prompt = told[..., None, None].expand(-1, -1, 4, 4)
        x = block.think(middle) + model.igma[i](middle, prompt, presence)[0]
    expected = model.backbone.read(x, presence)
    torch.testing.assert_close(model(image, present).feature, expected, rtol=0, atol=1e-5)


def test_without_prompts_gates_see_features_alone() -> None:
    model = stir(build(prompts="none"))
    names = {name.split(".")[0] for name, _ in model.named_parameters()}
    assert names == {"backbone", "igma", "head"}
    x, _ = igma_inputs(model.igma[0], prompt_dim=8)
    _, seen, _ = model.igma[0](x, None, everything())
    assert seen.shape == (1, 4, 4, 4)


# --- What is trained


@every_switch
@pytest.mark.parametrize("frozen", [True, False])
def test_no_trainable_parameter_is_dead(switch: dict[str, object], *, frozen: bool) -> None:
    model = stir(build(frozen_backbone=frozen, **switch)).train()
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


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("absent", ["drop", "mask", "zero"])
def test_absence_prompt_tells_the_truth_in_training_and_in_use(
    absent: str, *, training: bool
) -> None:
    model = stir(build(absent=absent)).train(training)
    for present in EVERY:
        model.zero_grad()
        model(images(2), present.expand(2, -1)).logit.sum().backward()
        rows = model.prompt.absent.weight.grad.any(dim=1).nonzero().flatten().tolist()
        assert rows == [int(absence_code(present[None]))]


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


# --- Missing modalities


def test_a_position_is_valid_where_any_modality_is_present() -> None:
    model = build().eval()
    present = torch.tensor([[True, False, False], [False, False, False]])
    output = model(images(2), present)
    assert output.routing[0].valid.tolist() == [True] * 16 + [False] * 16
    assert output.logit.isfinite().all()


def test_a_picture_of_zeros_takes_part_in_everything_but_the_truth_about_it() -> None:
    """The published way: as if black pictures had been captured, except for the absence code."""
    zero, whole = (stir(build(absent=absent)) for absent in ("zero", "drop"))
    image, present = images(7), EVERY
    black = image.masked_fill(~present[:, :, None, None, None], 0.0)
    for model in (zero, whole):  # what tells of absence
        nn.init.zeros_(model.prompt.absent.weight)
    seen = zero(image, present)
    as_captured = whole(black, torch.ones_like(present))
    torch.testing.assert_close(seen.feature, as_captured.feature, rtol=0, atol=1e-5)
    assert not torch.allclose(seen.logit[:6], whole(image, present).logit[:6], atol=1e-3)


@every_switch
def test_absent_pixels_are_never_read_whichever_way_they_are_absent(
    switch: dict[str, object],
) -> None:
    for absent in ("drop", "mask", "zero"):
        model = stir(build(absent=absent, **switch))
        blinded = images()
        blinded[~EVERY] = float("nan")
        assert torch.equal(model(images(), EVERY).logit, model(blinded, EVERY).logit)


# --- Serving


class Score(nn.Module):
    """The PAD score alone, as it is exported."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor, present: Tensor) -> Tensor:
        output: Output = self.model(image, present)
        return output.logit.sigmoid()


@pytest.mark.parametrize(
    "overrides",
    [
        {"experts": "coarse", "num_experts": 4, "gate": "shared", "prompts": "vector"},
        {"prompts": "none", "absent": "zero"},
    ],
)
def test_a_model_with_other_switches_can_be_exported(overrides: dict[str, object]) -> None:
    score = Score(stir(build(**overrides)))
    dynamic = {0: torch.export.Dim("batch")}
    graph = torch.export.export(
        score, (images(2), EVERY[:2]), dynamic_shapes=(dynamic, dynamic)
    ).module()
    torch.testing.assert_close(graph(images(), EVERY), score(images(), EVERY), rtol=0, atol=1e-5)


# --- Sizes


@pytest.mark.parametrize("variant", ["tiny", "tiny_test", "base"])
def test_few_large_experts_have_as_many_neurons_as_many_small_ones(variant: str) -> None:
    with torch.device("meta"):
        fine = create_model(f"big_moe/{variant}")
        count = fine.config.num_experts // fine.config.expert_dim
        coarse = create_model(f"big_moe/{variant}", experts="coarse", num_experts=count)
    experts = coarse.igma[0].experts
    assert 4 <= count <= 8
    assert experts.down_weight.numel() == fine.igma[0].experts.down.weight.numel()
    assert experts.up_weight.numel() == fine.igma[0].experts.up.weight.numel()


def test_a_shared_gate_costs_its_experts_no_sight_of_the_features() -> None:
    modalities = (Modality.RGB, Modality.DEPTH)
    isolated = Config(modalities=modalities, down_dim=8, prompt_dim=64).gating
    shared = Config(modalities=modalities, down_dim=8, prompt_dim=64, gate="shared").gating
    assert (isolated.experts, isolated.gate) == (2 * 8, 8 + 8)
    assert (shared.experts, shared.gate) == (2 * 8 + 8, 2 * 8 + 8)


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
