import itertools

import pytest
import torch
from torch import Tensor, nn

from unmask.errors import ConfigError
from unmask.layers.branches import Branches, BranchesConfig, answer, partners
from unmask.layers.presence import Presence
from unmask.types import Modality

SUBSETS = [list(row) for row in itertools.product([False, True], repeat=3) if any(row)]
EVERY = torch.tensor(SUBSETS)
SMALL = {"image_size": 16, "patch_size": 8, "dim": 12, "depth": 3, "heads": 3}


def build(**settings: object) -> Branches:
    torch.manual_seed(0)
    return Branches(BranchesConfig(**(SMALL | settings))).eval()


def pictures() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(7, 3, 3, 16, 16)


@pytest.mark.parametrize("settings", [{}, {"pre_norm": True, "patch_bias": False}])
@pytest.mark.parametrize("drop", [True, False])
def test_without_exchange_each_branch_is_an_encoder_of_its_own(
    settings: dict[str, bool], *, drop: bool
) -> None:
    branches, image = build(**settings), pictures()
    for row in SUBSETS:
        presence = Presence.of(torch.tensor([row] * 7), drop=drop)
        x = branches(image, presence)
        assert x.shape == (7, len(presence.columns), 5, 12)
        for k, m in enumerate(presence.columns):
            features = branches[m](image[:, m])
            torch.testing.assert_close(x[:, k, 0], features.class_token, rtol=0, atol=1e-6)
            torch.testing.assert_close(x[:, k, 1:], features.patches, rtol=0, atol=1e-6)


def test_a_branch_that_nobody_needs_is_not_run() -> None:
    branches = build()
    ran: list[int] = []
    for m, encoder in enumerate(branches):
        encoder.patch_embed.register_forward_hook(lambda *_, m=m: ran.append(m))
    branches(pictures(), Presence.of(torch.tensor([[True, False, True]] * 7), drop=True))
    assert ran == [0, 2]


def test_an_exchange_takes_place_after_each_block_and_what_it_returns_goes_on() -> None:
    branches, image = build(), pictures()
    seen: dict[int, Tensor] = {}

    def exchange(i: int, x: Tensor) -> Tensor:
        seen[i] = x
        return x + i

    y = branches(image, Presence.of(torch.ones(7, 3, dtype=torch.bool), drop=True), exchange)
    assert list(seen) == [0, 1, 2]
    encoder = branches[1]
    x = encoder.embed(image[:, 1])
    for i, block in enumerate(encoder.blocks):
        x = block(x, None)
        torch.testing.assert_close(seen[i][:, 1], x, rtol=0, atol=1e-5)
        x = x + i
    torch.testing.assert_close(y[:, 1], encoder.norm(x), rtol=0, atol=1e-5)


def test_branches_share_no_weights() -> None:
    branches = build()
    count = sum(p.numel() for p in branches.parameters())
    assert count == 3 * sum(p.numel() for p in branches[0].parameters())


def test_a_modality_may_look_at_itself_and_at_those_that_are_there() -> None:
    presence = Presence.of(EVERY, drop=True)
    partner = partners(presence, drop=0.0)
    for b, row in enumerate(SUBSETS):
        for i, j in itertools.product(range(3), repeat=2):
            assert partner[b, i, j] == (row[j] or i == j)


def test_partners_are_those_of_the_columns() -> None:
    presence = Presence.of(torch.tensor([[True, False, True], [False, False, True]]), drop=True)
    expected = [[[True, True], [True, True]], [[True, True], [False, True]]]
    assert partners(presence, drop=0.0).tolist() == expected


def test_partners_are_left_out_as_often_as_asked_in_both_directions_by_themselves() -> None:
    torch.manual_seed(0)
    presence = Presence.of(torch.ones(4000, 3, dtype=torch.bool), drop=True)
    partner = partners(presence, drop=0.3).float()
    assert (partner.diagonal(dim1=1, dim2=2) == 1).all()
    pairs = [(i, j) for i, j in itertools.product(range(3), repeat=2) if i != j]
    kept = torch.stack([partner[:, i, j] for i, j in pairs])  # (6, B)
    torch.testing.assert_close(kept.mean(dim=1), torch.full((6,), 0.7), rtol=0, atol=0.04)
    apart = kept.corrcoef() - torch.eye(6)
    assert apart.abs().max() < 0.06


def test_nothing_is_drawn_where_no_partner_is_left_out() -> None:
    before = torch.get_rng_state()
    partners(Presence.of(EVERY, drop=True), drop=0.0)
    assert torch.equal(before, torch.get_rng_state())


def test_an_absent_partner_is_never_brought_back() -> None:
    presence = Presence.of(torch.tensor([[True, False, True]] * 50), drop=False)
    partner = partners(presence, drop=0.5)
    assert not partner[:, [0, 2], 1].any()


def test_all_modalities_left_out_leaves_each_alone() -> None:
    partner = partners(Presence.of(EVERY, drop=True), drop=1.0)
    assert torch.equal(partner, torch.eye(3, dtype=torch.bool).expand(7, -1, -1))


@pytest.mark.parametrize("rows", [SUBSETS, SUBSETS[1:2], SUBSETS[4:5]])
@pytest.mark.parametrize("drop", [True, False])
def test_the_answer_is_the_mean_over_modalities_that_are_there(
    rows: list[list[bool]], *, drop: bool
) -> None:
    presence = Presence.of(torch.tensor(rows), drop=drop)
    m = len(presence.columns)
    feature, logit = torch.randn(len(rows), m, 4), torch.randn(len(rows), m)
    output = answer(presence, feature, logit)
    for b, row in enumerate(rows):
        there = [k for k, c in enumerate(presence.columns) if row[c]]
        own = dict(zip(presence.columns, logit[b].tolist(), strict=True))
        assert output.logit[b] == pytest.approx(sum(logit[b, k] for k in there) / len(there))
        expected = sum(feature[b, k] for k in there) / len(there)
        torch.testing.assert_close(output.feature[b], expected)
        each = [own[c] if present else 0.0 for c, present in enumerate(row)]
        assert output.modality_logit[b].tolist() == pytest.approx(each)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"modalities": ()}, "name at least one"),
        ({"modalities": (Modality.RGB, Modality.RGB)}, "each only once"),
        ({"partner_drop": 1.5}, r"partner_drop is 1\.5; it must be from 0 to 1"),
        ({"heads": 5}, "must be a multiple of heads"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        BranchesConfig(**(SMALL | settings))


def test_a_row_of_one_is_allowed() -> None:
    config = BranchesConfig(**SMALL, modalities=(Modality.DEPTH,))
    assert isinstance(Branches(config)[0], nn.Module)
    assert config.branch.projection == 0
