"""Flex-Modal-FAS: trained with three sensors, judged with those that are left, here or elsewhere?

``p1`` judges RGB alone, ``p2`` RGB and depth, ``p3`` RGB and infrared, ``p4`` all three; ``_intra``
on other people of CASIA-SURF and CASIA-SURF CeFA (Africans and Central Asians), ``_cross`` on WMCA.

Train, dev, eval: the lists of both data sets together; eval of ``_cross`` is every video of WMCA.
Train keeps three sensors; hide some by ``augment.modality_dropout``, as published. In dev and eval
those that the variant takes away are gone. Frames are those that the lists name, each judged by
itself; ``data.frames`` is not looked at. Lines that stand twice count once, and dev gives up the
video 1_300_1_1_1, of which the val list has a frame though the test list judges it.
Threshold: from dev, seen through the same sensors, as published for ``_intra``; the published one
of ``_cross`` is 0.5.
Source: arXiv:2202.08192; lists CASIA-SURF_CeFA_{train,val,test}.txt and WMCA_test.txt of
Flex-Modal-FAS, in ``data.lists``. One root has the data sets, as in ``mmdg``. The loader published
with it puts RGB in the place of infrared at test: figures of p3 and p4 made with it are no target.
Counts: bona fide and attack lines of train, val, test and WMCA 2,100 and 8,997, 901 and 3,600,
3,000 and 16,303, 1,041 and 3,996. Compared at load.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from unmask.config import DataConfig
from unmask.datasets import casia_cefa, casia_surf, wmca
from unmask.datasets.listed import KeyOf, apart, find, frame_key, lists_folder, tell_frames
from unmask.datasets.lists import LAYOUTS, Entry, read_lists
from unmask.errors import ConfigError, DatasetError
from unmask.protocols import Build
from unmask.types import Modality, Protocol, Sample

RGB, DEPTH, INFRARED = Modality.RGB, Modality.DEPTH, Modality.INFRARED
LEFT = {
    "p1": (RGB,),
    "p2": (RGB, DEPTH),
    "p3": (RGB, INFRARED),
    "p4": (RGB, DEPTH, INFRARED),
}
"""What dev and eval still show."""
FILES = {
    "train": "CASIA-SURF_CeFA_train.txt",
    "dev": "CASIA-SURF_CeFA_val.txt",
    "intra": "CASIA-SURF_CeFA_test.txt",
    "cross": "WMCA_test.txt",
}
PUBLISHED = {
    "train": (2100, 8997),
    "dev": (901, 3600),
    "intra": (3000, 16303),
    "cross": (1041, 3996),
}
TREE = (
    "one root with CASIA-SURF-CROP/{real,fake}_part/, CeFA/{CeFA-Race,CeFA-Mask}/ and, for _cross, "
    "WMCA-Image/R_CDIT/ or WMCA_preprocessed_RGB/ and WMCA_preprocessed_CDIT/"
)

_SURF = frame_key(casia_surf.video_name)
_OTHERS = frame_key(casia_cefa.video_name)


def left(protocol: str, where: str) -> Build:
    """Learn from three sensors, set the threshold and judge with those that the protocol leaves."""
    name = f"flex_modal/{protocol}_{where}"

    def build(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
        shown = set(LEFT[protocol]) & set(modalities)
        if not shown:
            raise ConfigError(
                f"{name} leaves nothing of {', '.join(modalities)}; ask for at least one of "
                + ", ".join(LEFT[protocol])
            )
        folder = lists_folder(data, name, [FILES[part] for part in ("train", "dev", where)])
        wanted = {part: FILES[part] for part in ("train", "dev", where)}
        lists = read_lists(folder, wanted, LAYOUTS["mmdg"])
        samples = _samples(name, data.root, casia_surf.index, casia_cefa.index)
        if where == "cross":
            samples |= _samples(name, data.root, wmca.index)
        found = {}
        for part, entries in lists.items():
            tell_frames(f"{name}: {FILES[part]}", entries, PUBLISHED[part])
            found[part] = find(f"{name}: {FILES[part]}", entries, samples, key_of)
        return Protocol(
            name=name,
            modalities=modalities,
            train=found["train"],
            dev=_only(shown, apart(name, found["dev"], found[where])),
            eval=_only(shown, found[where]),
        )

    return build


def key_of(entry: Entry) -> str:
    """Of a line of any of the three data sets; those of two are told by the video's name alone."""
    key: KeyOf = _SURF if entry.paths[0].startswith("CASIA-SURF") else _OTHERS
    return key(entry)


def _samples(
    protocol: str, root: Path, *indices: Callable[[Path], list[Sample]]
) -> dict[str, Sample]:
    try:
        return {sample.key: sample for index in indices for sample in index(root)}
    except DatasetError as error:
        raise DatasetError(f"{protocol}: {error}; it reads {TREE}") from error


def _only(shown: set[Modality], samples: list[Sample]) -> list[Sample]:
    return [
        replace(sample, paths={m: path for m, path in sample.paths.items() if m in shown})
        for sample in samples
    ]


PROTOCOLS = {
    f"{protocol}_{where}": left(protocol, where)
    for where in ("intra", "cross")
    for protocol in LEFT
}
