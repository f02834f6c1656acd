"""Noise on the input: of the strength that was asked for, and always the same for a picture."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from unmask.experiments.noise import Noisy, noise_of
from unmask.types import Modality, Output

THREE = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)


class Mirror(nn.Module):
    """Gives back what it is shown."""

    def forward(self, image: Tensor, present: Tensor) -> Output:
        return Output(logit=image.sum((1, 2, 3, 4)), feature=image)


def noise_on(image: Tensor, present: Tensor, std: float = 0.5) -> Tensor:
    return Noisy(Mirror(), THREE, std=std)(image, present).feature - image


def pictures(count: int) -> tuple[Tensor, Tensor]:
    image = torch.rand(count, 3, 3, 40, 40, generator=torch.Generator().manual_seed(0)) * 2 - 1
    return image, torch.ones(count, 3, dtype=torch.bool)


def test_noise_has_the_strength_that_was_asked_for() -> None:
    noise = noise_on(*pictures(4), std=0.3)
    assert float(noise.std()) == pytest.approx(0.3, rel=0.02)
    assert float(noise.mean()) == pytest.approx(0, abs=0.01)


def test_noise_of_a_picture_depends_on_nothing_but_the_picture() -> None:
    image, present = pictures(6)
    whole = noise_on(image, present)
    backwards = noise_on(image.flip(0), present).flip(0)
    alone = torch.cat([noise_on(image[i : i + 1], present[:1]) for i in range(6)])
    assert torch.equal(whole, backwards)
    assert torch.equal(whole, alone)
    assert not torch.equal(whole[0], whole[1])


def test_an_absent_modality_stays_zero() -> None:
    image, present = pictures(2)
    present[0, 1] = False
    image[0, 1] = 0
    noise = noise_on(image, present)
    assert (noise[0, 1] == 0).all()
    assert (noise[1, 1] != 0).any()


def test_a_sensor_with_one_channel_has_one_noise() -> None:
    picture = np.zeros((3, 8, 8), np.float32)
    red, green, _ = noise_of(picture, Modality.RGB)
    assert not np.array_equal(red, green)
    first, second, third = noise_of(picture, Modality.DEPTH)
    assert np.array_equal(first, second)
    assert np.array_equal(first, third)
