"""Trained at two sites only: how much does the detector lose when it has seen little variety?

Train, dev, eval: the train and dev rows of two sites; all rows of two others, judged together, but
for those of people that train or dev know from elsewhere. The variant ``ab_to_cd`` learns at A and
B and is judged at C and D, ``cd_to_ab`` the other way. A species that only the judged sites have is
new as well.
Threshold: from dev, which is of the two sites learned from.
Source: limited sources as in MMDG, protocol 3 (arXiv:2402.19298), where scores of both targets are
pooled; with simulated sites in place of data sets. There the threshold is set on the targets.
Counts: of n presentations per site about 6n/5, 2n/5 and 2n, half bona fide.
"""

from unmask.config import DataConfig
from unmask.datasets.manifest import read_sites
from unmask.protocols import Build, strangers
from unmask.types import Modality, Protocol


def between(name: str, learned: tuple[str, ...], judged: tuple[str, ...]) -> Build:
    """Learn at some sites, judge at others."""

    def build(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
        train, dev, seen = read_sites(data.root, data.manifest, learned=learned, judged=judged)
        return Protocol(
            name=f"limited_sites/{name}",
            modalities=modalities,
            train=train,
            dev=dev,
            eval=strangers(seen, train, dev),
        )

    return build


PROTOCOLS = {
    "ab_to_cd": between("ab_to_cd", ("A", "B"), ("C", "D")),
    "cd_to_ab": between("cd_to_ab", ("C", "D"), ("A", "B")),
}
