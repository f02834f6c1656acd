"""Any protocol's sets, written as a manifest, are read back to the very same samples."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import polars as pl
import pytest

import unmask
from unmask.cli import main
from unmask.config import THREE, DataConfig, ManifestConfig
from unmask.datasets.manifest import read_sets
from unmask.datasets.rows import captured_by, write_sets
from unmask.errors import ConfigError, DatasetError
from unmask.protocols import divide, load_protocol, names
from unmask.types import Modality, Protocol, Sample

RGB = (Modality.RGB,)
CLIENTS = {"train": "002", "dev": "003", "eval": "001"}
SPECIES_OF_WMCA = ("1_01", "2_01", "2_08", "2_12", "2_75", "3_01", "4_01")
Ask = Callable[[pl.DataFrame, str], DataConfig]


def touch(folder: Path, *, frames: tuple[str, ...] = ("0001", "0002")) -> None:
    for sensor in ("color", "depth", "ir"):
        (folder / sensor).mkdir(parents=True)
        for frame in frames:
            (folder / sensor / f"{frame}.jpg").touch()


def casia_cefa(root: Path) -> None:
    for number, name in enumerate(("AF", "CA", "EA"), 1):
        for person in ("000", "200", "300"):
            for kind in ("1_1_1", "3_1_2", "3_1_4"):
                folder = root / "Ethnicity" / name / f"{name}-{person}"
                touch(folder / f"{number}_{person}_{kind}")
    touch(root / "Mask" / "3D-Mask" / "004" / "1_004_1_0_2_1_2")


def casia_surf(root: Path) -> None:
    for of_set, pai in (("Training", "04_en_b"), ("Val", "01_e_s"), ("Testing", "03_en_s")):
        touch(root / of_set / "real_part" / of_set / "real.rssdk")
        touch(root / of_set / "fake_part" / of_set / f"{pai}.rssdk")


def wmca(root: Path) -> None:
    """As Idiap hands it out: frames inside of HDF5 files; the table lies beside them."""
    rows = [",client_id,filepath,group,label"]
    for group, client in CLIENTS.items():
        for kind in ("000_0_00", *(f"010_{kind}" for kind in SPECIES_OF_WMCA)):
            video, label = f"{client}_01_{kind}", "bonafide" if "_0_" in kind else "attack"
            rows.append(f"{len(rows)},{client},face-station/1/{video},{group},{label}")
            for below, channels in (("RGB", 3), ("CDIT", 4)):
                file = root / f"WMCA_preprocessed_{below}/WMCA/face-station/1/{video}.hdf5"
                file.parent.mkdir(parents=True, exist_ok=True)
                with h5py.File(file, "w") as archive:
                    for frame in (0, 7):
                        archive[f"Frame_{frame}/array"] = np.zeros((channels, 2, 2), np.uint8)
    (root / "WMCA_Grandtest.txt").write_text("\n".join(rows))


def folder(root: Path) -> None:
    for of_set in ("train", "val", "test"):
        for kind in ("real", "fake/print, flat"):
            touch(root / of_set / kind / f'{of_set} "x", y' / "video")


BUILDERS = {"casia_cefa": casia_cefa, "casia_surf": casia_surf, "wmca": wmca, "folder": folder}


@pytest.fixture
def data_of(
    tmp_path: Path, grid: pl.DataFrame, ask: Ask, request: Any
) -> Callable[..., DataConfig]:
    """Small data that a protocol fits, in their published layout."""

    def data_of(name: str) -> DataConfig:
        family = name.partition("/")[0]
        if family in BUILDERS:
            BUILDERS[family](tmp_path / "root")
            lists = tmp_path / "root" if family == "wmca" else None
            return DataConfig(root=tmp_path / "root", lists=lists, protocol=name)
        if family in {"mmdg", "flex_modal"}:
            return request.getfixturevalue("four_sets").ask(name)
        if family == "padisi":
            four_sets = request.getfixturevalue("four_sets")
            sets = {"a": "train", "b": "valid", "c": "test"}
            rows = [f"{letter * 7}{n},{of_set}" for letter, of_set in sets.items() for n in (1, 2)]
            table = f"x_partition_3folds_{name.partition('/')[2]}.csv"
            text = "\n".join(["trial_id,partition_name", *rows])
            (four_sets.root / table).write_text(text)
            return DataConfig(root=four_sets.root, protocol=name, depth="relative")
        small = grid.filter(pl.col("skin_type").is_in(["I", "II"]))
        return ask(grid if family == "flexible" else small, name)

    return data_of


def sets(protocol: Protocol) -> dict[str, list[Sample]]:
    return {"train": protocol.train, "dev": protocol.dev, "eval": protocol.eval}


@pytest.mark.parametrize(
    ("name", "suffix"), [(name, (".csv", ".parquet")[n % 2]) for n, name in enumerate(names())]
)
def test_the_sets_of_every_protocol_are_read_back_as_they_were(
    name: str, suffix: str, data_of: Callable[..., DataConfig]
) -> None:
    data = data_of(name)
    asked = RGB if name.startswith("casia_cefa/p3") else ()
    file = f"written{suffix}"
    made = unmask.manifest(ManifestConfig(data=data, out=data.root / file, modalities=asked))
    before = divide(data, asked or tuple(Modality))
    expected = sets(before)
    if before.threshold_from == "eval":
        expected["dev"] = []
    read = {split: rows.samples for split, rows in read_sets(data.root, file).items()}
    assert read == expected
    assert made.rows == {split: len(rows) for split, rows in read.items() if rows}
    if before.threshold_from == "dev":
        again = replace(data, protocol="manifest/split", manifest=file)
        assert sets(load_protocol(again, asked or captured_by(before.train))) == expected


def test_a_table_outside_of_the_data_is_read_by_its_whole_path(
    data_of: Callable[..., DataConfig], tmp_path: Path
) -> None:
    data, out = data_of("wmca/grandtest"), tmp_path / "tables" / "mine.parquet"
    unmask.manifest(ManifestConfig(data=data, out=out))
    read = load_protocol(DataConfig(root=data.root, manifest=str(out.resolve())), THREE)
    assert sets(read) == sets(load_protocol(data, THREE))
    assert next(iter(read.train)).paths.keys() == {*Modality}, "thermal too"


def test_the_command_says_how_to_read_the_table(
    data_of: Callable[..., DataConfig], capsys: pytest.CaptureFixture[str]
) -> None:
    data = data_of("mmdg/p1_csw_to_p")
    words = ["--data.root", str(data.root), "--data.lists", str(data.lists)]
    words += ["--data.depth", "relative", "--data.protocol", "mmdg/p1_csw_to_p"]
    assert main(["manifest", *words, "--out", str(data.root / "m.csv")]) == 0
    shown = capsys.readouterr().out
    assert "6 train, 7 dev, 2 eval rows" in " ".join(shown.split())
    assert f"--data.root {data.root} --data.manifest m.csv --data.depth relative" in shown


def test_that_a_threshold_is_of_eval_is_said(
    data_of: Callable[..., DataConfig], capsys: pytest.CaptureFixture[str]
) -> None:
    data = data_of("mmdg/p1_csw_to_p_published")
    words = ["--data.root", str(data.root), "--data.lists", str(data.lists)]
    words += ["--data.protocol", data.protocol, "--out", str(data.root / "m.csv")]
    assert main(["manifest", *words]) == 0
    assert "threshold on eval, so no row is dev" in " ".join(capsys.readouterr().out.split())


def test_no_table_is_written_over(squares: Path) -> None:
    before = (squares / "manifest.parquet").read_bytes()
    config = ManifestConfig(data=DataConfig(root=squares), out=squares / "manifest.parquet")
    with pytest.raises(ConfigError, match="is there already; name another --out"):
        unmask.manifest(config)
    assert (squares / "manifest.parquet").read_bytes() == before


def test_a_table_has_a_name_that_says_how_it_is_written(squares: Path) -> None:
    with pytest.raises(ConfigError, match=r"m\.xlsx; a table is named with \.parquet or \.csv"):
        ManifestConfig(data=DataConfig(root=squares), out=Path("m.xlsx"))


def test_two_samples_of_one_key_cannot_be_rows(tmp_path: Path, squares: Path) -> None:
    protocol = load_protocol(DataConfig(root=squares), THREE)
    twin = replace(protocol.train[0], dataset="elsewhere", presentation="other")
    doubled = replace(protocol, eval=[*protocol.eval, twin])
    with pytest.raises(DatasetError, match=r"2 rows share a key with another \(first: 'train000'"):
        write_sets(doubled, squares, tmp_path / "m.csv")
    assert not list(tmp_path.iterdir())


def test_a_division_that_flatters_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    folder(tmp_path / "root")
    twice = tmp_path / "root" / "test" / "real" / 'train "x", y' / "video"
    touch(twice)
    data = DataConfig(root=tmp_path / "root", protocol="folder/split")
    with pytest.raises(DatasetError, match=r"subject .* is in train .* and in eval"):
        unmask.manifest(ManifestConfig(data=data, out=tmp_path / "m.csv"))
    assert not (tmp_path / "m.csv").exists()
