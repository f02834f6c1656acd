"""What models with a branch per modality share: where they start, and that sensors judge alone."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unmask.config import ModelConfig
from unmask.errors import CheckpointError
from unmask.layers.image_encoder import SIZES, ImageEncoder
from unmask.models import create_model
from unmask.training.start import start
from unmask.weights import load_backbone

SUBSETS = [list(row) for row in itertools.product([False, True], repeat=3) if any(row)]
EVERY = torch.tensor(SUBSETS)
FAMILIES = ("fm_vit", "branch_per_modality")
AXES: list[tuple[str, dict[str, Any]]] = [
    ("fm_vit", {}),
    ("fm_vit", {"placement": "every", "mask": "threshold"}),
    ("fm_vit", {"placement": "last", "fusion": "mean"}),
    ("branch_per_modality", {}),
    ("branch_per_modality", {"attention": "class_tokens"}),
    ("branch_per_modality", {"attention": "channels", "head": "per_modality"}),
]
every_family = pytest.mark.parametrize("family", FAMILIES)
every_axis = pytest.mark.parametrize(("family", "settings"), AXES, ids=lambda value: str(value))


def build(family: str, *, stir: float = 0.0, **settings: Any) -> nn.Module:
    torch.manual_seed(0)
    model = create_model(f"{family}/tiny_test", **settings)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += stir * torch.randn_like(parameter)
    return model.eval()


def images() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(7, 3, 3, 32, 32)


def close(one: Tensor | None, other: Tensor | None, tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(one, other, rtol=0, atol=tolerance)


@every_axis
def test_untrained_each_branch_is_the_encoder_it_starts_from(
    family: str, settings: dict[str, Any]
) -> None:
    model, image = build(family, **settings), images()
    heads = model.heads if family == "branch_per_modality" else [model.head]
    output = model(image, EVERY)
    for m, encoder in enumerate(model.backbone):
        features = encoder(image[:, m])
        seen = features.class_token
        if family == "branch_per_modality":
            seen = torch.cat([seen, features.patches.mean(dim=1)], dim=1)
        expected = heads[m % len(heads)](seen).squeeze(1)
        close(output.modality_logit[:, m], torch.where(EVERY[:, m], expected, 0.0))


@every_axis
def test_the_score_is_the_mean_of_what_modalities_that_are_there_say(
    family: str, settings: dict[str, Any]
) -> None:
    output = build(family, stir=0.1, **settings)(images(), EVERY)
    assert output.modality_logit.shape == (7, 3)
    assert (output.modality_logit[~EVERY] == 0).all()
    assert (output.modality_logit[EVERY] != 0).all()
    close(output.logit, output.modality_logit.sum(dim=1) / EVERY.sum(dim=1))


@every_axis
@pytest.mark.parametrize("absent", ["drop", "mask"])
def test_what_a_modality_says_depends_on_no_absent_one_and_on_no_other_presentation(
    family: str, settings: dict[str, Any], absent: str
) -> None:
    model, image = build(family, stir=0.1, absent=absent, **settings), images()
    blinded = image.masked_fill(~EVERY[:, :, None, None, None], float("nan"))
    output = model(image, EVERY)
    assert torch.equal(output.modality_logit, model(blinded, EVERY).modality_logit)
    alone = [model(image[b : b + 1], EVERY[b : b + 1]).modality_logit for b in range(7)]
    close(torch.cat(alone), output.modality_logit)


@every_axis
def test_what_a_modality_says_depends_on_those_that_are_there(
    family: str, settings: dict[str, Any]
) -> None:
    model, image = build(family, stir=0.1, **settings), images()
    rgb = torch.tensor([[True, False, False]] * 7)
    both = torch.tensor([[True, True, False]] * 7)
    change = model(image, rgb).modality_logit[:, 0] - model(image, both).modality_logit[:, 0]
    assert (change.abs() > 1e-5).all()


@every_axis
def test_in_training_a_modality_without_partners_is_judged_as_it_is_alone(
    family: str, settings: dict[str, Any]
) -> None:
    model, image = build(family, stir=0.1, partner_drop=1.0, **settings), images()
    training = model.train()(image, torch.ones(7, 3, dtype=torch.bool)).modality_logit
    model.eval()
    for m in range(3):
        only = torch.zeros(7, 3, dtype=torch.bool)
        only[:, m] = True
        close(model(image, only).modality_logit[:, m], training[:, m])


@every_axis
def test_partners_are_left_out_in_training_alone(family: str, settings: dict[str, Any]) -> None:
    model, image = build(family, stir=0.1, **settings), images()
    everyone = torch.ones(7, 3, dtype=torch.bool)

    def told(seed: int) -> Tensor:
        torch.manual_seed(seed)
        logit: Tensor = model(image, everyone).modality_logit
        return logit

    assert torch.equal(told(0), told(1))
    model.train()
    assert torch.equal(told(0), told(0))
    assert not torch.equal(told(0), told(1))
    kept = build(family, stir=0.1, partner_drop=0.0, **settings)
    close(kept.train()(image, everyone).logit, model.eval()(image, everyone).logit)


@every_axis
def test_every_choice_trains_every_parameter_it_has(family: str, settings: dict[str, Any]) -> None:
    model = build(family, stir=0.1, **settings).train()
    output = model(images(), EVERY)
    output.modality_logit.square().sum().backward()
    assert [
        name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()
    ] == []


@every_family
def test_tiny_starts_every_branch_from_the_shipped_encoder(family: str) -> None:
    name = f"{family}/tiny"
    model = create_model(name)
    used = start(model, ModelConfig(name=name), quiet=True)
    assert used.backbone == "shipped:vit_tiny"
    expected = load_backbone("vit_tiny").part("image")
    for encoder in model.backbone:
        state = encoder.state_dict()
        assert set(state) == set(expected)
        assert all(torch.equal(state[key], expected[key]) for key in state)
    oracle = ImageEncoder(SIZES["vit_tiny"]).eval()
    oracle.load_state_dict(expected)
    image = torch.randn(1, 3, 3, 112, 112)
    only = torch.tensor([[False, False, True]])
    with torch.no_grad():
        feature = model.eval()(image, only).feature
        close(feature[:, :128], oracle(image[:, 2]).class_token)


@every_family
def test_branches_of_other_sizes_are_told_how_to_go_on(family: str) -> None:
    model = create_model(f"{family}/tiny", depth=4)
    with pytest.raises(CheckpointError, match='or "none" to start from nothing'):
        start(model, ModelConfig(name=f"{family}/tiny"))


@every_family
def test_base_has_three_times_the_encoder_of_vit_base(family: str) -> None:
    with torch.device("meta"):
        model = create_model(f"{family}/base")
        encoder = ImageEncoder(SIZES["vit_b16"])
    count = sum(p.numel() for p in model.backbone.parameters())
    assert count == 3 * sum(p.numel() for p in encoder.parameters())


@every_family
def test_it_is_trained_by_what_each_modality_says_and_its_folder_scores_again(
    family: str, squares: Path, tmp_path: Path
) -> None:
    from unmask import TrainConfig, train
    from unmask.config import DataConfig, OptimConfig
    from unmask.training.checkpoint import load as load_run

    config = TrainConfig(
        data=DataConfig(root=squares),
        out=tmp_path / "run",
        model=ModelConfig(name=f"{family}/tiny_test"),
        optim=OptimConfig(steps=2, batch_size=4),
        dev_every=2,
    )
    run = train(config)
    model, card = load_run(run.folder)
    assert card == run.card
    assert json.loads((run.folder / "card.json").read_text())["backbone"] == {}
    assert model(images(), EVERY).logit.isfinite().all()
