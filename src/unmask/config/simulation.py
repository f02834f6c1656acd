"""The settings of ``unmask simulate``: what to make, and where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from unmask.config.checks import check_at_least, check_between


@dataclass(frozen=True, kw_only=True)
class PresentationsConfig:
    """Which presentations to simulate."""

    per_site: int = 500
    """Presentations at each site."""
    sites: tuple[str, ...] = ("A", "B", "C", "D")
    """Sites, each with its own sensors, light, people and species; E, F, G are for pretraining."""
    species: tuple[str, ...] = ()
    """PAI species to use, each where a site has it; none named: all that there are."""
    frames: int = 1
    """Pictures of each presentation, 8 a second: more than one makes a short video."""
    image_size: int = 128
    """Side of the square face crop, in pixels."""
    truth: bool = False
    """Write what was really there, too: depth, normals, materials, landmarks, light."""
    captions: bool = False
    """Tell in the manifest, in a sentence or two, what each sensor's picture shows."""
    seed: int = 0
    """Fixes every byte."""
    workers: int = 2
    """Processes; the result does not depend on them. A script that asks for more than one keeps its
    own calls under ``if __name__ == "__main__":``, as Python's multiprocessing demands."""

    def __post_init__(self) -> None:
        check_at_least("seed", self.seed, 0)
        check_between("per_site", self.per_site, 1, 1_000_000)
        check_between("frames", self.frames, 1, 1000)
        check_between("image_size", self.image_size, 32, 1024)
        check_between("workers", self.workers, 1, 256)


@dataclass(frozen=True, kw_only=True)
class SimulateConfig(PresentationsConfig):
    """Settings of ``unmask simulate``."""

    out: Path
    """Folder for the manifest and the images."""
