"""The settings of ``unmask evidence``: systems x protocols x seeds, and how they are judged."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from unmask.config.checks import check_at_least, check_between, check_modalities
from unmask.config.model import ModelConfig
from unmask.config.pictures import SetsConfig
from unmask.config.simulation import PresentationsConfig
from unmask.config.training import RecipeConfig
from unmask.errors import ConfigError
from unmask.types import Modality

_NAME = re.compile(r"[A-Za-z0-9][\w.+-]*")


@dataclass(frozen=True, kw_only=True)
class SystemConfig:
    """One of the compared systems."""

    model: ModelConfig = field(default_factory=ModelConfig)
    settings: dict[str, Any] = field(default_factory=dict)
    """What of the recipe it has otherwise, by dotted name, such as {optim.lr: 0.0003}."""


@dataclass(frozen=True, kw_only=True)
class ConditionConfig:
    """What a trained model is shown when it is judged."""

    name: str
    """In the tables, and of the folder with the scores."""
    modalities: tuple[Modality, ...] = ()
    """Those that are shown, as far as a system knows them; none named: all."""
    noise_std: float = 0.0
    """Standard deviation of Gaussian noise on the normalised input, which spans -1 to 1."""

    def __post_init__(self) -> None:
        _check_name("judged", self.name)
        if self.modalities:
            check_modalities(self.modalities)
        if not 0 <= self.noise_std < float("inf"):
            raise ConfigError(
                f"noise_std of {self.name!r} is {self.noise_std}; it must be a number, at least 0"
            )


@dataclass(frozen=True, kw_only=True)
class SimulatedConfig(PresentationsConfig):
    """Presentations to simulate into data.root where no data are yet."""

    per_site: int = 0
    """Presentations at each site; 0: none are simulated, the data must be there."""

    def __post_init__(self) -> None:
        if self.per_site:
            PresentationsConfig.__post_init__(self)


@dataclass(frozen=True, kw_only=True)
class EvidenceConfig:
    """Settings of ``unmask evidence``."""

    out: Path
    """Folder for the runs, their scores, results.jsonl, table.md and table.json."""
    data: SetsConfig
    systems: dict[str, SystemConfig]
    """What is compared: a name for each, with its model and what differs from the recipe."""
    protocols: tuple[str, ...]
    """Each trains every system anew; ``unmask show protocols`` lists them."""
    simulate: SimulatedConfig = field(default_factory=SimulatedConfig)
    seeds: tuple[int, ...] = (0, 1, 2)
    """Each trains every system anew under every protocol."""
    recipe: RecipeConfig = field(default_factory=RecipeConfig)
    judged: tuple[ConditionConfig, ...] = field(
        default_factory=lambda: (ConditionConfig(name="all"),)
    )
    """The conditions that every trained model is judged under, without learning anything new."""
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Tables: a name for each, with the protocols it averages; none named: one table of all."""
    averages: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """More tables of every group: a name for each, with the conditions it averages, each of which
    counts the same, such as {alone: [rgb, depth, infrared]}."""
    oracle_threshold: bool = False
    """Allow protocols of which eval, the judged set, chooses the step and the threshold, as
    mmdg/*_published; the tables then say so in their first line."""
    reference: str = ""
    """The system that the others are compared with, pair by pair; none named: no comparison."""
    workers: int = 2
    """Runs at a time, each in a process of its own; 1: in this one. A script that asks for more
    than one keeps its own calls under ``if __name__ == "__main__":``."""
    threads: int = 1
    """Threads of a run. Another number changes the last bits of a sum, and is no other run."""

    def __post_init__(self) -> None:
        for what, names in (("systems", self.systems), ("groups", self.groups)):
            for name in names:
                _check_name(what, name)
        _check_distinct("systems", self.systems)
        _check_distinct("protocols", self.protocols)
        _check_distinct("seeds", self.seeds)
        conditions = [condition.name for condition in self.judged]
        _check_distinct("judged", conditions)
        self._check_averages(conditions)
        for seed in self.seeds:
            check_at_least("seeds", seed, 0)
        for name, protocols in self.groups.items():
            _check_distinct(f"groups.{name}", protocols)
            for protocol in protocols:
                _check_known(f"groups.{name}", protocol, self.protocols)
        if self.reference:
            _check_known("reference", self.reference, self.systems)
        check_between("workers", self.workers, 1, 256)
        check_between("threads", self.threads, 1, 256)

    def _check_averages(self, conditions: Collection[str]) -> None:
        for name, averaged in self.averages.items():
            _check_name("averages", name)
            if name in conditions:
                raise ConfigError(f"averages: {name!r} is a condition of judged; name it otherwise")
            _check_distinct(f"averages.{name}", averaged)
            for condition in averaged:
                _check_known(f"averages.{name}", condition, conditions)


def _check_name(what: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{what}: {name!r} is no name; take letters, digits, '_', '-', '+' and '.'"
        )


def _check_distinct(what: str, values: Collection[object]) -> None:
    if not values or len(set(values)) < len(values):
        given = ", ".join(map(str, values)) or "none"
        raise ConfigError(f"{what} are {given}; name at least one, each once")


def _check_known(what: str, name: str, known: Collection[str]) -> None:
    if name not in known:
        raise ConfigError(
            f"{what} names {name!r}, which is not there; there are: {', '.join(known)}"
        )
