"""Several systems on one protocol: each with its own threshold, all on the same presentations.

A system is a folder with dev and eval scores. Dev sets its threshold by the rule that all share;
eval is judged. Both sets must hold the same presentations for every system, or nothing is compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unmask.config import CompareConfig
from unmask.errors import ConfigError, DatasetError
from unmask.files import sha256
from unmask.metrics import rates
from unmask.metrics.curves import auc, eer
from unmask.metrics.panel import line_up
from unmask.metrics.ranking import Ranking, rank
from unmask.metrics.rates import Rate
from unmask.metrics.scores import (
    Scores,
    check_classes,
    check_disjoint,
    per_presentation,
    read_scores,
)
from unmask.metrics.thresholds import OperatingPoint, Rule, operating_point


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One system at its threshold."""

    name: str
    source: str
    """File of the judged scores."""
    sha256: str
    """Of that file; empty if the scores came from none."""
    point: OperatingPoint
    worst: str
    """The PAI species with the highest APCER."""
    apcer: Rate
    """Of that species."""
    apcer_pooled: Rate
    bpcer: Rate
    acer: float
    hter: float
    eer: float
    auc: float
    silent: int
    """Judged presentations without a response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What several systems did with the same presentations."""

    rule: str
    systems: tuple[Compared, ...]
    """The best first, as in the ranking."""
    ranking: Ranking
    presentations: int
    people: int
    """Who are drawn."""
    nameless: int
    """Presentations without a subject, each drawn as a person of its own."""
    people_with_attacks: int
    people_with_bona_fide: int
    datasets: tuple[str, ...]

    @property
    def fewest_people(self) -> int:
        """Who gave presentations of the class that fewer people gave."""
        return min(self.people_with_attacks, self.people_with_bona_fide)


def compare_folders(config: CompareConfig) -> Comparison:
    """Read the folders and compare.

    Raises:
        ConfigError: two systems of one name, or an unknown rule.
        DatasetError: a file is missing or has a fault, or systems were judged on different things.
    """
    Rule.parse(config.rule)
    folders = named(config.systems)
    found = {
        name: (score_file(folder, "dev"), score_file(folder, "eval"))
        for name, folder in folders.items()
    }
    hashes = {name: sha256(judged) for name, (_, judged) in found.items()}
    return compare_scores(
        {name: (read_scores(dev), read_scores(judged)) for name, (dev, judged) in found.items()},
        config,
        hashes,
    )


def compare_scores(
    systems: Mapping[str, tuple[Scores, Scores]],
    config: CompareConfig,
    hashes: Mapping[str, str] | None = None,
    *,
    aggregation: str = "mean",
) -> Comparison:
    """Compare systems by the dev and eval scores of each; ``config`` says how."""
    for dev, judged in systems.values():
        check_disjoint(dev, judged)
    devs = {name: per_presentation(dev, aggregation) for name, (dev, _) in systems.items()}
    evals = {name: per_presentation(judged, aggregation) for name, (_, judged) in systems.items()}
    for scores in (*devs.values(), *evals.values()):
        check_classes(scores)
    line_up(devs)
    panel = line_up(evals)
    points = {name: operating_point(dev, config.rule) for name, dev in devs.items()}
    ranking = rank(
        panel,
        [points[name].threshold for name in panel.names],
        config.by,
        draws=config.draws,
        confidence=config.confidence,
        seed=config.seed,
    )
    return Comparison(
        rule=config.rule,
        systems=tuple(
            _compared(s.name, evals[s.name], points[s.name], (hashes or {}).get(s.name, ""))
            for s in ranking.standings
        ),
        ranking=ranking,
        presentations=panel.bona_fide.size,
        people=panel.people,
        nameless=panel.nameless,
        people_with_attacks=len(set(panel.person[~panel.bona_fide].tolist())),
        people_with_bona_fide=len(set(panel.person[panel.bona_fide].tolist())),
        datasets=tuple(next(iter(evals.values())).values("dataset")),
    )


def _compared(name: str, scores: Scores, point: OperatingPoint, digest: str) -> Compared:
    worst, apcer = rates.apcer_worst(scores, point.threshold)
    silent = scores.bona_fide.silent + scores.pooled.silent
    return Compared(
        name=name,
        source=scores.source,
        sha256=digest,
        point=point,
        worst=worst,
        apcer=apcer,
        apcer_pooled=rates.apcer_pooled(scores, point.threshold),
        bpcer=rates.bpcer(scores, point.threshold),
        acer=rates.acer(scores, point.threshold),
        hter=rates.hter(scores, point.threshold),
        eer=eer(scores),
        auc=auc(scores),
        silent=silent,
    )


def named(systems: Sequence[str]) -> dict[str, Path]:
    """Names and folders: as given, or the last parts of the paths in which folders differ.

    Raises:
        ConfigError: two systems have one name, or none.
    """
    given = [_parted(text) for text in systems]
    short = iter(_distinct([folder for name, folder in given if name is None]))
    found: dict[str, Path] = {}
    for name, folder in given:
        called = next(short) if name is None else name
        if not called:
            raise ConfigError(f"system ={folder} lacks a name of its own: write name=folder")
        if called in found:
            raise ConfigError(
                f"systems: {found[called]} and {folder} are both called {called!r}; "
                "give each a name of its own: name=folder"
            )
        found[called] = folder
    return found


def _parted(text: str) -> tuple[str | None, Path]:
    """A name and a folder; a folder whose own name has = in it is there under the whole text."""
    name, equals, folder = text.partition("=")
    if not equals or Path(text).is_dir():
        return None, Path(text)
    return name.strip(), Path(folder)


def _distinct(folders: Sequence[Path]) -> list[str]:
    """runs/a/scores and runs/b/scores are a and b."""
    parts = [list(folder.absolute().parts) for folder in folders]
    if len({tuple(p) for p in parts}) < len(parts):  # a folder that stands twice is told so
        return [str(folder) for folder in folders]
    while len(parts) > 1 and all(len(p) > 1 for p in parts) and len({p[-1] for p in parts}) == 1:
        parts = [p[:-1] for p in parts]
    length = 1
    while length < max(map(len, parts), default=0):
        if len({tuple(p[-length:]) for p in parts}) == len(parts):
            break
        length += 1
    return ["/".join(p[-length:]) for p in parts]


def score_file(folder: Path, name: str) -> Path:
    """The score file of a folder, CSV or Parquet."""
    there = [
        path for suffix in ("csv", "parquet") if (path := folder / f"{name}.{suffix}").is_file()
    ]
    if len(there) == 1:
        return there[0]
    if there:
        raise DatasetError(f"{folder} has {name}.csv and {name}.parquet; remove one of them")
    raise DatasetError(
        f"{folder} has no {name}.csv or {name}.parquet; the folder of a system holds dev and eval "
        "scores, as unmask evaluate writes them"
    )
