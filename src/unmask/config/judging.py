"""The settings of ``unmask evaluate``, ``report`` and ``predict``: a trained model at work."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from unmask.config.checks import check_at_least, check_modality_set
from unmask.config.pictures import DataConfig
from unmask.errors import ConfigError
from unmask.types import Modality

_NO_GROUPS = ("key", "presentation", "score", "label", "pai_species")
"""Columns whose values are no groups with both classes in them."""
_OF_SCORES = ("groups", "verification", "against", "repeats", "repeat_column", "oracle_threshold")
"""What only a report of two score files knows."""


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """Settings of ``unmask evaluate``: score dev and eval with a trained model."""

    checkpoint: Path
    """Folder of a training run."""
    data: DataConfig
    out: Path
    """Folder for dev.csv, eval.csv and evaluation.json, which says whose scores they are, and for
    routing.json of a model with experts."""
    modalities: tuple[Modality, ...] = ()
    """Modalities shown to the model; none named: all it was built for."""
    routing_sets: tuple[str, ...] = ()
    """Further sets of modalities, such as rgb or rgb+depth, to be shown eval with, so that
    routing.json can compare what experts they need; the score files stay as they are."""
    batch_size: int = 64
    """Presentations scored at once; the scores do not depend on it."""

    def __post_init__(self) -> None:
        check_at_least("batch_size", self.batch_size, 1)
        for name in self.routing_sets:
            check_modality_set("routing_sets", name)


@dataclass(frozen=True, kw_only=True)
class ReportConfig:
    """Settings of ``unmask report``: judge score files of any system, or tabulate several."""

    dev: Path | None = None
    """Scores that set the threshold."""
    eval: Path | None = None
    """Scores that are judged."""
    out: Path | None = None
    """Folder for report.md, report.html and report.json; of a table, its .md file, if any."""
    table: Literal["flexible"] | None = None
    """A table of several systems instead: flexible has each sensor alone, set by set, as table 1 of
    FMM-RPL has them, and the published figures below."""
    folders: tuple[Path, ...] = ()
    """Where the systems of a table are: folders of unmask evidence or of unmask evaluate."""
    rules: tuple[str, ...] = ("eer", "bpcer<=1%")
    """Threshold rules; the first is the one that the summary shows."""
    aggregation: Literal["mean", "median", "vote", "min", "max"] = "mean"
    """How the frames of a presentation become its score; vote accepts it where more than half of
    them are accepted."""
    groups: tuple[str, ...] = ()
    """Columns of the eval scores, such as sex or site, whose every value gets rates of its own."""
    verification: str = ""
    """Column of the eval scores with the scores of a face verification that follows, high for the
    same person: IAPAR, FRR and RIAPAR of the whole system."""
    verification_threshold: float | None = None
    """Verification scores from which a face counts as matched."""
    against: str = ""
    """Folder with dev and eval scores of another system, or name=folder, on the same presentations:
    differences with a paired bootstrap."""
    repeats: tuple[Path, ...] = ()
    """Folders with dev and eval scores of the same system on other folds or with other seeds: mean
    and standard deviation over all of them."""
    repeat_column: str = ""
    """The same from one pair of files: the column, such as fold or seed, that tells repeats apart.
    The rest of the report is about the first of them."""
    title: str = "Presentation attack detection"
    """Heading of the report."""
    note: str = ""
    """One paragraph under the heading, such as where the data came from."""
    routing: Path | None = None
    """routing.json of the evaluation that made the eval scores; none named: the one beside them, if
    it belongs to them. The report then has a section on the experts."""
    oracle_threshold: bool = False
    """Allow the dev and eval files to be the same; the report then says so in its first line."""

    def __post_init__(self) -> None:
        scores = {"dev": self.dev, "eval": self.eval}
        if self.table is None:
            missing = [name for name, path in {**scores, "out": self.out}.items() if path is None]
            if missing:
                raise ConfigError(
                    f"a report needs {', '.join(missing)}: give --dev and --eval, two score files, "
                    "and --out, a folder; or --table flexible and folders of results"
                )
            if self.folders:
                raise ConfigError(
                    f"folders are {', '.join(map(str, self.folders))}, but only a table reads "
                    "them: give --table flexible too"
                )
            self._check_pairs()
            self._check_columns()
            return
        options = {name: getattr(self, name) for name in _OF_SCORES}
        given = [name for name, value in {**scores, **options}.items() if value]
        if given:
            raise ConfigError(
                f"table {self.table} reads folders, but {', '.join(given)} is given; leave it out "
                "and name folders of unmask evidence or unmask evaluate"
            )
        if not self.folders:
            raise ConfigError(
                f"table {self.table} has no folders; name some that unmask evidence or unmask "
                "evaluate wrote to"
            )
        if self.out is not None and self.out.suffix.lower() != ".md":
            raise ConfigError(f"out is {self.out}; a table is Markdown: name it with .md")

    def _check_pairs(self) -> None:
        """What only means something together, or apart."""
        if bool(self.verification) != (self.verification_threshold is not None):
            raise ConfigError(
                "whole-system rates need --verification, the column of the verification scores, "
                "and --verification-threshold; one of them is missing"
            )
        if self.repeats and self.repeat_column:
            raise ConfigError(
                f"repeats and repeat_column {self.repeat_column!r} are both given; repeats are "
                "folders or told apart by a column, not both"
            )

    def _check_columns(self) -> None:
        """What is named is named once, and can be grouped by."""
        for name, given in (("rules", self.rules), ("groups", self.groups)):
            if len(set(given)) < len(given):
                raise ConfigError(f"{name} are {', '.join(given)}; name each only once")
        for column in self.groups:
            if column in _NO_GROUPS:
                raise ConfigError(
                    f"groups has {column!r}, whose values make no groups of bona fide and attacks; "
                    "name a column such as sex, site or subject"
                )


@dataclass(frozen=True, kw_only=True)
class PredictConfig:
    """Settings of ``unmask predict``."""

    checkpoint: Path
    """Folder of a training run."""
    inputs: tuple[Path, ...] = ()
    """Photographs (RGB alone) or folders of photographs."""
    rgb: Path | None = None
    """Colour image (or folder) of an aligned set."""
    depth: Path | None = None
    """16-bit depth image in millimetres (or folder, same file stems)."""
    infrared: Path | None = None
    """8- or 16-bit infrared image (or folder, same file stems)."""
    cropped: bool = False
    """The images are face crops already: no detection."""
    rule: str = "eer"
    """Which of the thresholds stored with the model decides."""
    operating_point: str = ""
    """Name of an operating point that unmask calibrate made, which then decides in their place."""
    json: bool = False
    """Print one JSON object per presentation instead of a table."""
