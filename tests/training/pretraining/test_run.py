"""Both methods learn, stop and go on, and leave weights that others can start from."""

import csv
import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from unmask import PretrainConfig, load, pretrain
from unmask.cli import _settings, main
from unmask.config import ChangeConfig, PicturesConfig, ScheduleConfig
from unmask.errors import CheckpointError, ConfigError
from unmask.files import sha256
from unmask.layers.clip import SIZES as CLIP_SIZES
from unmask.layers.clip import Clip
from unmask.models import create_model
from unmask.parsing import to_yaml
from unmask.training.pretraining.card import BackboneCard
from unmask.training.pretraining.pictures import Crops
from unmask.weights import fill_backbone, load_backbone
from unmask.weights.sources import ASSETS

Configured = Callable[..., PretrainConfig]


def held_out(run: Path) -> list[float]:
    """The losses that the looks at dev found."""
    (path,) = (run / "logs" / "csv").rglob("metrics.csv")
    with path.open() as file:
        return [float(row["dev/loss"]) for row in csv.DictReader(file) if row.get("dev/loss")]


@pytest.mark.parametrize("method", ["mae", "clip"])
def test_the_loss_of_what_is_held_out_falls(
    method: str, captioned: Path, configured: Configured
) -> None:
    config = configured(
        captioned,
        method=method,
        optim=ScheduleConfig(steps=24, batch_size=12),
        augment=ChangeConfig(photometric=0.0, rotate=0.0, shift=0.0, scale=0.0),
        dev_every=6,
    )
    run = pretrain(config)
    losses = held_out(run.folder)
    assert losses[-1] < 0.97 * losses[0]
    assert run.card.figures["held_out_loss"] == pytest.approx(losses[-1], rel=1e-4)


def test_the_card_says_what_was_done(squares: Path, configured: Configured) -> None:
    config = configured(squares, seed=3, licence="CC-BY-4.0", precision="bf16")
    run = pretrain(config)
    card = json.loads((run.folder / "card.json").read_text())
    assert set(card) == {field.name for field in fields(BackboneCard)}
    assert card["torch_version"] == torch.__version__
    assert card["device"] == (
        "cpu" if not torch.cuda.is_available() else torch.cuda.get_device_name()
    )
    assert card["weights_sha256"] == sha256(run.folder / "model.safetensors")
    assert card["data"]["manifest_sha256"] == sha256(squares / "manifest.parquet")
    assert card["data"]["pictures"] == {"rgb": 12, "depth": 12, "infrared": 12}
    assert (card["seed"], card["licence"], card["data"]["rows"]) == (3, "CC-BY-4.0", 12)
    assert "a test of its own" in card["limits"]
    from unmask import api

    assert _settings(api.pretrain, shlex.split(card["command"])[2:]) == config


def test_the_encoder_of_mae_starts_clip_and_models(
    captioned: Path, configured: Configured, tmp_path: Path
) -> None:
    first = pretrain(configured(captioned))
    loaded = load_backbone("vit_tiny", str(first.folder))
    assert not (loaded.report.missing or loaded.report.unexpected)
    model = create_model("vit/tiny", depth=6)
    fill_backbone(model.backbone, str(first.folder))
    for name, tensor in model.backbone.blocks.state_dict().items():
        assert torch.equal(tensor, loaded.tensors[f"image.blocks.{name}"])
    still = ScheduleConfig(steps=1, batch_size=4, lr=1e-12)
    config = configured(
        captioned, method="clip", backbone=str(first.folder), out=tmp_path / "clip", optim=still
    )
    second = pretrain(config)
    assert second.card.backbone["sha256"] == first.card.weights_sha256
    towers = load_backbone("clip_tiny", str(second.folder))
    Clip(CLIP_SIZES["clip_tiny"]).load_state_dict(dict(towers.tensors))
    for name, tensor in loaded.tensors.items():
        assert torch.allclose(tensor, towers.tensors[name], atol=1e-6)
    assert sum(t.numel() * 4 for t in towers.tensors.values()) <= 12_000_000
    assert sum(t.numel() for t in loaded.tensors.values()) <= 2_000_000


@pytest.mark.parametrize("method", ["mae", "clip"])
def test_killed_and_resumed_equals_uninterrupted(
    method: str, captioned: Path, configured: Configured, tmp_path: Path
) -> None:
    config = configured(captioned, steps=20, method=method, checkpoint_every=2)
    whole = pretrain(replace(config, out=tmp_path / "whole"))
    (tmp_path / "config.yaml").write_text(to_yaml(config))
    words = ["pretrain", "--config", str(tmp_path / "config.yaml")]
    process = subprocess.Popen(
        [sys.executable, "-m", "unmask", *words],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={"OMP_NUM_THREADS": "1"},
    )
    for _ in range(6000):
        if (config.out / "last.ckpt").exists():
            break
        assert process.poll() is None, "the training ended before it could be stopped"
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (config.out / "card.json").exists()
    resumed = pretrain(replace(config, resume=True))
    a, b = (torch.load(run.folder / "last.ckpt", weights_only=True) for run in (whole, resumed))
    assert a["global_step"] == b["global_step"] == 20
    assert all(torch.equal(tensor, b["state_dict"][n]) for n, tensor in a["state_dict"].items())
    for key, state in a["optimizer_states"][0]["state"].items():
        for name, value in state.items():
            assert torch.equal(value, b["optimizer_states"][0]["state"][key][name])
    first, again = (load_file(run.folder / "model.safetensors") for run in (whole, resumed))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert whole.card.figures == resumed.card.figures


def test_a_finished_run_can_be_resumed_and_is_not_overwritten(
    squares: Path, configured: Configured
) -> None:
    config = configured(squares, steps=1)
    before = pretrain(config).card
    assert pretrain(replace(config, resume=True)).card == replace(before)
    with pytest.raises(ConfigError, match="holds a run already; give --resume"):
        pretrain(config)
    with pytest.raises(ConfigError, match=r"hidden: 0.75 -> 0.5"):
        pretrain(replace(config, hidden=0.5, resume=True))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--method", "dino"], "mae"),
        (["--method", "clip"], "no picture of rgb with a caption"),
        (["--method", "clip", "--size", "vit_tiny"], "method clip has no size 'vit_tiny'; it has"),
        (["--size", "vit_huge"], "method mae has no size 'vit_huge'; it has: vit_tiny"),
        (["--hidden", "1"], "hidden is 1.0"),
        (["--data.splits", "[]"], "data.splits is empty"),
        (["--data.splits", "[test]"], "no row in the set 'test'"),
        (["--backbone", "nowhere"], "no file nowhere"),
        (
            ["--backbone", "shipped:vit_tiny", "--backbone_sha256", "0" * 64],
            "but backbone_sha256 is 000000000000...; give the file that the run was made with",
        ),
        (["--modalities", "thermal"], "no picture of thermal"),
    ],
)
def test_a_mistake_is_one_line_and_writes_nothing(
    words: list[str],
    message: str,
    squares: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "run"
    assert main(["pretrain", "--data.root", str(squares), "--out", str(out), *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert message in error
    assert not out.exists()


def test_the_file_that_a_run_began_with_is_pinned(
    squares: Path, configured: Configured, tmp_path: Path
) -> None:
    started = tmp_path / "start.safetensors"
    copyfile(ASSETS / "vit_tiny.safetensors", started)
    config = configured(squares, steps=1, backbone=str(started))
    run = pretrain(config)
    written = load(PretrainConfig, run.folder / "config.yaml")
    assert written == replace(config, backbone_sha256=sha256(started))
    assert pretrain(replace(config, resume=True)).card == run.card
    copyfile(ASSETS / "clip_tiny.safetensors", started)  # the same name, another file
    with pytest.raises(CheckpointError, match="but backbone_sha256 is 50002c36036b"):
        pretrain(replace(written, out=tmp_path / "again"))
    with pytest.raises(ConfigError, match="backbone_sha256: 50002c36036b"):
        pretrain(replace(config, resume=True))


def test_the_word_none_starts_from_nothing(
    squares: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--optim.steps", "1", "--optim.batch_size", "4", "--backbone", "none"]
    assert main(["pretrain", "--data.root", str(squares), "--out", "my run", *words]) == 0
    assert json.loads(Path("my run/card.json").read_text())["backbone"] == {}
    assert "--model.backbone 'my run' ..." in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("method", ["mae", "clip"])
def test_all_kept_pictures_share_one_room(
    method: str, captioned: Path, configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    class Noted(Crops):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            made.append(self)

    room = 10 * 112 * 112 * 2
    monkeypatch.setattr("unmask.training.pretraining.pictures.ROOM", room)
    monkeypatch.setattr("unmask.training.pretraining.run.Crops", Noted)
    pretrain(configured(captioned, method=method, steps=6))
    kept = [picture.nbytes for crops in made for picture in crops.kept.values()]
    assert room / 2 < sum(kept) <= room


def test_an_unlabelled_folder_is_enough(
    new_squares: Callable[..., Path], configured: Configured
) -> None:
    import polars as pl

    root = new_squares()
    path = root / "manifest.parquet"
    pl.read_parquet(path).select("key", "rgb").write_parquet(path)
    from unmask.types import Modality

    config = configured(root, data=PicturesConfig(root=root), modalities=(Modality.RGB,))
    run = pretrain(config)
    assert run.card.figures == {}
    assert run.card.data["pictures"] == {"rgb": 36}
