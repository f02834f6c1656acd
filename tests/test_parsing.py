"""Settings: words, YAML and objects are three spellings of the same thing."""

import ast
import inspect
import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from unmask.cli import COMMANDS
from unmask.config import (
    AugmentConfig,
    ConditionConfig,
    DataConfig,
    EvidenceConfig,
    ModelConfig,
    OptimConfig,
    PlanConfig,
    PredictConfig,
    RecipeConfig,
    ReportConfig,
    SetsConfig,
    ShowConfig,
    SystemConfig,
    TrainConfig,
)
from unmask.errors import ConfigError
from unmask.parsing import changed, load, parse, parser_of, to_yaml
from unmask.types import Modality

NEEDED = ["--data.root", "faces", "--out", "run"]


def test_yaml_reads_back_to_an_equal_object(tmp_path: Path) -> None:
    config = TrainConfig(
        data=DataConfig(root=Path("faces"), depth="relative"),
        out=Path("run"),
        model=ModelConfig(name="vit/tiny", overrides={"dim": 64, "absent": "mask"}),
        modalities=(Modality.INFRARED, Modality.RGB),
        optim=OptimConfig(lr=3e-4),
    )
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(config))
    assert load(TrainConfig, path) == config


def test_flags_after_a_yaml_file_replace_its_values(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    config = TrainConfig(data=DataConfig(root=Path("faces")), out=Path("run"), seed=3)
    path.write_text(to_yaml(config))
    parsed = parse(TrainConfig, ["--config", str(path), "--optim.lr", "0.5", "--out", "other"])
    assert parsed == replace(config, optim=OptimConfig(lr=0.5), out=Path("other"))


def test_modalities_are_written_as_users_say_them() -> None:
    parsed = parse(TrainConfig, [*NEEDED, "--modalities", "[rgb,infrared]"])
    assert parsed.modalities == (Modality.RGB, Modality.INFRARED)


def test_positional_words_become_their_field() -> None:
    parsed = parse(PredictConfig, ["--checkpoint", "run", "a.png", "b.png"], positional="inputs")
    assert parsed.inputs == (Path("a.png"), Path("b.png"))
    assert parse(ShowConfig, ["datasets"], positional="what").what == "datasets"
    assert parse(ShowConfig, [], positional="what").what == "models"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--optim.stepz", "7"], "no setting 'optim.stepz'; the nearest is 'optim.steps'"),
        (["--sed", "7"], "the nearest is 'seed'"),
        (["--modalities", "[rgb,dpth]"], "there are: rgb, depth, infrared, thermal"),
        (["--optim.steps", "many"], "optim.steps"),
        (["--optim.steps", "0"], "optim.steps is 0; it must be at least 1"),
        (["--precision", "fp16"], "bf16"),
        (["--modalities", "[rgb,rgb]"], "each once"),
        (["--dev_every", "0"], "dev_every is 0; it must be at least 1"),
        (["--augment.flip", "1.5"], "augment.flip is 1.5; it must lie between 0 and 1"),
        (["--optim.lr", "-1"], "optim.lr is -1"),
        (["--optim.clip", "-1"], "optim.clip is -1"),
        (["--optim.label_smoothing", "0.5"], "below 0.5"),
        (["--augment.scale", "1"], "augment.scale is 1"),
        (["--seed", "-1"], "seed is -1; it must be at least 0"),
        (["--config", "missing.yaml"], "missing.yaml"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(words: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse(TrainConfig, [*NEEDED, *words])
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_misspelt_yaml_key_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("data: {root: faces}\nout: run\noptim: {learning_rate: 0.1}\n")
    with pytest.raises(ConfigError, match=r"no setting 'optim.learning_rate'; the nearest is"):
        load(TrainConfig, path)


def test_a_key_of_another_verb_is_named_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("data: {root: faces}\nout: run\ncheckpoint: old\n")
    with pytest.raises(ConfigError, match=r"no setting 'checkpoint'; the nearest is"):
        load(TrainConfig, path)
    path.write_bytes(b"out: \xff\xfe")
    with pytest.raises(ConfigError, match="no UTF-8"):
        load(TrainConfig, path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("systems: {a: {modl: {name: x}}}", "systems: no setting 'modl.name'; the nearest is"),
        ("systems: {a: {model: {nam: x}}}", "no setting 'model.nam'; the nearest is 'model.name'"),
        ("systems: {a: 3}", "systems: each item is a group of settings"),
        ("judged: [{nme: x}]", "judged: no setting 'nme'; the nearest is 'name'"),
        ("judged: [x]", "judged: each item is a group of settings"),
        ("judged: [{name: x, modalities: [rgp]}]", "no modality 'rgp'"),
        ("recipe: {optim: {stepz: 3}}", "the nearest is 'recipe.optim.steps'"),
        ("simulate: {per_sit: 3}", "the nearest is 'simulate.per_site'"),
        ("simulate: {per_site: -3}", "per_site is -3; it must be at least 1"),
    ],
)
def test_a_mistake_within_a_list_or_group_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "experiment.yaml"
    rest = "" if "systems" in text else "systems: {a: {}}\n"
    path.write_text(f"out: out\ndata: {{root: faces}}\nprotocols: [manifest/split]\n{rest}{text}\n")
    with pytest.raises(ConfigError) as error:
        load(EvidenceConfig, path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_an_experiment_reads_back_to_an_equal_object(tmp_path: Path) -> None:
    config = EvidenceConfig(
        out=Path("out"),
        data=SetsConfig(root=Path("faces")),
        systems={"b": SystemConfig(settings={"optim.lr": 1e-4}), "a": SystemConfig()},
        protocols=("manifest/split",),
        judged=(ConditionConfig(name="rgb", modalities=(Modality.RGB,), noise_std=0.5),),
        groups={"P": ("manifest/split",)},
    )
    path = tmp_path / "experiment.yaml"
    path.write_text(to_yaml(config))
    again = load(EvidenceConfig, path)
    assert again == config
    assert list(again.systems) == ["b", "a"]


def test_changed_settings_are_checked_as_the_command_line_checks_them() -> None:
    recipe = RecipeConfig(optim=OptimConfig(steps=7))
    found = changed(recipe, {"optim.lr": 0.5, "augment": {"flip": 0}, "modalities": ["rgb"]})
    assert found == RecipeConfig(
        optim=OptimConfig(steps=7, lr=0.5),
        augment=AugmentConfig(flip=0.0),
        modalities=(Modality.RGB,),
    )
    assert changed(recipe, {}) == recipe
    for changes, message in (
        ({"optim.stepz": 3}, "no setting 'optim.stepz'; the nearest is 'optim.steps'"),
        ({"optim.lr": -1}, "optim.lr is -1"),
        ({"optim.lr": "fast"}, "fast"),
        ({"optim": 3}, "optim is 3; it is a group"),
        ({"patience.x": 3}, "'patience' is no group of settings"),
    ):
        with pytest.raises(ConfigError, match=message):
            changed(recipe, changes)


def test_yaml_gives_positional_settings_too(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("what: protocols\n")
    words = ["--config", str(path)]
    assert parse(ShowConfig, words, positional="what").what == "protocols"
    assert parse(ShowConfig, [*words, "datasets"], positional="what").what == "datasets"


def test_a_missing_required_setting_is_named() -> None:
    with pytest.raises(ConfigError, match="out"):
        parse(TrainConfig, ["--data.root", "faces"])


@pytest.mark.parametrize("config_class", COMMANDS.values(), ids=lambda c: c.__name__)
def test_every_field_has_a_help_text(config_class: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    shown = " ".join(parser_of(config_class).format_help().split())
    (body,) = ast.parse(inspect.getsource(config_class)).body
    assert isinstance(body, ast.ClassDef)
    for field, text in itertools.pairwise([*body.body, None]):
        if isinstance(field, ast.AnnAssign) and "Config" not in ast.unparse(field.annotation):
            assert isinstance(text, ast.Expr), ast.unparse(field.target)
            assert isinstance(text.value, ast.Constant)
            assert " ".join(str(text.value.value).split()) in shown


@pytest.mark.parametrize(("text", "held"), [("", "nothing"), ("3", "3"), ("[out]", "[out]")])
def test_a_file_without_settings_says_what_it_should_hold(
    text: str, held: str, tmp_path: Path
) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(TrainConfig, path)
    assert f"the settings file holds {held}; it must hold settings" in str(caught.value)


@pytest.mark.parametrize(
    ("config_class", "words", "message"),
    [
        (TrainConfig, ["--optim.steps", "a"], "optim.steps is 'a'; it must be a whole number"),
        (PlanConfig, ["--apcer", "1%"], "apcer is '1%'; it must be a number"),
        (ReportConfig, ["--table", "other"], "table is 'other'; it must be one of: 'flexible'"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_with_the_right_one(
    config_class: type, words: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        parse(config_class, words)
