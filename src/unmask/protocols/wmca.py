"""WMCA: known kinds of attack by other instruments, or a kind never seen: does the detector tell?

``grandtest`` is the published division; the variants ``unseen_<species>`` leave one species out.

Train, dev, eval: the groups of the grandtest table. Of ``unseen_*``, train and dev without the
species; eval bona fide and that species alone, both of the eval group. No client is in two sets and
no instrument either; presenters, who hold or wear an attack, are shared, as WMCA made it. "Known"
is not whole: grandtest has paper masks in eval alone.
Threshold: from dev. Published figures fix it at 1 % BPCER of dev (WMCA's own) or at the equal error
rate of dev; ``unmask report`` gives both.
Source: arXiv:1909.08848; the table WMCA_Grandtest.txt of CASIA-FAS-Dataset, in ``data.lists``. The
public lists of unseen species have train for dev, and all 347 bona fide videos in train and in
eval, so that BPCER is an error of training; they are not used, here nobody is in two sets. WMCA's
own figures are of frames, 50 of each video; those of flexible models of videos, from the first and
last frame: ``data.frames=first_and_last``, by name.
Counts: bona fide and attack videos 124 and 441, 108 and 449, 115 and 442. Of eval, fake heads 17,
flexible masks 137, glasses 22, paper masks 71, prints 66, replays 80, rigid masks 49: with 17 or 22
attacks an error rate says little. What a copy has is logged, with these where it differs.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

from unmask.config import DataConfig
from unmask.datasets.listed import lists_folder
from unmask.datasets.lists import LAYOUTS, Entry, read_lists
from unmask.datasets.published import Counts, compare, tell_counts
from unmask.datasets.videos import judged
from unmask.datasets.wmca import index, video_name
from unmask.errors import DatasetError
from unmask.protocols import Build
from unmask.types import Modality, Protocol, Sample

TABLE = "WMCA_Grandtest.txt"
SETS = ("train", "dev", "eval")
BONA_FIDE = (124, 108, 115)
"""Videos of each set."""
ATTACKS = {
    "fake_head": (53, 52, 17),
    "flexible_mask": (111, 131, 137),
    "glasses": (31, 22, 22),
    "paper_mask": (0, 0, 71),
    "print": (68, 66, 66),
    "replay": (152, 116, 80),
    "rigid_mask": (26, 62, 49),
}
"""The same of each species."""


def grandtest(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
    """Everything, as the table divides it."""
    counts = zip(SETS, BONA_FIDE, map(sum, zip(*ATTACKS.values(), strict=True)), strict=True)
    published = {name: (bona_fide, attacks) for name, bona_fide, attacks in counts}
    return _divided("grandtest", lambda _set, _species: True, published, data, modalities)


def unseen(species: str) -> Build:
    """Learn without this species, judge bona fide against it."""
    others = [counts for name, counts in ATTACKS.items() if name != species]
    published = {
        "train": (BONA_FIDE[0], sum(counts[0] for counts in others)),
        "dev": (BONA_FIDE[1], sum(counts[1] for counts in others)),
        "eval": (BONA_FIDE[2], ATTACKS[species][2]),
    }

    def in_set(of_set: str, kind: str) -> bool:
        return (kind == species) == (of_set == "eval")

    def build(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
        return _divided(f"unseen_{species}", in_set, published, data, modalities)

    return build


def _divided(
    variant: str,
    in_set: Callable[[str, str], bool],
    published: Counts,
    data: DataConfig,
    modalities: tuple[Modality, ...],
) -> Protocol:
    """Bona fide, and the attacks of each group of which ``in_set`` wants the species."""
    name = f"wmca/{variant}"
    table = _groups(data, name)
    listed = {video: of_set for of_set, entries in table.items() for video in entries}
    sets: dict[str, list[Sample]] = {of_set: [] for of_set in SETS}
    for sample in index(data.root):
        of_set = listed.get(sample.presentation, "")
        if of_set and (sample.pai_species is None or in_set(of_set, sample.pai_species)):
            sets[of_set].append(sample)
    protocol = Protocol(
        name=name,
        modalities=modalities,
        train=sets["train"],
        dev=judged(sets["dev"], data.frames),
        eval=judged(sets["eval"], data.frames),
    )
    if variant == "grandtest":
        compare(protocol, {of_set: list(table[of_set].values()) for of_set in SETS}, video_name)
    tell_counts(protocol, published)
    return protocol


def _groups(data: DataConfig, protocol: str) -> dict[str, dict[str, Entry]]:
    """The videos of each group, as lines that name the folder of their colour frames."""
    folder = lists_folder(data, protocol, [TABLE])
    entries = read_lists(folder, {"all": TABLE}, LAYOUTS["wmca_grandtest"])["all"]
    groups: dict[str, dict[str, Entry]] = {of_set: {} for of_set in SETS}
    for entry in entries:
        group, path = entry.fields["group"], PurePosixPath(entry.paths[0])
        if group not in groups:
            raise DatasetError(
                f"{TABLE}, line {entry.line} has the group {group!r}; allowed: {', '.join(SETS)}"
            )
        groups[group][path.name] = replace(entry, paths=(str(path / "color"),))
    return groups


PROTOCOLS = {
    "grandtest": grandtest,
    **{f"unseen_{species}": unseen(species) for species in ATTACKS},
}
