"""PADISI-Face: a fold is divided as its table says."""

from typing import Any

import pytest

from unmask.config import THREE, DataConfig
from unmask.errors import DatasetError
from unmask.protocols import load_protocol

PARTS = {"a": "train", "b": "valid", "c": "test"}
ROWS = [f"{letter * 7}{n},{name}" for letter, name in PARTS.items() for n in (1, 2)]


def write_table(four_sets: Any, rows: list[str]) -> None:
    table = four_sets.root / "PADISI-Face" / "x_partition_3folds_part0.csv"
    table.write_text("\n".join(["trial_id,partition_name", *rows]))


def test_a_fold_is_divided_as_its_table_says(
    four_sets: Any, caplog: pytest.LogCaptureFixture
) -> None:
    write_table(four_sets, ROWS)
    protocol = load_protocol(DataConfig(root=four_sets.root, protocol="padisi/part0"), THREE)
    assert [s.key for s in protocol.train] == ["aaaaaaa1", "aaaaaaa2"]
    assert [s.key for s in protocol.dev] == ["bbbbbbb1", "bbbbbbb2"]
    assert [s.key for s in protocol.eval] == ["ccccccc1", "ccccccc2"]
    assert "padisi/part0: eval has 1 bona fide and 1 attack presentations" in caplog.text
    assert "published: 363 and 304" in caplog.text


def test_without_the_table_the_error_names_it(four_sets: Any) -> None:
    with pytest.raises(
        DatasetError, match=r"no padisi_USC_FACE_dataset_partition_3folds_part1\.csv"
    ):
        load_protocol(four_sets.ask("padisi/part1"), THREE)


def test_captures_of_any_fold_that_were_not_copied_are_counted(
    four_sets: Any, caplog: pytest.LogCaptureFixture
) -> None:
    table = four_sets.root / "PADISI-Face" / "x_partition_3folds_part1.csv"
    table.write_text("\n".join(["trial_id,partition_name", *ROWS, "ddddddd1,train"]))
    load_protocol(DataConfig(root=four_sets.root, protocol="padisi/part1"), THREE)
    assert "1 captures of its table are not in the data (first: ddddddd1)" in caplog.text
