"""CASIA-SURF, protocol 1: are prints noticed that are cut otherwise than those learned from?

Train, dev, eval: the three parts of the release, bona fide and three of the six attacks each: train
has 04, 05 and 06 (nose or mouth cut too, mostly), dev and eval have 01, 02 and 03. No subject is
in two parts.
Threshold: from dev, which knows the attacks of eval though train does not.
Source: public lists CASIA_SURF@p1 of CASIA-FAS-Dataset. The sets follow from the folders; with
``data.lists`` they are compared with the lists, video by video, and differences told. Published
figures are of videos, from their first and last frame: ``data.frames=first_and_last``, by name.
Counts: bona fide and attack videos 300 and 900, 100 and 300, 600 and 1,791. What a copy has is
logged, with these where it differs.
"""

from unmask.config import DataConfig
from unmask.datasets.casia_surf import BONA_FIDE, index, video_name
from unmask.datasets.lists import LAYOUTS, read_lists
from unmask.datasets.published import compare, tell_counts
from unmask.datasets.videos import judged
from unmask.types import Modality, Protocol

ATTACKS = {
    "train": ("04_en_b", "05_enm_s", "06_enm_b"),
    "dev": ("01_e_s", "02_e_b", "03_en_s"),
    "eval": ("01_e_s", "02_e_b", "03_en_s"),
}
PUBLISHED = {"train": (300, 900), "dev": (100, 300), "eval": (600, 1791)}
LISTS = {
    "train": "CASIA_SURF@p1_video_train.txt",
    "dev": "CASIA_SURF@p1_video_dev.txt",
    "eval": "CASIA_SURF@p1_video_test.txt",
}


def p1(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
    """Three cuts learned, three others judged."""
    samples = index(data.root)
    sets = {
        name: [
            sample
            for sample in samples
            if sample.attributes["set"] == name
            and sample.attributes["pai"] in (BONA_FIDE, *attacks)
        ]
        for name, attacks in ATTACKS.items()
    }
    protocol = Protocol(
        name="casia_surf/p1",
        modalities=modalities,
        train=sets["train"],
        dev=judged(sets["dev"], data.frames),
        eval=judged(sets["eval"], data.frames),
    )
    tell_counts(protocol, PUBLISHED)
    if data.lists:
        compare(protocol, read_lists(data.lists, LISTS, LAYOUTS["casia_fas"]), video_name)
    return protocol


PROTOCOLS = {"p1": p1}
