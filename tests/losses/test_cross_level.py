"""Contrast over levels and sensors: the naive loop, and who must not count."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.config import OptimConfig
from unmask.errors import ConfigError
from unmask.losses.cross_level import cross_level_loss, supervised_contrast
from unmask.types import Batch, Levels, Modality, Output

PRESENT = torch.tensor([[1, 1, 1], [1, 0, 0], [0, 1, 1], [1, 0, 1], [0, 0, 1]]).bool()
LABEL = torch.tensor([0, 1, 1, 0, 0])


def features(*, levels: int = 2) -> Tensor:
    torch.manual_seed(0)
    return F.normalize(torch.randn(5, 3, levels, 4), dim=-1) * PRESENT[..., None, None]


def batch(present: Tensor = PRESENT, label: Tensor = LABEL) -> Batch:
    return Batch(
        image=torch.zeros(len(label), present.shape[1], 3, 1, 1),
        present=present,
        label=label,
        key=[str(i) for i in range(len(label))],
        modalities=tuple(Modality)[: present.shape[1]],
    )


def levels(feature: Tensor) -> Levels:
    return Levels(logit=torch.zeros(feature.shape[:3]), feature=feature)


def naive(feature: Tensor, *, temperature: float) -> float:
    anchors = [
        (feature[b, m, level], int(LABEL[b]))
        for b in range(5)
        for m in range(3)
        if PRESENT[b, m]
        for level in range(feature.shape[2])
    ]
    losses = []
    for i, (x, label) in enumerate(anchors):
        others = [a for j, a in enumerate(anchors) if j != i]
        score = [math.exp((x @ y).item() / temperature) for y, _ in others]
        friends = [
            math.log(s / sum(score)) for s, (_, c) in zip(score, others, strict=True) if c == label
        ]
        if friends:
            losses.append(-sum(friends) / len(friends))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_it_is_the_naive_loop(count: int, temperature: float) -> None:
    feature = features(levels=count)
    loss = supervised_contrast(levels(feature), batch(), temperature=temperature)
    assert loss.item() == pytest.approx(naive(feature, temperature=temperature), rel=1e-5)


def test_what_stands_for_an_absent_sensor_never_counts() -> None:
    feature = features()
    noise = torch.randn_like(feature) * ~PRESENT[..., None, None]
    changed = (feature + 9 * noise).requires_grad_()
    loss = supervised_contrast(levels(changed), batch(), temperature=0.1)
    torch.testing.assert_close(loss, supervised_contrast(levels(feature), batch(), temperature=0.1))
    loss.backward()
    assert not changed.grad[~PRESENT].any()
    assert (changed.grad[PRESENT].abs().amax(dim=-1) > 0).all()


def test_classes_that_stand_apart_cost_less_than_sensors_or_levels_that_do() -> None:
    present, label = torch.ones(4, 2).bool(), torch.tensor([0, 0, 1, 1])
    one, other = torch.eye(2)
    by_class = torch.stack([one, one, other, other])[:, None, None].expand(4, 2, 2, 2)
    by_sensor = torch.stack([one, other])[None, :, None].expand(4, 2, 2, 2)
    by_level = torch.stack([one, other])[None, None].expand(4, 2, 2, 2)
    value = {
        name: supervised_contrast(levels(x), batch(present, label), temperature=0.1).item()
        for name, x in {"class": by_class, "sensor": by_sensor, "level": by_level}.items()
    }
    assert value["class"] == pytest.approx(math.log(7), abs=0.01)  # 7 friends, all alike
    assert value["class"] < value["sensor"] - 1
    assert value["sensor"] == pytest.approx(value["level"])


def test_who_has_no_friend_counts_for_nothing() -> None:
    label = torch.tensor([0, 1])
    present = torch.ones(2, 1).bool()
    feature = F.normalize(torch.randn(2, 1, 1, 4), dim=-1).requires_grad_()
    loss = supervised_contrast(levels(feature), batch(present, label), temperature=0.1)
    loss.backward()
    assert loss.item() == 0
    assert not feature.grad.any()
    alone = supervised_contrast(levels(feature[:1]), batch(present[:1], label[:1]), temperature=0.1)
    assert alone.item() == 0


def test_the_part_has_no_weight_and_weight_zero_no_part() -> None:
    output = Output(logit=torch.zeros(5), feature=torch.zeros(5, 4), levels=levels(features()))
    loss = cross_level_loss(output, batch(), weight=0.5, temperature=0.1)
    value = supervised_contrast(levels(features()), batch(), temperature=0.1)
    torch.testing.assert_close(loss.parts["cross_level"], value)
    torch.testing.assert_close(loss.total, 0.5 * value)
    plain = Output(logit=torch.zeros(5), feature=torch.zeros(5, 4))
    for said, weight in ((output, 0.0), (plain, 0.5)):
        none = cross_level_loss(said, batch(), weight=weight, temperature=0.1)
        assert none.total.item() == 0
        assert none.parts == {}


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"optim\.cross_level is -1; it must be at least 0"):
        OptimConfig(cross_level=-1)
    with pytest.raises(ConfigError, match=r"cross_level_temperature is 0; it must be above 0"):
        OptimConfig(cross_level_temperature=0)
