"""What is to be run: what makes it another run, and what is refused before any run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from unmask import protocols
from unmask.config import ConditionConfig, EvidenceConfig, ModelConfig, SetsConfig, SystemConfig
from unmask.errors import ConfigError, DatasetError
from unmask.experiments.experiment import plan
from unmask.types import Modality, Protocol

Make = Callable[..., EvidenceConfig]


def identities(config: EvidenceConfig) -> dict[tuple[str, int], str]:
    return {(trial.system, trial.training.seed): trial.identity for trial in plan(config)}


def test_every_system_meets_every_protocol_and_seed(experiment: Make, tmp_path: Path) -> None:
    trials = plan(experiment(tmp_path, seeds=(0, 7), protocols=("manifest/split",)))
    assert [(t.system, t.training.seed) for t in trials] == [
        *(("vit", 0), ("slow", 0), ("vit", 7), ("slow", 7))
    ]
    assert len({t.identity for t in trials} | {t.training.out for t in trials}) == 8
    slow = trials[1].training
    assert (slow.optim.lr, slow.optim.steps, slow.optim.batch_size) == (1e-5, 4, 4)


@pytest.mark.parametrize(
    "changes",
    [
        {"out": Path("elsewhere")},
        {"workers": 5, "threads": 2},
        {"judged": (ConditionConfig(name="other"),)},
        {"reference": ""},
        {"groups": {"P": ("manifest/split",)}},
        {"averages": {"P": ("all", "noise")}},
    ],
)
def test_what_no_training_depends_on_makes_no_other_run(
    changes: dict[str, Any], experiment: Make, tmp_path: Path
) -> None:
    config = experiment(tmp_path)
    assert identities(replace(config, **changes)) == identities(config)


def test_the_same_data_elsewhere_make_no_other_run(
    experiment: Make, squares: Path, tmp_path: Path
) -> None:
    config = experiment(tmp_path)
    (tmp_path / "link").symlink_to(squares)
    moved = replace(config, data=SetsConfig(root=tmp_path / "link"))
    assert identities(moved) == identities(config)


def test_a_protocol_that_was_defined_anew_makes_another_run(
    experiment: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the same manifest, under the same name: runs of an older unmask are not taken for it."""
    config = experiment(tmp_path)
    before = identities(config)
    load = protocols.load_protocol

    def without_the_last(*given: Any) -> Protocol:
        loaded = load(*given)
        return replace(loaded, train=loaded.train[:-1])

    monkeypatch.setattr(protocols, "load_protocol", without_the_last)
    after = identities(config)
    assert all(after[place] != before[place] for place in before)


def test_lists_frames_and_readers_reach_the_training(
    experiment: Make, squares: Path, tmp_path: Path
) -> None:
    data = SetsConfig(root=squares, lists=tmp_path, frames="three", workers=3)
    for trial in plan(experiment(tmp_path / "out", data=data)):
        used = trial.training.data
        assert (used.lists, used.frames, used.workers) == (tmp_path, "three", 3)
        assert used.protocol == "manifest/split"


def test_other_frames_make_another_run_and_moved_lists_or_more_readers_do_not(
    experiment: Make, squares: Path, tmp_path: Path
) -> None:
    def of(**settings: Any) -> dict[tuple[str, int], str]:
        return identities(experiment(tmp_path, data=SetsConfig(root=squares, **settings)))

    assert of(lists=tmp_path, workers=2) == of()
    assert not set(of(frames="three").values()) & set(of().values())


def test_another_recipe_model_or_manifest_makes_another_run(
    experiment: Make, new_squares: Callable[..., Path], tmp_path: Path
) -> None:
    config = experiment(tmp_path)
    before = identities(config)
    faster = replace(config.recipe, dev_every=4)
    assert not set(identities(replace(config, recipe=faster)).values()) & set(before.values())
    wide = SystemConfig(model=ModelConfig(name="vit/tiny_test", overrides={"depth": 3}))
    after = identities(replace(config, systems={**config.systems, "vit": wide}))
    assert after["slow", 0] == before["slow", 0]
    assert after["vit", 0] != before["vit", 0]
    root = new_squares()
    data = replace(config, data=SetsConfig(root=root))
    first = identities(data)
    table = pl.read_parquet(root / "manifest.parquet")
    table.with_columns(pl.lit("2").alias("session")).write_parquet(root / "manifest.parquet")
    assert not set(identities(data).values()) & set(first.values())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"systems": {"a": SystemConfig(model=ModelConfig(name="vit/huge"))}},
            "system a: no model",
        ),
        (
            {"systems": {"a": SystemConfig(settings={"optim.stepz": 3})}},
            "system a: no setting 'optim.stepz'; the nearest is 'optim.steps'",
        ),
        ({"protocols": ("manifest/spilt",)}, "no protocol 'manifest/spilt'"),
        (
            {
                "systems": {
                    name: SystemConfig(model=ModelConfig(name="vit/tiny_test")) for name in "ab"
                }
            },
            "systems a and b have the same settings",
        ),
        (
            {"judged": (ConditionConfig(name="warm", modalities=(Modality.THERMAL,)),)},
            "'warm' shows thermal, of which system vit knows none",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_before_anything_is_written(
    changes: dict[str, Any], message: str, experiment: Make, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        plan(replace(experiment(tmp_path / "out"), reference="", **changes))
    assert not (tmp_path / "out").exists()


def test_data_that_do_not_fit_a_protocol_are_refused(experiment: Make, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="they have: A, B"):
        plan(experiment(tmp_path, protocols=("leave_one_site_out/A",)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"systems": {}}, "systems are none; name at least one"),
        ({"seeds": (1, 1)}, "seeds are 1, 1; name at least one, each once"),
        ({"seeds": (-1,)}, "seeds is -1"),
        ({"protocols": ()}, "protocols are none"),
        ({"groups": {"P": ("x/y",)}}, "groups.P names 'x/y', which is not there"),
        ({"groups": {"a/b": ("manifest/split",)}}, "groups: 'a/b' is no name"),
        ({"averages": {"a b": ("all",)}}, "averages: 'a b' is no name"),
        ({"averages": {"all": ("noise",)}}, "averages: 'all' is a condition of judged"),
        ({"averages": {"a": ("rgb",)}}, "averages.a names 'rgb', which is not there; there are: "),
        ({"averages": {"a": ()}}, "averages.a are none"),
        ({"reference": "cnn"}, "reference names 'cnn', which is not there; there are: vit, slow"),
        ({"judged": (ConditionConfig(name="a"),) * 2}, "judged are a, a"),
        ({"workers": 0}, "workers is 0"),
        ({"threads": 0}, "threads is 0"),
    ],
)
def test_settings_that_cannot_be_are_named(
    changes: dict[str, Any], message: str, experiment: Make, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=message):
        experiment(tmp_path, **changes)


def test_a_condition_has_a_plain_name_and_noise_of_a_size() -> None:
    for bad in ("", "../up", "-x", "a b"):
        with pytest.raises(ConfigError, match="is no name"):
            ConditionConfig(name=bad)
    for std in (-0.1, float("nan"), float("inf")):
        with pytest.raises(ConfigError, match="noise_std of 'x'"):
            ConditionConfig(name="x", noise_std=std)
