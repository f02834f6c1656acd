"""The tensors of a whole network, out of a file of ours or of its authors."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from torch import Tensor

from unmask.errors import CheckpointError
from unmask.weights.files import read_tensors
from unmask.weights.fitting import recognise


def read_network(path: Path, wanted: Collection[str]) -> dict[str, Tensor]:
    """Name -> tensor; where these are not the ``wanted`` names, the nearest layout translates.

    Nothing of the file is left out: what the layout does not know keeps its name.

    Raises:
        CheckpointError: missing, damaged, of another kind, or more than tensors.
    """
    if not path.is_file():
        raise CheckpointError(
            f"no file {path}; give the model.safetensors of a finished run, or a published file"
        )
    tensors = read_tensors(path)
    if set(tensors) == set(wanted):
        return tensors
    layout = recognise(tensors)
    current = layout.current(tensors)
    stored = layout.found(current)
    read = {name for entry in stored.values() for name in entry.names}
    strange = {name: tensor for name, tensor in current.items() if name not in read}
    return strange | {ours: entry.read(current) for ours, entry in stored.items()}
