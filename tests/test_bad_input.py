"""A mistake that a user can make is one line and exit code 2; nothing is left half-written."""

import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from zlib import compress, crc32

import numpy as np
import polars as pl
import pytest
from PIL import Image

from unmask.cli import main
from unmask.config import DataConfig, ModelConfig, OptimConfig, TrainConfig
from unmask.models import families


@pytest.fixture(scope="module")
def run(squares: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished, tiny training."""
    import unmask

    out = tmp_path_factory.mktemp("runs") / "run"
    unmask.train(
        TrainConfig(
            data=DataConfig(root=squares, workers=0),
            out=out,
            model=ModelConfig(name="big_moe/tiny_test"),
            optim=OptimConfig(steps=2, batch_size=4),
        )
    )
    return out


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must fail; returns its one line."""

    def check(*words: object) -> str:
        capsys.readouterr()
        assert main([str(word) for word in words]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        return error

    return check


def training(root: Path, out: Path, *more: object) -> list[object]:
    quick = ["--model.name", "vit/tiny_test", "--optim.steps", 2, "--data.workers", 0]
    return ["train", "--data.root", root, "--out", out, *quick, *more]


def change(root: Path, row: int, **cells: str | None) -> None:
    """Rewrite cells of one row of the manifest."""
    path = root / "manifest.parquet"
    table = pl.read_parquet(path)
    for column, value in cells.items():
        values = table[column].to_list()
        values[row] = value
        table = table.with_columns(pl.Series(column, values, dtype=pl.String))
    table.write_parquet(path)


def test_a_missing_data_set_is_named(refused: Callable[..., str], tmp_path: Path) -> None:
    assert "no manifest" in refused(*training(tmp_path / "nowhere", tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"label": "live"}, "row 6, column label: 'live'"),
        ({"label": "attack", "pai_species": None}, "row 6, column pai_species"),
        ({"pai_species": "print"}, "row 6, column pai_species: 'print' with label bona_fide"),
        ({"key": "train001"}, "row 6, column key: 'train001'"),
        ({"rgb": "../elsewhere.png"}, "row 6, column rgb: '../elsewhere.png' leads outside"),
        ({"depth": "images/none.png"}, "row 6, column depth: 'images/none.png' is not a file"),
        ({"subject": "dev-person0"}, "subject 'dev-person0' is in train"),
        ({"split": "test"}, "row 6, column split: 'test'"),
    ],
)
def test_a_wrong_manifest_row_is_named(
    cells: dict[str, str | None],
    message: str,
    refused: Callable[..., str],
    new_squares: Callable[..., Path],
    tmp_path: Path,
) -> None:
    root = new_squares()
    change(root, 5, **cells)
    assert message in refused(*training(root, tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_a_missing_column_and_an_empty_set_are_named(
    refused: Callable[..., str], new_squares: Callable[..., Path], tmp_path: Path
) -> None:
    root = new_squares()
    table = pl.read_parquet(root / "manifest.parquet")
    table.drop("label").write_parquet(root / "manifest.parquet")
    assert "no column 'label'" in refused(*training(root, tmp_path / "run"))
    table.filter(pl.col("split") != "dev").write_parquet(root / "manifest.parquet")
    assert "the dev set is empty" in refused(*training(root, tmp_path / "run"))


def spoil_truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def spoil_text(path: Path) -> None:
    path.write_text("this is no picture")


def spoil_depth(path: Path) -> None:
    Image.fromarray(np.full((40, 40), 120, np.uint8)).save(path)


@pytest.mark.parametrize(
    ("spoil", "modality", "message"),
    [
        (spoil_truncated, "rgb", "truncated"),
        (spoil_text, "infrared", "not an image"),
        (spoil_depth, "depth", "16-bit"),
    ],
)
def test_a_broken_image_is_named_in_training_and_in_use(
    spoil: Callable[[Path], None],
    modality: str,
    message: str,
    refused: Callable[..., str],
    new_squares: Callable[..., Path],
    run: Path,
    tmp_path: Path,
) -> None:
    root = new_squares()
    for split in ("train", "eval"):
        spoil(root / f"images/{split}001_{modality}.png")
    error = refused(*training(root, tmp_path / "run"))
    assert message in error
    assert f"train001_{modality}.png" in error
    error = refused(
        *("evaluate", "--checkpoint", run, "--data.root", root, "--data.workers", 1),
        *("--out", tmp_path / "scores"),
    )
    assert f"eval001_{modality}.png" in error
    assert not (tmp_path / "scores" / "eval.csv").exists()
    picture = root / f"images/eval001_{modality}.png"
    assert message in refused("predict", "--checkpoint", run, f"--{modality}", picture, "--cropped")


def bomb(path: Path) -> None:
    """A small file that declares 3.6 thousand million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", compress(bytes(10_000))) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def one_pixel(path: Path) -> None:
    for name in ("rgb", "depth", "infrared"):
        kind = np.uint16 if name == "depth" else np.uint8
        Image.fromarray(np.full((1, 1), 90, kind)).save(path.with_name(f"train001_{name}.png"))


def one_pixel_of_three(path: Path) -> None:
    Image.fromarray(np.full((1, 1), 90, np.uint8)).save(path)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (bomb, "declares a picture of more than"),
        (one_pixel, "is 1x1; a face crop has at least 8 pixels a side"),
        (one_pixel_of_three, "pictures of one presentation differ in size"),
        (lambda path: path.write_bytes(b""), "is not an image"),
    ],
)
def test_a_hostile_picture_is_one_line(
    spoil: Callable[[Path], None],
    message: str,
    refused: Callable[..., str],
    new_squares: Callable[..., Path],
    tmp_path: Path,
) -> None:
    root = new_squares()
    spoil(root / "images" / "train001_rgb.png")
    assert message in refused(*training(root, tmp_path / "run"))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((40, 40), np.nan, np.float32), "values from nan to nan"),
        (np.full((40, 40), np.inf, np.float32), "values from inf to inf"),
        (np.array([{}]), "is of object; pictures are numbers"),
        (np.zeros((2, 3), np.uint8), "differ in size"),
    ],
)
def test_a_hostile_array_is_one_line(
    array: np.ndarray,
    message: str,
    refused: Callable[..., str],
    new_squares: Callable[..., Path],
    tmp_path: Path,
) -> None:
    root = new_squares()
    np.savez(root / "images" / "a.npz", infrared=array)
    change(root, 1, infrared="images/a.npz#infrared")
    assert message in refused(*training(root, tmp_path / "run"))
    content = (root / "images" / "a.npz").read_bytes()
    (root / "images" / "a.npz").write_bytes(content[: len(content) // 2])
    assert "a.npz as npz" in refused(*training(root, tmp_path / "other"))


def test_a_missing_photograph_is_named(refused: Callable[..., str], run: Path) -> None:
    assert "face.jpg" in refused("predict", "--checkpoint", run, "face.jpg")
    assert "nothing to judge" in refused("predict", "--checkpoint", run)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("big_moo/tiny", f"there are: {', '.join(families())}"),
        ("big_moe/huge", "big_moe has: tiny, tiny_test, base"),
        ("big_moe", "big_moe has"),
    ],
)
def test_an_unknown_model_lists_what_exists(
    name: str, message: str, refused: Callable[..., str], squares: Path, tmp_path: Path
) -> None:
    words = training(squares, tmp_path / "run", "--model.name", name)
    assert message in refused(*words)
    assert not (tmp_path / "run").exists()


def test_a_misspelt_model_setting_is_named(
    refused: Callable[..., str], squares: Path, tmp_path: Path
) -> None:
    words = training(squares, tmp_path / "run", "--model.overrides.dimm", 8)
    assert "'dimm'" in refused(*words)


def test_a_frozen_backbone_without_weights_is_refused(
    refused: Callable[..., str], squares: Path, tmp_path: Path
) -> None:
    words = training(squares, tmp_path / "run", "--model.name", "big_moe/base")
    assert "give model.weights" in refused(*words)


def test_weights_of_another_model_are_refused(
    refused: Callable[..., str], run: Path, squares: Path, tmp_path: Path
) -> None:
    weights = run / "model.safetensors"
    words = training(squares, tmp_path / "run", "--model.weights", weights)
    assert "belongs to another model" in refused(*words)
    words = training(squares, tmp_path / "run", "--model.weights", run / "card.json")
    assert "cannot read the weights" in refused(*words)


def test_a_checkpoint_whose_files_do_not_belong_together_is_refused(
    refused: Callable[..., str], run: Path, squares: Path, tmp_path: Path
) -> None:
    def evaluation(folder: Path) -> list[object]:
        out = tmp_path / "scores"
        return ["evaluate", "--checkpoint", folder, "--data.root", squares, "--out", out]

    assert "no card.json" in refused(*evaluation(tmp_path))
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / "model.safetensors").write_bytes(b"0" * 100)
    assert "SHA-256 differs" in refused(*evaluation(copy))
    (copy / "card.json").write_text("{")
    assert "is damaged" in refused(*evaluation(copy))
    assert not (tmp_path / "scores").exists()


def test_a_damaged_resumable_checkpoint_is_named(
    refused: Callable[..., str], run: Path, squares: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(run, tmp_path / "copy")
    (copy / "last.ckpt").write_bytes((copy / "last.ckpt").read_bytes()[:5000])
    words = ["train", "--config", copy / "config.yaml", "--out", copy, "--resume"]
    assert "last.ckpt is damaged" in refused(*words)


def test_a_column_called_score_does_not_become_the_score(
    new_squares: Callable[..., Path], run: Path, tmp_path: Path
) -> None:
    root = new_squares()
    table = pl.read_parquet(root / "manifest.parquet").with_columns(score=pl.lit("0.25"))
    table.write_parquet(root / "manifest.parquet")
    words = ["evaluate", "--checkpoint", run, "--data.root", root, "--out", tmp_path / "scores"]
    assert main([str(word) for word in words]) == 0
    scores = pl.read_csv(tmp_path / "scores" / "dev.csv", comment_prefix="#")["score"]
    assert not scores.is_in([0.25]).any()


def test_depth_of_another_unit_than_the_model_s_is_refused(
    refused: Callable[..., str], run: Path, squares: Path, tmp_path: Path
) -> None:
    words = ["evaluate", "--checkpoint", run, "--data.root", squares, "--data.depth", "relative"]
    assert "was trained with 'millimetres'" in refused(*words, "--out", tmp_path / "scores")


def test_modalities_can_be_given_in_one_place_only(
    refused: Callable[..., str], squares: Path, tmp_path: Path
) -> None:
    words = training(squares, tmp_path / "run", "--model.overrides.modalities", "[rgb]")
    assert "give them as --modalities" in refused(*words)


def test_an_unwritable_place_is_named(
    refused: Callable[..., str], run: Path, squares: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("in the way")
    out = tmp_path / "file" / "run"
    assert "choose another place" in refused(*training(squares, out))
    assert "another place" in refused("simulate", "--out", out, "--per_site", 1)
    words = ["evaluate", "--checkpoint", run, "--data.root", squares, "--out", out]
    assert "another place" in refused(*words)
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--sites", "Mars"], "sites are Mars; name each once, of: A, B, C, D"),
        (["--sites", "A,A"], "sites are A, A; name each once"),
        (["--species", "hologram"], "species are hologram; name each once, of: mannequin, "),
        (["--species", "mannequin", "--sites", "A,B"], "mannequin is made at C, D"),
        (["--species", "mannequin"], "site A does not make any of these species: mannequin is"),
        (["--per-site", "0"], "per_site is 0; it must be at least 1"),
        (["--per-site", "-3"], "per_site is -3"),
        (["--frames", "0"], "frames is 0; it must be at least 1"),
        (["--image-size", "31"], "image_size is 31; it must be at least 32"),
        (["--seed", "-1"], "seed is -1"),
        (["--workers", "0"], "workers is 0"),
    ],
)
def test_an_impossible_simulation_is_refused_before_anything_is_written(
    words: list[str], message: str, refused: Callable[..., str], tmp_path: Path
) -> None:
    assert message in refused("simulate", "--out", tmp_path / "sim", *words)
    assert not (tmp_path / "sim").exists()


def test_a_simulation_is_not_mixed_with_another_or_with_other_things(
    refused: Callable[..., str], tmp_path: Path
) -> None:
    small = ["--per-site", "1", "--sites", "A", "--image-size", "32", "--workers", "1"]
    assert main(["simulate", "--out", str(tmp_path / "sim"), *small]) == 0
    before = {p: p.read_bytes() for p in (tmp_path / "sim").rglob("*") if p.is_file()}
    again = ["simulate", "--out", tmp_path / "sim", *small]
    assert "another seed 0 (now 3); choose another --out" in refused(*again, "--seed", 3)
    assert "another truth false (now true)" in refused(*again, "--truth")
    assert {p: p.read_bytes() for p in (tmp_path / "sim").rglob("*") if p.is_file()} == before
    (tmp_path / "thesis.txt").write_text("mine")
    assert "is not empty and holds no" in refused("simulate", "--out", tmp_path, *small)
    assert "cannot write" in refused("simulate", "--out", tmp_path / "thesis.txt", *small)
    assert "cannot write" in refused("simulate", "--out", tmp_path / "thesis.txt" / "x", *small)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["sim", "thesis.txt"]
