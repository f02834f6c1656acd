"""The division that the manifest itself states: does the detector hold for other people?

Train, dev, eval: the rows whose ``split`` column says so; rows with an empty split are unused.
Threshold: from dev.
Source: the ``split`` column; ``unmask simulate`` fills it so that the sets share no subject.
Counts: those of the table.
"""

from unmask.config import DataConfig
from unmask.datasets.manifest import read_sets
from unmask.types import Modality, Protocol


def split(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
    """Sets as the column ``split`` names them."""
    sets = read_sets(data.root, data.manifest)
    return Protocol(
        name="manifest/split",
        modalities=modalities,
        train=sets["train"].samples,
        dev=sets["dev"].samples,
        eval=sets["eval"].samples,
    )


PROTOCOLS = {"split": split}
