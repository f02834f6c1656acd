"""Pictures sorted into folders by hand: bona fide here, attacks there, no table.

A folder name tells the class, and others may tell more, read from the top:

    <root>/[<set>/]bona_fide/[<subject>/[<video>/]][<sensor>/]<picture>
    <root>/[<set>/]attack/[<species>/[<subject>/[<video>/]]][<sensor>/]<picture>

    set      train, dev or eval (also val, validation, test)
    class    bona_fide (also real, live, genuine), attack (also spoof, fake)
    sensor   rgb (also color, colour), depth, infrared (also ir, nir), thermal; it may stand at any
             level, or end a picture's name: anna_rgb.png, anna_depth.png

A picture of which neither folder nor name tells a sensor is RGB. Pictures of one place that differ
only in the sensor are one capture. A video's pictures are frames of one presentation; elsewhere
each capture is a presentation of its own. Attacks right in their class folder are of the species
"unknown".

Modalities: any of RGB, depth, infrared, thermal, aligned pixel by pixel.
PAI species: whatever the folders are called.
Licence: the owner's.
Folder tree: as above.
Known faults: nobody checks what was sorted by hand; write a manifest once the data matter.
Citation: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from unmask.datasets.videos import is_picture, mismatch
from unmask.errors import DatasetError
from unmask.types import Label, Modality, Sample

MODALITIES = tuple(Modality)

SETS = {
    **{name: name for name in ("train", "dev", "eval")},
    **{"val": "dev", "validation": "dev", "test": "eval"},
}
CLASSES = {
    **dict.fromkeys(("bona_fide", "bonafide", "real", "live", "genuine"), Label.BONA_FIDE),
    **dict.fromkeys(("attack", "attacks", "spoof", "fake"), Label.ATTACK),
}
SENSORS = {
    **dict.fromkeys(("rgb", "color", "colour"), Modality.RGB),
    "depth": Modality.DEPTH,
    **dict.fromkeys(("infrared", "ir", "nir"), Modality.INFRARED),
    "thermal": Modality.THERMAL,
}
UNKNOWN = "unknown"
TREE = (
    "<root>/[train|dev|eval/]bona_fide/[<subject>/[<video>/]][<sensor>/]<picture> and "
    "<root>/[train|dev|eval/]attack/[<species>/[<subject>/[<video>/]]][<sensor>/]<picture>"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Capture:
    """What the sensors saw at once."""

    folders: tuple[str, ...]
    """Below the root, without that of the sensor."""
    name: str
    pictures: dict[Modality, Path] = field(default_factory=dict)


def index(root: Path) -> list[Sample]:
    """Every capture, by the names of its folders and its own.

    Raises:
        DatasetError: no picture below a class folder, a folder that is no class, deeper folders
            than there are meanings, or two pictures of one sensor and place.
    """
    captures: dict[tuple[tuple[str, ...], str], _Capture] = {}
    for picture in sorted(_pictures(root)):
        modality, folders, name = _place(picture.relative_to(root))
        capture = captures.setdefault((folders, name), _Capture(folders=folders, name=name))
        if capture.pictures.setdefault(modality, picture) != picture:
            raise DatasetError(
                f"{capture.pictures[modality]} and {picture} are both the {modality} of one "
                "capture; give them different names"
            )
    if not captures:
        raise mismatch(root, TREE)
    return [_sample(root, capture) for capture in captures.values()]


def _pictures(root: Path) -> Iterator[Path]:
    return (p for p in root.rglob("*") if is_picture(p.name) and p.is_file())


def _place(picture: Path) -> tuple[Modality, tuple[str, ...], str]:
    """The sensor of a picture, and the folders and the name without it."""
    folders = picture.parent.parts
    sensors = [part for part in folders if part.lower() in SENSORS]
    if sensors:
        others = tuple(part for part in folders if part not in sensors)
        return SENSORS[sensors[0].lower()], others, picture.stem
    name, _, end = picture.stem.rpartition("_")
    if name and end.lower() in SENSORS:
        return SENSORS[end.lower()], folders, name
    return Modality.RGB, folders, picture.stem


def _sample(root: Path, capture: _Capture) -> Sample:
    of_set, label, further = _meaning(root, capture)
    species = None
    if label is Label.ATTACK:
        species, further = (further[0], further[1:]) if further else (UNKNOWN, further)
    if len(further) > 2:
        raise DatasetError(
            f"{_any(capture)} lies too deep to tell what its folders mean; expected is {TREE}"
        )
    place = "/".join(capture.folders)
    key = f"{place}/{capture.name}"
    return Sample(
        key=key,
        presentation=place if len(further) == 2 else key,
        paths=capture.pictures,
        label=label,
        pai_species=species,
        subject=further[0] if further else "",
        dataset=root.resolve().name,
        attributes={"set": of_set} if of_set else {},
    )


def _meaning(root: Path, capture: _Capture) -> tuple[str, Label, Sequence[str]]:
    """Set ("" for none), class, and the folders below the class."""
    of_set = SETS.get(capture.folders[0].lower(), "") if capture.folders else ""
    below = capture.folders[bool(of_set) :]
    label = CLASSES.get(below[0].lower()) if below else None
    if label is None:
        raise DatasetError(
            f"{_any(capture)} lies in no folder of a class; expected is {TREE}, with {root} as root"
        )
    return of_set, label, below[1:]


def _any(capture: _Capture) -> Path:
    return next(iter(capture.pictures.values()))
