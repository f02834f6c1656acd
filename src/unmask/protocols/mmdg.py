"""MMDG: trained on some data sets with their own cameras: does the detector hold on another one?

C is CASIA-SURF CeFA, P PADISI-Face, S CASIA-SURF, W WMCA. Protocol 1 leaves one out
(``p1_cps_to_w`` learns from C, P and S and is judged on W), protocol 3 learns from two and is
judged on the two others, their scores pooled. Protocol 2 trains no other models: those of protocol
1 are judged without depth, without infrared and without both, so ask ``unmask evaluate`` for
``--modalities`` rgb,infrared, then rgb,depth, then rgb (or name the three under ``judged`` of
``unmask evidence``) and state three means over the four splits.

Train, dev, eval: the train lists of the sources; their val lists; the test lists of the targets.
Frames are those that the lists name, about three of a video, each judged by itself as published;
``data.frames`` is not looked at. Lines that stand twice count once.
Threshold: from dev, which is of the sources: what one could know before moving. The variants
``*_published`` do as the published figures: nothing but the targets' test frames choose the step
that is kept and the threshold, so that HTER is an equal error rate and better than it can be in
use; ``unmask report`` and ``unmask evidence`` then need ``--oracle-threshold``. ``unmask
reproduce`` gives both figures, each in a column of its own.
Source: arXiv:2402.19298, table 1, and PA-FAS for protocols 2 and 3; lists C-train.txt, C-val.txt,
C-test.txt and so on, of mmdg and mmdg_plus_plus, in ``data.lists``. One root has all data sets:
    <root>/CeFA/{CeFA-Race,CeFA-Mask}/...       as unmask.datasets.casia_cefa has it
    <root>/PADISI-Face/*.npz and its table      as unmask.datasets.padisi has it
    <root>/CASIA-SURF-CROP/{real,fake}_part/... as unmask.datasets.casia_surf has it
    <root>/WMCA-Image/R_CDIT/...                or Idiap's HDF5 folders, as unmask.datasets.wmca
In C every bona fide video is of one device and every print and replay of another.
Counts: bona fide and attack lines of train, val, test: C 1,200 and 3,600, 601 and 1,800, 1,200 and
5,539 (4 twice); P 597 and 493, 145 and 127, 363 and 304; S 900 and 5,397 (20 twice), 300 and 1,800,
1,800 and 10,764 (56 twice); W 372 and 1,323, 324 and 1,347, 345 and 1,326. Compared at load.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from unmask.config import DataConfig
from unmask.datasets import casia_cefa, casia_surf, padisi, wmca
from unmask.datasets.listed import KeyOf, find, frame_key, lists_folder, tell_frames
from unmask.datasets.lists import LAYOUTS, read_lists
from unmask.errors import DatasetError
from unmask.protocols import Build
from unmask.types import Modality, Protocol, Sample

log = logging.getLogger("unmask")


@dataclass(frozen=True, kw_only=True, slots=True)
class Domain:
    """One of the four data sets."""

    index: Callable[[Path], list[Sample]]
    key_of: KeyOf
    published: dict[str, tuple[int, int]]
    """Bona fide and attack lines of its lists."""
    layout: str = "mmdg"


DOMAINS = {
    "C": Domain(
        index=casia_cefa.index,
        key_of=frame_key(casia_cefa.video_name),
        published={"train": (1200, 3600), "val": (601, 1800), "test": (1200, 5539)},
    ),
    "P": Domain(
        index=padisi.index,
        key_of=lambda entry: padisi.trial_of(PurePosixPath(entry.paths[0])),
        published={"train": (597, 493), "val": (145, 127), "test": (363, 304)},
        layout="mmdg_padisi",
    ),
    "S": Domain(
        index=casia_surf.index,
        key_of=frame_key(casia_surf.video_name),
        published={"train": (900, 5397), "val": (300, 1800), "test": (1800, 10764)},
    ),
    "W": Domain(
        index=wmca.index,
        key_of=frame_key(wmca.video_name),
        published={"train": (372, 1323), "val": (324, 1347), "test": (345, 1326)},
    ),
}
SPLITS = {
    "p1_cps_to_w": ("CPS", "W"),
    "p1_cpw_to_s": ("CPW", "S"),
    "p1_csw_to_p": ("CSW", "P"),
    "p1_psw_to_c": ("PSW", "C"),
    "p3_cw_to_ps": ("CW", "PS"),
    "p3_ps_to_cw": ("PS", "CW"),
}
"""Sources and targets."""
TREE = (
    "one root with CeFA/{CeFA-Race,CeFA-Mask}/, PADISI-Face/ (npz files and the table), "
    "CASIA-SURF-CROP/{real,fake}_part/ and WMCA-Image/R_CDIT/ (or WMCA_preprocessed_RGB/ and "
    "WMCA_preprocessed_CDIT/), as far as a protocol needs them"
)


def to_targets(split: str, *, as_published: bool) -> Build:
    """Learn from the sources, judge the targets."""
    sources, targets = SPLITS[split]
    name = f"mmdg/{split}_published" if as_published else f"mmdg/{split}"

    def build(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
        if "C" in sources + targets:
            log.warning("%s: in C (CASIA-SURF CeFA) the device tells bona fide from attack", name)
        wanted = {domain: ["train"] if as_published else ["train", "val"] for domain in sources}
        wanted |= {domain: ["test"] for domain in targets}
        found = _read(data, name, wanted)
        judged = _joined(found[f"{domain}-test"] for domain in targets)
        return Protocol(
            name=name,
            modalities=modalities,
            train=_joined(found[f"{domain}-train"] for domain in sources),
            dev=judged if as_published else _joined(found[f"{d}-val"] for d in sources),
            eval=judged,
            threshold_from="eval" if as_published else "dev",
        )

    return build


def _read(data: DataConfig, protocol: str, wanted: dict[str, list[str]]) -> dict[str, list[Sample]]:
    """The frames of each wanted list, by names such as C-train."""
    names = [f"{domain}-{part}" for domain, parts in wanted.items() for part in parts]
    folder = lists_folder(data, protocol, [f"{name}.txt" for name in names])
    found = {}
    for letter, parts in wanted.items():
        domain = DOMAINS[letter]
        files = {part: f"{letter}-{part}.txt" for part in parts}
        lists = read_lists(folder, files, LAYOUTS[domain.layout])
        samples = _samples(data.root, protocol, letter)
        for part, entries in lists.items():
            title = f"{protocol}: {files[part]}"
            tell_frames(title, entries, domain.published[part])
            found[f"{letter}-{part}"] = find(title, entries, samples, domain.key_of)
    return found


def _samples(root: Path, protocol: str, letter: str) -> dict[str, Sample]:
    try:
        return {sample.key: sample for sample in DOMAINS[letter].index(root)}
    except DatasetError as error:
        raise DatasetError(f"{protocol}, data set {letter}: {error}; it reads {TREE}") from error


def _joined(sets: Iterable[list[Sample]]) -> list[Sample]:
    return [sample for samples in sets for sample in samples]


PROTOCOLS = {
    **{split: to_targets(split, as_published=False) for split in SPLITS},
    **{f"{split}_published": to_targets(split, as_published=True) for split in SPLITS},
}
