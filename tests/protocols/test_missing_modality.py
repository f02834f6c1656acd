"""Sensors fail after training: train keeps them all, dev and eval show only what is left."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from unmask.config import THREE, DataConfig
from unmask.data import Presentations
from unmask.errors import ConfigError, DatasetError
from unmask.protocols import load_protocol
from unmask.transforms.normalize import Preprocessing
from unmask.types import Modality

Ask = Callable[[pl.DataFrame, str], DataConfig]
RGB, DEPTH, INFRARED = THREE
LEFT = {
    "without_rgb": {DEPTH, INFRARED},
    "without_depth": {RGB, INFRARED},
    "without_infrared": {RGB, DEPTH},
    "rgb_only": {RGB},
    "depth_only": {DEPTH},
    "infrared_only": {INFRARED},
}


@pytest.mark.parametrize("variant", LEFT)
def test_modalities_go_in_dev_and_eval_and_stay_in_train(
    variant: str, grid: pl.DataFrame, ask: Ask
) -> None:
    protocol = load_protocol(ask(grid, f"missing_modality/{variant}"), THREE)
    assert protocol.name == f"missing_modality/{variant}"
    assert protocol.threshold_from == "dev"
    assert protocol.modalities == THREE, "the model is built for all of them"
    assert {frozenset(s.paths) for s in protocol.train} == {frozenset(THREE)}
    seen = {frozenset(s.paths) for s in (*protocol.dev, *protocol.eval)}
    assert seen == {frozenset(LEFT[variant])}


def test_nothing_but_the_paths_is_changed(grid: pl.DataFrame, ask: Ask) -> None:
    whole = load_protocol(ask(grid, "manifest/split"), THREE)
    less = load_protocol(ask(grid, "missing_modality/without_depth"), THREE)
    assert less.train == whole.train
    for before, after in ((whole.dev, less.dev), (whole.eval, less.eval)):
        kept = [{m: path for m, path in s.paths.items() if m != DEPTH} for s in before]
        assert [dict(s.paths) for s in after] == kept
        assert [(s.key, s.label, s.subject) for s in after] == [
            (s.key, s.label, s.subject) for s in before
        ]


def test_what_was_taken_away_is_absent_for_the_model(squares: Path) -> None:
    data = DataConfig(root=squares, protocol="missing_modality/infrared_only")
    preprocessing = Preprocessing(image_size=32, crop_version=1, depth="millimetres")
    samples = load_protocol(data, THREE).eval
    item = Presentations(samples, preprocessing=preprocessing, modalities=THREE)[0]
    assert item.present.tolist() == [False, False, True]
    assert not item.image[:2].any()
    assert item.image[2].any()


def test_thermal_goes_with_the_rest_and_stays_with_the_rest(grid: pl.DataFrame, ask: Ask) -> None:
    grid = grid.with_columns(thermal=pl.col("infrared"))
    asked = (*THREE, Modality.THERMAL)
    without = load_protocol(ask(grid, "missing_modality/without_rgb"), asked)
    assert set(without.eval[0].paths) == {DEPTH, INFRARED, Modality.THERMAL}
    only = load_protocol(ask(grid, "missing_modality/rgb_only"), asked)
    assert set(only.eval[0].paths) == {RGB}


def test_asking_for_nothing_but_what_goes_is_refused(grid: pl.DataFrame, ask: Ask) -> None:
    with pytest.raises(ConfigError) as caught:
        load_protocol(ask(grid, "missing_modality/without_depth"), (DEPTH,))
    assert "missing_modality/without_depth leaves nothing of depth" in str(caught.value)
    assert "ask for at least one of rgb, infrared" in str(caught.value)


@pytest.mark.parametrize("to_train", [True, False])
def test_data_without_what_is_left_are_refused(
    to_train: bool,  # noqa: FBT001
    grid: pl.DataFrame,
    ask: Ask,
) -> None:
    data = ask(grid.drop("infrared"), "missing_modality/infrared_only")
    with pytest.raises(DatasetError) as caught:
        load_protocol(data, THREE, to_train=to_train)
    message = str(caught.value)
    assert "the dev rows of " in message
    assert "have no infrared, all that this protocol leaves; they have: depth, rgb; " in message


def test_an_asked_modality_that_is_left_must_have_been_captured(
    grid: pl.DataFrame, ask: Ask
) -> None:
    data = ask(grid.drop("infrared"), "missing_modality/without_depth")
    with pytest.raises(DatasetError, match="have no infrared, all that this protocol leaves"):
        load_protocol(data, (DEPTH, INFRARED), to_train=False)
