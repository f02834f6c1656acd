"""A training that was killed and resumed ends with the weights of one that was not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from unmask import train
from unmask.config import DataConfig, ModelConfig, OptimConfig, TrainConfig
from unmask.errors import ConfigError
from unmask.parsing import to_yaml


def settings(root: Path, out: Path) -> TrainConfig:
    return TrainConfig(
        data=DataConfig(root=root, workers=0),
        out=out,
        model=ModelConfig(name="big_moe/tiny_test"),
        optim=OptimConfig(steps=30, batch_size=4),
        checkpoint_every=4,
        dev_every=2,
    )


def start(words: Sequence[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "unmask", "train", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},  # as here: sums depend on the number of threads
    )


def wait_for(path: Path, process: "subprocess.Popen[bytes]") -> None:
    """Return as soon as ``path`` exists."""
    for _ in range(6000):
        if path.exists():
            return
        assert process.poll() is None, "the training ended before it could be stopped"
        time.sleep(0.01)
    raise AssertionError(f"{path} did not appear")


def assert_same_ending(first: Path, second: Path) -> None:
    """Weights at the last step, optimiser, and weights kept as best are equal bit by bit."""
    a, b = (torch.load(run / "last.ckpt", weights_only=True) for run in (first, second))
    assert a["global_step"] == b["global_step"] == 30
    for name, tensor in a["state_dict"].items():
        assert torch.equal(tensor, b["state_dict"][name]), name
    for key, state in a["optimizer_states"][0]["state"].items():
        for name, value in state.items():
            assert torch.equal(value, b["optimizer_states"][0]["state"][key][name])
    best, again = (load_file(run / "model.safetensors") for run in (first, second))
    assert all(torch.equal(best[name], again[name]) for name in best)
    assert (first / "dev.csv").read_text() == (second / "dev.csv").read_text()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_killed_and_resumed_equals_uninterrupted(
    how: signal.Signals, squares: Path, tmp_path: Path
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train(settings(squares, whole))
    config = tmp_path / "config.yaml"
    config.write_text(to_yaml(settings(squares, broken)))
    process = start(["--config", str(config)])
    wait_for(broken / "last.ckpt", process)
    time.sleep(0.05)  # somewhere inside a later epoch
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    assert not (broken / "card.json").exists(), "the training was over before it was stopped"
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert b"--resume" in said
    train(replace(settings(squares, broken), resume=True))
    assert_same_ending(whole, broken)


def test_looking_at_dev_does_not_end_dropout(squares: Path, tmp_path: Path) -> None:
    """More looks change no weight: a look leaves the model and its random numbers alone."""
    often, once = settings(squares, tmp_path / "often"), settings(squares, tmp_path / "once")
    train(often)
    train(replace(once, dev_every=30))
    a, b = (torch.load(run.out / "last.ckpt", weights_only=True) for run in (often, once))
    assert all(torch.equal(tensor, b["state_dict"][n]) for n, tensor in a["state_dict"].items())


def test_patience_ends_a_run_and_a_resumed_one(squares: Path, tmp_path: Path) -> None:
    config = replace(
        settings(squares, tmp_path / "run"),
        optim=OptimConfig(steps=200, batch_size=4, lr=1e-9),
        dev_every=1,
        patience=2,
    )
    train(config)
    ended = torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)["global_step"]
    assert ended < 50
    train(replace(config, resume=True))
    again = torch.load(tmp_path / "run" / "last.ckpt", weights_only=True)["global_step"]
    assert again == ended


def test_a_finished_run_can_be_resumed_and_does_not_change(squares: Path, tmp_path: Path) -> None:
    config = settings(squares, tmp_path / "run")
    train(config)
    before = (tmp_path / "run" / "card.json").read_text()
    train(replace(config, resume=True))
    assert (tmp_path / "run" / "card.json").read_text() == before


def test_a_folder_with_a_run_is_not_overwritten(squares: Path, tmp_path: Path) -> None:
    config = settings(squares, tmp_path / "run")
    config = replace(config, optim=OptimConfig(steps=4, batch_size=4))
    train(config)
    before = (tmp_path / "run" / "model.safetensors").read_bytes()
    with pytest.raises(ConfigError, match="holds a run already; give --resume"):
        train(config)
    with pytest.raises(ConfigError, match=r"seed: 0 -> 1"):
        train(replace(config, seed=1, resume=True))
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == before
