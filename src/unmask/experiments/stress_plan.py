"""What ``unmask stress`` is to score: sets of sensors with thresholds, variants, presentations.

Axes: V variants, S sets of sensors.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from unmask.config import StressConfig
from unmask.errors import ConfigError, DatasetError
from unmask.experiments.corrupted import Variant
from unmask.files import write_text
from unmask.parsing import to_plain
from unmask.training.checkpoint import Card, operating_point
from unmask.training.folder import flat
from unmask.transforms import corruptions
from unmask.transforms.corruptions import Corruption
from unmask.types import Label, Modality, Sample, subset_name

FREE = {"out", "checkpoint", "data.workers", "pictures", "rule", "operating_point"}
"""Settings that may change when a run goes on, or is judged again."""

Shown = tuple[Modality, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """Accept is ``score >= value``."""

    value: float
    rule: str
    origin: str
    """What it was set on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sets of sensors and variants."""

    thresholds: Mapping[Shown, Threshold]
    """S of them."""
    variants: tuple[Variant, ...]
    """V of them, the first clean."""

    @property
    def sets(self) -> tuple[Shown, ...]:
        """What is shown."""
        return tuple(self.thresholds)

    @property
    def corruptions(self) -> tuple[Corruption, ...]:
        """Each once."""
        found = {v.corruption.name: v.corruption for v in self.variants if v.corruption}
        return tuple(found.values())


def make_plan(config: StressConfig, card: Card, samples: Sequence[Sample]) -> Plan:
    """Everything that was asked for and says something about this model and these samples.

    Raises:
        ConfigError: a corruption, set of sensors or rule that there is not, or nothing to do.
        DatasetError: a class that was never captured with a set of sensors.
    """
    known = _thresholds(config, card)
    asked = _sets(config, list(known), samples)
    variants = [Variant()]
    for corruption in _corruptions(config, card):
        severities = range(1, len(corruption.levels) + 1)
        if any(corruption.applies(shown) for shown in asked):
            variants += [
                Variant(corruption=corruption, severity=severity)
                for severity in severities
                if severity in (config.severities or severities)
            ]
    if len(variants) == 1:
        raise ConfigError(
            "nothing to do: no such corruption has such a severity and changes what "
            f"{', '.join(map(subset_name, asked))} shows"
        )
    return Plan(thresholds={shown: known[shown] for shown in asked}, variants=tuple(variants))


def limited(samples: Sequence[Sample], limit: int) -> list[Sample]:
    """At most ``limit`` presentations of bona fide and of each PAI species, by a hash of the name.

    A larger limit keeps those of a smaller one; 0 keeps all.
    """
    if not limit:
        return list(samples)
    groups: dict[str | None, set[tuple[str, str]]] = {}
    for sample in samples:
        groups.setdefault(sample.pai_species, set()).add((sample.dataset, sample.presentation))
    kept = {unit for group in groups.values() for unit in sorted(group, key=_digest)[:limit]}
    return [sample for sample in samples if (sample.dataset, sample.presentation) in kept]


def claim(config: StressConfig, card: Card, samples: Sequence[Sample]) -> None:
    """Note in settings.json whose scores the folder holds, or check that it is this very run.

    Raises:
        ConfigError: it holds another run.
        DatasetError: the note is damaged.
    """
    settings = {k: v for k, v in flat(to_plain(config)).items() if k not in FREE}
    root = config.data.root
    keys = [part for sample in samples for part in (sample.dataset, sample.key)]
    pictures = [
        f"{modality}={os.path.relpath(sample.paths[modality], root)}"
        for sample in samples
        for modality in sorted(sample.paths)
    ]
    settings |= {
        "data.root": str(config.data.root.resolve()),
        "weights_sha256": card.weights_sha256,
        "samples_sha256": _digest(keys),
        "pictures_sha256": _digest(pictures),
    }
    note = config.out / "settings.json"
    if not note.is_file():
        write_text(note, json.dumps(settings, indent=2) + "\n")
        return
    try:
        before: dict[str, Any] = dict(json.loads(note.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise DatasetError(f"{note} is damaged ({error}); choose another --out") from error
    changed = [k for k in sorted({*before, *settings}) if before.get(k) != settings.get(k)]
    if changed:
        told = ", ".join(f"{k}: {before.get(k)} -> {settings.get(k)}" for k in changed)
        raise ConfigError(
            f"{config.out} holds a run with other settings ({told}); choose another --out"
        )


def _sets(config: StressConfig, known: Sequence[Shown], samples: Sequence[Sample]) -> list[Shown]:
    """What to show: as asked, or every set whose sensors have been captured at all."""
    captured = {modality for sample in samples for modality in sample.paths}
    asked = [_members(name) for name in config.subsets]
    asked = asked or [shown for shown in known if captured.issuperset(shown)]
    for shown in asked:
        if shown not in known:
            raise ConfigError(
                f"the model has no threshold for {subset_name(shown)}; it has: "
                f"{', '.join(map(subset_name, known))}"
            )
        lacking = [str(modality) for modality in shown if modality not in captured]
        if lacking:
            raise DatasetError(
                f"no judged sample has {' or '.join(lacking)}; leave {subset_name(shown)} out"
            )
        classes = {sample.label for sample in samples if not sample.paths.keys().isdisjoint(shown)}
        if len(classes) < len(Label):
            raise DatasetError(
                f"judged samples with {subset_name(shown)} are of one class; rates need bona fide "
                "and attacks: leave the set out with --subsets"
            )
    return asked


def check_depth(config: StressConfig, card: Card) -> None:
    """Refuse depth in another unit than that which the model learned from."""
    if config.data.depth != card.preprocessing.depth:
        raise ConfigError(
            f"data.depth is {config.data.depth!r}, but the model was trained with "
            f"{card.preprocessing.depth!r}; give it such data"
        )


def _corruptions(config: StressConfig, card: Card) -> Iterator[Corruption]:
    for name in config.corruptions or corruptions.names():
        corruption = corruptions.find(name).of_depth(card.preprocessing.depth)
        if corruption is not None:
            yield corruption
        elif config.corruptions:
            raise ConfigError(
                f"{name} is about millimetres, and this model learned from grey levels of depth; "
                "leave it out"
            )


def _thresholds(config: StressConfig, card: Card) -> dict[Shown, Threshold]:
    """By set of sensors: those of the card by the rule, or of the operating point."""
    if config.operating_point:
        return {
            _members(name): Threshold(
                value=point.threshold, rule=point.target, origin=f"set on {point.told()}"
            )
            for name, point in operating_point(card, config.operating_point).items()
        }
    found = {
        _members(name): Threshold(
            value=by_rule[config.rule],
            rule=config.rule,
            origin=f"set on clean {card.threshold_from}",
        )
        for name, by_rule in card.thresholds.items()
        if config.rule in by_rule
    }
    if not found:
        rules = sorted({rule for by_rule in card.thresholds.values() for rule in by_rule})
        raise ConfigError(
            f"the card has no threshold by the rule {config.rule!r}; it has: {', '.join(rules)}"
        )
    return found


def _members(name: str) -> Shown:
    """The modalities of a set by its name, in the order of the enum."""
    parts = name.split("+")
    return tuple(modality for modality in Modality if modality in parts)


def _digest(parts: Sequence[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
