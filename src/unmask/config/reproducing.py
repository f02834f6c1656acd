"""The settings of ``unmask reproduce``: a published table, and where its data are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from unmask.config.checks import check_at_least
from unmask.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class ReproduceConfig:
    """Settings of ``unmask reproduce``."""

    table: Literal["", "mmdg_p1", "mmdg_p2", "mmdg_p3", "flexible"] = ""
    """The published table; none named: which there are, what each needs, where to get that."""
    data: Path | None = None
    """Folder with the data sets as they are published, or with links to them."""
    lists: Path | None = None
    """Folder with the published lists, as downloaded."""
    out: Path = Path("reproduced")
    """Folder for the runs, their scores, and a page for each table; tables share their runs."""
    splits: tuple[str, ...] = ()
    """Splits of the table; none named: all."""
    systems: tuple[str, ...] = ()
    """Models, such as big_moe/tiny,vit/tiny; none named: the one that the recipe is for."""
    backbone: str = ""
    """Weights that the systems start from, as model.backbone of unmask train."""
    seeds: tuple[int, ...] = (0,)
    """Each trains every system anew on every split."""
    steps: int = 0
    """Steps of each training; 0: as many as the recipe has."""
    settings: dict[str, Any] = field(default_factory=dict)
    """What else is not as in the recipe, by dotted name, such as '{"optim.lr": 0.001}'."""
    published_step: bool = False
    """MMDG: train once more, with the step that is kept chosen by the judged set, as the published
    code does; twice the time."""
    workers: int = 1
    """Runs at a time, each in a process of its own; 1: in this one."""
    threads: int = 1
    """Threads of a run."""
    readers: int = 0
    """Processes of a run that read pictures; 0: it reads them itself."""

    def __post_init__(self) -> None:
        check_at_least("steps", self.steps, 0)
        for what, given in (("splits", self.splits), ("systems", self.systems)):
            if len(set(given)) < len(given):
                raise ConfigError(f"{what} are {', '.join(given)}; name each once")
        if self.published_step and not self.table.startswith("mmdg"):
            raise ConfigError(
                "published_step is for the tables of MMDG, whose code is known to choose so; leave "
                "it out"
            )
