"""Defects of the published code that the model of the figure does not have.

Here are those that no other test is about. Inputs stay untouched: ``contracts/test_models.py``. The
code of the absent modalities tells the truth in use, no parameter is dead, an untrained block is
the plain block, the bypass adds to its prompt, gate and experts narrow each for itself:
``test_big_moe.py``. Not all modalities are ever hidden together: ``test_data.py``.
"""

import itertools

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from unmask.models import create_model
from unmask.transforms.normalize import Preprocessing, stack
from unmask.types import Image, Modality

SIDE = 64
PICTURES: dict[Modality, Image] = {
    Modality.RGB: np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8),
    Modality.DEPTH: np.random.default_rng(1).uniform(500, 600, (SIDE, SIDE)).astype(np.float32),
    Modality.INFRARED: np.random.default_rng(2).random((SIDE, SIDE), dtype=np.float32),
}


def build(**overrides: object) -> nn.Module:
    """Every weight away from where it starts."""
    torch.manual_seed(0)
    model = create_model("big_moe/tiny_test", image_size=SIDE, **overrides)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.1 * torch.randn_like(parameter)
    return model.eval()


def shown(model: nn.Module, pictures: dict[Modality, Image]) -> tuple[Tensor, Tensor]:
    preprocessing = Preprocessing(image_size=SIDE, crop_version="none")
    image, present = stack(pictures, model.config.modalities, preprocessing)
    return torch.from_numpy(image)[None], torch.from_numpy(present)[None]


def test_the_bypass_leaves_every_place_where_it_is_from_block_to_block() -> None:
    """What one patch of the prompt changes stays around that patch, block after block."""
    model = build(depth=4)
    for igma, cpb in itertools.zip_longest(model.igma, model.cpb):
        nn.init.zeros_(igma.up.weight)  # else it would spread through the tokens
        if cpb is not None:
            nn.init.zeros_(cpb.attention.mix.weight)  # which looks everywhere
    heard: list[Tensor] = []
    for igma in model.igma:
        igma.gate_prompt.register_forward_hook(lambda _, inputs, __: heard.append(inputs[0][0]))
    model(*shown(model, PICTURES))
    with torch.no_grad():
        model.prompt.task[:, 8:16, 48:56] += 1.0  # the patch in row 1, column 6
    model(*shown(model, PICTURES))
    for block, (before, after) in enumerate(zip(heard[:4], heard[4:], strict=True)):
        changed = (after - before).abs().sum(dim=1).reshape(8, 8).nonzero()
        far = (changed - torch.tensor([1, 6])).abs().max()
        assert far == block, "a 3x3 convolution reaches one place further"


def test_a_modality_has_its_place_by_its_name_and_never_by_the_order_of_arguments() -> None:
    model = build()
    model.requires_grad_(requires_grad=False)
    scores = {
        float(model(*shown(model, {m: PICTURES[m] for m in order})).logit)
        for order in itertools.permutations(PICTURES)
    }
    assert len(scores) == 1
    image, present = shown(model, PICTURES)
    mistaken = model(image[:, [0, 2, 1]], present).logit  # what a wrong order would have given
    assert abs(float(mistaken) - scores.pop()) > 1e-4


@pytest.mark.parametrize("training", [True, False])
def test_a_forward_leaves_nothing_behind_on_the_model(*, training: bool) -> None:
    model = build().train(training)

    def kept() -> dict[str, set[str]]:
        return {name: set(vars(part)) for name, part in model.named_modules()}

    before, tensors = kept(), {n: t.clone() for n, t in model.state_dict().items()}
    model(*shown(model, PICTURES)).logit.sum().backward()
    assert kept() == before
    assert all(torch.equal(t, tensors[n]) for n, t in model.state_dict().items())


def test_what_the_last_experts_answer_reaches_the_logit() -> None:
    model = build()
    before = model(*shown(model, PICTURES)).logit
    with torch.no_grad():
        model.igma[-1].up.bias += 1.0
    assert not torch.allclose(model(*shown(model, PICTURES)).logit, before)


def test_a_black_picture_that_was_taken_is_not_an_absent_one() -> None:
    model = build()
    black = PICTURES | {Modality.INFRARED: np.zeros((SIDE, SIDE), np.float32)}
    taken, present = shown(model, black)
    assert (taken[:, 2] == -1).all()
    without, missing = shown(model, {m: p for m, p in PICTURES.items() if m != Modality.INFRARED})
    assert (without[:, 2] == 0).all()
    assert torch.equal(model(taken, missing).logit, model(without, missing).logit)
    assert not torch.allclose(model(taken, present).logit, model(without, missing).logit)
