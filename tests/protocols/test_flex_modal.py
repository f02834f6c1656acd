"""Flex-Modal: three sensors learned, what the protocol leaves judged, nobody in dev and eval."""

from typing import Any

import pytest

from unmask.config import THREE
from unmask.errors import ConfigError, DatasetError
from unmask.protocols import load_protocol, names
from unmask.types import Modality

RGB, DEPTH, INFRARED = THREE
LEFT = {"p1": {RGB}, "p2": {RGB, DEPTH}, "p3": {RGB, INFRARED}, "p4": {RGB, DEPTH, INFRARED}}


def test_there_are_four_protocols_each_judged_here_and_elsewhere() -> None:
    own = {name for name in names() if name.startswith("flex_modal/")}
    assert own == {f"flex_modal/{p}_{where}" for p in LEFT for where in ("intra", "cross")}


@pytest.mark.parametrize("protocol", LEFT)
@pytest.mark.parametrize("where", ["intra", "cross"])
def test_train_keeps_three_sensors_and_dev_and_eval_what_is_left(
    protocol: str, where: str, four_sets: Any
) -> None:
    found = load_protocol(four_sets.ask(f"flex_modal/{protocol}_{where}"), THREE)
    assert found.name == f"flex_modal/{protocol}_{where}"
    assert found.threshold_from == "dev"
    assert {frozenset(s.paths) for s in found.train} == {frozenset(THREE)}
    assert {frozenset(s.paths) for s in (*found.dev, *found.eval)} == {frozenset(LEFT[protocol])}
    joint = {"casia_surf", "casia_cefa"}
    assert {s.dataset for s in found.train} == joint
    assert {s.dataset for s in found.eval} == (joint if where == "intra" else {"wmca"})


def test_the_video_that_is_in_val_and_test_is_judged_and_leaves_dev(
    four_sets: Any, caplog: pytest.LogCaptureFixture
) -> None:
    found = load_protocol(four_sets.ask("flex_modal/p1_intra"), THREE)
    assert "1_300_1_1_1" not in {s.presentation for s in found.dev}
    assert "1_300_1_1_1" in {s.presentation for s in found.eval}
    assert "1 presentations of the dev list are in the eval list too" in caplog.text
    across = load_protocol(four_sets.ask("flex_modal/p1_cross"), THREE)
    assert "1_300_1_1_1" in {s.presentation for s in across.dev}


def test_asking_for_nothing_that_is_left_is_refused(four_sets: Any) -> None:
    with pytest.raises(ConfigError, match=r"p2_intra leaves nothing of infrared; .* rgb, depth"):
        load_protocol(four_sets.ask("flex_modal/p2_intra"), (Modality.INFRARED,))


def test_a_root_without_the_data_prints_the_tree(four_sets: Any) -> None:
    (four_sets.root / "CASIA-SURF-CROP").rename(four_sets.root / "elsewhere")
    with pytest.raises(DatasetError, match=r"flex_modal/p1_intra: .*CASIA-SURF-CROP/\{real,fake\}"):
        load_protocol(four_sets.ask("flex_modal/p1_intra"), THREE)
