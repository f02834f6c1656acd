import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from unmask.config import ReportConfig
from unmask.errors import DatasetError
from unmask.files import sha256
from unmask.metrics.expert_counts import RoutingCounts
from unmask.metrics.routing_files import read_routing, write_routing
from unmask.metrics.scores import write_scores
from unmask.reporting.blocks import Caution, Figure, Table
from unmask.reporting.document import document
from unmask.reporting.experts import experts
from unmask.reporting.html import as_html
from unmask.reporting.write import judge_files
from unmask.types import Label, Modality, Sample

RGB, DEPTH = Modality.RGB, Modality.DEPTH
SPECIES = (None, "print", "replay")


def counted(
    *, num_experts=16, layers=2, tokens=50, specialised=False, further=(), kinds=()
) -> RoutingCounts:
    """Random choices among half of the experts; or a quarter, which depends on the species."""
    random = np.random.default_rng(0)
    paths = {m: Path("x") for m in (RGB, DEPTH)}
    own = [
        Sample(
            key=str(i),
            presentation=str(i),
            paths=paths,
            label=Label.ATTACK if SPECIES[i % 3] else Label.BONA_FIDE,
            pai_species=SPECIES[i % 3],
            subject=f"s{i // 3}",
            site="AB"[i // 3 % 2],
        )
        for i in range(24)
    ]
    counts = RoutingCounts(own)
    every = [((RGB, DEPTH), ("modalities", "species", "site"))]
    for shown, axes in every + [(shown, ("modalities",)) for shown in further]:
        cells = counts.join(own, shown, axes=axes)
        for layer in range(layers):
            for number, sample in enumerate(own):
                first = number % 3 * num_experts // 4 if specialised else 0
                many = num_experts // (4 if specialised else 2)
                expert = first + random.integers(0, many, (tokens, 4))
                cell = np.repeat([cells[sample.key]], tokens, axis=0)
                weight = random.random((tokens, 4))
                counts.layer(layer, num_experts, kinds).add(cell, expert, weight)
    return counts


@pytest.fixture
def files(tmp_path, make_set) -> ReportConfig:
    config = ReportConfig(
        dev=tmp_path / "dev.csv", eval=tmp_path / "eval.csv", out=tmp_path / "out"
    )
    write_scores(make_set("dev"), config.dev)
    write_scores(make_set("eval"), config.eval)
    return config


def leave_routing(folder: Path, scores: Path, **settings) -> None:
    folder.mkdir(exist_ok=True)
    counts = counted(**settings)
    write_routing(counts.report(scores_sha256=sha256(scores)), counts.table(), folder)


def headings(report) -> list[str]:
    return [section.heading for section in document(report).sections]


def tables(report) -> list[Table]:
    (section,) = experts(report)
    return [block for block in section.blocks if isinstance(block, Table)]


def test_the_section_is_there_only_with_a_routing_file(files):
    without = judge_files(files)
    plain = as_html(without)
    assert "Experts" not in headings(without)
    assert json.loads((files.out / "report.json").read_text())["routing"] is None
    leave_routing(files.eval.parent, files.eval)
    report = judge_files(files)
    assert "Experts" in headings(report)
    for name in ("report.html", "report.md"):
        assert "effective number" in (files.out / name).read_text()
    assert (files.out / "report.html").read_text().count("<svg") == plain.count("<svg") + 3
    content = json.loads((files.out / "report.json").read_text())["routing"]
    assert (
        content["layers"][0]["by_weight"]["entropy"] == report.routing.layers[0].by_weight.entropy
    )


def test_the_routing_of_other_scores_is_never_shown(files, tmp_path, caplog):
    leave_routing(files.eval.parent, files.dev)
    assert judge_files(files).routing is None
    assert "counted with other scores" in caplog.text
    named = replace(files, routing=tmp_path / "routing.json")
    with pytest.raises(DatasetError, match="while other scores than"):
        judge_files(named)
    with pytest.raises(DatasetError, match="cannot read"):
        judge_files(replace(files, routing=tmp_path / "nothing.json"))
    leave_routing(tmp_path / "elsewhere", files.eval)
    named = replace(files, routing=tmp_path / "elsewhere" / "routing.json")
    assert judge_files(named).routing is not None


def test_the_same_routing_gives_the_same_bytes(files):
    leave_routing(files.eval.parent, files.eval, further=[(RGB,)])
    pages = []
    for _ in range(2):
        judge_files(files)
        pages.append([p.read_bytes() for p in sorted(files.out.iterdir())])
    assert pages[0] == pages[1]


def test_dead_experts_are_counted_in_the_table():
    evenness = tables(counted().report())[0]
    column = evenness.header.index("Never chosen")
    assert [row[column] for row in evenness.rows] == ["8 (50.0 %)"] * 2


def test_specialised_routing_is_further_apart_than_its_own_halves():
    for specialised in (False, True):
        distance = tables(counted(specialised=specialised).report())[1]
        assert distance.header == (
            "Layer",
            "Same species",
            "Other species",
            "Same site",
            "Other site",
        )
        _, same, other, same_site, other_site = (
            float(x) if x != "mean" else x for x in distance.rows[-1]
        )
        assert abs(same_site - other_site) < 0.02
        if specialised:
            assert (other, same < 0.1) == (1.0, True)
        else:
            assert abs(other - same) < 0.02


def test_sets_of_modalities_are_compared_where_there_are_several():
    section = next(experts(counted().report()))
    assert any("routing_sets" in block for block in section.blocks if isinstance(block, str))
    several = counted(further=[(RGB,), (DEPTH,)]).report()
    assert tables(several)[1].header[:3] == ("Layer", "Same set", "Other set")
    section = next(experts(several))
    assert not any("routing_sets" in block for block in section.blocks if isinstance(block, str))


def test_experts_of_different_kinds_are_named_and_their_kinds_summed_over_layers(tmp_path):
    kinds = ("convolution", "dilated", "convolution", "frequency")
    counts = counted(num_experts=4, kinds=kinds)
    write_routing(counts.report(), counts.table(), tmp_path)
    report = read_routing(tmp_path / "routing.json")
    assert report == counts.report()
    *_, groups, by_kind = tables(report)
    assert groups.rows[0][1].startswith(("0 convolution (", "1 dilated ("))
    assert by_kind.header == ("Group", "convolution", "dilated", "frequency")
    table = counts.table()
    for row, group in zip(by_kind.rows, report.groups, strict=True):
        for kind, cell in zip(by_kind.header[1:], row[1:], strict=True):
            shares = []
            for layer in range(2):
                own = table.filter(
                    (pl.col("layer") == layer)
                    & (pl.col("axis") == group.axis)
                    & (pl.col("group") == group.name)
                )
                rows = own.iter_rows(named=True)
                hit = sum(r["weight"] for r in rows if kinds[r["expert"]] == kind)
                shares.append(hit / own["weight"].sum())
            assert float(cell.removesuffix(" %")) == pytest.approx(50 * sum(shares), abs=0.05)


def test_there_is_no_table_of_kinds_where_experts_are_alike():
    assert len(tables(counted(num_experts=4).report())) == 3


def test_too_few_choices_for_so_many_experts_are_a_caution():
    def cautions(**settings):
        blocks = next(experts(counted(**settings).report())).blocks
        return [block.text for block in blocks if isinstance(block, Caution)]

    assert cautions() == []
    (text,) = cautions(num_experts=10_000, tokens=10)
    expected = 10_000 * np.exp(-24 * 10 * 4 / 10_000)
    assert f"would leave out {expected:,.0f} of them by chance" in text


@pytest.mark.parametrize(
    "settings",
    [{"num_experts": 4, "layers": 1}, {"num_experts": 1600, "layers": 12, "further": [(RGB,)]}],
)
def test_few_and_many_experts_can_be_drawn_and_follow_the_page(files, settings):
    leave_routing(files.eval.parent, files.eval, **settings)
    report = judge_files(files)
    figures = [
        block.name
        for section in document(report).sections
        for block in section.blocks
        if isinstance(block, Figure)
    ]
    assert figures == ["det", "scores", "expert_curves", "expert_distances", "expert_shares"]
    page = (files.out / "report.html").read_text()
    drawings = page[page.index("<svg") :]
    assert "var(--heat)" in drawings
    assert not re.findall(r"(?:fill|stroke): #(?!000000|ffffff)\w+", drawings)
    assert "<image" not in drawings
