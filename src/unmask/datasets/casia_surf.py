"""CASIA-SURF: 1,000 people and flat or bent prints of them with parts of the face cut out.

The attacker looks through the holes: eyes, eyes and nose, or eyes, nose and mouth are cut, and the
print is held flat or bent around the face. Two releases are read: that of the challenge, and
CASIA-SURF-CROP, whose folders are named otherwise.

Modalities: RGB, depth, infrared (RealSense SR300), 8-bit; set ``data.depth=relative``.
PAI species: print_cut_{eyes,eyes_nose,eyes_nose_mouth}_{flat,bent}, in the set's own names 01_e_s,
    02_e_b, 03_en_s, 04_en_b, 05_enm_s, 06_enm_b (attribute ``pai``).
Licence: research only, after a signed agreement with the authors at CASIA; not to be passed on.
Folder tree: <root>/{Training,Val,Testing}/{real,fake}_part/<subject>/<video>.rssdk/color/*.jpg, or
    <root>/{real,fake}_part/{real,fake}_{train,val,test}_part/<subject>/<video>.rssdk/color/*.jpg;
    depth and ir beside color; either tree may lie below CASIA_SURF/Data, Data or CASIA-SURF-CROP.
Known faults: 9 videos of attacks 01 to 03 are missing from the published test part. Some attack
    videos have fewer than four frames. Frame numbers have no leading zeros, so that 121 comes
    before 41, also in the published choice of frames.
Citation: Zhang et al., CASIA-SURF: A Large-Scale Multi-Modal Benchmark for Face Anti-Spoofing, IEEE
    T-BIOM 2020 (arXiv:1908.10654).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePath

from unmask.datasets.videos import in_one_place, mismatch, samples_of
from unmask.errors import DatasetError
from unmask.types import Label, Modality, Sample

MODALITIES = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)

NAME = "casia_surf"
BONA_FIDE = "real"
"""What the set calls a bona fide video."""
SPECIES = {
    "01_e_s": "print_cut_eyes_flat",
    "02_e_b": "print_cut_eyes_bent",
    "03_en_s": "print_cut_eyes_nose_flat",
    "04_en_b": "print_cut_eyes_nose_bent",
    "05_enm_s": "print_cut_eyes_nose_mouth_flat",
    "06_enm_b": "print_cut_eyes_nose_mouth_bent",
}
SETS = {
    "train": ("Training", "train"),
    "dev": ("Val", "val"),
    "eval": ("Testing", "test"),
}
"""What either release calls a set; in ``Sample.attributes`` it is ``set``."""

SENSORS = {
    Modality.RGB: ("color",),
    Modality.DEPTH: ("depth",),
    Modality.INFRARED: ("ir",),
}
TREE = (
    "<root>/{Training,Val,Testing}/{real,fake}_part/<subject>/<video>.rssdk/{color,depth,ir}/*.jpg "
    "or <root>/{real,fake}_part/{real,fake}_{train,val,test}_part/<subject>/<video>.rssdk/"
    "{color,depth,ir}/*.jpg"
)
_BELOW = ("", "Data", "CASIA_SURF/Data", "CASIA_SURF", "CASIA-SURF-CROP")


def index(root: Path) -> list[Sample]:
    """Every frame, by set, subject, video and name.

    Raises:
        DatasetError: no such tree below ``root``, or a video in a folder that it cannot be in.
    """
    videos = in_one_place(root, _BELOW, _videos)
    if not videos:
        raise mismatch(root, TREE, _BELOW)
    return samples_of(videos, SENSORS, root=root, tree=TREE)


def video_name(folder: PurePath) -> str:
    """What tells a video from others, from its folder in either release."""
    return f"{folder.parent.name}/{folder.name.removesuffix('.rssdk')}"


def _videos(base: Path) -> Iterator[tuple[Path, Sample]]:
    for name, (whole, cropped) in SETS.items():
        for part, label in (("real", Label.BONA_FIDE), ("fake", Label.ATTACK)):
            for subjects in (
                base / whole / f"{part}_part",
                base / f"{part}_part" / f"{part}_{cropped}_part",
            ):
                for folder in sorted(subjects.glob("*/*.rssdk")):
                    yield folder, _video(folder, name, label)


def _video(folder: Path, name: str, label: Label) -> Sample:
    pai = folder.name.removesuffix(".rssdk")
    allowed = (BONA_FIDE,) if label is Label.BONA_FIDE else tuple(SPECIES)
    if pai not in allowed:
        raise DatasetError(
            f"{folder} cannot be {label.name.lower()}; there a video is named "
            + " or ".join(f"{known}.rssdk" for known in allowed)
        )
    return Sample(
        key=video_name(folder),
        presentation=video_name(folder),
        paths={},
        label=label,
        pai_species=SPECIES.get(pai),
        subject=folder.parent.name,
        dataset=NAME,
        attributes={"set": name, "pai": pai},
    )
