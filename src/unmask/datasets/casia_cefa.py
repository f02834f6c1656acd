"""CASIA-SURF CeFA: 1,500 people of three ethnicities, prints on cloth, replays, and masks.

The name of a video says it all. People: <ethnicity>_<subject>_<device>_<session>_<pai>, such as
1_120_3_1_4. Masks: <mask>_<subject>_<dressed>_<glasses>_<device>_<session>_<lighting>.

Modalities: RGB, depth, infrared, 8-bit; set ``data.depth=relative``.
PAI species: print_cloth, print_photo, replay, mask_3d (of 99 people), mask_silicone (of 8 people).
Licence: research only, after a signed agreement with the authors at CASIA; not to be passed on.
Folder tree: <root>/{Ethnicity,CeFA-Race}/{AF,CA,EA}/<AF-120>/<video>/{color,profile}/*.jpg and
    <root>/{Mask,CeFA-Mask}/{3D-Mask,Silicone-Mask}/<001>/<video>/{color,profile}/*.jpg; depth and
    ir beside the colour folder; both may lie below CASIA_CeFA or CeFA. Where AF_Age_Gender.txt (and
    CA_, EA_) lie beside them, year of birth and sex become attributes; the identity number that
    some releases add to <AF-120> is not read.
Known faults: every bona fide video is of one device (rssdk) and every print and replay of another
    (bag), so that the device tells the label. Of 3D masks many videos have a handful of frames, and
    some light conditions are missing. Birth years are missing for about 100 Africans; one says 11.
Citation: Liu et al., CASIA-SURF CeFA: A Benchmark for Multi-modal Cross-ethnicity Face
    Anti-spoofing, WACV 2021 (arXiv:2003.05136).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path, PurePath

from unmask.datasets.videos import in_one_place, mismatch, samples_of
from unmask.errors import DatasetError
from unmask.types import Label, Modality, Sample

MODALITIES = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)

NAME = "casia_cefa"
ETHNICITIES = {"1": "AF", "2": "CA", "3": "EA"}
"""Africa, Central Asia, East Asia."""
BONA_FIDE = "1"
"""What the last number of a person's video is where it is no attack."""
SPECIES = {"2": "print_cloth", "3": "print_photo", "4": "replay"}
MASKS = {"3D-Mask": ("1", "mask_3d"), "Silicone-Mask": ("2", "mask_silicone")}
DEVICES = {"1": "rssdk", "2": "mp4", "3": "bag", "4": "mov"}
MASK_DEVICES = {"1": "camera", "2": "d435i"}
SESSIONS = {"1": "indoor", "2": "outdoor", "3": "random"}
LIGHTINGS = {"1": "none", "2": "back", "3": "along", "4": "side"}
YES_NO = {"0": "no", "1": "yes"}

SENSORS = {
    Modality.RGB: ("color", "profile"),
    Modality.DEPTH: ("depth",),
    Modality.INFRARED: ("ir",),
}
TREE = (
    "<root>/{Ethnicity,CeFA-Race}/{AF,CA,EA}/<AF-120>/<1_120_1_1_1>/{color|profile,depth,ir}/*.jpg "
    "and <root>/{Mask,CeFA-Mask}/{3D-Mask,Silicone-Mask}/<001>/<1_001_1_0_2_1_2>/"
    "{color|profile,depth,ir}/*.jpg"
)
_BELOW = ("", "CASIA_CeFA", "CeFA")

Fields = tuple[tuple[str, Mapping[str, str]], ...]
_PERSON: Fields = (("device", DEVICES), ("session", SESSIONS), ("pai", {BONA_FIDE: "1", **SPECIES}))
_MASK: Fields = (
    ("dressed", YES_NO),
    ("glasses", YES_NO),
    ("device", MASK_DEVICES),
    ("session", SESSIONS),
    ("lighting", LIGHTINGS),
)


def index(root: Path) -> list[Sample]:
    """Every frame: people by ethnicity, subject and video, then masks.

    Raises:
        DatasetError: no such tree below ``root``, or a video whose name does not fit its folder.
    """
    videos = in_one_place(root, _BELOW, lambda base: chain(_people(base), _masks(base)))
    if not videos:
        raise mismatch(root, TREE, _BELOW)
    return samples_of(videos, SENSORS, root=root, tree=TREE)


def video_name(folder: PurePath) -> str:
    """What tells a video from others, from its folder."""
    return folder.name


def _people(base: Path) -> Iterator[tuple[Path, Sample]]:
    for number, ethnicity in ETHNICITIES.items():
        born = _birth_and_sex(base / f"{ethnicity}_Age_Gender.txt")
        for group in ("Ethnicity", "CeFA-Race"):
            for folder in sorted((base / group / ethnicity).glob("*/*/")):
                subject = "-".join(folder.parent.name.split("-")[:2])
                start = f"{number}_{subject.removeprefix(f'{ethnicity}-')}"
                told = _told(folder, start, _PERSON)
                pai = folder.name.rpartition("_")[2]
                yield (
                    folder,
                    _video(
                        folder,
                        subject=subject,
                        species=SPECIES.get(pai),
                        told={"ethnicity": ethnicity, **told, "pai": pai, **born.get(subject, {})},
                    ),
                )


def _masks(base: Path) -> Iterator[tuple[Path, Sample]]:
    for group in ("Mask", "CeFA-Mask"):
        for kind, (number, species) in MASKS.items():
            for folder in sorted((base / group / kind).glob("*/*/")):
                start = f"{number}_{folder.parent.name}"
                yield (
                    folder,
                    _video(
                        folder,
                        subject=f"{species}-{folder.parent.name}",
                        species=species,
                        told=_told(folder, start, _MASK),
                    ),
                )


def _told(folder: Path, start: str, fields: Fields) -> dict[str, str]:
    """What the numbers after ``start`` in the name of a video mean."""
    numbers = folder.name.removeprefix(f"{start}_").split("_")
    known = len(numbers) == len(fields) and all(
        number in words for number, (_, words) in zip(numbers, fields, strict=True)
    )
    if not known:
        names = "_".join(f"<{name}>" for name, _ in fields)
        raise DatasetError(
            f"{folder} is not named as a video of this set; there it is {start}_{names}, with "
            "numbers as docs/datasets.md says; rename it or take it out"
        )
    return {name: words[n] for n, (name, words) in zip(numbers, fields, strict=True)}


def _video(folder: Path, *, subject: str, species: str | None, told: dict[str, str]) -> Sample:
    return Sample(
        key=video_name(folder),
        presentation=video_name(folder),
        paths={},
        label=Label.ATTACK if species else Label.BONA_FIDE,
        pai_species=species,
        subject=subject,
        dataset=NAME,
        attributes=told,
    )


def _birth_and_sex(table: Path) -> dict[str, dict[str, str]]:
    """Attributes of each subject; what a line leaves open, or is no year, is left out."""
    if not table.is_file():
        return {}
    people: dict[str, dict[str, str]] = {}
    for line in table.read_text(encoding="utf-8-sig").splitlines():
        subject, _, rest = line.partition(" ")
        year, sex = re.search(r"\b\d{4}\b", rest), re.search(r"\b[FM]\b", rest)
        told = {"birth_year": year, "sex": sex}
        people[subject] = {name: found[0] for name, found in told.items() if found}
    return people
