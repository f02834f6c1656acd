"""Which network a run is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unmask.errors import ConfigError
from unmask.types import Modality

THREE = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Which network."""

    name: str = "big_moe/tiny"
    """Family and variant; ``unmask show models`` lists them."""
    overrides: dict[str, Any] = field(default_factory=dict)
    """Fields of the model's own Config to replace, such as {num_experts: 64}."""
    weights: Path | None = None
    """Trained weights of this very model to start from: safetensors, or the authors' own files."""
    backbone: str = ""
    """Pretrained transformer to start the backbone from: a file or folder of torchvision, timm,
    CLIP, open_clip or Hugging Face, or hf:organisation/name of a repository on the hub; none named:
    what the variant usually starts from; the word none: nothing."""
    backbone_sha256: str = ""
    """Refuse another file than the one with this hash; a run writes down the one it found."""

    def __post_init__(self) -> None:
        if self.weights is not None and self.backbone:
            raise ConfigError(
                "model.weights and model.backbone are both given; weights hold a backbone already, "
                "so give one of them"
            )
