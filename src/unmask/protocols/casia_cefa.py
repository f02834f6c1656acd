"""CASIA-SURF CeFA, protocols 1 to 4: other people, other attacks, other sensors: what still holds?

``p1`` learns from one ethnicity and judges the two others; ``p2`` learns from cloth prints and
judges replays (p2.1), or the other way (p2.2); ``p3`` learns from two sensors and judges the third;
``p4`` is p1 and p2 at once: one ethnicity and replays, judged by two others and cloth prints.
``.1``, ``.3`` and ``.5`` of p1 and p4 learn from Africans, Central and East Asians, as the lists
number them; papers call them folds 1 to 3. Masks are judged in all protocols and never learned.

In ``p3`` every picture is a sample that stands in for RGB, whatever sensor took it, as no detector
can be shown a sensor it was not built for: ask for ``modalities=[rgb]``. p3.1 judges infrared, p3.2
depth, p3.3 RGB.

Train, dev, eval: subjects 000 to 199, 200 to 299 and 300 to 499, without the masks' light condition
"none" and with those devices and sessions that the lists have.
Threshold: from dev, which has the ethnicity, species and sensors of train.
Source: public lists CASIA_CeFA@p1 to @p4 of CASIA-FAS-Dataset (arXiv:2003.05136, table 2). The sets
follow from the folders; with ``data.lists`` they are compared with the lists, video by video, and
differences told. Of p3 there is no list: its sensors are published, that it has all ethnicities and
species is inferred. Published figures of p4 are of videos, from their first and last frame:
``data.frames=first_and_last``, by name. State mean and deviation over the folds, and which one.
Counts: bona fide and attack videos of p4: 200 and 200, 100 and 100, 400 and 1,923; of p1: 200 and
600, 100 and 300, 400 and 2,323; of p2.1: 600 and 1,200, 300 and 600, 600 and 1,723; of p2.2: 600
and 600, 300 and 300, 600 and 2,323. What a copy has is logged, with these where it differs.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from unmask.config import DataConfig
from unmask.datasets.casia_cefa import ETHNICITIES, index, video_name
from unmask.datasets.lists import LAYOUTS, read_lists
from unmask.datasets.published import Counts, compare, tell_counts
from unmask.datasets.videos import judged
from unmask.errors import ConfigError
from unmask.protocols import Build
from unmask.types import Modality, Protocol, Sample

SUBJECTS = {"train": range(200), "dev": range(200, 300), "eval": range(300, 500)}
CLOTH, REPLAY = "print_cloth", "replay"
CAPTURES = {
    None: {("rssdk", "indoor")},
    CLOTH: {("bag", "indoor"), ("bag", "outdoor")},
    REPLAY: {("bag", "indoor")},
}
"""Devices and sessions in the lists, of bona fide and of either attack."""
ALL = frozenset(ETHNICITIES.values())
FOLDS = {"1": "AF", "3": "CA", "5": "EA"}

P1: Counts = {"train": (200, 600), "dev": (100, 300), "eval": (400, 2323)}
P2_1: Counts = {"train": (600, 1200), "dev": (300, 600), "eval": (600, 1723)}
P2_2: Counts = {"train": (600, 600), "dev": (300, 300), "eval": (600, 2323)}
P4: Counts = {"train": (200, 200), "dev": (100, 100), "eval": (400, 1923)}

RGB, DEPTH, INFRARED = Modality.RGB, Modality.DEPTH, Modality.INFRARED
LEARNED_AND_JUDGED = {
    "p3.1": ((RGB, DEPTH), INFRARED),
    "p3.2": ((RGB, INFRARED), DEPTH),
    "p3.3": ((DEPTH, INFRARED), RGB),
}

Group = tuple[Collection[str], Collection[str]]
"""Ethnicities and species."""


def across(variant: str, learned: Group, others: Group, published: Counts) -> Build:
    """Learn from some people and attacks, judge others and masks."""

    def build(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
        samples = index(data.root)
        judges = [*_people(samples, "eval", others), *_masks(samples)]
        protocol = Protocol(
            name=f"casia_cefa/{variant}",
            modalities=modalities,
            train=_people(samples, "train", learned),
            dev=judged(_people(samples, "dev", learned), data.frames),
            eval=judged(judges, data.frames),
        )
        tell_counts(protocol, published)
        if data.lists:
            compare(protocol, read_lists(data.lists, _lists(variant), CASIA_FAS), video_name)
        return protocol

    return build


def across_sensors(variant: str) -> Build:
    """Learn from pictures of two sensors, judge those of the third, all in place of RGB."""
    learned, other = LEARNED_AND_JUDGED[variant]
    everything = (ALL, (CLOTH, REPLAY))

    def build(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
        if modalities != (RGB,):
            raise ConfigError(
                f"casia_cefa/{variant} shows pictures of any sensor in place of RGB, not "
                f"{', '.join(modalities)}; ask for --modalities [rgb]"
            )
        samples = index(data.root)
        dev = judged(_people(samples, "dev", everything), data.frames)
        judges = judged([*_people(samples, "eval", everything), *_masks(samples)], data.frames)
        protocol = Protocol(
            name=f"casia_cefa/{variant}",
            modalities=modalities,
            train=_as_rgb(_people(samples, "train", everything), learned),
            dev=_as_rgb(dev, learned),
            eval=_as_rgb(judges, (other,)),
        )
        tell_counts(protocol)
        return protocol

    return build


def _people(samples: Iterable[Sample], of_set: str, group: Group) -> list[Sample]:
    """Bona fide and attack videos of a set's subjects, as far as the lists have them."""
    ethnicities, species = group
    return [
        sample
        for sample in samples
        if sample.attributes.get("ethnicity") in ethnicities
        and sample.pai_species in (None, *species)
        and int(sample.subject.partition("-")[2]) in SUBJECTS[of_set]
        and (sample.attributes["device"], sample.attributes["session"])
        in CAPTURES[sample.pai_species]
    ]


def _masks(samples: Iterable[Sample]) -> list[Sample]:
    """Masks as far as the lists have them."""
    return [s for s in samples if s.attributes.get("lighting", "none") != "none"]


def _as_rgb(samples: Iterable[Sample], sensors: Iterable[Modality]) -> list[Sample]:
    """A sample for each picture of the sensors, which stands where RGB would."""
    return [
        replace(
            sample,
            key=f"{sample.key}/{sensor}",
            presentation=f"{sample.presentation}/{sensor}",
            paths={RGB: sample.paths[sensor]},
            attributes={**sample.attributes, "sensor": str(sensor)},
        )
        for sensor in sensors
        for sample in samples
        if sensor in sample.paths
    ]


def _lists(variant: str) -> dict[str, str]:
    files = {"train": "train", "dev": "dev", "eval": "test"}
    return {name: f"CASIA_CeFA@{variant}_video_{file}.txt" for name, file in files.items()}


CASIA_FAS = LAYOUTS["casia_fas"]

PROTOCOLS = {
    **{
        f"p1.{n}": across(f"p1.{n}", ({own}, (CLOTH, REPLAY)), (ALL - {own}, (CLOTH, REPLAY)), P1)
        for n, own in FOLDS.items()
    },
    "p2.1": across("p2.1", (ALL, (CLOTH,)), (ALL, (REPLAY,)), P2_1),
    "p2.2": across("p2.2", (ALL, (REPLAY,)), (ALL, (CLOTH,)), P2_2),
    **{variant: across_sensors(variant) for variant in LEARNED_AND_JUDGED},
    **{
        f"p4.{n}": across(f"p4.{n}", ({own}, (REPLAY,)), (ALL - {own}, (CLOTH,)), P4)
        for n, own in FOLDS.items()
    },
}
