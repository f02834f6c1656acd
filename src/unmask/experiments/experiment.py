"""What is to be run: every system under every protocol with every seed, checked beforehand.

A trial is one training with all its judging. Its identity is a hash of everything that decides what
comes out: the settings of the training but for those that may change when it goes on, every field
of the model's own Config, the starting weights, the manifest of the data and the note that the
simulator leaves with them, and the rows of the protocol's sets, whose definition may change. The
names of systems and conditions, the folders of the data and of their lists, what pictures hold,
worker processes and threads are not in it; neither is the version of unmask, which stands beside
every result.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from unmask import protocols
from unmask.config import (
    ConditionConfig,
    DataConfig,
    EvidenceConfig,
    ModelConfig,
    RecipeConfig,
    SetsConfig,
    SimulateConfig,
    SystemConfig,
    TrainConfig,
)
from unmask.errors import ConfigError, UnmaskError
from unmask.files import sha256
from unmask.parsing import changed, to_plain
from unmask.sim.claim import claimed
from unmask.sim.generate import generate
from unmask.training.folder import FREE, flat
from unmask.training.run import begin
from unmask.types import Modality, Protocol

ELSEWHERE = {"data.root"}
"""Settings that say where the data are; what they are says their fingerprint."""

log = logging.getLogger("unmask")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What one system is shown, and a name for it."""

    name: str
    shown: tuple[Modality, ...]
    noise_std: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One training and its judging: all that a process needs to do it."""

    system: str
    training: TrainConfig
    conditions: tuple[Condition, ...]
    identity: str
    """Hexadecimal hash of what decides the trained weights."""
    threshold_from: str = "dev"
    """As ``Protocol`` has it."""

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"{self.system}, {self.training.data.protocol}, seed {self.training.seed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _System:
    """A system whose model can be built."""

    name: str
    model: ModelConfig
    recipe: RecipeConfig
    network: Mapping[str, Any]
    """Every field of the model's own Config."""
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sets:
    """What the data are under one protocol."""

    fingerprint: list[str]
    """Hashes of files, and of rows."""
    threshold_from: str


def plan(config: EvidenceConfig) -> tuple[Trial, ...]:
    """Every trial, one protocol and seed after another; simulates the data where they are absent.

    Raises:
        ConfigError: a name that is not known, a setting that cannot be, two equal systems.
        DatasetError: the data do not fit one of the protocols.
    """
    _check_protocols(config)
    systems = [_system(name, given, config) for name, given in config.systems.items()]
    _make_data(config)
    asked = dict.fromkeys(system.recipe.modalities for system in systems)
    sets = {
        (protocol, modalities): _sets(config, protocol, modalities)
        for modalities in asked
        for protocol in config.protocols
    }
    trials = tuple(
        _trial(system, protocol, seed, config, sets[protocol, system.recipe.modalities])
        for seed in config.seeds
        for protocol in config.protocols
        for system in systems
    )
    _check_different(trials)
    return trials


def digest(content: object) -> str:
    """Hexadecimal SHA-256 of anything that JSON can hold."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _check_protocols(config: EvidenceConfig) -> None:
    known = protocols.names()
    for name in config.protocols:
        if name not in known:
            raise ConfigError(f"no protocol {name!r}; there are: {', '.join(known)}")


def _system(name: str, given: SystemConfig, config: EvidenceConfig) -> _System:
    try:
        recipe = changed(config.recipe, given.settings)
        network, started = begin(given.model, recipe.modalities, quiet=True)
    except UnmaskError as error:
        raise ConfigError(f"system {name}: {error}") from error
    settings: Any = network.config
    return _System(
        name=name,
        model=started,
        recipe=recipe,
        network=to_plain(settings),
        conditions=tuple(_condition(name, judged, recipe) for judged in config.judged),
    )


def _condition(system: str, judged: ConditionConfig, recipe: RecipeConfig) -> Condition:
    wanted = judged.modalities or recipe.modalities
    shown = tuple(modality for modality in recipe.modalities if modality in wanted)
    if not shown:
        raise ConfigError(
            f"judged: {judged.name!r} shows {', '.join(wanted)}, of which system {system} knows "
            f"none; it is built for: {', '.join(recipe.modalities)}"
        )
    return Condition(name=judged.name, shown=shown, noise_std=judged.noise_std)


def _make_data(config: EvidenceConfig) -> None:
    """Simulate what is asked for, or check that the data there are just that."""
    if not config.simulate.per_site:
        return
    asked = {f.name: getattr(config.simulate, f.name) for f in fields(config.simulate)}
    simulated = SimulateConfig(out=config.data.root, **asked)
    if not (config.data.root / config.data.manifest).exists():
        generate(simulated)
        return
    with claimed(simulated):
        log.info("the simulated data in %s are as asked for", config.data.root)


def _data(config: EvidenceConfig, protocol: str) -> DataConfig:
    of_sets = {f.name: getattr(config.data, f.name) for f in fields(SetsConfig)}
    return DataConfig(**of_sets, protocol=protocol)


def _sets(config: EvidenceConfig, protocol: str, modalities: tuple[Modality, ...]) -> _Sets:
    """Check that the data fit the protocol, and tell them from others."""
    loaded = protocols.load_protocol(_data(config, protocol), modalities)
    if loaded.threshold_from == "eval" and not config.oracle_threshold:
        raise ConfigError(
            f"{protocol} has the judged set choose step and threshold, which no use of a detector "
            "can; take another protocol, or give --oracle-threshold to have such figures, marked"
        )
    names = (config.data.manifest, "simulation.json")
    files = [path for path in (config.data.root / name for name in names) if path.exists()]
    return _Sets(
        fingerprint=[*map(sha256, files), _hash_of_rows(loaded, config.data.root)],
        threshold_from=loaded.threshold_from,
    )


def _hash_of_rows(protocol: Protocol, root: Path) -> str:
    """Of who is in which set, and of the names of all files."""
    sets = (protocol.train, protocol.dev, protocol.eval)
    return digest(
        [
            [
                [
                    s.key,
                    s.label,
                    s.pai_species,
                    [str(p.relative_to(root)) for p in s.paths.values()],
                ]
                for s in samples
            ]
            for samples in sets
        ]
    )


def _trial(system: _System, protocol: str, seed: int, config: EvidenceConfig, sets: _Sets) -> Trial:
    recipe = {f.name: getattr(system.recipe, f.name) for f in fields(RecipeConfig)}
    training = TrainConfig(
        data=_data(config, protocol),
        out=Path(),
        model=system.model,
        seed=seed,
        resume=True,
        **recipe,
    )
    settings = {k: v for k, v in flat(to_plain(training)).items() if k not in FREE | ELSEWHERE}
    settings |= {"data.lists": None}  # what they say is in the rows
    weights = system.model.weights
    identity = digest(
        {
            "settings": settings,
            "network": system.network,
            "weights": sha256(weights) if weights else "",
            "data": sets.fingerprint,
        }
    )
    words = (system.model.name, protocol, f"seed{seed}", identity[:12])
    folder = "-".join(word.replace("/", "_") for word in words)
    return Trial(
        system=system.name,
        training=replace(training, out=config.out / "runs" / folder),
        conditions=system.conditions,
        identity=identity,
        threshold_from=sets.threshold_from,
    )


def _check_different(trials: Sequence[Trial]) -> None:
    """Refuse two names for one thing: as comparison it means nothing, and is likely a slip."""
    seen: dict[str, str] = {}
    for trial in trials:
        other = seen.setdefault(trial.identity, trial.system)
        if other != trial.system:
            raise ConfigError(
                f"systems {other} and {trial.system} have the same settings; change one or take "
                "it out"
            )
