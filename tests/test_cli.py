"""The command line is the API: one verb, one function, one dataclass."""

import inspect
import typing

import pytest

import unmask
from unmask import api
from unmask.cli import COMMANDS, main
from unmask.types import Modality


@pytest.mark.parametrize("function", COMMANDS, ids=lambda f: f.__name__)
def test_a_verb_takes_exactly_its_config_and_is_public(function: typing.Any) -> None:
    assert list(inspect.signature(function).parameters) == ["config"]
    hints = typing.get_type_hints(api.__dict__[function.__name__], _names())
    assert hints["config"] is COMMANDS[function]
    assert getattr(unmask, function.__name__) is function
    assert getattr(unmask, COMMANDS[function].__name__) is COMMANDS[function]


def _names() -> dict[str, object]:
    from unmask.checkup.findings import Checkup
    from unmask.datasets.rows import Written
    from unmask.experiments.running import Evidence
    from unmask.experiments.separating import Separability
    from unmask.experiments.stressing import Stressed
    from unmask.preparing.run import Prepared
    from unmask.reporting.comparison import Comparison
    from unmask.reporting.decisions import Decided
    from unmask.reporting.flexible import FlexibleTable
    from unmask.reporting.planning import Plan
    from unmask.reporting.records import Report
    from unmask.reporting.reproduced import Reproduced
    from unmask.serving.schema import Decision
    from unmask.training.calibration import Calibrated
    from unmask.training.evaluation import Evaluated
    from unmask.training.loop import Run
    from unmask.training.pretraining.run import Pretrained

    results = {"Report": Report, "Decision": Decision, "Run": Run, "Pretrained": Pretrained}
    results |= {"Calibrated": Calibrated, "Evaluated": Evaluated}
    results |= {"Evidence": Evidence, "FlexibleTable": FlexibleTable}
    results |= {"Stressed": Stressed, "Decided": Decided}
    results |= {"Separability": Separability, "Plan": Plan, "Comparison": Comparison}
    results |= {"Reproduced": Reproduced, "Written": Written}
    return {**vars(api), **results, "Prepared": Prepared, "Checkup": Checkup}


def test_help_names_every_verb_with_its_first_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    for function in COMMANDS:
        assert function.__name__ in shown
        assert str(function.__doc__).splitlines()[0] in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"unmask {unmask.__version__}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], "no command 'trian'; there are: demo, simulate, "),
        (["train", "--data.root", "x", "--out", "y", "--optim.stepz", "3"], "'optim.steps'"),
        (["train"], "data.root"),
        (["show", "modles"], "models"),
        (["evaluate", "--checkpoint", "missing", "--data.root", "x", "--out", "y"], "no card.json"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error


def test_a_switch_needs_no_value() -> None:
    from unmask.cli import _settings

    assert _settings(api.predict, ["--json", "--checkpoint", "run", "a.png"]).json
    assert not _settings(api.predict, ["--checkpoint", "run", "--json", "false", "a.png"]).json


def test_a_list_needs_no_brackets() -> None:
    from unmask.cli import _settings

    words = ["--dev", "d.csv", "--eval", "e.csv", "--out", "r", "--rules", "eer,bpcer<=1%"]
    assert _settings(api.report, words).rules == ("eer", "bpcer<=1%")
    words = ["--checkpoint", "c", "--data.root", "d", "--out", "o", "--modalities", "rgb"]
    assert _settings(api.evaluate, words).modalities == (Modality.RGB,)


def test_dashes_in_a_name_are_underscores_and_values_stay() -> None:
    from unmask.cli import _settings

    words = ["--per-site", "7", "--image-size=64", "--out", "some--odd-folder"]
    settings = _settings(api.simulate, words)
    assert (settings.per_site, settings.image_size) == (7, 64)
    assert settings.out.name == "some--odd-folder"
