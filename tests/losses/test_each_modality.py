import math

import pytest
import torch
from torch import Tensor

from unmask.config import OptimConfig
from unmask.errors import ConfigError
from unmask.losses.each_modality import each_modality_cross_entropy
from unmask.training.learner import answer_loss
from unmask.types import Batch, Label, Levels, Modality, Output

LABEL = [Label.BONA_FIDE, Label.ATTACK, Label.ATTACK]
PRESENT = torch.tensor([[True, False], [True, True], [False, True]])


def batch() -> Batch:
    return Batch(
        image=torch.zeros(3, 2, 3, 2, 2),
        present=PRESENT,
        label=torch.tensor([int(label) for label in LABEL]),
        key=list("abc"),
        modalities=(Modality.RGB, Modality.DEPTH),
    )


def output(logit: Tensor) -> Output:
    """Of logits (B, M, L)."""
    return Output(
        logit=logit.mean(dim=(1, 2)),
        feature=torch.zeros(3, 1),
        modality_logit=logit.mean(dim=2),
        levels=Levels(logit=logit, feature=torch.zeros(*logit.shape, 1)),
    )


def logits(levels: int) -> Tensor:
    torch.manual_seed(0)
    return 3 * torch.randn(3, 2, levels)


def naive(logit: Tensor, smoothing: float) -> float:
    """(B, M) -> the mean over what is there, one answer after another."""
    found = []
    for b, label in enumerate(LABEL):
        for m in range(2):
            if PRESENT[b, m]:
                score = 1 / (1 + math.exp(-float(logit[b, m])))
                target = 1 - smoothing if label is Label.BONA_FIDE else smoothing
                found.append(-target * math.log(score) - (1 - target) * math.log(1 - score))
    return sum(found) / len(found)


@pytest.mark.parametrize("smoothing", [0.0, 0.05])
@pytest.mark.parametrize("local", [0.0, 0.25, 1.0])
def test_loss_is_its_formula_written_as_a_loop(smoothing: float, local: float) -> None:
    logit = logits(2)
    loss = each_modality_cross_entropy(
        output(logit), batch(), label_smoothing=smoothing, local=local
    )
    parts = {"global": naive(logit[..., 0], smoothing), "local": naive(logit[..., 1], smoothing)}
    assert {k: v.item() for k, v in loss.parts.items()} == pytest.approx(parts, abs=1e-6)
    assert loss.total.item() == pytest.approx(parts["global"] + local * parts["local"], abs=1e-6)


def test_a_model_without_levels_is_judged_by_the_answers_of_its_modalities() -> None:
    bare = output(logits(1))
    bare.levels = None
    one = each_modality_cross_entropy(bare, batch(), label_smoothing=0.1, local=7.0)
    whole = each_modality_cross_entropy(output(logits(1)), batch(), label_smoothing=0.1, local=7.0)
    assert list(one.parts) == ["global"]
    assert (
        one.total.item()
        == whole.total.item()
        == pytest.approx(naive(logits(1)[..., 0], 0.1), abs=1e-6)
    )


def test_what_is_absent_never_counts() -> None:
    logit = logits(2).requires_grad_()
    loss = each_modality_cross_entropy(output(logit), batch(), label_smoothing=0.0, local=1.0)
    loss.total.backward()
    assert torch.equal(logit.grad.any(dim=2), PRESENT)
    shifted = torch.where(PRESENT[..., None], logit.detach(), logit.detach() + 100.0)
    again = each_modality_cross_entropy(output(shifted), batch(), label_smoothing=0.0, local=1.0)
    assert again.total.item() == loss.total.item()


def test_gradient_pulls_bona_fide_up_and_attacks_down_and_parts_have_none() -> None:
    logit = torch.zeros(3, 2, 2, requires_grad=True)
    loss = each_modality_cross_entropy(output(logit), batch(), label_smoothing=0.1, local=1.0)
    loss.total.backward()
    assert (logit.grad[0, 0] < 0).all()
    assert (logit.grad[1] > 0).all()
    assert not any(part.requires_grad for part in loss.parts.values())


def test_a_training_step_uses_it_where_a_model_answers_by_modality() -> None:
    optim = OptimConfig(label_smoothing=0.05, local=0.5)
    flexible = output(logits(2))
    loss = answer_loss(flexible, batch(), optim)
    expected = each_modality_cross_entropy(flexible, batch(), label_smoothing=0.05, local=0.5)
    assert torch.equal(loss.total, expected.total)
    fused = Output(logit=flexible.logit, feature=flexible.feature)
    assert list(answer_loss(fused, batch(), optim).parts) == ["cross_entropy"]


def test_a_negative_weight_of_the_patches_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"optim\.local is -0\.5; it must be at least 0"):
        OptimConfig(local=-0.5)
