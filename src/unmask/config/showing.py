"""The settings of ``unmask demo`` and ``unmask show``: a first look at everything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from unmask.config.checks import check_at_least, check_between
from unmask.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class DemoConfig:
    """Settings of ``unmask demo``: simulate, train, judge, answer, in a few minutes."""

    out: Path = Path("unmask-demo")
    """Folder for everything it makes."""
    seed: int = 0
    """Fixes the whole run."""
    per_site: int = 800
    """Simulated presentations, all at site A."""
    steps: int = 240
    """Training steps."""

    def __post_init__(self) -> None:
        check_at_least("seed", self.seed, 0)
        check_at_least("per_site", self.per_site, 60)
        check_at_least("steps", self.steps, 1)


@dataclass(frozen=True, kw_only=True)
class ShowConfig:
    """Settings of ``unmask show``."""

    what: Literal["models", "backbones", "datasets", "protocols", "simulator", "schema"] = "models"
    """What to list; ``simulator`` draws a contact sheet, ``schema`` is that of report.json."""
    out: Path = Path("simulator.png")
    """Where the contact sheet goes."""
    seed: int = 0
    """Which people and presentations the contact sheet shows."""
    species: tuple[str, ...] = ()
    """Kinds of presentation on the contact sheet, bona_fide among them; none named: all."""
    people: int = 1
    """How many people the contact sheet shows of each kind at each site."""
    frames: int = 1
    """More than one: a film strip instead, so many frames of one presentation in each row."""

    def __post_init__(self) -> None:
        check_at_least("seed", self.seed, 0)
        check_between("people", self.people, 1, 20)
        check_between("frames", self.frames, 1, 64)
        if self.frames > 1 and self.people > 1:
            raise ConfigError(
                f"people is {self.people} and frames {self.frames}; a film strip shows one person, "
                "so give one of the two"
            )
        if self.out.suffix.lower() != ".png":
            raise ConfigError(f"out is {self.out}; the sheet is a picture: name it with .png")
