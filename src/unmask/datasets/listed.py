"""Frames that published lists name, found among those that a copy of a data set has.

A line names pictures by their path in somebody's copy; releases and copies name folders otherwise
(``color`` or ``profile``), so a frame is found by its ``Sample.key``, which the path tells as well.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath

from unmask.config.pictures import DataConfig
from unmask.datasets.lists import Entry, distinct
from unmask.errors import ConfigError, DatasetError
from unmask.types import Label, Sample

log = logging.getLogger("unmask")

KeyOf = Callable[[Entry], str]
"""``Sample.key`` of the frame that a line names."""


def lists_folder(data: DataConfig, protocol: str, files: Sequence[str]) -> Path:
    """Where the lists are.

    Raises:
        ConfigError: ``data.lists`` is not set; the message names the files that are wanted.
    """
    if data.lists is None:
        raise ConfigError(
            f"{protocol} reads published lists: set data.lists to the folder that has "
            f"{', '.join(files)}, as downloaded"
        )
    return data.lists


def frame_key(video_name: Callable[[PurePath], str]) -> KeyOf:
    """Keys of frames that are files, <video>/<sensor>/<frame>.jpg."""

    def key(entry: Entry) -> str:
        picture = PurePosixPath(entry.paths[0])
        return f"{video_name(picture.parent.parent)}/{picture.stem}"

    return key


def find(
    title: str, entries: Sequence[Entry], samples: Mapping[str, Sample], key_of: KeyOf
) -> list[Sample]:
    """The listed frames, in the order of the list, each once; attribute ``frames`` is "listed".

    Raises:
        DatasetError: frames that are not there, or that are of the other class there.
    """
    once = distinct(entries)
    if len(once) < len(entries):
        log.warning(
            "%s: %d of %d lines stand twice and count once",
            title,
            len(entries) - len(once),
            len(entries),
        )
    missing = [entry.paths[0] for entry in once if key_of(entry) not in samples]
    if missing:
        raise DatasetError(
            f"{title}: {len(missing):,} of {len(once):,} listed frames are not below data.root "
            f"(first: {missing[0]}); copy the data set whole"
        )
    for entry in once:
        there = samples[key_of(entry)]
        if there.label is not entry.label:
            raise DatasetError(
                f"{title}, line {entry.line}: {entry.paths[0]} is {entry.label.name.lower()}, but "
                f"{there.label.name.lower()} by its name; download the list again"
            )
    return [_as_listed(samples[key_of(entry)]) for entry in once]


def _as_listed(sample: Sample) -> Sample:
    return replace(sample, attributes={**sample.attributes, "frames": "listed"})


def tell_frames(title: str, entries: Sequence[Entry], published: tuple[int, int]) -> None:
    """Log the bona fide and attack lines of a list, and the published counts where they differ."""
    attacks = sum(entry.label is Label.ATTACK for entry in entries)
    found = (len(entries) - attacks, attacks)
    told = f"{title}: {found[0]:,} bona fide and {found[1]:,} attack lines"
    if found == published:
        log.info("%s, as published", told)
    else:
        log.warning("%s; published: %s and %s", told, f"{published[0]:,}", f"{published[1]:,}")


def apart(title: str, dev: Sequence[Sample], judged: Sequence[Sample]) -> list[Sample]:
    """Dev without the presentations that are judged; what goes is told."""
    shared = {s.presentation for s in dev} & {s.presentation for s in judged}
    if shared:
        log.warning(
            "%s: %d presentations of the dev list are in the eval list too and leave dev: %s",
            title,
            len(shared),
            ", ".join(sorted(shared)[:3]),
        )
    return [sample for sample in dev if sample.presentation not in shared]
