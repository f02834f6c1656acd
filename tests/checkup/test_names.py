"""Faults that the table alone shows: each is seeded into a clean tree, and found there."""

from pathlib import Path

import polars as pl
import pytest

from unmask.checkup.findings import Severity
from unmask.cli import main


def test_a_clean_tree_has_nothing_but_few_presentations_to_be_noted(tree) -> None:
    checkup = tree.examine(images="all")
    assert {found.severity for _, found in checkup.findings} == {Severity.NOTE}
    assert [check for check, _ in checkup.findings] == [
        "A PAI species has too few presentations in eval for its error rate to say much"
    ]
    assert checkup.exit_code == 0


def test_a_missing_and_an_empty_file_are_counted_apart(tree) -> None:
    tree.file(3, "depth").unlink()
    tree.file(7, "infrared").write_bytes(b"")
    missing, empty = tree.found()[:2]
    assert (missing.what, missing.count) == ("files are missing", 1)
    assert missing.examples == (tree.table["depth"][3],)
    assert (empty.what, empty.examples) == ("files have no content", (tree.table["infrared"][7],))


def test_one_file_for_two_sensors_is_a_fault_and_in_two_rows_a_warning(tree) -> None:
    tree.put(2, depth=tree.table["infrared"][2])
    tree.put(5, rgb=tree.table["rgb"][6])
    found = {f.what: f for f in tree.found()}
    assert found["one file stands for two sensors of a row"].examples == (
        tree.table["infrared"][2],
    )
    assert found["one file stands in several rows"].examples == (tree.table["rgb"][6],)
    assert found["paths in the column depth name another sensor"].count == 1


def test_exchanged_columns_are_seen_by_their_names(tree) -> None:
    rgb, infrared = (tree.table[m][4] for m in ("rgb", "infrared"))
    tree.put(4, rgb=infrared, infrared=rgb)
    whats = [f.what for f in tree.found() if f.severity is Severity.FAULT]
    assert whats == [
        "paths in the column rgb name another sensor",
        "paths in the column infrared name another sensor",
    ]


def test_another_frame_number_is_found_where_most_agree(tree) -> None:
    table = tree.table.with_row_index("n").with_columns(
        *(
            pl.format("v{}/{}/{}.png", "presentation", pl.lit(m), "n").alias(m)
            for m in ("rgb", "depth")
        )
    )
    tree.write(table.drop("n", "infrared"))
    assert "frame numbers" not in " ".join(f.what for f in tree.found())
    tree.put(9, depth=tree.table["depth"][10])
    (found,) = [f for f in tree.found() if "frame numbers" in f.what]
    assert found.count == 1
    assert found.examples[0] == f"{tree.table['rgb'][9]} {tree.table['depth'][9]}"


def test_frames_inside_of_a_file_are_compared_and_channels_are_not(tree) -> None:
    frame = pl.int_range(pl.len())
    table = tree.table.drop("infrared").with_columns(
        rgb=pl.format("RGB/{}.hdf5#Frame_{}/array", "presentation", frame),
        depth=pl.format("CDIT/{}.hdf5#Frame_{}/array[1]", "presentation", frame),
    )
    tree.write(table)
    assert "frame numbers" not in " ".join(f.what for f in tree.found())
    tree.put(3, depth=table["depth"][4])
    (found,) = [f for f in tree.found() if "frame numbers" in f.what]
    assert found.count == 1


@pytest.mark.parametrize("column", ["label", "subject", "site"])
def test_frames_of_one_presentation_that_disagree_are_found(tree, column: str) -> None:
    table = tree.table
    other = next(k for k in range(table.height) if table["label"][k] != table["label"][0])
    tree.put(other, presentation=table["presentation"][0], site="elsewhere")
    differ = {f.what for f in tree.found()}
    assert f"presentations whose frames differ in {column}" in differ


def test_a_subject_a_presentation_and_a_file_in_two_sets_are_three_faults(tree) -> None:
    table = tree.table.with_row_index()
    train = table.filter(pl.col("split") == "train")["index"][0]
    judged = table.filter(pl.col("split") == "eval")["index"][0]
    row = {name: tree.table[name][train] for name in ("subject", "presentation", "rgb")}
    tree.put(judged, **row)
    whats = {f.what: f for f in tree.found()}
    for what, name in (
        ("subjects", "subject"),
        ("presentations", "presentation"),
        ("files", "rgb"),
    ):
        found = whats[f"{what} are in two sets"]
        assert found.severity is Severity.FAULT
        assert found.examples[0].startswith(row[name])


def test_a_set_without_a_class_and_one_that_is_lopsided_are_told(tree) -> None:
    bona_fide = pl.col("label") == "bona_fide"
    tree.write(tree.table.filter(bona_fide | (pl.col("split") != "dev")))
    assert "sets with one class alone" in {f.what for f in tree.found()}
    many = pl.concat([tree.table.filter(~bona_fide).head(1)] * 900).with_columns(
        key=pl.format("k{}", pl.int_range(900)), presentation=pl.format("k{}", pl.int_range(900))
    )
    tree.write(pl.concat([tree.table, many]))
    assert any("20 times as many" in f.what for f in tree.found())


def test_a_species_that_a_set_lacks_is_named_with_the_set(tree) -> None:
    gone = (pl.col("pai_species") == "replay") & (pl.col("split") == "train")
    tree.write(tree.table.filter(~gone.fill_null(value=False)))
    (found,) = [f for f in tree.found() if f.what == "PAI species are absent from a set"]
    assert found.examples == ("replay is not in train",)
    assert tree.examine().exit_code == 1


def test_a_device_that_goes_with_the_class_is_a_fault_and_a_mixed_one_is_nothing(tree) -> None:
    device = pl.when(pl.col("label") == "attack").then(pl.lit("3")).otherwise(pl.lit("1"))
    mixed = (pl.int_range(pl.len()) % 3).cast(pl.String)
    tree.write(tree.table.with_columns(device=device, cable=mixed))
    (found,) = [f for f in tree.found() if "tell the class" in f.what]
    assert found.severity is Severity.FAULT
    assert found.examples == ("device: AUC 1.000, bona fide mostly 1, attacks mostly 3",)


def test_a_number_of_the_capture_that_goes_with_the_class_is_found(tree) -> None:
    at = pl.int_range(pl.len()) + pl.when(pl.col("label") == "attack").then(1000).otherwise(0)
    tree.write(tree.table.with_columns(exposure=at))
    (found,) = [f for f in tree.found() if "tell the class" in f.what]
    assert found.examples[0].startswith("exposure: AUC 1.000")


def test_too_few_presentations_say_nothing_about_a_field(tree) -> None:
    device = pl.when(pl.col("label") == "attack").then(pl.lit("3")).otherwise(pl.lit("1"))
    tree.write(tree.table.with_columns(device=device).head(20))
    assert not [f for f in tree.found() if "tell the class" in f.what]


def test_a_protocol_is_looked_at_although_training_would_refuse_it(tree) -> None:
    table = tree.table.with_row_index()
    train = table.filter(pl.col("split") == "train")["index"][0]
    judged = table.filter(pl.col("split") == "eval")["index"][0]
    tree.put(judged, subject=tree.table["subject"][train])
    checkup = tree.examine(protocol="simulated/within")
    assert checkup.source.startswith("simulated/within of ")
    assert "subjects are in two sets" in {found.what for _, found in checkup.findings}


def test_the_exit_code_is_that_of_the_worst_finding_and_two_is_bad_input(
    tree, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["doctor", str(tree.root), "--images", "none", "--out", str(tmp_path / "out")]
    assert main(words) == 0
    tree.file(0, "rgb").unlink()
    assert main(words) == 3
    assert "Files are missing" in capsys.readouterr().out
    tree.write(tree.table.drop("label"))
    assert main(words) == 2
    assert "no column 'label'" in capsys.readouterr().err


def test_without_a_folder_the_present_one_is_meant(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["doctor"]) == 2
    assert "no manifest manifest.parquet" in capsys.readouterr().err


def test_json_on_the_terminal_is_the_file_and_nothing_else(
    tree, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["--images", "none", "--json", "--out", str(tmp_path / "out")]
    assert main(["doctor", str(tree.root), *words]) == 0
    assert capsys.readouterr().out == (tmp_path / "out" / "doctor.json").read_text("utf-8")
