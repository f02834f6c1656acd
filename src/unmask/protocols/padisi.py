"""PADISI-Face, three folds: are nine kinds of attack noticed on people who were not learned from?

``part0``, ``part1`` and ``part2`` divide all captures otherwise; ``part0`` is what MMDG uses of it.

Train, dev, eval: the partitions train, valid and test of a fold; no participant is in two of them.
Threshold: from dev.
Source: doi:10.1109/JSEN.2021.3074406; tables *_partition_3folds_part0.csv and so on of the public
code of the set, in ``data.lists`` or, if that is not set, anywhere below ``data.root``.
Counts: bona fide and attack captures of part0: 597 and 493, 145 and 127, 363 and 304. What a copy
has is logged, with these where it differs, and how many captures of the fold's table it lacks.
"""

import logging

from unmask.config import DataConfig
from unmask.datasets.padisi import index, partition
from unmask.datasets.published import Counts, tell_counts
from unmask.errors import DatasetError
from unmask.protocols import Build
from unmask.types import Modality, Protocol, Sample

log = logging.getLogger("unmask")

PUBLISHED: dict[int, Counts] = {0: {"train": (597, 493), "dev": (145, 127), "eval": (363, 304)}}


def part(fold: int) -> Build:
    """Sets as the table of a fold names them."""
    table = f"partition_3folds_part{fold}.csv"

    def build(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
        folder = data.lists or data.root
        found = sorted(folder.rglob(f"*{table}"))
        if not found:
            raise DatasetError(
                f"{folder} has no padisi_USC_FACE_dataset_{table}; it comes with the public code "
                "of the set; put it there, or set data.lists to its folder"
            )
        listed = partition(found[0])
        sets: dict[str, list[Sample]] = {"train": [], "dev": [], "eval": []}
        for sample in index(data.root):
            if sample.key in listed:
                sets[listed.pop(sample.key)].append(sample)
        if listed:
            log.warning(
                "padisi/part%d: %d captures of its table are not in the data (first: %s)",
                *(fold, len(listed), min(listed)),
            )
        protocol = Protocol(
            name=f"padisi/part{fold}",
            modalities=modalities,
            train=sets["train"],
            dev=sets["dev"],
            eval=sets["eval"],
        )
        tell_counts(protocol, PUBLISHED.get(fold))
        return protocol

    return build


PROTOCOLS = {f"part{fold}": part(fold) for fold in (0, 1, 2)}
