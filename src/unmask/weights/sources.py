"""Where weights come from: this package, a file, a folder of the Hugging Face kind, or its hub.

shipped:vit_tiny    vit_b_16.safetensors    checkpoints/clip/    hf:openai/clip-vit-base-patch16
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

from unmask.errors import CheckpointError

HUB = "hf:"
SHIPPED = "shipped:"
ASSETS = Path(__file__).parent / "assets"

WEIGHTS = (
    "model.safetensors",
    "open_clip_model.safetensors",
    "pytorch_model.bin",
    "open_clip_pytorch_model.bin",
)
"""Names of weights in a folder or repository, best first."""


def locate(source: str, names: tuple[str, ...] = WEIGHTS) -> Path:
    """The file that a source means; one on the hub is fetched, or taken from the local cache.

    Raises:
        CheckpointError: there is no such file, or the hub cannot be reached.
    """
    if source.startswith(SHIPPED):
        return _shipped(source.removeprefix(SHIPPED))
    if source.startswith(HUB):
        return _fetch(source, names)
    path = Path(source)
    if path.is_dir():
        found = [path / name for name in names if (path / name).is_file()]
        if not found:
            raise CheckpointError(f"{path} holds none of {', '.join(names)}; name the file itself")
        return found[0]
    if not path.is_file():
        raise CheckpointError(
            f"no file {source}; give a file, a folder, or {HUB}organisation/name of a repository "
            f"on the Hugging Face hub, or {SHIPPED}name of one that ships"
        )
    return path


def shipped() -> dict[str, dict[str, Any]]:
    """The backbones that ship: name -> card, as ``unmask pretrain`` wrote it."""
    cards = sorted(ASSETS.glob("*.json"))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in cards}


def read_beside(source: str, path: Path, name: str) -> dict[str, Any]:
    """What a JSON file says that stands beside the weights at ``path``; {} where there is none.

    It has this name, or for ``vit_tiny.safetensors`` that of the weights, as those that ship have.

    Raises:
        CheckpointError: it cannot be read.
    """
    places = [path.with_suffix(".json"), path.with_name(name)]
    if source.startswith(HUB):
        with suppress(CheckpointError):  # the repository has none
            places = [locate(source, (name,))]
    place = next((place for place in places if place.is_file()), None)
    if place is None:
        return {}
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{place} is damaged ({error}); copy it again") from error
    return content if isinstance(content, dict) else {}


def _shipped(name: str) -> Path:
    path = ASSETS / f"{name}.safetensors"
    if not path.is_file():
        there = ", ".join(sorted(other.stem for other in ASSETS.glob("*.safetensors"))) or "none"
        raise CheckpointError(
            f"no backbone {name!r} ships with this version; there are: {there}; "
            "unmask pretrain makes one"
        )
    return path


def _fetch(source: str, names: tuple[str, ...]) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import LocalEntryNotFoundError, RemoteEntryNotFoundError

    unreachable: Exception | None = None
    for name in names:
        try:
            return Path(hf_hub_download(source.removeprefix(HUB), name))
        except RemoteEntryNotFoundError:
            continue
        except LocalEntryNotFoundError as error:  # the cache may have another name
            unreachable = unreachable or error
        except (OSError, ValueError) as error:
            unreachable = error
            break
    if unreachable is None:
        raise CheckpointError(
            f"{source} holds none of {', '.join(names)}; download the file itself"
        )
    why = str(unreachable).strip().splitlines() or [type(unreachable).__name__]
    raise CheckpointError(
        f"cannot fetch {source}: {why[0]} Where there is no network, give a file that was "
        "downloaded elsewhere"
    ) from unreachable
