"""Who trains, who sets the threshold, who is judged: found by name, and checked before use.

A protocol is a function in a file of this folder, listed in that file's ``PROTOCOLS``; its name is
``file/variant``.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from unmask.config import DataConfig
from unmask.errors import ConfigError, DatasetError
from unmask.types import Label, Modality, Protocol, Sample

Build = Callable[[DataConfig, tuple[Modality, ...]], Protocol]


def names() -> list[str]:
    """Every protocol, as ``file/variant``."""
    files = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return [f"{file}/{variant}" for file in files for variant in sorted(_variants(file))]


def load_protocol(
    data: DataConfig, modalities: tuple[Modality, ...], *, to_train: bool = True
) -> Protocol:
    """Divide a data set as its protocol says, and check the division.

    Without ``to_train`` the train set may be empty, and dev and eval may hold samples without any
    of the modalities, which then get no response.

    Raises:
        ConfigError: there is no such protocol, or it leaves none of the modalities.
        DatasetError: the data do not fit it (see ``check``).
    """
    protocol = divide(data, modalities)
    check(protocol, to_train=to_train)
    return protocol


def divide(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
    """Divide a data set as its protocol says, whatever comes of it.

    Raises:
        ConfigError: there is no such protocol.
        DatasetError: the data are not those that the protocol is about.
    """
    if data.protocol not in names():
        raise ConfigError(f"no protocol {data.protocol!r}; there are: {', '.join(names())}")
    file, variant = data.protocol.split("/")
    return _variants(file)[variant](data, modalities)


def check(protocol: Protocol, *, to_train: bool = True) -> None:
    """Refuse sets that are empty, of one class, without the asked modalities, or that overlap."""
    for set_name, samples in _sets(protocol):
        if to_train or set_name != "train":
            _check_both_classes(protocol.name, set_name, samples)
        if to_train:
            _check_modalities(set_name, samples, protocol.modalities)
    if to_train:
        _check_captured(protocol)
    _check_apart(protocol, "presentation")
    _check_files(protocol)
    if not protocol.shared_subjects:
        _check_apart(protocol, "subject")


def strangers(samples: Sequence[Sample], *known: Sequence[Sample]) -> list[Sample]:
    """Samples of people that none of the ``known`` sets has; an unknown subject is a stranger."""
    people = {(s.dataset, s.subject) for part in known for s in part if s.subject}
    return [s for s in samples if (s.dataset, s.subject) not in people]


def _variants(file: str) -> Mapping[str, Build]:
    variants: Mapping[str, Build] = importlib.import_module(f"{__name__}.{file}").PROTOCOLS
    return variants


def _sets(protocol: Protocol) -> Iterator[tuple[str, list[Sample]]]:
    yield "train", protocol.train
    if protocol.threshold_from == "dev":
        yield "dev", protocol.dev
    yield "eval", protocol.eval


def _check_both_classes(protocol: str, set_name: str, samples: list[Sample]) -> None:
    if not samples:
        raise DatasetError(
            f"{protocol}: the {set_name} set is empty; it needs bona fide and attack samples"
        )
    missing = set(Label) - {sample.label for sample in samples}
    if missing:
        raise DatasetError(
            f"{protocol}: the {set_name} set has {len(samples)} samples, but none is "
            f"{missing.pop().name.lower()}; it needs both classes"
        )


def _check_modalities(
    set_name: str, samples: list[Sample], modalities: tuple[Modality, ...]
) -> None:
    blind = [sample.key for sample in samples if not sample.paths.keys() & set(modalities)]
    if blind:
        raise DatasetError(
            f"{len(blind)} of {len(samples)} samples in {set_name} have none of "
            f"{', '.join(modalities)} (first: {blind[0]!r}); ask for a modality they have, or "
            "take them out of the set"
        )


def _check_captured(protocol: Protocol) -> None:
    captured = {modality for sample in protocol.train for modality in sample.paths}
    for modality in protocol.modalities:
        if modality not in captured:
            raise DatasetError(
                f"{protocol.name}: no sample in train has {modality}; the train set has: "
                f"{', '.join(sorted(captured))}; ask for those"
            )


def _check_apart(protocol: Protocol, what: str) -> None:
    """No two sets share a value of the field ``what``; an unknown subject ("") shares nothing."""
    seen: dict[tuple[str, str], tuple[str, str]] = {}
    for set_name, samples in _sets(protocol):
        for sample in samples:
            value = getattr(sample, what)
            other, key = seen.setdefault((sample.dataset, value), (set_name, sample.key))
            if value and other != set_name:
                raise DatasetError(
                    f"{protocol.name}: {what} {value!r} is in {other} (key {key!r}) and in "
                    f"{set_name} (key {sample.key!r}); keep each {what} in one set"
                )


def _check_files(protocol: Protocol) -> None:
    """No picture is in two sets, whatever the rows that name it are called."""
    seen: dict[Path, tuple[str, str]] = {}
    for set_name, samples in _sets(protocol):
        for sample in samples:
            for path in sample.paths.values():
                other, key = seen.setdefault(path, (set_name, sample.key))
                if other != set_name:
                    raise DatasetError(
                        f"{protocol.name}: {path} is in {other} (key {key!r}) and in {set_name} "
                        f"(key {sample.key!r}); keep each picture in one set"
                    )
