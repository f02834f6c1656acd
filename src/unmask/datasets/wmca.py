"""WMCA: 72 people, and masks, prints, replays and glasses before colour, depth, infrared, thermal.

The name of a video says it all: <client>_<session>_<presenter>_<type>_<pai>, such as
002_01_003_2_81. The client is who is shown, in attacks by the instrument; the presenter is who
holds or wears it, 000 in a bona fide video.

Modalities: RGB, depth, infrared, thermal; all but RGB normalised to 8 bits by Idiap (median and
    mean absolute deviation), so set ``data.depth=relative``.
PAI species: fake_head, flexible_mask, glasses (disguises that cover the eyes), paper_mask,
    print, replay, rigid_mask; type and instrument that no public list names become
    type_<t>_pai_<p>.
Licence: research only, after a signed agreement with Idiap; not passed on.
Folder tree: <root>/R_CDIT/<video>/{color,depth,ir,thermal}/0012.jpg, also below WMCA-Image or
    IDIAP_WMCA, as the lists of MMDG and CASIA-FAS-Dataset have it; or as Idiap hands it out,
    <root>/WMCA_preprocessed_RGB/WMCA/face-station/<date>/<video>.hdf5, with
    WMCA_preprocessed_CDIT/... beside it: Frame_<n>/array is (3, 128, 128), red first, in one and
    (4, 128, 128), of grey, depth, infrared and thermal, in the other.
Known faults: presenters are not kept apart: most of them hold or wear attacks in all three sets,
    and people whose bona fide videos are in eval are among the presenters of train. The frames of
    different sensors do not match in 100_03_015_2_10 and 101_06_067_1_02. A frame that only one of
    Idiap's two files has is a frame with fewer sensors.
Citation: George et al., Biometric Face Presentation Attack Detection with Multi-Channel
    Convolutional Neural Network, IEEE T-IFS 2020 (arXiv:1909.08848).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath

from unmask.containers import Member, arrays
from unmask.datasets.videos import in_one_place, mismatch, samples_of, tell_of_lone
from unmask.types import Label, Modality, Sample

log = logging.getLogger("unmask")

MODALITIES = tuple(Modality)

NAME = "wmca"
VIDEO = re.compile(
    r"(?P<client>\d{3})_(?P<session>\d{2})_(?P<presenter>\d{3})_(?P<type>\d)_(?P<pai>\d{2})"
)
MISMATCHED = ("100_03_015_2_10", "101_06_067_1_02")
"""Videos whose sensors were saved with different frame numbers."""

BONA_FIDE = "0"
"""The type of a bona fide video."""
_INSTRUMENTS: dict[str, dict[str, Iterable[int]]] = {
    "glasses": {"1": (1, 4, 5, 6, 7, 15, 16)},
    "rigid_mask": {"1": (2, 13, 14), "2": range(12, 18)},
    "fake_head": {"2": range(1, 8)},
    "paper_mask": {"2": range(8, 12)},
    "flexible_mask": {"2": (18, *range(75, 100))},
    "replay": {"3": (5, 10, 15), "4": range(1, 100)},
    "print": {"3": (*range(1, 5), *range(6, 10), *range(11, 15))},
}
SPECIES = {
    (kind, f"{pai:02}"): species
    for species, kinds in _INSTRUMENTS.items()
    for kind, pais in kinds.items()
    for pai in pais
}
"""PAI species of type and instrument."""

SENSORS = {
    Modality.RGB: ("color",),
    Modality.DEPTH: ("depth",),
    Modality.INFRARED: ("ir",),
    Modality.THERMAL: ("thermal",),
}
CHANNELS: dict[str, dict[Modality, tuple[int, ...]]] = {
    "WMCA_preprocessed_RGB": {Modality.RGB: (0, 1, 2)},
    "WMCA_preprocessed_CDIT": {
        Modality.DEPTH: (1,),
        Modality.INFRARED: (2,),
        Modality.THERMAL: (3,),
    },
}
"""Which channels of Idiap's arrays a sensor has."""
TREE = (
    "<root>/R_CDIT/<002_01_003_2_81>/{color,depth,ir,thermal}/*.jpg, also below WMCA-Image or "
    "IDIAP_WMCA, or <root>/{WMCA_preprocessed_RGB,WMCA_preprocessed_CDIT}/WMCA/face-station/<date>/"
    "<002_01_003_2_81>.hdf5"
)
_IMAGES_BELOW = ("R_CDIT", "WMCA-Image/R_CDIT", "IDIAP_WMCA/R_CDIT", "")
_HDF5_BELOW = ("", "WMCA", "WMCA-Image")
_FRAME = re.compile(r"Frame_(\d+)/array")


def index(root: Path) -> list[Sample]:
    """Every frame, by video and number.

    Raises:
        DatasetError: no such tree below ``root``, or an HDF5 file is broken.
    """
    samples = _from_images(root) or _from_hdf5(root)
    if not samples:
        raise mismatch(root, TREE, (*_IMAGES_BELOW, *CHANNELS))
    known = sorted({s.presentation for s in samples}.intersection(MISMATCHED))
    if known:
        log.warning("frames of the sensors are known not to match in WMCA's %s", ", ".join(known))
    return samples


def video_name(folder: PurePath) -> str:
    """What tells a video from others, from its folder."""
    return folder.name


def _from_images(root: Path) -> list[Sample]:
    videos = in_one_place(root, _IMAGES_BELOW, _folders)
    return samples_of(videos, SENSORS, root=root, tree=TREE) if videos else []


def _folders(base: Path) -> Iterator[tuple[Path, Sample]]:
    folders = sorted(base.glob("[0-9]*_*/"))
    return ((f, _video(f.name)) for f in folders if VIDEO.fullmatch(f.name))


def _from_hdf5(root: Path) -> list[Sample]:
    for below in _HDF5_BELOW:
        files: dict[str, list[tuple[Path, dict[Modality, tuple[int, ...]]]]] = {}
        for folder, channels in CHANNELS.items():
            for file in sorted((root / below / folder).rglob("*.hdf5")):
                if VIDEO.fullmatch(file.stem):
                    files.setdefault(file.stem, []).append((file, channels))
        if files:
            samples = [sample for name in sorted(files) for sample in _frames(name, files[name])]
            tell_of_lone(samples)
            return samples
    return []


def _frames(
    name: str, files: list[tuple[Path, dict[Modality, tuple[int, ...]]]]
) -> Iterator[Sample]:
    """Each frame of a video with the channels of either file; frames agree by their number."""
    frames: dict[int, dict[Modality, Path]] = {}
    for file, channels in files:
        for array in arrays(file):
            if found := _FRAME.fullmatch(array):
                frames.setdefault(int(found[1]), {}).update(
                    (m, Member(file=file, name=array, choice=(channel,)).address)
                    for m, channel in channels.items()
                )
    video = _video(name)
    for number in sorted(frames):
        yield Sample(
            key=f"{name}/{number:04}",
            presentation=name,
            paths=dict(sorted(frames[number].items(), key=lambda item: MODALITIES.index(item[0]))),
            label=video.label,
            pai_species=video.pai_species,
            subject=video.subject,
            dataset=NAME,
            attributes={
                **video.attributes,
                "date": files[0][0].parent.name,
                "frame": f"{number:04}",
            },
        )


def _video(name: str) -> Sample:
    """What the name of a video tells; its pictures are not known yet."""
    told = VIDEO.fullmatch(name)
    assert told is not None
    kind, pai = told["type"], told["pai"]
    attack = kind != BONA_FIDE
    return Sample(
        key=name,
        presentation=name,
        paths={},
        label=Label.ATTACK if attack else Label.BONA_FIDE,
        pai_species=SPECIES.get((kind, pai), f"type_{kind}_pai_{pai}") if attack else None,
        subject=told["client"],
        dataset=NAME,
        attributes={"session": told["session"], "presenter": told["presenter"], "pai": pai},
    )
