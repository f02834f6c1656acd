import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from unmask.layers.patch_alignment import align, local_feature


def inputs(patches: int = 9) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    patch = torch.randn(3, patches, 5, dtype=torch.float64).float()
    return patch, F.normalize(torch.randn(2, 5), dim=-1)


def loop(patch: list[float], texts: list[list[float]]) -> tuple[list[float], float]:
    """One patch, aligned, and how far it leans to a class."""
    length = math.sqrt(sum(value**2 for value in patch))
    unit = [value / length for value in patch]
    score = [sum(a * b for a, b in zip(unit, text, strict=True)) for text in texts]
    total = sum(math.exp(s) for s in score)
    share = [math.exp(s) / total for s in score]
    aligned = [unit[e] + share[0] * texts[0][e] + share[1] * texts[1][e] for e in range(len(unit))]
    return aligned, abs(score[0] - score[1])


@pytest.mark.parametrize(("pooling", "kept"), [("mean", 9), ("top_quarter", 3)])
def test_local_feature_equals_the_loop(pooling: str, kept: int) -> None:
    patches, texts = inputs()
    local = local_feature(patches, texts, pooling=pooling)
    for picture in range(3):
        rows = [loop(patch, texts.tolist()) for patch in patches[picture].tolist()]
        rows.sort(key=lambda row: -row[1])
        chosen = [row for row, _ in rows[:kept]]
        expected = torch.tensor(chosen).mean(dim=0)
        torch.testing.assert_close(local[picture], expected, rtol=0, atol=1e-6)


def test_a_patch_moves_towards_the_text_that_it_resembles() -> None:
    texts = torch.eye(2, 4)
    patches = 5 * torch.eye(2, 4)[None]
    aligned, similarity = align(patches, texts)
    assert torch.equal(similarity[0], torch.eye(2))
    share = math.e / (1 + math.e)
    expected = torch.tensor([[1 + share, 1 - share, 0, 0], [1 - share, 1 + share, 0, 0]])
    torch.testing.assert_close(aligned[0], expected)


@pytest.mark.parametrize("patches", [1, 3, 4, 49])
def test_a_quarter_is_at_least_one_patch(patches: int) -> None:
    patch, texts = inputs(patches)
    assert local_feature(patch, texts, pooling="top_quarter").isfinite().all()


def test_low_precision_of_the_towers_does_not_reach_the_comparison() -> None:
    patches, texts = inputs()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = local_feature(patches, texts)
    assert torch.equal(low, local_feature(patches, texts))
