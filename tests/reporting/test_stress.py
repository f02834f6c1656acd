"""What the page of a robustness matrix says, from cells made by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from unmask.metrics.rates import Rate
from unmask.metrics.stress import Cell
from unmask.reporting.stress import (
    CorruptionNote,
    SetNote,
    StressReport,
    as_csv,
    cautions,
    sentences,
    worst_of_each,
    write,
)


def cell(
    shown: str, corruption: str, severity: int, bona_fide: int, print_: int, mask: int
) -> Cell:
    return Cell(
        shown=shown,
        corruption=corruption,
        severity=severity,
        told=f"{severity} px" if severity else "",
        threshold=0.5,
        bpcer=Rate(bona_fide, 50),
        apcer={"mask": Rate(mask, 10), "print": Rate(print_, 40)},
        worst="mask" if mask * 4 >= print_ else "print",
        refused=Rate(severity, 100),
        silent=0,
        partial=0,
        auc=0.9,
    )


CELLS = (
    cell("rgb+depth", "", 0, 2, 1, 0),
    cell("rgb+depth", "blur", 1, 3, 2, 1),
    cell("rgb+depth", "blur", 2, 5, 30, 10),
    cell("rgb+depth", "holes", 1, 2, 1, 0),
    cell("rgb+depth", "holes", 2, 45, 0, 0),
    cell("rgb", "", 0, 4, 30, 9),
    cell("rgb", "blur", 1, 4, 30, 9),
    cell("rgb", "blur", 2, 4, 29, 9),
)


@pytest.fixture
def report() -> StressReport:
    notes = [
        CorruptionNote(name=name, headline=f"{name}.", modalities=("rgb",), levels="1 / 2 px")
        for name in ("blur", "holes")
    ]
    return StressReport(
        model="some/model",
        checkpoint="runs/some",
        weights_sha256="0" * 64,
        note="",
        protocol="manifest/split",
        trained_protocol="manifest/split",
        datasets=("cam",),
        presentations=(("bona fide", 50), ("mask", 10), ("print", 40)),
        subjects=20,
        limit=0,
        seed=0,
        depth="millimetres",
        oracle=False,
        sets=tuple(
            SetNote(shown=shown, threshold=0.5, rule="eer", origin="set on clean dev")
            for shown in ("rgb+depth", "rgb")
        ),
        corruptions=tuple(notes),
        cells=CELLS,
    )


def test_the_worst_cells_are_named_with_counts_interval_and_their_clean_figure(report) -> None:
    told = " ".join(sentences(report))
    assert "rgb is the weakest on clean pictures: of print" not in told
    assert "rgb is the weakest on clean pictures: of mask, APCER 90.0 % (9 / 10)" in told
    assert (
        "Worst for security: blur (2 px) with rgb+depth: 10 of 10 mask accepted, APCER 100 %, "
        "95 % interval 69.2 to 100 % (clean: 0 of 10)." in told
    )
    assert (
        "Worst for use: holes (2 px) with rgb+depth: 45 of 50 bona fide rejected, BPCER 90.0 %, "
        "95 % interval 78.2 to 96.7 % (clean: 2 of 50); then blur" in told
    )


def test_what_failed_on_clean_pictures_already_is_not_blamed_on_a_corruption(report) -> None:
    same = replace(report, cells=CELLS[:1] + CELLS[5:])
    told = " ".join(sentences(same))
    assert "no corruption raised what is wrongly accepted" in told
    assert "no corruption raised what is wrongly rejected" in told


def test_each_corruption_has_the_row_that_rose_most(report) -> None:
    attacks, genuine = (worst_of_each(report, attacks=which) for which in (True, False))
    assert attacks.rows[0][:4] == ("blur, 2 px", "rgb+depth", "mask", "10 / 10")
    assert attacks.rows[1][0] == "holes, 1 px", "2 px lowered what is accepted"
    assert genuine.rows[1][:3] == ("holes, 2 px", "rgb+depth", "45 / 50")
    assert attacks.strong == {0}
    assert genuine.strong == {1}


def test_simulated_data_are_told_to_be_no_evidence(report) -> None:
    assert not any("no evidence" in text for text in cautions(report))
    simulated = replace(report, datasets=("simulated",))
    assert "no evidence about real people" in next(cautions(simulated))


def test_another_protocol_than_that_of_the_training_is_a_caution(report) -> None:
    other = replace(report, trained_protocol="leave_one_site_out/A")
    assert sum("under another protocol" in text for text in cautions(other)) == 1
    assert not any("under another protocol" in text for text in cautions(report))


def test_thresholds_of_the_judged_set_and_lacking_sensors_are_cautions(report) -> None:
    assert not any("judged set itself" in text for text in cautions(report))
    assert any(
        "set on clean pictures of the judged" in text
        for text in cautions(replace(report, oracle=True))
    )
    assert not any("lacked some" in text for text in cautions(report))
    lacking = tuple(replace(one, partial=3) for one in CELLS)
    assert any(
        text.startswith("6 times a presentation lacked some")
        for text in cautions(replace(report, cells=lacking))
    ), "of each set once, in its clean cell"


def test_the_table_has_every_class_and_species_of_every_cell(report) -> None:
    lines = as_csv(report).splitlines()
    assert len(lines) == 1 + 3 * len(CELLS)
    assert lines[1].startswith("rgb+depth,clean,0,,bona fide,BPCER,2,50,0.04,")


def test_pages_are_the_same_bytes_twice_and_ask_the_network_for_nothing(
    report, tmp_path: Path
) -> None:
    page = write(report, tmp_path)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write(report, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first
    assert set(first) == {"stress.html", "stress.md", "stress.csv", "stress.json"}
    html = page.read_text(encoding="utf-8").replace("http://www.w3.org", "")
    assert "http" not in html
    assert html.count("<svg") == 3


def test_a_name_from_the_data_opens_no_tag(report, tmp_path: Path) -> None:
    nasty = "<script>x"
    cells = tuple(
        replace(one, apcer={nasty: one.apcer["mask"], "print": one.apcer["print"]}, worst=nasty)
        for one in CELLS
    )
    page = write(replace(report, cells=cells), tmp_path)
    for path in (page, page.with_suffix(".md")):
        assert nasty not in path.read_text(encoding="utf-8")
