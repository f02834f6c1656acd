"""Files of anybody's are read, never run, and what is wrong with one is said in a line."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from unmask.errors import CheckpointError
from unmask.weights.files import read_tensors

DAMAGED = (b"", b"Xabc", b"X\x02\0\0\0\xff\xfe", b"0", b".", b"G1", b"\x80\x02K", b"c\xff\n")
"""Each ends the reading of a pickle with an error of its own kind."""


def refused(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        read_tensors(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
def test_wrappers_prefixes_and_half_precision_are_undone(
    wrapper: str | None, tmp_path: Path
) -> None:
    weights = {"module.weight": torch.ones(2, dtype=torch.float16), "steps": torch.tensor(3)}
    path = tmp_path / "weights.pth"
    torch.save({wrapper: weights, "epoch": 7} if wrapper else weights, path)
    tensors = read_tensors(path)
    assert set(tensors) == {"weight", "steps"}
    assert tensors["weight"].dtype == torch.float32
    assert tensors["steps"].dtype == torch.int64


class Danger:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (Path("ran.txt"),)


def test_code_in_a_pickle_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "weights.pt"
    torch.save({"weight": Danger()}, path)
    assert "holds more than tensors" in refused(path)
    assert not Path("ran.txt").exists()


def test_a_torchscript_program_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "ViT-B-16.pt"
    torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)).save(str(path))
    assert "is a TorchScript program and is not run here" in refused(path)


def test_damaged_files_and_other_kinds_are_named(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    save_file({"weight": torch.ones(20)}, path)
    path.write_bytes(path.read_bytes()[:-40])
    assert "is damaged" in refused(path)
    path = tmp_path / "weights.bin"
    path.write_bytes(b"no weights")
    assert "is damaged" in refused(path)
    for number, content in enumerate(DAMAGED):
        path = tmp_path / f"{number}.bin"
        path.write_bytes(content)
        assert "is damaged" in refused(path)
    path = tmp_path / "weights.h5"
    path.touch()
    assert "known are .safetensors, .pt, .pth, .bin" in refused(path)
    path = tmp_path / "list.pt"
    torch.save([1, 2], path)
    assert "holds a list, not named tensors" in refused(path)
    torch.save({0: torch.ones(2)}, path)
    assert "holds a dict, not named tensors" in refused(path)
