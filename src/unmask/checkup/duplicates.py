"""Pictures that are there twice: equal pixels, or a perceptual hash that hardly differs.

Frames of one presentation are alike by nature and are not compared. Hashes are compared all with
all, which is exact and takes about half a minute for 100,000 pictures.

Axes: N pictures, W words of 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from unmask.checkup.findings import EXAMPLES, Finding, Severity, finding
from unmask.checkup.views import Views

NEAR = 16
"""Bits of 256 by which the hashes of near duplicates differ at most."""
BLOCK = 256
"""Pictures that are compared with all others at a time."""


def equal_pictures(views: Views) -> list[Finding]:
    """Two presentations have one picture, pixel by pixel."""
    table = views.seen.filter(pl.col("fault") == "", pl.col("high") > pl.col("low"))
    same = table.group_by("modality", "digest", maintain_order=True).agg(
        pl.col("presentation").n_unique().alias("presentations"),
        pl.col("split").filter(pl.col("split") != "").n_unique().alias("splits"),
        pl.col("shown").unique(maintain_order=True),
    )
    same = same.filter(pl.col("presentations") > 1)
    across, within = same.filter(pl.col("splits") > 1), same.filter(pl.col("splits") < 2)
    return [
        *finding(
            Severity.FAULT,
            "equal pictures in two sets",
            [" = ".join(shown[:2]) for shown in across["shown"]],
            "keep one of them; what is judged must not have been learned",
        ),
        *finding(
            Severity.WARNING,
            "equal pictures in two presentations",
            [" = ".join(shown[:2]) for shown in within["shown"]],
            "keep one of them, or give the frames of one presentation its name",
        ),
    ]


def alike_pictures(views: Views) -> list[Finding]:
    """Two presentations have nearly the same colour picture."""
    table = views.seen.filter(pl.col("hash").bin.size() > 0, pl.col("high") > pl.col("low"))
    rows = table.select("presentation", "split", "shown", "digest").to_dicts()
    words = hash_words(table["hash"].to_list())
    pairs_of: dict[bool, list[str]] = {True: [], False: []}
    numbers = {True: 0, False: 0}
    for i, j in pairs(words):
        one, two = rows[i], rows[j]
        if one["presentation"] == two["presentation"] or one["digest"] == two["digest"]:
            continue
        parted = bool(one["split"] and two["split"]) and one["split"] != two["split"]
        numbers[parted] += 1
        if len(pairs_of[parted]) < EXAMPLES:
            pairs_of[parted].append(f"{one['shown']} ~ {two['shown']}")
    remedy = "look at them; keep one where they are of one recording"
    return [
        *finding(
            Severity.WARNING,
            "near duplicates in two sets",
            pairs_of[True],
            remedy,
            count=numbers[True],
        ),
        *finding(
            Severity.NOTE,
            "near duplicates in two presentations of one set",
            pairs_of[False],
            remedy,
            count=numbers[False],
        ),
    ]


def hash_words(hashes: list[bytes]) -> npt.NDArray[np.uint64]:
    """(N, W) hashes as words."""
    joined = np.frombuffer(b"".join(hashes), np.uint64)
    return joined.reshape(len(hashes), -1) if hashes else joined.reshape(0, 4)


def pairs(words: npt.NDArray[np.uint64]) -> Iterator[tuple[int, int]]:
    """Every i < j whose hashes differ by at most ``NEAR`` bits."""
    for start in range(0, words.shape[0], BLOCK):
        block, others = words[start : start + BLOCK], words[start:]
        differ = np.zeros((block.shape[0], others.shape[0]), np.uint16)  # (block, N - start)
        for word in range(words.shape[1]):
            differ += np.bitwise_count(block[:, None, word] ^ others[None, :, word])
        for i, j in zip(*np.nonzero(differ <= NEAR), strict=True):
            if i < j:
                yield start + int(i), start + int(j)
