"""Sorted by hand into train, dev and eval: does the detector hold for other people?

Train, dev, eval: the folders of that name, or val, validation for dev and test for eval; see
``datasets/folder.py``. Pictures outside of them are unused.
Threshold: from dev.
Source: whoever sorted the pictures; subject folders let it be checked that nobody is in two sets.
Counts: those of the folders.
"""

from unmask.config import DataConfig
from unmask.datasets.folder import TREE, index
from unmask.datasets.videos import judged
from unmask.errors import DatasetError
from unmask.types import Modality, Protocol


def split(data: DataConfig, modalities: tuple[Modality, ...]) -> Protocol:
    """Sets as the top folders are named."""
    samples = index(data.root)
    sets = {
        name: [sample for sample in samples if sample.attributes.get("set") == name]
        for name in ("train", "dev", "eval")
    }
    missing = [name for name, found in sets.items() if not found]
    if missing:
        raise DatasetError(
            f"{data.root} has no pictures in a folder {' or '.join(missing)}; expected is {TREE}"
        )
    return Protocol(
        name="folder/split",
        modalities=modalities,
        train=sets["train"],
        dev=judged(sets["dev"], data.frames),
        eval=judged(sets["eval"], data.frames),
    )


PROTOCOLS = {"split": split}
