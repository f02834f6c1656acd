"""Every simulated site seen in training: does the detector hold for other people at known sites?

Train, dev, eval: the simulated rows of all sites, by the ``split`` column; nobody is in two sets,
neither as a bona fide subject nor as the person whom an attack shows.
Threshold: from dev.
Source: the simulator's splits (``unmask.sim.people``); the seen-site side of every comparison with
``leave_one_site_out`` and ``limited_sites``.
Counts: of the presentations of each site about 3/5, 1/5, 1/5, exactly so where their number is a
multiple of ten per species; half of each set is bona fide.
"""

from unmask.config import DataConfig
from unmask.datasets.manifest import read_sets
from unmask.types import SIMULATED, Modality, Protocol

REMEDY = (
    "make such data with unmask simulate, or divide any other by the same column with "
    "the protocol manifest/split"
)


def within(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
    """All simulated sites, in the sets that the simulator gave them."""
    sets = {
        split: rows.only("dataset", (SIMULATED,), remedy=REMEDY).samples
        for split, rows in read_sets(data.root, data.manifest).items()
    }
    return Protocol(
        name="simulated/within",
        modalities=modalities,
        train=sets["train"],
        dev=sets["dev"],
        eval=sets["eval"],
    )


PROTOCOLS = {"within": within}
