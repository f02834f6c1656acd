from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from unmask.config import DataConfig, OptimConfig, TrainConfig
from unmask.models import create_model
from unmask.protocols import load_protocol
from unmask.training.loop import fit
from unmask.training.row_adamw import RowAdamW, clip_norm

BATCHES = [[0, 1, 2, 2], [1, 4, 4, 4], [0, 1, 3, 4]]


def build(*, sparse: bool) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Embedding(6, 4, sparse=sparse), nn.Linear(4, 3))


def backward(model: nn.Module, rows: list[int]) -> None:
    model.zero_grad()
    model(torch.tensor(rows)).square().sum().backward()


def train(model: nn.Module, optimiser: torch.optim.Optimizer, batches: list[list[int]]) -> None:
    for rows in batches:
        backward(model, rows)
        optimiser.step()


def groups(model: nn.Sequential) -> list[dict[str, object]]:
    return [
        {"params": model[1].parameters(), "weight_decay": 0.1},
        {"params": model[0].parameters(), "weight_decay": 0.0},
    ]


def test_with_dense_gradients_it_is_adamw_to_the_bit() -> None:
    ours, theirs = build(sparse=False), build(sparse=False)
    train(ours, RowAdamW(groups(ours), lr=0.01), BATCHES)
    train(theirs, torch.optim.AdamW(groups(theirs), lr=0.01), BATCHES)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one, other)


def test_where_every_row_is_used_sparse_and_dense_agree() -> None:
    sparse, dense = build(sparse=True), build(sparse=False)
    batches = [[0, 1, 2, 3, 4, 5, 5], [5, 4, 3, 2, 1, 0, 0]] * 3
    train(sparse, RowAdamW(groups(sparse), lr=0.01), batches)
    train(dense, torch.optim.AdamW(groups(dense), lr=0.01), batches)
    for one, other in zip(sparse.parameters(), dense.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-6)


def test_it_does_to_rows_what_sparse_adam_does() -> None:
    ours, theirs = build(sparse=True), build(sparse=True)
    train(ours[:1], RowAdamW(ours[0].parameters(), lr=0.01, weight_decay=0.0), BATCHES)
    train(theirs[:1], torch.optim.SparseAdam(theirs[0].parameters(), lr=0.01), BATCHES)
    torch.testing.assert_close(ours[0].weight, theirs[0].weight, rtol=0, atol=1e-6)


def test_rows_that_were_not_used_stay_as_they_are() -> None:
    model = build(sparse=True)
    optimiser = RowAdamW(groups(model), lr=0.01)
    train(model, optimiser, BATCHES[:2])
    before = model[0].weight.detach().clone()
    train(model, optimiser, BATCHES[2:])
    changed = (model[0].weight - before).abs().sum(dim=1).nonzero().flatten().tolist()
    assert changed == [0, 1, 3, 4]


def test_a_resumed_optimiser_goes_on_to_the_bit() -> None:
    whole = build(sparse=True)
    train(whole, RowAdamW(groups(whole), lr=0.01), BATCHES)
    model = build(sparse=True)
    first = RowAdamW(groups(model), lr=0.01)
    train(model, first, BATCHES[:2])
    second = RowAdamW(groups(model), lr=0.01)
    second.load_state_dict(first.state_dict())
    train(model, second, BATCHES[2:])
    assert torch.equal(model[0].weight, whole[0].weight)


def test_a_closure_computes_the_gradients_first() -> None:
    model, other = build(sparse=True), build(sparse=True)
    optimiser = RowAdamW(groups(model), lr=0.01)

    def closure() -> Tensor:
        model.zero_grad()
        loss = model(torch.tensor(BATCHES[0])).square().sum()
        loss.backward()
        return loss

    assert optimiser.step(closure) > 0
    train(other, RowAdamW(groups(other), lr=0.01), BATCHES[:1])
    assert torch.equal(model[0].weight, other[0].weight)


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("largest", [0.01, 1e6])
def test_clipping_equals_that_of_dense_gradients(largest: float, *, sparse: bool) -> None:
    model, dense = build(sparse=sparse), build(sparse=False)
    for one in (model, dense):
        backward(one, BATCHES[1])
    clip_norm(model.parameters(), largest)
    nn.utils.clip_grad_norm_(dense.parameters(), largest)
    for one, other in zip(model.parameters(), dense.parameters(), strict=True):
        grad = one.grad.to_dense() if one.grad.is_sparse else one.grad
        torch.testing.assert_close(grad, other.grad, rtol=1e-5, atol=1e-7)


def test_nothing_to_clip_is_nothing_to_do() -> None:
    model = build(sparse=True)
    clip_norm(model.parameters(), 1.0)
    assert all(p.grad is None for p in model.parameters())


def test_a_training_changes_only_the_experts_that_it_used(squares: Path, tmp_path: Path) -> None:
    model = create_model("big_moe/tiny_test", num_experts=10_000, sparse_steps=True)
    tables = {name: p for name, p in model.named_parameters() if ".experts.down." in name}
    before = {name: table.detach().clone() for name, table in tables.items()}
    config = TrainConfig(
        data=DataConfig(root=squares),
        out=tmp_path / "run",
        optim=OptimConfig(steps=3, batch_size=2),
        dev_every=3,
    )
    fit(model, config, load_protocol(config.data, config.modalities))
    for name, table in tables.items():
        assert table.grad.is_sparse
        changed = (table - before[name]).any(dim=1).sum()
        most = 3 * 2 * 16 * 4  # steps x presentations x positions x choices
        assert 0 < changed <= most < 10_000
