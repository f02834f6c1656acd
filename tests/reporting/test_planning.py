"""A plan says in words and tables what the numbers are, and refuses what it cannot plan."""

from pathlib import Path

import pytest

from unmask.cli import main
from unmask.config import PlanConfig
from unmask.errors import ConfigError
from unmask.metrics.planning import chance_to_pass, trials_needed
from unmask.reporting.markdown import markdown_of
from unmask.reporting.planning import document, plan


def test_words_and_table_tell_the_same_numbers() -> None:
    text = markdown_of(document(plan(PlanConfig(apcer=0.01, species=6))))
    assert "299 presentations of each PAI species are needed, with no error among them" in text
    assert "1794 in all" in text
    assert "| 1 | 473 | 2838 | 473 | 555 | 0.0631 % |" in text
    assert "BPCER" not in text


def test_all_species_together_are_passed_with_the_power() -> None:
    requirement = plan(PlanConfig(apcer=0.05, species=4, power=0.9)).requirements[0]
    for size in requirement.sizes:
        alone = chance_to_pass(size.errors, size.trials, size.passing)
        assert alone**4 == pytest.approx(0.9)


def test_the_smallest_test_is_found_and_none_smaller_would_do() -> None:
    made = plan(PlanConfig(bpcer=0.05, true_bpcer=0.02, power=0.9))
    size = made.requirements[0].smallest
    assert size is not None
    assert chance_to_pass(size.errors, size.trials, 0.02) >= 0.9
    for errors in range(size.errors):
        assert chance_to_pass(errors, trials_needed(errors, 0.05, 0.95), 0.02) < 0.9
    assert f"needs {size.trials} bona fide presentations" in markdown_of(document(made))


def test_a_true_rate_next_to_the_limit_is_said_to_need_another_plan() -> None:
    made = plan(PlanConfig(bpcer=0.05, true_bpcer=0.0499))
    assert made.requirements[0].smallest is None
    assert "plan for a better system or a higher limit" in markdown_of(document(made))


def test_subjects_with_several_presentations_are_counted_and_limited() -> None:
    made = plan(PlanConfig(bpcer=0.05, per_subject=3, correlation=0.5))
    assert made.requirements[0].sizes[0].subjects == 40
    assert "alike by 0.5" in markdown_of(document(made))


def test_the_command_prints_and_writes_a_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "plan.md"
    assert main(["plan", "--apcer", "0.01", "--errors", "0,2", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "APCER at most 1 %" in printed
    assert "628" in printed
    assert out.read_text().startswith("# How large a test must be\n")
    assert "| 2 | 628 |" in out.read_text()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "a plan needs a limit"),
        ({"apcer": 1.0}, "apcer is 1.0; it must be more than 0 and less than 1"),
        ({"bpcer": 5}, "bpcer is 5"),
        ({"apcer": 0.01, "true_apcer": 0.02}, "true_apcer is 0.02; it must"),
        ({"apcer": 0.01, "true_bpcer": 0.002}, "lie below bpcer, which is not given"),
        ({"apcer": 0.01, "confidence": 95}, "confidence is 95"),
        ({"apcer": 0.01, "species": 0}, "species is 0"),
        ({"apcer": 0.01, "errors": (0, 0)}, "errors are 0, 0"),
        ({"apcer": 0.01, "errors": ()}, "errors are none"),
        ({"apcer": 0.01, "correlation": 2.0}, "correlation is 2.0"),
        ({"apcer": 0.01, "out": Path("plan.txt")}, "name it with .md"),
    ],
)
def test_what_cannot_be_planned_is_said_in_one_line(
    settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        PlanConfig(**settings)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
