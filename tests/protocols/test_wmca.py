"""WMCA: the table divides clients; a species left out is in no set but eval, and nobody in two."""

from dataclasses import replace
from pathlib import Path

import pytest

from unmask.config import THREE, DataConfig
from unmask.errors import ConfigError, DatasetError
from unmask.protocols import load_protocol
from unmask.types import Modality, Protocol

GROUPS = {"train": ("002", "005"), "dev": ("003", "006"), "eval": ("001", "004")}
KINDS = ("000_0_00", "010_3_01", "010_4_01", "010_2_01")
FRAMES = ("0000", "0012", "0024", "0036", "0048")
RGB = (Modality.RGB,)


@pytest.fixture
def data(tmp_path: Path) -> DataConfig:
    """Two clients for each group, with bona fide, print, replay and fake head; five frames each."""
    rows = []
    for group, clients in GROUPS.items():
        for client in clients:
            for kind in KINDS:
                video = f"{client}_01_{kind}"
                label = "bonafide" if kind.endswith("0_00") else "attack"
                rows.append(
                    f"{len(rows)},{int(client)},face-station/17.01.18/{video},{group},{label}"
                )
                folder = tmp_path / "root" / "R_CDIT" / video / "color"
                folder.mkdir(parents=True)
                for frame in FRAMES:
                    (folder / f"{frame}.jpg").touch()
    (tmp_path / "lists").mkdir()
    text = "\n".join([",client_id,filepath,group,label", *rows])
    (tmp_path / "lists" / "WMCA_Grandtest.txt").write_text(text)
    return DataConfig(root=tmp_path / "root", lists=tmp_path / "lists", protocol="wmca/grandtest")


def ask(data: DataConfig, protocol: str, **settings: str) -> Protocol:
    return load_protocol(replace(data, protocol=protocol, **settings), RGB)


def test_grandtest_divides_as_the_table_says(data: DataConfig) -> None:
    protocol = ask(data, "wmca/grandtest")
    for samples, clients in zip(
        (protocol.train, protocol.dev, protocol.eval), GROUPS.values(), strict=True
    ):
        assert {s.subject for s in samples} == set(clients)
        assert len(samples) == 2 * len(KINDS) * len(FRAMES)


def test_an_unseen_species_is_in_eval_alone_and_no_video_in_two_sets(data: DataConfig) -> None:
    protocol = ask(data, "wmca/unseen_print")
    learned = {s.pai_species for s in (*protocol.train, *protocol.dev)}
    assert learned == {None, "replay", "fake_head"}
    assert {s.pai_species for s in protocol.eval} == {None, "print"}
    assert {s.subject for s in protocol.eval} == set(GROUPS["eval"])
    sets = [
        {s.presentation for s in part} for part in (protocol.train, protocol.dev, protocol.eval)
    ]
    assert not (sets[0] & sets[1] or sets[0] & sets[2] or sets[1] & sets[2])


def test_the_rule_of_frames_is_for_dev_and_eval(data: DataConfig) -> None:
    protocol = ask(data, "wmca/grandtest", frames="first_and_last")
    assert {s.attributes["frame"] for s in protocol.train} == set(FRAMES)
    assert {s.attributes["frame"] for s in (*protocol.dev, *protocol.eval)} == {"0000", "0048"}


def test_a_video_that_no_group_has_is_not_used(data: DataConfig) -> None:
    extra = data.root / "R_CDIT" / "099_01_000_0_00" / "color"
    extra.mkdir(parents=True)
    (extra / "0000.jpg").touch()
    protocol = ask(data, "wmca/grandtest")
    assert "099" not in {s.subject for s in (*protocol.train, *protocol.dev, *protocol.eval)}


def test_what_a_copy_lacks_is_told_beside_the_published_counts(
    data: DataConfig, caplog: pytest.LogCaptureFixture
) -> None:
    (data.root / "R_CDIT" / "001_01_000_0_00").rename(data.root / "elsewhere")
    ask(data, "wmca/grandtest")
    assert "eval: 1 listed videos are not in the data (first: 001_01_000_0_00)" in caplog.text
    assert "eval has 1 bona fide and 6 attack presentations" in caplog.text
    assert "published: 115 and 442" in caplog.text


def test_without_the_table_the_error_names_it(data: DataConfig) -> None:
    with pytest.raises(ConfigError, match=r"set data\.lists to .* WMCA_Grandtest\.txt"):
        load_protocol(DataConfig(root=data.root, protocol="wmca/grandtest"), THREE)


def test_a_group_that_is_none_is_told(data: DataConfig) -> None:
    assert data.lists is not None
    file = data.lists / "WMCA_Grandtest.txt"
    file.write_text(file.read_text().replace(",dev,", ",valid,"))
    with pytest.raises(
        DatasetError, match="line 10 has the group 'valid'; allowed: train, dev, eval"
    ):
        ask(data, "wmca/grandtest")
