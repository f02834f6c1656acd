"""From raw frames to a data set that trains: the crops are right, nothing is lost in silence."""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

from unmask.capture.crop import Square, crop
from unmask.capture.frames import spread
from unmask.capture.images import read_image
from unmask.config import (
    CropConfig,
    DataConfig,
    DepthConfig,
    IntensityConfig,
    ModelConfig,
    OptimConfig,
    PrepareConfig,
    TrainConfig,
)
from unmask.datasets.manifest import index, read_manifest
from unmask.errors import ConfigError, DatasetError
from unmask.preparing.run import Prepared, prepare
from unmask.training.run import train
from unmask.transforms.geometry import resize
from unmask.types import Modality

THREE = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)


def settings(root: Path, out: Path, **changes: Any) -> PrepareConfig:
    base = PrepareConfig(root=root, out=out, workers=1, crop=CropConfig(side=0))
    return replace(base, **changes)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def raw(path: Path) -> npt.NDArray[Any]:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    table = pl.read_parquet(folder / "manifest.parquet")
    return {row["key"]: row for row in table.iter_rows(named=True)}


def failures(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "failures.csv").open(newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def made(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare(settings(recorded, tmp_path_factory.mktemp("made") / "out")).folder


def test_every_frame_is_a_row_or_a_failure(recorded: Path, made: Path) -> None:
    there = {sample.key for sample in index(recorded)}
    assert set(rows(made)) | set(failures(made)) == there
    assert not set(rows(made)) & set(failures(made))
    assert len(rows(made)) >= 4, "most simulated faces are found"
    done = json.loads((made / "prepare.json").read_text())["done"]
    assert done["frames"] == len(there)
    assert done["failed"] == len(failures(made))
    assert sum(kind["frames"] for kind in done["by_species"].values()) == len(there)


def test_the_square_lies_where_the_face_truly_is(simulated: Path, made: Path) -> None:
    for key, row in rows(made).items():
        with np.load(simulated / "truth" / f"{key}.npz") as truth:
            eyes, mouth = truth["landmarks"][:2].mean(axis=0), truth["landmarks"][2]
        middle = (eyes + mouth) / 2 + [float(row["left"]), float(row["top"])]
        found = np.array([row["crop_left"], row["crop_top"]]) + row["crop_side"] / 2
        assert np.abs(found - middle).max() < 0.12 * row["crop_side"]
        assert row["crop_side"] == pytest.approx(3 * np.linalg.norm(eyes - mouth), rel=0.35)


def test_all_sensors_are_cut_by_that_one_square(recorded: Path, made: Path) -> None:
    for row in rows(made).values():
        square = Square(left=row["crop_left"], top=row["crop_top"], side=row["crop_side"])
        for modality in THREE:
            frame = read_image(recorded / row[f"source_{modality}"], modality)
            expected = crop({modality: frame}, square)[modality]
            np.testing.assert_array_equal(read_image(made / row[modality], modality), expected)


def test_the_manifest_carries_what_was_known_and_says_what_was_done(
    recorded: Path, made: Path
) -> None:
    before = {sample.key: sample for sample in index(recorded)}
    for sample, split in read_manifest(made, "manifest.parquet"):
        assert sample.label is before[sample.key].label
        assert sample.pai_species == before[sample.key].pai_species
        assert sample.subject == before[sample.key].subject
        assert split == "train"
        assert sample.attributes["lamp"] == "warm"
        assert sample.attributes["crop"] == "crop-1"
        assert sample.attributes["depth_decoding"] == "millimetres"
        assert sample.attributes["infrared_decoding"] == "all bits of the file, share of full scale"


def test_bytes_do_not_depend_on_workers(recorded: Path, made: Path, tmp_path: Path) -> None:
    again = prepare(settings(recorded, tmp_path / "two", workers=2)).folder
    assert contents(again) == contents(made)


def test_a_run_that_was_killed_ends_with_the_same_files(
    recorded: Path, made: Path, tmp_path: Path
) -> None:
    out = tmp_path / "part"
    whole = contents(made)
    lines = whole["records.jsonl"].decode().splitlines(keepends=True)
    part = {name: data for name, data in whole.items() if "/" in name or name == "prepare.json"}
    part["records.jsonl"] = ("".join(lines[:2]) + lines[2][:40]).encode()
    part["rgb/.part-killed.png"] = b"half"
    lost = json.loads(lines[1])["files"]["depth"]
    del part[lost]
    for name, data in part.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    kept = out / json.loads(lines[0])["files"]["rgb"]
    before = kept.stat().st_mtime_ns
    prepare(settings(recorded, out))
    assert contents(out) == whole
    assert kept.stat().st_mtime_ns == before, "what was done is not done again"


def test_bad_frames_are_listed_and_the_run_goes_on(
    recording: Callable[[], Path], made: Path, tmp_path: Path
) -> None:
    root = recording()
    good = list(rows(made))
    truncated, tiny, gone, small, *_ = good
    path = root / f"rgb/{truncated}.png"
    path.write_bytes(path.read_bytes()[:3000])
    cv2.imwrite(str(root / f"rgb/{tiny}.png"), np.full((1, 1, 3), 80, np.uint8))
    for modality in ("depth", "infrared"):
        cv2.imwrite(str(root / f"{modality}/{tiny}.png"), np.full((1, 1), 600, np.uint16))
    (root / f"infrared/{gone}.png").unlink()
    cv2.imwrite(str(root / f"depth/{small}.png"), np.full((180, 240), 600, np.uint16))
    done = prepare(settings(root, tmp_path / "out"))
    listed = failures(done.folder)
    assert "truncated" in listed[truncated]["reason"]
    assert listed[tiny]["code"] == "no face"
    assert f"infrared/{gone}.png" in listed[gone]["reason"]
    assert listed[small]["code"] == "modality sizes differ"
    assert "--depth.calibration" in listed[small]["reason"]
    assert set(rows(done.folder)) == set(good) - {truncated, tiny, gone, small}
    assert done.exit_code == 1
    assert sum(done.failed.values()) == len(listed)


def test_what_is_mended_is_prepared_by_the_next_run_and_what_is_gone_is_removed(
    recorded: Path, recording: Callable[[], Path], made: Path, tmp_path: Path
) -> None:
    root, out = recording(), tmp_path / "out"
    first, second, *_ = rows(made)
    broken = root / f"infrared/{first}.png"
    broken.write_text("no picture")
    prepare(settings(root, out))
    assert first in failures(out)
    broken.write_bytes((recorded / f"infrared/{first}.png").read_bytes())
    (root / f"rgb/{second}.png").unlink()
    prepare(settings(root, out))
    assert first in rows(out)
    assert second in failures(out)
    files = {name for row in rows(out).values() for name in (row[m] for m in THREE)}
    assert {name for name in contents(out) if "/" in name} == files, "no crop without a row"


def test_nan_depth_is_holes_and_nothing_else_is_a_failure(
    recording: Callable[[], Path], made: Path, tmp_path: Path
) -> None:
    root = recording()
    for number, key in enumerate(rows(made)):
        metres = raw(root / f"depth/{key}.png").astype(np.float32) / 1000
        metres[: 360 if number == 0 else 60] = np.nan
        (root / f"depth/{key}.png").unlink()
        np.save(root / f"depth/{key}.npy", metres)
    (root / "manifest.parquet").unlink()
    for key in failures(made):
        for modality in THREE:
            (root / f"{modality}/{key}.png").unlink()
    done = prepare(settings(root, tmp_path / "out", depth=DepthConfig(unit="metres")))
    (listed,) = failures(done.folder).values()
    assert (listed["key"], listed["code"]) == (next(iter(rows(made))), "depth all zero")
    for row in rows(done.folder).values():
        before = raw(made / f"depth/{Path(row['depth']).name}").astype(int)
        top = max(0, 60 - row["crop_top"])
        assert np.abs(raw(done.folder / row["depth"]).astype(int) - before)[top:].max() <= 1


def test_sensors_that_are_not_aligned_are_brought_together(
    recorded: Path, made: Path, recording: Callable[[], Path], tmp_path: Path
) -> None:
    """Infrared at half the size, by a homography; depth from a camera that looks elsewhere."""
    root = recording()
    for row in rows(made).values():
        infrared = root / row["source_infrared"]
        half = cv2.resize(raw(infrared), (240, 180), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(infrared), half)
        depth = root / row["source_depth"]
        moved = np.roll(raw(depth), 12, axis=1)
        cv2.imwrite(str(depth), moved)
    ir, pair = tmp_path / "infrared.yaml", tmp_path / "depth.yaml"
    ir.write_text(
        "sensor_size: [240, 180]\ncolour_size: [480, 360]\n"
        "homography: [2, 0, 0.5, 0, 2, 0.5, 0, 0, 1]\n"
    )
    pair.write_text(
        "sensor_size: [480, 360]\ncolour_size: [480, 360]\n"
        "sensor: {fx: 500, fy: 500, cx: 252, cy: 180}\n"
        "colour: {fx: 500, fy: 500, cx: 240, cy: 180}\n"
    )
    done = prepare(
        settings(
            root,
            tmp_path / "out",
            depth=DepthConfig(calibration=pair),
            infrared=IntensityConfig(calibration=ir),
        )
    )
    aligned = rows(made)
    for key, row in rows(done.folder).items():
        assert row["depth_decoding"] == "millimetres, re-projected"
        assert row["infrared_decoding"].endswith("by homography")
        expected = raw(made / aligned[key]["depth"]).astype(int)
        found = raw(done.folder / row["depth"]).astype(int)
        assert (found == expected).mean() > 0.9, "but for outlines, which a footprint widens"
        softened = cv2.blur(raw(made / aligned[key]["infrared"]).astype(np.float32), (3, 3))
        found = raw(done.folder / row["infrared"]).astype(np.float32)
        assert np.abs(found - softened).mean() < 5
        assert np.corrcoef(found.ravel(), softened.ravel())[0, 1] > 0.98


def test_frames_of_another_size_than_calibrated_are_listed(
    recorded: Path, made: Path, tmp_path: Path
) -> None:
    pair = tmp_path / "depth.yaml"
    pair.write_text(
        "sensor_size: [640, 480]\ncolour_size: [480, 360]\nhomography: [1,0,0,0,1,0,0,0,1]\n"
    )
    wrong = settings(recorded, tmp_path / "out", depth=DepthConfig(calibration=pair))
    with pytest.raises(DatasetError, match=r"none of 6 frames.*480x360, but sensor_size"):
        prepare(wrong)
    assert set(failures(tmp_path / "out")) >= set(rows(made))
    assert not (tmp_path / "out" / "manifest.parquet").exists()


def test_decoding_options_are_applied_and_written_down(
    recorded: Path, made: Path, tmp_path: Path
) -> None:
    out = prepare(
        settings(
            recorded,
            tmp_path / "out",
            crop=CropConfig(side=96, margin=1.25, aligned=True),
            depth=DepthConfig(unit="z16", scale_mm=0.5, window_mm=80),
            infrared=IntensityConfig(normalise="mad"),
            colour="jpg",
        )
    ).folder
    plain = rows(made)
    for key, row in rows(out).items():
        assert row["crop"] == "crop-1-margin1.25-aligned"
        assert row["crop_side"] == pytest.approx(1.25 * plain[key]["crop_side"], abs=2)
        assert row["rgb"].endswith(".jpg")
        depth = raw(out / row["depth"])
        assert depth.shape == raw(out / row["rgb"]).shape[:2] == (96, 96)
        known = depth[depth > 0]
        assert row["depth_face_mm"] - 81 <= known.min()
        assert known.max() <= row["depth_face_mm"] + 81
        assert row["depth_face_mm"] == pytest.approx(plain[key]["depth_face_mm"] / 2, rel=0.05)
        assert "z16 x 0.5 mm, clipped to 80 mm" in row["depth_decoding"]
        assert row["infrared_decoding"].endswith("MAD to 8 bits")
        place = {name: row[f"crop_{name}"] for name in ("left", "top", "side", "angle")}
        frame = read_image(recorded / row["source_infrared"], Modality.INFRARED)
        share = resize(crop({Modality.INFRARED: frame}, Square(**place)), 96)[Modality.INFRARED]
        expected = spread(share, row["infrared_low"], row["infrared_high"])
        infrared = raw(out / row["infrared"])
        assert infrared.dtype == np.uint8
        assert np.abs(infrared.astype(int) - expected).max() <= 2, "the row tells how it was made"


def test_a_model_learns_from_the_crops_and_remembers_their_rule(
    recorded: Path, tmp_path: Path
) -> None:
    margin = CropConfig(side=64, margin=1.25)
    done = prepare(settings(recorded, tmp_path / "out", crop=margin))
    pair = {row["label"]: row for row in rows(done.folder).values()}
    assert set(pair) == {"bona_fide", "attack"}
    table = []
    for split in ("train", "dev", "eval"):  # each with a copy of the two, under another name
        for label, row in pair.items():
            paths = {str(m): f"{split}/{label}_{m}.png" for m in THREE}
            for modality, path in paths.items():
                (done.folder / split).mkdir(exist_ok=True)
                shutil.copyfile(done.folder / row[modality], done.folder / path)
            who = {"key": f"{split}-{label}", "split": split, "subject": split}
            table.append(row | paths | who)
    pl.DataFrame(table).write_parquet(done.folder / "manifest.parquet")
    run = train(
        TrainConfig(
            data=DataConfig(root=done.folder),
            out=tmp_path / "run",
            model=ModelConfig(name="vit/tiny_test"),
            optim=OptimConfig(steps=1, batch_size=2),
        )
    )
    assert run.card.preprocessing.crop_version == "1-margin1.25"


def test_face_crops_are_only_decoded_when_they_are_said_to_be_crops(
    simulated: Path, tmp_path: Path
) -> None:
    done = prepare(settings(simulated, tmp_path / "out", cropped=True, poor="keep"))
    assert isinstance(done, Prepared)
    assert (done.count, done.failed) == (6, {})
    for sample in index(done.folder):
        for modality in THREE:
            row = rows(done.folder)[sample.key]
            np.testing.assert_array_equal(
                read_image(sample.paths[modality], modality),
                read_image(simulated / row[f"source_{modality}"], modality),
            )


def test_poor_crops_are_refused_or_kept_with_the_reason(
    recording: Callable[[], Path], made: Path, tmp_path: Path
) -> None:
    root = recording()
    dark, *_ = rows(made)
    cv2.imwrite(str(root / f"infrared/{dark}.png"), np.zeros((360, 480), np.uint8))
    refused = prepare(settings(root, tmp_path / "refused"))
    assert failures(refused.folder)[dark]["code"] == "infrared dark"
    kept = prepare(settings(root, tmp_path / "kept", poor="keep"))
    assert rows(kept.folder)[dark]["quality"].startswith("infrared dark")
    assert sum(bool(row["quality"]) for row in rows(kept.folder).values()) == 1
    flat = settings(root, tmp_path / "mad", poor="keep", infrared=IntensityConfig(normalise="mad"))
    assert failures(prepare(flat).folder)[dark]["code"] == "infrared flat"


def test_the_folder_holds_one_preparation(recorded: Path, made: Path, tmp_path: Path) -> None:
    before = contents(made)
    with pytest.raises(ConfigError, match=r"another crop.side 0 \(now 96\); choose another --out"):
        prepare(settings(recorded, made, crop=CropConfig(side=96)))
    with pytest.raises(ConfigError, match="holds the raw frames"):
        prepare(settings(recorded, recorded))
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="is not empty"):
        prepare(settings(recorded, tmp_path))
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "prepare.json").write_text("{")
    with pytest.raises(ConfigError, match="is damaged"):
        prepare(settings(recorded, tmp_path / "damaged"))
    assert contents(made) == before
