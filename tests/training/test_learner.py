"""Learning rate, weight decay, and the figures that choose a step."""

import itertools
import math

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss, roc_auc_score

from unmask.config import OptimConfig
from unmask.errors import ConfigError
from unmask.losses.routing import balance_loss, z_loss
from unmask.metrics.scores import Scores
from unmask.models import create_model
from unmask.training.learner import Learner, decay_groups, rate_at
from unmask.training.loop import dev_figures
from unmask.types import Batch


def test_the_rate_rises_linearly_and_falls_as_half_a_cosine() -> None:
    optim = OptimConfig(steps=100, warmup=0.2)
    rates = [rate_at(step, optim) for step in range(100)]
    assert rates[:20] == pytest.approx([(step + 1) / 20 for step in range(20)])
    assert rates[60] == pytest.approx(0.5)
    assert rates[99] == pytest.approx(0.5 * (1 + math.cos(math.pi * 79 / 80)))
    assert all(a > b for a, b in itertools.pairwise(rates[20:]))


def test_without_warm_up_the_first_step_has_the_full_rate() -> None:
    assert rate_at(0, OptimConfig(steps=10, warmup=0.0)) == 1
    assert rate_at(0, OptimConfig(steps=1, warmup=0.1)) == 1


def test_every_trained_parameter_is_in_one_group_and_only_kernels_decay() -> None:
    model = create_model("big_moe/tiny_test", frozen_backbone=True)
    decayed, plain = decay_groups(model, OptimConfig(weight_decay=0.3))
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.3, 0.0)
    names = {id(p): name for name, p in model.named_parameters() if p.requires_grad}
    grouped = [id(p) for group in (decayed, plain) for p in group["params"]]
    assert sorted(grouped) == sorted(names)
    assert all(p.ndim >= 2 for p in decayed["params"])
    free = {names[id(p)] for p in plain["params"]}
    for name in ("backbone.position", "backbone.class_token", "head.bias"):
        assert name in free
    assert any("experts.down" in name for name in free), "a step sees few rows of this table"
    assert any("experts.router.keys" in name for name in free)


BALANCED = {"balance": 0.5, "balance_fine": 0.25, "router_z": 0.125}


@pytest.mark.parametrize(
    ("switches", "part"),
    [({"experts": "coarse", "num_experts": 4}, "balance"), ({}, "balance_fine")],
)
def test_a_step_minimises_and_logs_the_losses_of_the_routers_that_there_are(
    switches: dict[str, object], part: str
) -> None:
    torch.manual_seed(0)
    model = create_model("big_moe/tiny_test", **switches).eval()  # no dropout, no noise
    image = torch.randn(4, 3, 3, 32, 32)
    batch = Batch(
        image=image,
        present=torch.tensor([[True, True, False]] * 4),
        label=torch.tensor([0, 1, 0, 1]),
        key=list("abcd"),
        modalities=model.config.modalities,
    )
    learner = Learner(model, OptimConfig(**BALANCED), seed=0)
    logged: dict[str, torch.Tensor] = {}
    learner.log_dict = logged.update
    total = learner.training_step(batch, 0)
    routing = model(batch.image, batch.present).routing
    expected = {part: balance_loss(routing), "router_z": z_loss(routing)}
    for name, value in expected.items():
        torch.testing.assert_close(logged.pop(f"train/{name}"), value)
    loss, cross_entropy = logged.pop("train/loss"), logged.pop("train/cross_entropy")
    assert logged == {}
    added = sum(BALANCED[name] * value for name, value in expected.items())
    torch.testing.assert_close(total, cross_entropy + added)
    assert torch.equal(loss, total)


@pytest.mark.parametrize("name", BALANCED)
def test_a_negative_weight_of_a_loss_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=rf"optim\.{name} is -1; it must be at least 0"):
        OptimConfig(**{name: -1})


def test_dev_figures_are_those_of_the_textbook() -> None:
    rng = np.random.default_rng(0)
    labels = np.array([0] * 30 + [1] * 30)
    score = np.clip(rng.normal(0.35 + 0.3 * labels, 0.2), 0.01, 0.99)
    scores = Scores.from_columns(
        {
            "key": [f"k{i}" for i in range(60)],
            "presentation": [f"k{i}" for i in range(60)],
            "score": score.tolist(),
            "label": ["bona_fide" if label else "attack" for label in labels],
            "pai_species": [None if label else "print" for label in labels],
        }
    )
    figures = dev_figures(scores)
    assert figures["auc"] == pytest.approx(roc_auc_score(labels, score))
    assert figures["loss"] == pytest.approx(log_loss(labels, score))
    naive = min(
        (abs((score[labels == 0] >= t).mean() - (score[labels == 1] < t).mean()), t) for t in score
    )[1]
    rates = ((score[labels == 0] >= naive).mean(), (score[labels == 1] < naive).mean())
    assert figures["eer"] == pytest.approx(sum(rates) / 2, abs=1 / 30)


def test_large_experts_decay_and_their_biases_do_not() -> None:
    model = create_model("big_moe/tiny_test", experts="coarse", num_experts=4)
    decayed, plain = decay_groups(model, OptimConfig())
    names = {id(p): name for name, p in model.named_parameters()}
    decays = {names[id(p)] for p in decayed["params"]}
    assert {"igma.0.experts.down_weight", "igma.0.experts.up_weight"} <= decays
    free = {names[id(p)] for p in plain["params"]}
    assert {"igma.0.experts.down_bias", "igma.0.experts.up_bias"} <= free


def test_the_same_seed_gives_the_same_weights() -> None:
    def built(seed: int) -> list[torch.Tensor]:
        torch.manual_seed(seed)
        return list(create_model("vit/tiny_test").parameters())

    first, again, other = built(0), built(0), built(1)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))
