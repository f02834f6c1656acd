"""A text is never its own negative, however many pictures have it."""

import math

import pytest
import torch

from unmask.losses.contrastive import contrastive_loss


def naive(similarity: torch.Tensor, text: list[int]) -> float:
    """Word by word from the formula."""
    rows = similarity.tolist()
    pictures, texts = range(len(rows)), range(len(rows[0]))
    to_text = [
        -math.log(math.exp(rows[i][text[i]]) / sum(math.exp(rows[i][t]) for t in texts))
        for i in pictures
    ]
    to_picture = []
    for t in texts:
        whole = sum(math.exp(rows[i][t]) for i in pictures)
        own = [-math.log(math.exp(rows[i][t]) / whole) for i in pictures if text[i] == t]
        to_picture.append(sum(own) / len(own))
    return (sum(to_text) / len(to_text) + sum(to_picture) / len(to_picture)) / 2


@pytest.mark.parametrize("text", [[0, 1, 2, 3, 4], [0, 1, 0, 2, 0], [0, 0, 0, 0, 0]])
def test_it_is_the_naive_loop(text: list[int]) -> None:
    torch.manual_seed(0)
    similarity = 3 * torch.randn(5, max(text) + 1)
    loss = contrastive_loss(similarity, torch.tensor(text))
    assert float(loss) == pytest.approx(naive(similarity, text), rel=1e-5)


def test_pictures_with_one_text_are_not_pushed_from_it() -> None:
    """At the optimum the two pictures share the softmax of their text, and gradients vanish."""
    similarity = torch.tensor([[30.0, 0.0], [30.0, 0.0], [0.0, 30.0]], requires_grad=True)
    contrastive_loss(similarity, torch.tensor([0, 0, 1])).backward()
    assert similarity.grad is not None
    assert similarity.grad.abs().max() < 1e-6
