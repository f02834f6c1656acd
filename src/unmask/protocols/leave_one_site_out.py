"""Trained at three sites: does the detector hold at a fourth, whose sensors it has never seen?

Train, dev, eval: the train and dev rows of three of the sites A to D; all rows of the fourth, which
names the variant, but for those of people that train or dev know from elsewhere. So neither people
nor site are shared with eval; species are: the simulator has each of them at two sites or more.
Threshold: from dev, which is of the three sites: what a user could know before moving in.
Source: leave one data set out as in MMDG, protocol 1 (arXiv:2402.19298, table 1), with a simulated
site in place of a data set. There the threshold is set on the data set left out; here it is not.
Counts: of n presentations per site about 9n/5, 3n/5 and n, half bona fide.
"""

from unmask.config import DataConfig
from unmask.datasets.manifest import read_sites
from unmask.protocols import Build, strangers
from unmask.types import Modality, Protocol

SITES = ("A", "B", "C", "D")


def without(site: str) -> Build:
    """Learn at the other sites, judge at this one."""
    others = tuple(name for name in SITES if name != site)

    def build(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
        train, dev, seen = read_sites(data.root, data.manifest, learned=others, judged=(site,))
        return Protocol(
            name=f"leave_one_site_out/{site}",
            modalities=modalities,
            train=train,
            dev=dev,
            eval=strangers(seen, train, dev),
        )

    return build


PROTOCOLS = {site: without(site) for site in SITES}
