"""Folders called train, dev and eval are the sets."""

from pathlib import Path

import pytest

from unmask.config import DataConfig
from unmask.errors import DatasetError
from unmask.protocols import load_protocol
from unmask.types import Modality, Protocol


def load(root: Path) -> Protocol:
    return load_protocol(DataConfig(root=root, protocol="folder/split"), (Modality.RGB,))


def draw(root: Path, *sets: str) -> Path:
    for name in sets:
        for kind in ("real", "fake/print"):
            (root / name / kind / f"{name}_person").mkdir(parents=True)
            (root / name / kind / f"{name}_person" / "1.jpg").touch()
    return root


def test_the_top_folders_are_the_sets(tmp_path: Path) -> None:
    protocol = load(draw(tmp_path, "train", "val", "test"))
    assert [s.subject for s in protocol.train] == ["train_person"] * 2
    assert [s.subject for s in protocol.dev] == ["val_person"] * 2
    assert [s.subject for s in protocol.eval] == ["test_person"] * 2


def test_a_missing_set_is_named_with_the_tree(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no pictures in a folder dev or eval; .*<root>"):
        load(draw(tmp_path, "train"))


def test_a_subject_in_two_folders_is_refused(tmp_path: Path) -> None:
    root = draw(tmp_path, "train", "dev", "eval")
    (root / "eval" / "real" / "train_person").mkdir()
    (root / "eval" / "real" / "train_person" / "2.jpg").touch()
    with pytest.raises(DatasetError, match="subject 'train_person' is in train"):
        load(root)
