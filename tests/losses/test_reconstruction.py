"""The error of hidden patches alone, each at its own contrast."""

import pytest
import torch

from unmask.losses.reconstruction import contrast, reconstruction_error


def test_it_is_the_naive_loop_over_hidden_patches() -> None:
    torch.manual_seed(0)
    guess, patches = torch.randn(3, 5, 12), torch.randn(3, 5, 12) * 4 + 1
    hidden = torch.rand(3, 5) < 0.6
    errors = []
    for b in range(3):
        for p in range(5):
            if hidden[b, p]:
                x = patches[b, p]
                wanted = (x - x.mean()) / (((x - x.mean()) ** 2).sum() / 11 + 1e-6) ** 0.5
                errors.append(float(((guess[b, p] - wanted) ** 2).mean()))
    loss = float(reconstruction_error(guess, patches, hidden))
    assert loss == pytest.approx(sum(errors) / len(errors), rel=1e-5)


def test_shown_patches_get_no_gradient() -> None:
    guess = torch.randn(2, 4, 6, requires_grad=True)
    hidden = torch.tensor([[True, False, True, False], [False, True, False, True]])
    reconstruction_error(guess, torch.randn(2, 4, 6), hidden).backward()
    assert guess.grad is not None
    assert (guess.grad[~hidden] == 0).all()
    assert (guess.grad[hidden] != 0).all()


def test_a_patch_of_one_colour_wants_zero() -> None:
    patches = torch.full((1, 1, 6), -1.0)
    guess = torch.zeros(1, 1, 6)
    assert reconstruction_error(guess, patches, torch.ones(1, 1, dtype=torch.bool)) == 0
    mean, deviation = contrast(patches)
    assert float(mean) == -1
    assert float(deviation) == pytest.approx(1e-3)
