import math

import pytest
import torch

from unmask.losses.cross_entropy import bona_fide_cross_entropy
from unmask.types import Batch, Label, Modality, Output


def output_of(logit: torch.Tensor) -> Output:
    return Output(logit=logit, feature=torch.zeros(logit.shape[0], 1))


def batch_of(label: list[Label]) -> Batch:
    count = len(label)
    return Batch(
        image=torch.zeros(count, 1, 3, 2, 2),
        present=torch.ones(count, 1, dtype=torch.bool),
        label=torch.tensor([int(one) for one in label]),
        key=[str(i) for i in range(count)],
        modalities=(Modality.RGB,),
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.05])
def test_loss_equals_the_formula(smoothing: float) -> None:
    logits = [1.5, -0.3, 4.0]
    labels = [Label.BONA_FIDE, Label.ATTACK, Label.ATTACK]
    expected = 0.0
    for logit, label in zip(logits, labels, strict=True):
        score = 1 / (1 + math.exp(-logit))
        target = 1 - smoothing if label is Label.BONA_FIDE else smoothing
        expected -= target * math.log(score) + (1 - target) * math.log(1 - score)
    loss = bona_fide_cross_entropy(
        output_of(torch.tensor(logits)), batch_of(labels), label_smoothing=smoothing
    )
    assert loss.total.item() == pytest.approx(expected / 3, abs=1e-6)
    assert loss.parts["cross_entropy"].item() == loss.total.item()


def test_gradient_pulls_bona_fide_up_and_attacks_down() -> None:
    logit = torch.zeros(2, requires_grad=True)
    labels = [Label.BONA_FIDE, Label.ATTACK]
    loss = bona_fide_cross_entropy(output_of(logit), batch_of(labels), label_smoothing=0.1)
    loss.total.backward()
    assert logit.grad[0] < 0 < logit.grad[1]
    assert not loss.parts["cross_entropy"].requires_grad
