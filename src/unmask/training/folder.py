"""The folder of a run: claimed once, and afterwards only gone on with by the very same run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import yaml

from unmask.config import PretrainConfig, TrainConfig
from unmask.errors import CheckpointError, ConfigError
from unmask.files import make_folder, write_text
from unmask.parsing import to_plain, to_yaml

FREE = {"resume", "data.workers", "out"}
"""Settings that may change when a run goes on."""


def open_folder(config: TrainConfig | PretrainConfig) -> None:
    """Claim the folder of the run, or check that it holds this very run.

    Raises:
        ConfigError: the folder holds another run, or one that ``resume`` was not set for.
    """
    stored = config.out / "config.yaml"
    started = any((config.out / name).exists() for name in ("last.ckpt", "model.safetensors"))
    if not stored.exists() or not started:
        make_folder(config.out)
        write_text(stored, to_yaml(replace(config, resume=False)))
        return
    if not config.resume:
        raise ConfigError(
            f"{config.out} holds a run already; give --resume to go on with it, or another --out"
        )
    before, now = flat(yaml.safe_load(stored.read_text()) or {}), flat(to_plain(config))
    changed = [k for k in sorted({*before, *now} - FREE) if before.get(k) != now.get(k)]
    if changed:
        differences = ", ".join(f"{k}: {before.get(k)} -> {now.get(k)}" for k in changed)
        raise ConfigError(
            f"cannot resume {config.out} with other settings ({differences}); use "
            f"--config {stored} --resume, or another --out"
        )


def read_checkpoint(last: Path) -> dict[str, Any]:
    """The content of a ``last.ckpt``.

    Raises:
        CheckpointError: it is damaged.
    """
    try:
        content: dict[str, Any] = torch.load(last, weights_only=True, map_location="cpu")
    except Exception as error:  # damaged bytes raise whatever they please
        why = str(error).splitlines() or [type(error).__name__]
        raise CheckpointError(
            f"{last} is damaged ({why[0]}); remove it to start the run from its beginning"
        ) from error
    return content


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings with dotted keys."""
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found
