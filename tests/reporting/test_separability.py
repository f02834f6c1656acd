"""The page and drawings of features, from figures that are given."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from unmask.metrics.separability import (
    Estimate,
    ModelSeparability,
    SensorTrace,
    Separation,
    Transfer,
)
from unmask.reporting.separability import (
    SeparabilityReport,
    as_json,
    document,
    number,
    share,
    write,
)
from unmask.reporting.separability_figures import Panel, svg
from unmask.types import SIMULATED

VIEWS = ("rgb", "depth", "all")
SOME = Estimate(value=0.5, low=0.25, high=0.75)


def model(name: str, *, auc: float, gap: float) -> ModelSeparability:
    found = Estimate(value=auc, low=auc - 0.1, high=auc + 0.1)
    apart = Estimate(value=gap, low=gap - 0.1, high=gap + 0.1)
    return ModelSeparability(
        name=name,
        model="vit/tiny",
        checkpoint=f"runs/{name}",
        weights_sha256="0" * 64,
        protocol="p/q",
        features=8,
        people=7,
        pictures=60,
        transfer=tuple(
            Transfer(fitted=f, judged=j, strength=0.1, auc=found, balanced_error=SOME)
            for f in VIEWS
            for j in VIEWS
        ),
        separation=tuple(Separation(shown=v, fisher=SOME, silhouette=SOME) for v in VIEWS),
        sensors=SensorTrace(
            accuracy=SOME, chance=0.5, gaps={"rgb-depth": apart}, gap=apart, transfer_auc=SOME
        ),
    )


@pytest.fixture
def report() -> SeparabilityReport:
    return SeparabilityReport(
        note="",
        protocol="p/q",
        datasets=("squares",),
        sensors=("rgb", "depth"),
        all_sensors="all",
        feature="last",
        dev=30,
        judged=30,
        drawn=30,
        marks=60,
        people=7,
        shared_people=0,
        draws=1000,
        models=(model("one", auc=0.8, gap=1.5), model("two", auc=0.7, gap=0.5)),
    )


@pytest.fixture
def panels() -> list[Panel]:
    rng = np.random.default_rng(0)
    group = {
        "classes": np.array(["bona fide", "attack"] * 30),
        "sensors": np.array(["rgb"] * 30 + ["depth"] * 30),
    }
    remark = {"classes": "AUC 0.800", "sensors": "named 50 %"}
    return [
        Panel(title=name, place=rng.normal(size=(60, 2)), group=group, remark=remark)
        for name in ("one", "two")
    ]


def text(report: SeparabilityReport) -> str:
    return str(document(report))


def test_the_first_sentences_name_the_highest_auc_and_the_nearest_sensors(report):
    said = document(report).sections[0].blocks[0]
    assert "those of one give" in said
    assert "0.800 (0.700 to 0.900)" in said
    assert "closest together in two: their centroids differ by 0.50 times" in said


def test_simulated_data_are_said_to_be_no_evidence_and_others_are_not(report):
    assert "no evidence about real people" not in text(report)
    simulated = replace(report, datasets=("squares", SIMULATED))
    assert "no evidence about real people" in text(simulated)


def test_a_model_of_another_protocol_is_named_for_it(report):
    assert "another protocol" not in text(report)
    one, two = report.models
    other = replace(report, models=(one, replace(two, protocol="p/other")))
    assert "may have been in the training: two (p/other)" in text(other)


def test_the_page_says_which_feature_was_read(report):
    assert "Features looked at: what the last layer sees; " in text(report)
    patches = text(replace(report, feature="patches"))
    assert "Features looked at: those of patches, " in patches
    assert "last layer" not in patches


def test_people_who_taught_the_probes_are_counted(report):
    assert "are in dev, too" not in text(report)
    assert "Of the judged people, 3 are in dev, too" in text(replace(report, shared_people=3))


def test_the_page_says_that_no_figure_is_of_the_picture_and_with_what_it_was_made(report):
    said = text(report)
    assert "computed in the space of the features and none in these pictures" in said
    assert "perplexity 20, seed 0" in said
    assert "30 of the 90, drawn once" in text(replace(report, judged=90))


def test_numbers_have_their_interval():
    assert number(SOME) == "0.500 (0.250 to 0.750)"
    assert share(SOME) == "50.0 % (25.0 to 75.0 %)"


def test_json_holds_every_figure(report):
    content = json.loads(as_json(report))
    assert content["models"][1]["sensors"]["gaps"]["rgb-depth"]["value"] == 0.5
    found = content["models"][0]["transfer"][0]["auc"]
    assert found == pytest.approx({"value": 0.8, "low": 0.7, "high": 0.9})


def test_groups_differ_in_mark_and_colour_and_colours_are_those_of_the_page(panels):
    for name, groups in (("classes", ("bona fide", "attack")), ("sensors", ("rgb", "depth"))):
        drawn = svg(panels, name)
        used = re.findall(r'<use xlink:href="#(\w+)"[^>]*stroke: (var\(--species-\d\))', drawn)
        marks, colours = ({pair[i] for pair in used} for i in (0, 1))
        assert len(colours) == 2
        assert len(marks) >= 2
        assert all(f">{group}</text>" in drawn for group in groups)
        assert not re.search(r"#5c0d", drawn), "no stand-in is left"


def test_the_same_report_gives_the_same_bytes(report, panels, tmp_path):
    for folder in ("a", "b"):
        write(report, panels, tmp_path / folder)
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert {"classes.png", "sensors.png", "separability.html"} <= names
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert "![sensors](sensors.png)" in (tmp_path / "a" / "separability.md").read_text()
