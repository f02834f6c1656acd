"""Published counts and lists of a protocol's sets, against what a copy of the data has.

A difference is one line of the log, as copies and releases do differ; it is an error only where the
protocol cannot be meant: a list about other videos, or one that calls an attack bona fide.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath, PurePosixPath

from unmask.datasets.lists import Entry
from unmask.errors import DatasetError
from unmask.types import Label, Protocol, Sample

log = logging.getLogger("unmask")

Counts = Mapping[str, tuple[int, int]]
"""Bona fide and attack presentations of each set."""


def tell_counts(protocol: Protocol, published: Counts | None = None) -> None:
    """Log what each set has, and the published counts where those differ."""
    for name, samples in _sets(protocol).items():
        of_label = {
            label: len({s.presentation for s in samples if s.label is label}) for label in Label
        }
        found = (of_label[Label.BONA_FIDE], of_label[Label.ATTACK])
        people = len({s.subject for s in samples})
        told = (
            f"{protocol.name}: {name} has {found[0]:,} bona fide and {found[1]:,} attack "
            f"presentations of {people:,} subjects in {len(samples):,} frames"
        )
        if published and found != published[name]:
            expected = published[name]
            log.warning("%s; published: %s and %s", told, f"{expected[0]:,}", f"{expected[1]:,}")
        else:
            log.info(told)


def compare(
    protocol: Protocol,
    lists: Mapping[str, Sequence[Entry]],
    video_name: Callable[[PurePath], str],
) -> None:
    """Log which videos a set and its published list do not share.

    A list names the folder of a video's colour frames; ``video_name`` makes of the video's folder
    what ``Sample.presentation`` has.

    Raises:
        DatasetError: they share none, or disagree about a label.
    """
    for name, samples in _sets(protocol).items():
        title = f"{protocol.name}: {name}"
        listed = {video_name(PurePosixPath(entry.paths[0]).parent): entry for entry in lists[name]}
        there = {sample.presentation: sample for sample in samples}
        shared = listed.keys() & there.keys()
        if there and not shared:
            raise DatasetError(
                f"{title} shares no video with its list, which begins with "
                f"{lists[name][0].paths[0]!r}; is it the list of another protocol?"
            )
        _check_labels(title, listed, there)
        for what, names in (
            ("listed videos are not in the data", listed.keys() - shared),
            ("videos of the data are not in the list", there.keys() - shared),
        ):
            if names:
                log.warning("%s: %d %s (first: %s)", title, len(names), what, min(names))


def _check_labels(title: str, listed: Mapping[str, Entry], there: Mapping[str, Sample]) -> None:
    for video in listed.keys() & there.keys():
        if listed[video].label is not there[video].label:
            raise DatasetError(
                f"{title}: {video} is {there[video].label.name.lower()} by its folder, but "
                f"{listed[video].label.name.lower()} in line {listed[video].line} of the list; "
                "download the list again"
            )


def _sets(protocol: Protocol) -> dict[str, list[Sample]]:
    return {"train": protocol.train, "dev": protocol.dev, "eval": protocol.eval}
