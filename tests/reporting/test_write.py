import json
import re
import warnings
from dataclasses import replace
from html.parser import HTMLParser

import polars as pl
import pytest

from unmask.config import ReportConfig
from unmask.errors import ConfigError, DatasetError
from unmask.metrics.scores import Scores, write_scores
from unmask.reporting.html import as_html
from unmask.reporting.judge import judge
from unmask.reporting.markdown import as_markdown
from unmask.reporting.write import judge_files, write_report

RULES = ("eer", "bpcer<=1%", "apcer<=5%", "fixed=0.5")


class Text(HTMLParser):
    """What a reader of the page sees, and which addresses the page names."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.hidden = 0
        self.words: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in {"style", "svg", "title"}
        names = {"src", "href", "srcset", "data", "action", "xlink:href"}
        self.addresses += [value for name, value in attributes if name in names]

    def handle_endtag(self, tag):
        self.hidden -= tag in {"style", "svg", "title"}

    def handle_data(self, data):
        if not self.hidden:
            self.words.append(data.replace("\N{NO-BREAK SPACE}", " "))


@pytest.fixture
def files(tmp_path, make_set):
    write_scores(make_set("dev"), tmp_path / "dev.csv")
    write_scores(make_set("eval"), tmp_path / "eval.parquet")
    return ReportConfig(
        dev=tmp_path / "dev.csv", eval=tmp_path / "eval.parquet", out=tmp_path / "out", rules=RULES
    )


def test_files_in_report_out_and_the_same_bytes_again(files, tmp_path):
    report = judge_files(files)
    assert sorted(p.name for p in files.out.iterdir()) == [
        "report.html",
        "report.json",
        "report.md",
    ]
    before = {p.name: p.read_bytes() for p in files.out.iterdir()}
    write_report(report, tmp_path / "again")
    assert before == {p.name: p.read_bytes() for p in (tmp_path / "again").iterdir()}


def test_markdown_and_html_say_the_same(make_set):
    report = judge(make_set("dev"), make_set("eval"), rules=RULES, title="A <b>", note="x | y & z")
    page = " ".join(" ".join(Text(as_html(report)).words).split())
    lines = as_markdown(report).replace("\\|", "|").replace("**", "").replace("&lt;", "<")
    cells = [
        cell.strip(" #>").removeprefix("*Figure, in report.html.* ")
        for line in lines.splitlines()
        if "---" not in line
        for cell in (line.strip("|").split(" | ") if line.startswith("|") else [line])
    ]
    assert len(cells) > 150
    for cell in cells:
        assert cell in page, cell
    numbers = re.compile(r"\d+(?:\.\d+)?")
    assert sorted(numbers.findall(" ".join(cells))) == sorted(numbers.findall(page))


def test_the_page_needs_nothing_from_anywhere(make_set):
    page = as_html(judge(make_set("dev"), make_set("eval"), rules=RULES))
    addresses = Text(page).addresses
    assert addresses, "the drawings refer to their own parts"
    assert all(address.startswith("#") for address in addresses)
    assert "<script" not in page
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    assert page.count("<svg") == 2


def test_text_of_users_cannot_become_markup(make_set):
    table = make_set("eval").table
    evil = table.with_columns(pai_species=table["pai_species"].replace("print", "<script>x|$y_1$"))
    report = judge(make_set("dev"), Scores(table=evil), title="<script>alert(1)</script>")
    assert "<script" not in as_html(report)
    assert "<script" not in as_markdown(report)
    assert "x\\|$y_1$" in as_markdown(report)


def test_long_names_in_any_script_leave_room_for_the_drawing_and_wrap_in_tables(make_set):
    table = make_set("eval").table
    names = {"print": "a" * 200, "replay": "\u5370\u5237"}
    scores = Scores(table=table.with_columns(table["pai_species"].replace(names)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        page = as_html(judge(make_set("dev"), scores))
    drawings = "".join(re.findall(r"<svg.*?</svg>", page, re.S))
    assert "a" * 17 + "..." + "a" * 8 in drawings
    assert "a" * 30 not in drawings
    assert f'<td class="text long">{"a" * 200} accepted</td>' in page


def test_of_many_species_a_sentence_names_a_few(make_set):
    table = make_set("eval").table
    number = pl.int_range(pl.len()) % 40
    attack = pl.col("label") == "attack"
    species = pl.when(attack).then(pl.format("species {}", number)).otherwise(pl.lit(""))
    report = judge(make_set("dev"), Scores(table=table.with_columns(pai_species=species)))
    cautions = [line for line in as_markdown(report).splitlines() if line.startswith("> ")]
    assert any(re.search(r"This holds for .* and \d\d others\.", line) for line in cautions)
    assert max(map(len, cautions)) < 600


def many_species(scores, number):
    """The attacks of a set in turn as species 0, 1, 2, ...; species 0 has no response."""
    turn = pl.int_range(pl.len()).over("label") // 2 % number
    name = pl.when(pl.col("label") == "attack").then(pl.format("species {}", turn))
    table = scores.table.with_columns(pai_species=name.otherwise(pl.lit("")))
    silent = pl.when(pl.col("pai_species") == "species 0").then(float("nan")).otherwise("score")
    return Scores(table=table.with_columns(score=silent), source=scores.source)


@pytest.mark.parametrize("number", [12, 60])
def test_drawings_name_as_many_species_as_can_be_told_apart_and_count_the_others(make_set, number):
    report = judge(make_set("dev"), many_species(make_set("eval"), number), rules=RULES)
    page = as_html(report)
    curves, bars = re.findall(r"<svg.*?</svg>", page, re.S)
    few = number > 16
    assert len(report.named) == (8 if few else 11), "one has no curve"
    assert {judgement.worst for judgement in report.judgements} <= set(report.named)
    first = report.judgements[0].apcer
    told = [first[name].value for name in report.named]
    if few:
        others = [rate.value for name, rate in first.items() if name not in report.named]
        assert told == sorted(told, reverse=True)
        assert told[3] >= max(v for v in others if v == v), "the other rules may name others"
    for name in first:
        assert (f">{name}</text>" in curves) == (name in report.named)
        assert (f">{name}</text>" in bars) == (name in report.named or not few)
    assert (">51 other species</text>" in curves) == (">52 other species</text>" in bars) == few
    assert ("Of 59 PAI species the 8 worst" in page) == few


def test_a_species_has_one_colour_in_both_drawings(make_set):
    page = as_html(judge(make_set("dev"), many_species(make_set("eval"), 5)))
    curves, bars = re.findall(r"<svg.*?</svg>", page, re.S)
    used = [re.findall(r"(?:fill|stroke): var\(--species-(\d)\)", part) for part in (curves, bars)]
    assert set(used[0]) == set(used[1]) == {"0", "1", "2", "3"}, "species 0 has no curve"
    assert list(dict.fromkeys(used[1])) == ["0", "1", "2", "3"], "species 1 has the first"


def test_an_oracle_is_announced_in_the_first_line_of_each_page(make_set):
    scores = make_set("eval")
    report = judge(scores, scores, oracle_threshold=True)
    assert as_markdown(report).startswith("**Oracle threshold: 260 of 260")
    assert next(w for w in Text(as_html(report)).words if w.strip()).startswith("Oracle threshold")


def test_every_colour_of_a_drawing_follows_the_page(make_set):
    page = as_html(judge(make_set("dev"), make_set("eval"), rules=RULES))
    drawings = page[page.index("<svg") :]
    assert not re.findall(r"(?:fill|stroke): #(?!000000|ffffff)\w+", drawings)
    assert set(re.findall(r"var\(--species-\d\)", drawings)) == {
        f"var(--species-{index})" for index in range(3)
    }


def test_json_holds_the_rates_with_their_intervals(files):
    report = judge_files(files)
    content = json.loads((files.out / "report.json").read_text())
    first = content["judgements"][0]
    assert first["point"]["threshold"] == report.judgements[0].point.threshold
    rate = report.judgements[0].apcer["silicone_mask"]
    assert first["apcer"]["silicone_mask"] == {
        "errors": rate.errors,
        "trials": rate.trials,
        "value": rate.value,
        "interval95": list(rate.interval()),
    }
    assert len(content["evaluation"]["sha256"]) == 64
    assert content["polarity"].startswith("score in [0, 1], probability of bona fide")


def test_one_file_for_both_sets_is_refused_unless_asked_by_name(files, tmp_path):
    same = replace(files, eval=files.dev)
    with pytest.raises(ConfigError, match="hold the same scores"):
        judge_files(same)
    assert not files.out.exists()
    assert judge_files(replace(same, oracle_threshold=True)).overlap == 260


def test_an_unknown_rule_is_refused_before_anything_is_read(files):
    with pytest.raises(ConfigError, match="no threshold rule 'best'"):
        judge_files(replace(files, rules=("best",), dev=files.out / "missing.csv"))
    with pytest.raises(DatasetError, match="there is no score file"):
        judge_files(replace(files, dev=files.out / "missing.csv"))
    assert not files.out.exists()


def test_a_useless_system_and_a_perfect_one_can_be_drawn(make_set, tmp_path):
    for quality in (1.0, 400.0):
        report = judge(make_set("dev", quality=quality), make_set("eval", quality=quality))
        write_report(report, tmp_path / str(quality))
        assert (tmp_path / str(quality) / "report.html").stat().st_size > 10_000
