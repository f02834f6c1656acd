"""The division that the manifest itself states: does the detector hold for other people?

Train, dev, eval: the rows whose ``split`` column says so; rows with an empty split are unused.
Threshold: from dev.
Source: the ``split`` column; ``unmask simulate`` fills it so that the sets share no subject.
Counts: those of the table.
"""

from unmask.config import DataConfig
from unmask.datasets.manifest import SPLITS, read_manifest
from unmask.errors import DatasetError
from unmask.types import Modality, Protocol, Sample


def split(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
    """Sets as the column ``split`` names them."""
    rows = read_manifest(data.root, data.manifest)
    if not any(name for _, name in rows):
        raise DatasetError(
            f"{data.root / data.manifest} assigns no row to a set; "
            f"fill its column 'split' with {', '.join(SPLITS)}"
        )
    sets: dict[str, list[Sample]] = {name: [] for name in ("", *SPLITS)}
    for sample, name in rows:
        sets[name].append(sample)
    return Protocol(
        name="manifest/split",
        modalities=modalities,
        train=sets["train"],
        dev=sets["dev"],
        eval=sets["eval"],
    )


PROTOCOLS = {"split": split}
