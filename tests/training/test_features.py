"""What is read of a model, against what a loop makes of its patches."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.config import DataConfig
from unmask.errors import ConfigError
from unmask.models import create_model
from unmask.protocols import load_protocol
from unmask.training.features import check_feature, features_of
from unmask.training.scoring import Scorer
from unmask.transforms.normalize import Preprocessing
from unmask.types import Modality, Sample

SENSORS = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)


def scorer_of(name: str, **overrides: Any) -> Scorer:
    torch.manual_seed(0)
    return Scorer(
        model=create_model(name, **overrides).eval(),
        preprocessing=Preprocessing(image_size=32, crop_version="1"),
        modalities=SENSORS,
    )


@pytest.fixture(scope="module")
def samples(squares: Path) -> list[Sample]:
    return load_protocol(DataConfig(root=squares), SENSORS).eval[:4]


def aligned(patch: Tensor, texts: Tensor) -> tuple[Tensor, Tensor]:
    """A patch (E,) of length 1 that is drawn to both texts, and its similarities."""
    similarity = torch.stack([(patch * text).sum() for text in texts])
    share = similarity.exp() / similarity.exp().sum()
    return share[0] * texts[0] + share[1] * texts[1] + patch, similarity


def all_alike(similarity: Tensor) -> float:
    return 1.0


def by_saliency(similarity: Tensor) -> float:
    return float((10 * (similarity[0] - similarity[1]).abs()).exp())


@pytest.mark.parametrize(
    ("name", "weight", "prompts"),
    [("fm_clip/tiny_test", all_alike, 0), ("fmm_rpl/tiny_test", by_saliency, 4)],
)
def test_patches_are_those_of_a_loop_over_what_leaves_the_projection(
    name: str, weight: Callable[[Tensor], float], prompts: int, samples: list[Sample]
) -> None:
    scorer = scorer_of(name)
    model: Any = scorer.model
    seen: list[Tensor] = []
    hook = model.backbone.image.projection.register_forward_hook(
        lambda _module, _inputs, tokens: seen.append(tokens)
    )
    found = features_of(scorer, samples, (Modality.DEPTH,), split="eval", feature="patches")
    hook.remove()
    texts = model.texts(model.backbone.text)
    texts = (texts[0] if isinstance(texts, tuple) else texts).detach()
    (tokens,) = seen  # (B, 1 + P + prompts, E)
    for row, picture in zip(found.values, tokens, strict=True):
        last = picture.shape[0] - prompts
        drawn = [aligned(patch / patch.norm(), texts) for patch in picture[1:last]]
        assert len(drawn) == 16
        total = sum(weight(similarity) * patch for patch, similarity in drawn)
        assert torch.as_tensor(row).tolist() == pytest.approx(
            F.normalize(torch.as_tensor(total), dim=0).tolist(), abs=1e-5
        )


def test_last_is_the_class_token_of_a_model_that_compares_with_texts(
    samples: list[Sample],
) -> None:
    scorer = scorer_of("fm_clip/tiny_test")
    last, patches = (
        features_of(scorer, samples, SENSORS[:2], split="eval", feature=feature)
        for feature in ("last", "patches")
    )
    assert last.table.equals(patches.table)
    assert last.values.shape == patches.values.shape == (8, 16)
    assert abs(last.values - patches.values).max() > 0.01


@pytest.mark.parametrize("name", ["vit", "cnn", "clip", "cms_enhancer", "fm_vit"])
def test_a_model_without_patches_of_its_own_score_is_refused(name: str) -> None:
    scorer = scorer_of(f"{name}/tiny_test")
    with pytest.raises(ConfigError, match="mine scores no patches by themselves, as fm_clip and"):
        check_feature(scorer, "patches", "mine")
    check_feature(scorer, "last", "mine")


@pytest.mark.parametrize("name", ["fm_clip", "fmm_rpl"])
def test_those_that_the_message_names_have_them(name: str) -> None:
    check_feature(scorer_of(f"{name}/tiny_test"), "patches", "mine")
