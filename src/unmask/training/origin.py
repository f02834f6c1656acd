"""What a trained model came from, as far as those must know who set several side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from unmask.errors import CheckpointError
from unmask.training.checkpoint import Card
from unmask.training.folder import flat
from unmask.types import Modality

GROUPS = ("augment.", "optim.")
ALONE = ("precision", "dev_every", "patience", "model.weights")
"""Settings of a training that are its recipe, but for those in ``GROUPS``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What one training began with and went by."""

    protocol: str
    """That it learned under."""
    modalities: tuple[Modality, ...]
    """That it was built for, and learned from."""
    presentations: int
    """In train, or frames of them."""
    datasets: tuple[str, ...]
    """Names of the data."""
    recipe: Mapping[str, Any]
    """Settings by dotted name, and ``backbone``, the hash of the file that it began with."""

    @classmethod
    def from_plain(cls, entries: Mapping[str, Any]) -> Origin:
        """What ``to_plain`` made of one."""
        return cls(
            protocol=str(entries["protocol"]),
            modalities=tuple(Modality(name) for name in entries["modalities"]),
            presentations=int(entries["presentations"]),
            datasets=tuple(map(str, entries["datasets"])),
            recipe=dict(entries["recipe"]),
        )


def origin_of(folder: Path, card: Card) -> Origin:
    """Read the card, and the settings beside it, where somebody copied them too.

    Raises:
        CheckpointError: the settings are damaged.
    """
    path = folder / "config.yaml"
    settings: dict[str, Any] = {}
    if path.is_file():
        try:
            settings = flat(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
        except (yaml.YAMLError, UnicodeDecodeError, AttributeError) as error:
            raise CheckpointError(
                f"{path} is damaged ({type(error).__name__}); copy it again from its run"
            ) from error
    recipe = {k: v for k, v in sorted(settings.items()) if k in ALONE or k.startswith(GROUPS)}
    return Origin(
        protocol=str(card.data.get("protocol", "")),
        modalities=card.modalities,
        presentations=int(card.data.get("train", 0)),
        datasets=tuple(map(str, card.data.get("datasets", ()))),
        recipe={**recipe, "backbone": card.backbone.get("sha256", "none")},
    )
