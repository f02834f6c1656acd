"""Scores do not depend on how they were computed, only on what was shown."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from unmask.capture.images import read_image
from unmask.config import DataConfig, OptimConfig, TrainConfig
from unmask.models import create_model
from unmask.protocols import load_protocol
from unmask.training.loop import fit
from unmask.training.scoring import Scorer
from unmask.transforms.normalize import Preprocessing
from unmask.types import Modality, Protocol

THREE = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)


@pytest.fixture(scope="module")
def protocol(squares: Path) -> Protocol:
    return load_protocol(DataConfig(root=squares), THREE)


def scorer(**settings: int) -> Scorer:
    torch.manual_seed(0)
    return Scorer(
        model=create_model("big_moe/tiny_test"),
        preprocessing=Preprocessing(image_size=32, crop_version="1"),
        modalities=THREE,
        **settings,
    )


def values(using: Scorer, protocol: Protocol, shown: tuple[Modality, ...]) -> "np.ndarray":
    return using.scores(protocol.eval, shown=shown, split="eval").table["score"].to_numpy()


def test_batch_size_and_workers_do_not_change_a_score(protocol: Protocol) -> None:
    alone = values(scorer(batch_size=1), protocol, THREE)
    together = values(scorer(batch_size=64, workers=1), protocol, THREE)
    assert np.allclose(alone, together, atol=1e-6)
    assert len(set(alone.round(6))) > 6, "the scores must differ for this test to mean anything"


def test_one_presentation_by_its_pictures_has_the_score_of_its_files(protocol: Protocol) -> None:
    using = scorer()
    expected = values(using, protocol, THREE)[0]
    paths = protocol.eval[0].paths
    images = {m: read_image(path, m, depth="millimetres") for m, path in paths.items()}
    assert using.pad_score(images) == pytest.approx(expected, abs=1e-6)


def test_hidden_modalities_change_scores_and_names(protocol: Protocol) -> None:
    using = scorer()
    rgb = using.scores(protocol.eval, shown=(Modality.RGB,), split="eval")
    assert rgb.values("modalities") == ["rgb"]
    assert not np.allclose(rgb.table["score"].to_numpy(), values(using, protocol, THREE))


def test_a_sample_without_the_shown_modality_gets_no_response(protocol: Protocol) -> None:
    thermal = values(scorer(), protocol, (Modality.THERMAL,))
    assert np.isnan(thermal).all()


def test_dev_without_a_sensor_sets_no_threshold_for_it(squares: Path, tmp_path: Path) -> None:
    data = DataConfig(root=squares)
    whole = load_protocol(data, THREE)
    dev = [replace(s, paths={Modality.RGB: s.paths[Modality.RGB]}) for s in whole.dev]
    model = create_model("big_moe/tiny_test")
    config = TrainConfig(data=data, out=tmp_path / "run", optim=OptimConfig(steps=1))
    card = fit(model, config, replace(whole, dev=dev)).card
    assert list(card.thresholds) == ["rgb"]
