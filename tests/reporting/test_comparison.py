"""Systems compared from their folders: names, figures, words, files, and what is refused."""

import csv
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from unmask.cli import main
from unmask.config import CompareConfig
from unmask.errors import ConfigError, DatasetError
from unmask.metrics import rates
from unmask.metrics.scores import Scores, per_presentation, read_scores, write_scores
from unmask.metrics.thresholds import operating_point
from unmask.reporting.comparing import compare
from unmask.reporting.comparison import Comparison, named
from unmask.reporting.comparison_page import document
from unmask.reporting.markdown import markdown_of

MakeSet = Callable[..., Scores]
FILES = ("comparison.csv", "comparison.md", "comparison.tex", "differences.csv")


@pytest.fixture
def folders(make_set: MakeSet, tmp_path: Path) -> tuple[str, ...]:
    """Three systems, from good to bad: ``runs/<name>/scores``."""
    found = []
    for name, quality in (("good", 4.2), ("fair", 4.0), ("bad", 1.5)):
        folder = tmp_path / "runs" / name / "scores"
        for split in ("dev", "eval"):
            write_scores(make_set(split, quality=quality), folder / f"{split}.csv")
        found.append(str(folder))
    return tuple(found)


def change(path: Path, **columns: pl.Expr) -> None:
    scores = read_scores(path)
    write_scores(Scores(table=scores.table.with_columns(**columns)), path)


def text_of(made: Comparison) -> str:
    return markdown_of(document(made))


def test_figures_are_those_of_each_system_at_the_threshold_of_its_own_dev(
    folders: tuple[str, ...],
) -> None:
    made = compare(CompareConfig(systems=folders, rule="bpcer<=5%", draws=200))
    assert [s.name for s in made.systems] == ["good", "fair", "bad"]
    for system, folder in zip(made.systems, folders, strict=True):
        dev, judged = (
            per_presentation(read_scores(Path(folder) / f"{split}.csv"))
            for split in ("dev", "eval")
        )
        threshold = operating_point(dev, "bpcer<=5%").threshold
        assert system.point.threshold == threshold
        assert system.acer == rates.acer(judged, threshold)
        assert system.apcer == rates.apcer_worst(judged, threshold)[1]
        assert system.bpcer == rates.bpcer(judged, threshold)
    values = [s.figure.value for s in made.ranking.standings]
    assert values == [s.acer for s in made.systems]


def test_words_say_what_is_shown_and_what_is_not(folders: tuple[str, ...]) -> None:
    text = text_of(compare(CompareConfig(systems=folders, by="auc", draws=200)))
    assert "good is better than bad." in text
    assert "That good is better than fair is not shown" in text
    assert "Not told apart among themselves: good and fair." in text
    assert "got no response" not in text
    assert "good 3, fair 3, bad 3" in text


def test_the_same_files_give_the_same_bytes(folders: tuple[str, ...], tmp_path: Path) -> None:
    for name in ("one", "two"):
        words = ["compare", *folders, "--out", str(tmp_path / name), "--draws", "200"]
        assert main(words) == 0
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == sorted(FILES)
    for name in FILES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_csv_holds_the_ranking_and_every_pair(folders: tuple[str, ...], tmp_path: Path) -> None:
    made = compare(CompareConfig(systems=folders, out=tmp_path / "out", draws=200))
    with (tmp_path / "out" / "comparison.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["system"] for row in rows] == ["good", "fair", "bad"]
    assert [float(row["acer"]) for row in rows] == [s.acer for s in made.systems]
    with (tmp_path / "out" / "differences.csv").open() as file:
        pairs = [(row["system"], row["compared_with"]) for row in csv.DictReader(file)]
    assert pairs == [("good", "fair"), ("good", "bad"), ("fair", "bad")]


def test_parquet_will_do_and_few_or_nameless_people_are_warned_of(
    folders: tuple[str, ...],
) -> None:
    for folder in folders:
        path = Path(folder) / "eval.csv"
        change(path, subject=pl.lit(""))
        write_scores(read_scores(path), path.with_suffix(".parquet"))
        path.unlink()
    nameless = text_of(compare(CompareConfig(systems=folders, draws=200)))
    assert "260 of 260 presentations name no subject" in nameless
    for folder in folders:
        change(Path(folder) / "eval.parquet", subject=pl.lit("one"))
    assert "Only 1 subject gave" in text_of(compare(CompareConfig(systems=folders, draws=200)))


def test_names_are_given_or_where_the_paths_differ(tmp_path: Path) -> None:
    assert list(named(["runs/a/scores", "runs/b/scores"])) == ["a", "b"]
    assert list(named(["x/a", "y/a/", "y/b"])) == ["x/a", "y/a", "y/b"]
    assert named(["ours=runs/a", "runs/b"]) == {"ours": Path("runs/a"), "b": Path("runs/b")}
    odd = tmp_path / "lr=1"
    odd.mkdir()
    assert named([str(odd), "other=x"]) == {"lr=1": odd, "other": Path("x")}
    for clash, called in (
        (["a=x", "a=y"], "x and y are both called 'a'"),
        (["x", "x"], "x and x are both called 'x'"),
        (["=x", "y"], "system =x lacks"),
    ):
        with pytest.raises(ConfigError, match=f"{called}.* a name of its own"):
            named(clash)


def test_one_system_under_two_names_has_the_same_figure(folders: tuple[str, ...]) -> None:
    twice = (f"x={folders[1]}", f"y={folders[1]}")
    text = text_of(compare(CompareConfig(systems=twice, draws=200)))
    assert "0 of 1 pair can be told apart. x has the same ACER as y." in text
    assert "is better" not in text


def test_no_system_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare"]) == 2
    assert capsys.readouterr().err.startswith("error: systems are none; a comparison needs two")


def test_one_system_is_no_comparison() -> None:
    with pytest.raises(ConfigError, match="needs two or more"):
        CompareConfig(systems=("runs/a",))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("presentation", "other", "has presentation"),
        ("pai_species", "replay", "pai_species is 'print' in one and 'replay' in the other"),
        ("subject", "somebody", "subject is 'eval-s0' in one and 'somebody' in the other"),
    ],
)
@pytest.mark.parametrize("split", ["dev", "eval"])
def test_systems_judged_on_different_things_are_refused_in_one_line(
    folders: tuple[str, ...],
    split: str,
    column: str,
    value: str,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    changed = pl.col("presentation") == f"{split}120"
    cell = pl.when(changed).then(pl.lit(value)).otherwise(column)
    change(Path(folders[1]) / f"{split}.csv", **{column: cell})
    assert main(["compare", *folders]) == 2
    error = capsys.readouterr().err
    assert message.replace("eval-", f"{split}-") in error
    assert error.count("\n") == 1


def test_a_missing_class_or_file_is_refused(folders: tuple[str, ...]) -> None:
    path = Path(folders[0]) / "eval.csv"
    scores = read_scores(path)
    write_scores(Scores(table=scores.table.filter(pl.col("label") == "attack")), path)
    with pytest.raises(DatasetError, match=r"good.*eval\.csv has no bona fide"):
        compare(CompareConfig(systems=folders))
    path.unlink()
    with pytest.raises(DatasetError, match=r"has no eval\.csv or eval\.parquet"):
        compare(CompareConfig(systems=folders))


def test_a_presentation_that_sets_the_threshold_is_not_judged(folders: tuple[str, ...]) -> None:
    for folder in folders:
        scores = read_scores(Path(folder) / "eval.csv")
        write_scores(scores, Path(folder) / "dev.csv")
    with pytest.raises(DatasetError, match="what sets the threshold must not be judged"):
        compare(CompareConfig(systems=folders))


def test_an_unknown_rule_is_refused_before_anything_is_read() -> None:
    with pytest.raises(ConfigError, match="no threshold rule 'best'"):
        compare(CompareConfig(systems=("nowhere/a", "nowhere/b"), rule="best"))
