"""The settings of ``unmask doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from unmask.config.checks import check_at_least
from unmask.config.pictures import DataConfig
from unmask.types import Modality


@dataclass(frozen=True, kw_only=True)
class DoctorConfig(DataConfig):
    """Settings of ``unmask doctor``."""

    root: Path = Path()
    """Folder of the data set, or of list files; unless it is named, where the command is given."""
    images: Literal["none", "sample", "all"] = "sample"
    """Whose pictures are opened: of no row, of some drawn once, or of all."""
    sample: int = 500
    """How many rows are drawn."""
    modalities: tuple[Modality, ...] = ()
    """What the protocol is asked for, as ``unmask train`` does; none named: all that there are."""
    workers: int = 2
    """Processes that open pictures. A script that asks for more than one keeps its own calls under
    ``if __name__ == "__main__":``, as Python's multiprocessing demands."""
    out: Path = Path("unmask-doctor")
    """Folder for doctor.html and doctor.json."""
    json: bool = False
    """Print doctor.json instead of the table."""
    layout: str = ""
    """Where root has published list files, which are looked at alone: how they are written."""
    files: str = "*.txt"
    """Names of the list files or patterns, parted by commas, such as: C-*.txt,S-*.txt."""

    def __post_init__(self) -> None:
        DataConfig.__post_init__(self)
        check_at_least("sample", self.sample, 1)
        check_at_least("workers", self.workers, 1)
