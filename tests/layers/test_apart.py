import pytest
import torch
from torch import Tensor

from unmask.layers.apart import Apart

PRESENT = torch.tensor([[True, False, True], [False, True, False]])
THERE = [(0, 0), (0, 2), (1, 1)]
"""Row and column of each picture, in the order in which they are encoded."""

either_way = pytest.mark.parametrize("drop", [True, False])


def images() -> Tensor:
    """(B, M, 3, H, W), and no number where a picture is absent."""
    torch.manual_seed(0)
    image = torch.randn(2, 3, 3, 4, 4)
    image[~PRESENT] = float("nan")
    return image


def values(apart: Apart, image: Tensor) -> Tensor:
    """(N, 4, 2): something that a network could say of each picture."""
    x = apart.pictures(image).mean(dim=(1, 3))  # (N, 4)
    return torch.stack([x, 1 + x.square()], dim=-1)


def test_only_pictures_that_are_there_are_encoded_row_by_row() -> None:
    image = images()
    apart = Apart.of(PRESENT, drop=True)
    expected = torch.stack([image[b, m] for b, m in THERE])
    assert torch.equal(apart.pictures(image), expected)
    assert apart.modality.tolist() == [m for _, m in THERE]
    assert apart.valid.tolist() == [True] * 3


def test_without_dropping_all_are_encoded_and_the_absent_ones_are_black() -> None:
    image = images()
    apart = Apart.of(PRESENT, drop=False)
    pictures = apart.pictures(image)
    assert pictures.shape == (6, 3, 4, 4)
    assert torch.equal(pictures[PRESENT.flatten()], image[PRESENT])
    assert not pictures[~PRESENT.flatten()].any()
    assert apart.modality.tolist() == [0, 1, 2] * 2
    assert torch.equal(apart.valid, PRESENT.flatten())


@either_way
def test_what_comes_of_a_picture_goes_to_its_place_and_back(*, drop: bool) -> None:
    apart = Apart.of(PRESENT, drop=drop)
    x = values(apart, images())
    together = apart.together(x)
    assert together.shape == (2, 3, 4, 2)
    for b, m in THERE:
        expected = images()[b, m].mean(dim=(0, 2))
        torch.testing.assert_close(together[b, m, :, 0], expected)
    assert not together[~PRESENT].any(), "an absent picture says nothing"
    back = apart.pick(together)
    assert torch.equal(back[apart.valid], x[apart.valid])


@either_way
def test_an_absent_picture_says_nothing_even_where_its_answer_is_no_number(*, drop: bool) -> None:
    apart = Apart.of(PRESENT, drop=drop)
    x = torch.where(apart.valid[:, None], 2.0, float("nan"))
    assert apart.together(x)[..., 0].tolist() == [[2, 0, 2], [0, 2, 0]]
    assert apart.mean(x).tolist() == [[2], [2]]


@either_way
def test_the_mean_is_over_the_modalities_that_are_there(*, drop: bool) -> None:
    apart = Apart.of(PRESENT, drop=drop)
    x = values(apart, images())
    together = apart.together(x)
    mean = apart.mean(x)
    for b, row in enumerate(PRESENT.tolist()):
        here = [together[b, m] for m, there in enumerate(row) if there]
        torch.testing.assert_close(mean[b], sum(here) / len(here))


def test_a_presentation_without_any_picture_gives_zero_and_no_division_by_it() -> None:
    apart = Apart.of(torch.zeros(1, 3, dtype=torch.bool), drop=False)
    assert apart.mean(torch.ones(3)).tolist() == [0]


@either_way
def test_gradients_reach_what_is_there_and_nothing_else(*, drop: bool) -> None:
    image = torch.randn(2, 3, 3, 4, 4, requires_grad=True)
    apart = Apart.of(PRESENT, drop=drop)
    apart.mean(apart.pictures(image).mean(dim=(1, 2, 3))).sum().backward()
    reached = image.grad.flatten(2).any(dim=2)
    assert torch.equal(reached, PRESENT)


def test_a_compiled_graph_never_looks_at_who_is_there() -> None:
    class Mean(torch.nn.Module):
        def forward(self, image: Tensor, present: Tensor) -> Tensor:
            apart = Apart.of(present, drop=True)
            return apart.mean(apart.pictures(image).mean(dim=(1, 2, 3)))

    everyone = torch.ones(2, 3, dtype=torch.bool)
    graph = torch.export.export(Mean(), (torch.randn(2, 3, 3, 4, 4), everyone)).module()
    torch.testing.assert_close(graph(images(), PRESENT), Mean()(images(), PRESENT))
