import math

import pytest
import torch

from unmask.errors import ConfigError
from unmask.layers.clip import Clip, ClipConfig
from unmask.layers.image_encoder import ImageEncoderConfig
from unmask.layers.text_encoder import TextEncoderConfig

SIZES = {"dim": 8, "depth": 1, "heads": 2, "projection": 4}
IMAGE = ImageEncoderConfig(**SIZES, image_size=8, patch_size=4)


def test_similarity_is_the_scaled_cosine() -> None:
    torch.manual_seed(0)
    model = Clip(ClipConfig(image=IMAGE, text=TextEncoderConfig(**SIZES, vocabulary=9)))
    image, tokens = torch.randn(2, 3, 8, 8), torch.tensor([[7, 1, 8], [7, 8, 0], [7, 2, 8]])
    similarity = model(image, tokens).detach()
    assert similarity.shape == (2, 3)
    picture, text = model.image(image).class_token, model.text(tokens)
    cosine = torch.cosine_similarity(picture[1], text[2], dim=0)
    assert float(similarity[1, 2]) == pytest.approx(float(cosine.detach()) / 0.07, abs=1e-4)
    assert model.logit_scale.item() == pytest.approx(math.log(1 / 0.07))


def test_towers_that_do_not_meet_are_refused() -> None:
    with pytest.raises(ConfigError, match="projects to 4 features and the text tower to 512"):
        ClipConfig(image=IMAGE)
