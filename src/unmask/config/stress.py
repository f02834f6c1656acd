"""The settings of ``unmask stress``: a trained model, and what is to go wrong with its sensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unmask.config.checks import check_at_least, check_modality_set
from unmask.config.pictures import DataConfig
from unmask.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class StressConfig:
    """Settings of ``unmask stress``: every set of sensors under every corruption."""

    checkpoint: Path
    """Folder of a training run."""
    data: DataConfig
    """The eval set of its protocol is judged; the thresholds are those of the model's card."""
    out: Path
    """Folder for stress.html, .md, .csv and .json, scores.parquet, and parts, from which a run that
    was stopped goes on."""
    corruptions: tuple[str, ...] = ()
    """Names, such as blur or depth_holes; none named: all."""
    severities: tuple[int, ...] = ()
    """1 is the mildest level of a corruption; none named: all that it has."""
    subsets: tuple[str, ...] = ()
    """Sets of modalities, such as rgb or rgb+depth; none named: every set that the data
    and the model have."""
    rule: str = "eer"
    """Which of the thresholds of the card decides."""
    operating_point: str = ""
    """Name of an operating point that unmask calibrate made, which then decides in their place."""
    limit: int = 0
    """At most so many presentations of bona fide and of each PAI species, always the same; 0: all.
    The fewer, the quicker, and the wider every interval."""
    seed: int = 0
    """Of everything that is drawn."""
    pictures: bool = False
    """Draw one presentation under every corruption to corruptions.png: a face, and so personal data
    unless it is simulated."""

    def __post_init__(self) -> None:
        check_at_least("limit", self.limit, 0)
        check_at_least("seed", self.seed, 0)
        for severity in self.severities:
            check_at_least("severities", severity, 1)
        for name in self.subsets:
            check_modality_set("subsets", name)
        for field in ("corruptions", "severities", "subsets"):
            given = getattr(self, field)
            if len(set(given)) < len(given):
                raise ConfigError(f"{field} are {', '.join(map(str, given))}; name each only once")
