"""From captures to an operating point of a card, by way of the command line."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from unmask import calibrate
from unmask.cli import main
from unmask.config import CalibrateConfig, DataConfig, ModelConfig, OptimConfig, TrainConfig
from unmask.errors import CheckpointError, DatasetError, OutputError
from unmask.files import alone_in
from unmask.metrics.scores import read_scores
from unmask.training.checkpoint import load_card, save_card, with_operating_points

ALL = "rgb+depth+infrared"


@pytest.fixture(scope="module")
def trained(squares: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished, tiny training."""
    import unmask

    out = tmp_path_factory.mktemp("runs") / "run"
    unmask.train(
        TrainConfig(
            data=DataConfig(root=squares),
            out=out,
            model=ModelConfig(name="vit/tiny_test"),
            optim=OptimConfig(steps=2, batch_size=4),
        )
    )
    return out


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of the training that a test may change."""
    return shutil.copytree(trained, tmp_path / "run")


@pytest.fixture
def captures(tmp_path: Path) -> Path:
    """A score file of a camera that the training did not see."""
    return write(tmp_path / "mine.csv", [0.9, 0.8, 0.7], [0.2, 0.4], ALL)


def write(path: Path, bona_fide: list[float], attacks: list[float], modalities: str) -> Path:
    rows = [f"g{i},g{i},{s},bona_fide,,{modalities}" for i, s in enumerate(bona_fide)]
    rows += [f"a{i},a{i},{s},attack,print,{modalities}" for i, s in enumerate(attacks)]
    path.write_text("\n".join(["key,presentation,score,label,pai_species,modalities", *rows, ""]))
    return path


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str], run: Path) -> Callable[..., str]:
    """Run a calibration that must fail and leave the card alone; returns its one line."""

    def check(*words: object) -> str:
        before = (run / "card.json").read_bytes()
        capsys.readouterr()
        given = ["calibrate", "--checkpoint", run, "--name", "office", *words]
        assert main([str(word) for word in given]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        assert (run / "card.json").read_bytes() == before
        return error

    return check


def settings(run: Path, captures: Path, **more: object) -> CalibrateConfig:
    return CalibrateConfig(checkpoint=run, captures=captures, name="office", **more)


def test_the_card_gets_the_point_and_keeps_all_else(run: Path, captures: Path) -> None:
    before = json.loads((run / "card.json").read_text())
    made = calibrate(settings(run, captures))
    assert made.point.threshold == pytest.approx(0.55)
    after = json.loads((run / "card.json").read_text())
    point = after["operating_points"].pop("office")[ALL]
    assert point["target"] == "bpcer<=1%"
    assert point["bpcer"] == {
        "errors": 0,
        "trials": 3,
        "low": 0.0,
        "high": pytest.approx(0.708, 1e-3),
    }
    assert point["captures"] == "mine.csv"
    assert [shift["name"] for shift in point["shifts"]] == ["bona fide", "print"]
    assert {"too_few", "empty_band"} <= {flag["code"] for flag in point["flags"]}
    assert after == before
    assert load_card(run).operating_points == {"office": {ALL: made.point}}


def test_asking_twice_changes_no_byte(run: Path, captures: Path) -> None:
    calibrate(settings(run, captures))
    before = (run / "card.json").read_bytes()
    calibrate(settings(run, captures))
    assert calibrate(settings(run, captures, replace=True)).replaced is None
    assert (run / "card.json").read_bytes() == before


def test_a_taken_name_is_refused_unless_replaced_and_the_old_point_is_kept(
    run: Path, captures: Path, refused: Callable[..., str], tmp_path: Path
) -> None:
    old = calibrate(settings(run, captures)).point
    others = write(tmp_path / "others.csv", [0.6, 0.7], [0.1], ALL)
    error = refused("--captures", others)
    assert f"has an operating point 'office' for {ALL} already: threshold 0.55" in error
    made = calibrate(settings(run, others, replace=True))
    assert made.replaced == old
    card = load_card(run)
    assert card.operating_points["office"][ALL] == made.point
    assert [(r.name, r.modalities, r.point) for r in card.replaced] == [("office", ALL, old)]
    calibrate(settings(run, captures, replace=True))
    assert [r.point for r in load_card(run).replaced] == [old, made.point]


def test_a_training_gone_on_with_after_its_end_keeps_the_point(run: Path, captures: Path) -> None:
    point = calibrate(settings(run, captures)).point
    before = (run / "card.json").read_bytes()
    words = ["train", "--config", run / "config.yaml", "--out", run, "--resume"]
    assert main([str(word) for word in words]) == 0
    assert load_card(run).operating_points == {"office": {ALL: point}}
    assert (run / "card.json").read_bytes() == before


def test_a_point_of_other_weights_does_not_go_over_to_these(run: Path, captures: Path) -> None:
    calibrate(settings(run, captures))
    card = replace(load_card(run), operating_points={}, weights_sha256="0" * 64)
    assert with_operating_points(card, run).operating_points == {}


def test_two_calibrations_do_not_write_at_once(
    run: Path, captures: Path, refused: Callable[..., str]
) -> None:
    with alone_in(run):
        assert "another run is writing" in refused("--captures", captures)


def test_scores_that_cannot_be_kept_leave_the_card_alone(
    squares: Path, captures: Path, refused: Callable[..., str]
) -> None:
    assert "cannot write" in refused("--captures", squares, "--scores", captures / "kept.csv")


def test_one_name_holds_a_point_for_each_set_of_modalities(run: Path, captures: Path) -> None:
    rgb = write(captures.parent / "rgb.csv", [0.6], [], "rgb")
    made = [calibrate(settings(run, path)) for path in (captures, rgb)]
    assert load_card(run).operating_points["office"] == {m.modalities: m.point for m in made}
    assert "no_dev" in {flag.code for flag in made[1].point.flags}
    dev = write(captures.parent / "dev_rgb.csv", [0.9, 0.8], [0.1], "rgb")
    again = calibrate(settings(run, rgb, dev=dev, replace=True)).point
    assert [shift.name for shift in again.shifts] == ["bona fide"]
    assert again.dev_sha256


def test_the_order_in_which_modalities_are_named_does_not_matter(
    run: Path, captures: Path, tmp_path: Path
) -> None:
    first = calibrate(settings(run, captures)).point
    turned = write(tmp_path / "turned.csv", [0.9, 0.8, 0.7], [0.2, 0.4], "infrared+rgb+depth")
    dev = tmp_path / "dev.csv"
    dev.write_text((run / "dev.csv").read_text().replace(ALL, "depth+infrared+rgb"))
    made = calibrate(settings(run, turned, dev=dev, replace=True))
    assert (made.modalities, made.point.shifts) == (ALL, first.shifts)
    assert first.shifts


def test_a_card_without_operating_points_is_read_and_a_damaged_one_refused(
    run: Path, captures: Path
) -> None:
    path = run / "card.json"
    entries = json.loads(path.read_text())
    del entries["operating_points"], entries["replaced"]
    path.write_text(json.dumps(entries))
    assert load_card(run).operating_points == {}
    calibrate(settings(run, captures))
    card = load_card(run)
    save_card(card, run)
    assert load_card(run) == card
    entries = json.loads(path.read_text())
    del entries["operating_points"]["office"][ALL]["threshold"]
    path.write_text(json.dumps(entries))
    with pytest.raises(CheckpointError, match="is damaged"):
        load_card(run)


def test_a_folder_is_scored_as_an_evaluation_scores_it(
    run: Path, squares: Path, tmp_path: Path
) -> None:
    words = ["evaluate", "--checkpoint", run, "--data.root", squares, "--out", tmp_path / "scores"]
    assert main([str(word) for word in words]) == 0
    kept = tmp_path / "kept.csv"
    made = calibrate(settings(run, squares, target="apcer<=30%", split="eval", scores=kept))
    assert made.modalities == ALL
    assert (made.point.bpcer.trials, made.point.captures) == (6, squares.name)
    read = read_scores(tmp_path / "scores" / "eval.csv")
    assert read_scores(kept).table["score"].to_list() == read.table["score"].to_list()
    again = calibrate(
        settings(run, tmp_path / "scores/eval.csv", target="apcer<=30%", replace=True)
    )
    assert again.point.threshold == made.point.threshold
    assert again.replaced == made.point


def test_the_way_of_a_user_from_captures_to_an_answer(
    run: Path, squares: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--checkpoint", run, "--captures", squares, "--name", "door", "--modalities", "rgb"]
    assert main([str(word) for word in ["calibrate", *given, "--split", "eval"]]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "operating point door for rgb: threshold" in shown
    assert "too_few: " in shown
    predict = ["predict", "--checkpoint", run, "--operating-point", "door", "--cropped"]
    picture = squares / "images/eval001_rgb.png"
    assert main([str(word) for word in [*predict, "--json", picture]]) == 0
    decision = json.loads(capsys.readouterr().out)
    point = load_card(run).operating_points["door"]["rgb"]
    assert decision["threshold"] == point.threshold
    assert (decision["operating_point"], decision["rule"]) == ("door", "bpcer<=1%")
    assert decision["origin"] == point.told()
    assert decision["pad_decision"] == "bona_fide", "one of the captures that must be accepted"
    depth = squares / "images/eval001_depth.png"
    assert main([str(word) for word in [*predict, "--depth", depth]]) == 2
    assert "operating point 'door'" in capsys.readouterr().err
    predict[predict.index("door")] = "window"
    assert main([str(word) for word in [*predict, picture]]) == 2
    assert "no operating point 'window'; the card has: door" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "eer"], "no target 'eer'"),
        (["--name", "../x"], "name is '../x'"),
        (["--modalities", "rgb"], f"has scores of {ALL}, and the operating point is to be for rgb"),
        (["--modalities", "thermal"], "the model knows no thermal; it was built for: rgb, depth"),
        (["--split", "eval"], "no row of"),
        (["--scores", "kept.csv"], "leave scores out"),
        (["--dev", "nowhere.csv"], "no score file nowhere.csv"),
        (["--batch-size", "0"], "batch_size is 0"),
    ],
)
def test_a_wrong_setting_is_one_line(
    words: list[str], message: str, captures: Path, refused: Callable[..., str]
) -> None:
    assert message in refused("--captures", captures, *words)


def test_captures_that_fit_no_point_are_named(tmp_path: Path, refused: Callable[..., str]) -> None:
    def file(bona_fide: list[float], attacks: list[float], modalities: str) -> Path:
        return write(tmp_path / "captures.csv", bona_fide, attacks, modalities)

    assert "check the path" in refused("--captures", tmp_path / "nowhere")
    assert "has no manifest" in refused("--captures", tmp_path)
    assert "the model knows no thermal" in refused("--captures", file([0.9], [], "thermal"))
    assert "does not say which modalities" in refused("--captures", file([0.9], [], ""))
    assert "no score of a bona fide" in refused("--captures", file([], [0.1], ALL))
    apcer = ["--target", "apcer<=5%"]
    assert "capture attacks" in refused("--captures", file([0.9], [], ALL), *apcer)
    assert "is not in [0, 1]" in refused("--captures", file([1.9], [], ALL))
    mixed = file([0.9], [], ALL)
    mixed.write_text(mixed.read_text() + "b,b,0.8,bona_fide,,rgb\n")
    assert "keep the rows of one" in refused("--captures", mixed)


def test_a_capture_without_the_modality_is_named(
    run: Path, new_squares: Callable[..., Path]
) -> None:
    root = new_squares()
    table = pl.read_parquet(root / "manifest.parquet")
    infrared = table["infrared"].to_list()
    table.with_columns(pl.Series("infrared", [None, *infrared[1:]])).write_parquet(
        root / "manifest.parquet"
    )
    assert calibrate(settings(run, root)).modalities == "rgb+depth"
    with pytest.raises(DatasetError, match="'train000' has no infrared"):
        calibrate(settings(run, root, modalities=("rgb", "infrared")))


def test_crops_of_another_rule_are_refused(run: Path, new_squares: Callable[..., Path]) -> None:
    root = new_squares()
    table = pl.read_parquet(root / "manifest.parquet")
    table.with_columns(crop=pl.lit("crop-1-aligned")).write_parquet(root / "manifest.parquet")
    with pytest.raises(DatasetError, match="face crops of the rule 1-aligned"):
        calibrate(settings(run, root))


def test_scores_of_another_model_are_refused(
    run: Path, squares: Path, refused: Callable[..., str], tmp_path: Path
) -> None:
    words = ["evaluate", "--checkpoint", run, "--data.root", squares, "--out", tmp_path / "scores"]
    assert main([str(word) for word in words]) == 0
    note = tmp_path / "scores" / "evaluation.json"
    entries = json.loads(note.read_text())
    note.write_text(json.dumps({**entries, "weights_sha256": "0" * 64}))
    dev = tmp_path / "scores" / "dev.csv"
    assert "scores of another model" in refused("--captures", dev)
    assert "scores of another model" in refused("--captures", squares, "--dev", dev)


def test_a_card_that_cannot_be_written_stays_whole(
    run: Path, captures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (run / "card.json").read_bytes()

    def full(path: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(OutputError, match="No space left"):
            calibrate(settings(run, captures))
    assert (run / "card.json").read_bytes() == before
    assert not list(run.glob(".part-*"))
