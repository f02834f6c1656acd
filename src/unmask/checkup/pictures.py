"""Faults that pictures show: of each by itself, and of the sensors of one row beside each other."""

from __future__ import annotations

import itertools

import polars as pl

from unmask.capture.quality import LEAST_DEPTH_SHARE, LEAST_INFRARED
from unmask.checkup.findings import Finding, Severity, finding
from unmask.checkup.views import Views
from unmask.types import Modality

COPY, COPIED_DETAIL = 0.99, 0.97
"""Correlations from which two sensors show one picture; real sensors stay well below the second."""
GREY = 1.0
"""Of 255: mean difference of the channels of a colour picture that has no colour."""
MOST_CLIPPED = 0.5
"""Share of the pixels of a picture."""
DARKER = 1 / 3
"""Of the brightness of the other frames of a presentation: an illuminator that was off."""
NEAREST, FARTHEST = 150.0, 5_000.0
"""Millimetres between which the median depth of a face and what is behind it lies."""
LITTLE_SCALE = 1 / 15
"""Of full scale: 10 or 12 bits written into 16 stay below it, in every picture."""
MOST = 0.5
"""A fault of more than this share of the files is one of the unit, not of single files."""


def unreadable(views: Views) -> list[Finding]:
    """A file is broken, or is no picture of its sensor: NaN, metres in floating point, a bomb."""
    broken = views.seen.filter(pl.col("fault") != "", pl.col("stored") == "")
    return finding(
        Severity.FAULT,
        "files cannot be read",
        broken["fault"].to_list(),
        "copy or export them again, or take their rows out",
    )


def bit_depth(views: Views) -> list[Finding]:
    """A file is not stored as its sensor's are: 8-bit depth in millimetres, colour infrared."""
    wrong = views.seen.filter(pl.col("fault") != "", pl.col("stored") != "")
    return [
        f
        for (modality, stored), part in wrong.partition_by(
            "modality", "stored", as_dict=True, maintain_order=True
        ).items()
        for f in finding(
            Severity.FAULT,
            f"files of {modality} are {stored}",
            part["shown"].to_list(),
            _right(modality, stored),
        )
    ]


def _right(modality: str, stored: str) -> str:
    """What may be meant by a depth file that does not fit the setting, or another one."""
    told = {
        "8-bit grey": "set --depth relative if all are grey levels; else export 16-bit millimetres",
        "16-bit grey": "set --depth millimetres if all are such; else export 8-bit grey levels",
    }
    other = "look whether columns are swapped; else export the sensor's own values"
    return told.get(stored, other) if modality == Modality.DEPTH else other


def swapped(views: Views) -> list[Finding]:
    """Two sensors of a row stand in each other's column.

    Of 16-bit depth and 16-bit infrared, only the unit of depth can tell.
    """
    stored = views.seen.filter(pl.col("stored") != "")
    found = []
    for rows in stored.partition_by("key", maintain_order=True):
        kinds = dict(zip(rows["modality"], rows["stored"], strict=True))
        found += [
            f"{rows['key'][0]}: {first} is {kinds[first]}, {second} is {kinds[second]}"
            for first, second in itertools.combinations(kinds, 2)
            if _fits(kinds[first], second, views.depth)
            and _fits(kinds[second], first, views.depth)
            and not (
                _fits(kinds[first], first, views.depth)
                and _fits(kinds[second], second, views.depth)
            )
        ]
    return finding(
        Severity.FAULT, "rows whose sensors are swapped", found, "exchange the two paths"
    )


def _fits(stored: str, modality: str, depth: str) -> bool:
    """Whether pictures of a sensor may be stored so."""
    if modality == Modality.RGB:
        return stored == "colour"
    if modality == Modality.DEPTH:
        return stored == ("16-bit grey" if depth == "millimetres" else "8-bit grey")
    return stored in {"8-bit grey", "16-bit grey"}


def colourless(views: Views) -> list[Finding]:
    """A colour picture is grey: infrared in the wrong column, or a grey export."""
    return finding(
        Severity.WARNING,
        "colour pictures without colour",
        views.seen.filter(
            pl.col("modality") == Modality.RGB,
            pl.col("fault") == "",
            pl.col("colour") < GREY,
            pl.col("high") > pl.col("low"),
        )["shown"].to_list(),
        "look whether infrared stands in the column rgb",
    )


def copied(views: Views) -> list[Finding]:
    """A sensor shows the picture of another: infrared equal to RGB, depth that is a grey RGB."""
    same = views.likeness.filter(pl.col("whole") >= COPY, pl.col("detail") >= COPIED_DETAIL)
    return [
        f
        for (first, second), part in same.partition_by(
            "first", "second", as_dict=True, maintain_order=True
        ).items()
        for f in finding(
            Severity.FAULT,
            f"rows whose {second} is a copy of {first}",
            part["key"].to_list(),
            "export the sensor's own picture, or leave the cell empty",
        )
    ]


def sizes_differ(views: Views) -> list[Finding]:
    """Pictures of one row differ in size, so they cannot be aligned."""
    read = views.seen.filter(pl.col("fault") == "")
    differ = read.group_by("key", maintain_order=True).agg(pl.col("size").unique())
    differ = differ.filter(pl.col("size").list.len() > 1)
    return finding(
        Severity.FAULT,
        "rows whose pictures differ in size",
        [f"{row['key']}: {', '.join(sorted(row['size']))}" for row in differ.to_dicts()],
        "align the sensors and crop them together",
    )


def constant(views: Views) -> list[Finding]:
    """A picture is one even level, or a depth picture is nearly all holes."""
    depth = pl.col("modality") == Modality.DEPTH
    empty = depth & (pl.col("filled") < LEAST_DEPTH_SHARE)
    even = views.seen.filter(pl.col("fault") == "", (pl.col("high") <= pl.col("low")) | empty)
    return _by_modality(
        even, "pictures of {} show nothing", "take the rows out, or leave the cells empty"
    )


def saturated(views: Views) -> list[Finding]:
    """Most of a picture is at the top of its scale."""
    return _by_modality(
        views.seen.filter(pl.col("clipped") > MOST_CLIPPED, pl.col("high") > pl.col("low")),
        "pictures of {} are saturated",
        "expose less, or export the values again without clipping",
    )


def depth_unit(views: Views) -> list[Finding]:
    """Depth is not in millimetres: metres, grey levels or another scale in 16 bits."""
    shown = views.seen.filter(
        pl.col("modality") == Modality.DEPTH, pl.col("fault") == "", pl.col("high") > 0
    )
    if views.depth != "millimetres":
        return []
    near, far = shown.filter(pl.col("middle") < NEAREST), shown.filter(pl.col("middle") > FARTHEST)
    return [
        *finding(
            Severity.FAULT,
            f"depth with a median below {NEAREST:.0f} mm: metres or grey levels?",
            _levels(near),
            "multiply metres by 1000 and write 16 bits; set --depth relative for grey levels",
        ),
        *finding(
            Severity.FAULT,
            f"depth with a median above {FARTHEST:.0f} mm: a finer unit, or disparity?",
            _levels(far),
            "write millimetres",
        ),
    ]


def _levels(part: pl.DataFrame) -> list[str]:
    return [f"{row['shown']} (median {row['middle']:.0f})" for row in part.to_dicts()]


def infrared_scale(views: Views) -> list[Finding]:
    """Infrared uses a small part of its scale in most pictures, as 10 bits in 16 do."""
    shown = _infrared(views)
    low = shown.filter(pl.col("high") < LITTLE_SCALE)
    if low.height <= MOST * shown.height:
        return []
    return finding(
        Severity.FAULT,
        "pictures of infrared stay in the lowest part of their scale",
        low["shown"].to_list(),
        "divide by the full scale of the sensor: shift 10 or 12 bits up to 16, or write 8",
    )


def dark_infrared(views: Views) -> list[Finding]:
    """A frame of infrared is dark: the strobe was off when it was taken."""
    shown = _infrared(views)
    if shown.filter(pl.col("high") < LITTLE_SCALE).height > MOST * shown.height:
        return []
    usual = pl.col("high").median().over("presentation")
    dark = (pl.col("high") < LEAST_INFRARED) | (pl.col("high") < DARKER * usual)
    return finding(
        Severity.WARNING,
        "dark frames of infrared",
        shown.filter(dark)["shown"].to_list(),
        "keep the frames that the illuminator lit",
    )


def _infrared(views: Views) -> pl.DataFrame:
    infrared = pl.col("modality") == Modality.INFRARED
    return views.seen.filter(infrared, pl.col("fault") == "", pl.col("high") > pl.col("low"))


def _by_modality(table: pl.DataFrame, what: str, remedy: str) -> list[Finding]:
    return [
        f
        for (modality,), part in table.partition_by(
            "modality", as_dict=True, maintain_order=True
        ).items()
        for f in finding(Severity.WARNING, what.format(modality), part["shown"].to_list(), remedy)
    ]
