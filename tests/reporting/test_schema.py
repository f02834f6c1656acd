import json
from dataclasses import replace

import pytest

import unmask
from unmask.cli import main
from unmask.config import ReportConfig, ShowConfig
from unmask.metrics.scores import write_scores
from unmask.reporting.schema import as_schema, published
from unmask.reporting.write import judge_files

jsonschema = pytest.importorskip("jsonschema")


def test_the_published_schema_is_that_of_the_records() -> None:
    assert published() == as_schema()
    assert unmask.show(ShowConfig(what="schema")) == published()
    jsonschema.Draft202012Validator.check_schema(json.loads(published()))


def test_the_command_prints_it_without_breaking_a_line(capsys) -> None:
    assert main(["show", "schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(published())


def test_reports_are_what_the_schema_says(make_set, tmp_path) -> None:
    for seed, name in ((0, "ours"), (1, "theirs")):
        for split in ("dev", "eval"):
            write_scores(make_set(split, seed=seed), tmp_path / name / f"{split}.csv")
    config = ReportConfig(
        dev=tmp_path / "ours" / "dev.csv",
        eval=tmp_path / "ours" / "eval.csv",
        out=tmp_path / "out",
    )
    everything = replace(
        config,
        groups=("site",),
        against=str(tmp_path / "theirs"),
        repeats=(tmp_path / "theirs",),
    )
    for asked in (config, everything):
        judge_files(asked)
        content = json.loads((tmp_path / "out" / "report.json").read_text())
        jsonschema.validate(content, json.loads(published()))
    content["judgements"][0]["extra"] = 1
    with pytest.raises(jsonschema.ValidationError, match="extra"):
        jsonschema.validate(content, json.loads(published()))
