"""What every file in models/ promises, checked on each of its variants that is called tiny."""

import dataclasses
import itertools
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from unmask.models import create_model, families, variants
from unmask.types import Modality, Output

NAMES = [f"{family}/{variant}" for family in families() for variant in variants(family)]
TINY = [name for name in NAMES if "/tiny" in name]
LARGE = [pytest.param(name, marks=pytest.mark.slow) for name in NAMES if name not in TINY]
SUBSETS = [list(row) for row in itertools.product([False, True], repeat=3) if any(row)]

every_tiny_model = pytest.mark.parametrize("name", TINY)


def build(name: str, **overrides: object) -> nn.Module:
    torch.manual_seed(0)
    model = create_model(name, **overrides)
    with torch.no_grad():  # away from the initial weights, where whole branches may be zero
        for parameter in model.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    return model.eval()


def presentations(model: nn.Module, present: list[list[bool]]) -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    size = model.config.image_size
    return torch.randn(len(present), len(present[0]), 3, size, size), torch.tensor(present)


def assert_equal(one: Output, other: Output, tolerance: float = 0.0) -> None:
    torch.testing.assert_close(one.logit, other.logit, rtol=0, atol=tolerance)
    torch.testing.assert_close(one.feature, other.feature, rtol=0, atol=10 * tolerance)


def test_every_family_has_a_tiny_variant() -> None:
    assert {name.split("/")[0] for name in TINY} == set(families())


@every_tiny_model
def test_config_says_which_modalities_and_which_size(name: str) -> None:
    config = create_model(name).config
    assert dataclasses.is_dataclass(config)
    assert type(config).__dataclass_params__.frozen
    assert all(isinstance(modality, Modality) for modality in config.modalities)
    assert config.image_size > 0


@every_tiny_model
def test_output_is_one_logit_and_one_feature_in_float32_whatever_the_arithmetic(name: str) -> None:
    model = build(name)
    image, present = presentations(model, SUBSETS)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        output = model(image, present)
    assert output.logit.shape == (7,)
    assert output.feature.shape[0] == 7
    assert output.logit.dtype == output.feature.dtype == torch.float32
    assert all(routing.prob.dtype == torch.float32 for routing in output.routing)
    assert_equal(output, model(image, present), tolerance=0.01)


@pytest.mark.parametrize("name", [*TINY, *LARGE])
def test_every_trainable_parameter_gets_a_gradient(name: str) -> None:
    torch.manual_seed(0)
    model = create_model(name).train()
    trainable = {key: p for key, p in model.named_parameters() if p.requires_grad}
    image, present = presentations(model, SUBSETS[-3:])
    optimiser = torch.optim.AdamW(trainable.values(), lr=1e-3)
    dead = set(trainable)
    for _ in range(3):  # branches that start at zero open in one step, and those within in another
        optimiser.zero_grad()
        model(image, present).logit.square().sum().backward()
        assert [key for key, p in trainable.items() if p.grad is None] == []
        dead -= {key for key, p in trainable.items() if p.grad.any()}
        optimiser.step()
    assert dead == set()
    assert all(p.grad is None for p in model.parameters() if not p.requires_grad)


@every_tiny_model
@pytest.mark.parametrize("absent", ["drop", "mask"])
def test_absent_modality_is_never_read(name: str, absent: str) -> None:
    model = build(name, absent=absent)
    for rows in (SUBSETS, *[[row] for row in SUBSETS]):
        image, present = presentations(model, rows)
        blinded = image.clone()
        blinded[~present] = float("nan")
        assert_equal(model(image, present), model(blinded, present))


@every_tiny_model
def test_every_subset_gives_a_finite_logit_of_its_own(name: str) -> None:
    model = build(name)
    image, present = presentations(model, SUBSETS)
    logit = model(image[:1].expand(7, -1, -1, -1, -1), present).logit
    assert logit.isfinite().all()
    assert logit.unique().shape == (7,), "each set of sensors must matter"


@every_tiny_model
def test_any_choice_of_modalities_can_be_built(name: str) -> None:
    for modalities in (["rgb"], ["infrared", "depth"], ["thermal", "rgb", "depth", "infrared"]):
        model = build(name, modalities=modalities)
        image, present = presentations(model, [[True] * len(modalities)] * 2)
        assert model(image, present).logit.isfinite().all()


@every_tiny_model
def test_permuting_presentations_permutes_outputs(name: str) -> None:
    model = build(name)
    image, present = presentations(model, SUBSETS)
    order = torch.tensor([3, 1, 6, 0, 5, 2, 4])
    straight, permuted = model(image, present), model(image[order], present[order])
    torch.testing.assert_close(permuted.logit, straight.logit[order], rtol=0, atol=1e-5)


@every_tiny_model
@pytest.mark.parametrize("absent", ["drop", "mask"])
def test_a_presentation_does_not_depend_on_its_companions(name: str, absent: str) -> None:
    model = build(name, absent=absent)
    image, present = presentations(model, SUBSETS)
    together = model(image, present).logit
    alone = [model(image[i : i + 1], present[i : i + 1]).logit for i in range(7)]
    torch.testing.assert_close(torch.cat(alone), together, rtol=0, atol=1e-5)


@every_tiny_model
def test_dropping_and_masking_absent_modalities_agree(name: str) -> None:
    drop, mask = build(name, absent="drop"), build(name, absent="mask")
    for rows in (SUBSETS, *[[row] * 2 for row in SUBSETS]):
        image, present = presentations(drop, rows)
        assert_equal(drop(image, present), mask(image, present), tolerance=1e-5)


@every_tiny_model
def test_evaluation_is_deterministic(name: str) -> None:
    model = build(name)
    image, present = presentations(model, SUBSETS)
    assert_equal(model(image, present), model(image, present))


@every_tiny_model
def test_inputs_are_never_changed(name: str) -> None:
    model = build(name).train()
    image, present = presentations(model, SUBSETS)
    before = image.clone(), present.clone()
    model(image, present).logit.sum().backward()
    assert torch.equal(image, before[0])
    assert torch.equal(present, before[1])


class Score(nn.Module):
    """The PAD score alone, as it is exported."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: Tensor, present: Tensor) -> Tensor:
        return self.model(image, present).logit.sigmoid()


@every_tiny_model
def test_exported_graph_takes_any_batch_and_any_subset(name: str) -> None:
    score = Score(build(name)).eval()
    example = presentations(score.model, SUBSETS[:2])
    batch = torch.export.Dim("batch")
    graph = torch.export.export(score, example, dynamic_shapes=({0: batch}, {0: batch})).module()
    for rows in (SUBSETS, SUBSETS[:1], SUBSETS[-1:]):
        image, present = presentations(score.model, rows)
        torch.testing.assert_close(graph(image, present), score(image, present), rtol=0, atol=1e-5)


@every_tiny_model
def test_onnx_takes_any_batch_and_any_subset(name: str, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    score = Score(build(name)).eval()
    example = presentations(score.model, SUBSETS[:2])
    batch = torch.export.Dim("batch")
    path = tmp_path / "model.onnx"
    torch.onnx.export(
        score, example, path, dynamo=True, dynamic_shapes=({0: batch}, {0: batch}), verbose=False
    )
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]
    for rows in (SUBSETS, SUBSETS[:1]):
        inputs = presentations(score.model, rows)
        values = {name: tensor.numpy() for name, tensor in zip(names, inputs, strict=True)}
        (onnx,) = session.run(None, values)
        torch.testing.assert_close(torch.from_numpy(onnx), score(*inputs), rtol=0, atol=1e-5)
