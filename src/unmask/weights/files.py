"""The tensors in a file of anybody's, read without running anything that the file says."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from unmask.errors import CheckpointError

PICKLED = (".pt", ".pth", ".bin")
WRAPPERS = ("state_dict", "model", "model_state_dict")
"""Under which training scripts keep the weights beside other things."""


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Name -> tensor, floating-point numbers as float32.

    Raises:
        CheckpointError: damaged, of another kind, or more than tensors.
    """
    if path.suffix == ".safetensors":
        try:
            tensors: Mapping[str, Any] = load_file(path)
        except (OSError, SafetensorError) as error:
            raise CheckpointError(f"{path} is damaged ({error}); copy it again") from error
    elif path.suffix in PICKLED:
        tensors = _unpickled(path)
    else:
        raise CheckpointError(
            f"{path} is no file of weights; known are .safetensors, {', '.join(PICKLED)}"
        )
    return {
        name.removeprefix("module."): t.float() if t.is_floating_point() else t
        for name, t in tensors.items()
        if isinstance(t, Tensor)
    }


def _unpickled(path: Path) -> Mapping[str, Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about TorchScript, which is an error here
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged bytes raise whatever they please
        if "TorchScript" in str(error):
            raise CheckpointError(
                f"{path} is a TorchScript program and is not run here; if you trust it, save "
                "torch.jit.load(file).state_dict() as .safetensors and give that"
            ) from error
        raise CheckpointError(
            f"{path} is damaged or holds more than tensors; if you trust it, save its state_dict "
            "as .safetensors and give that"
        ) from error
    for key in WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping) or not all(isinstance(name, str) for name in content):
        raise CheckpointError(
            f"{path} holds a {type(content).__name__}, not named tensors; give a state_dict"
        )
    return content
