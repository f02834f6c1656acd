"""``unmask stress``: a trained model, every set of its sensors, every corruption, every severity.

A sample is read once, corrupted in every way, and scored through every set of sensors. Scores are
saved every ``PART`` samples, and a run that was stopped goes on after the last part. A part says
what its axes are, so that another rule or operating point, which may be for other sets of sensors,
takes from it what it needs; a part that lacks something is made anew.

Axes: N samples, V variants, S sets of sensors, M modalities.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import torch
from rich.progress import Progress
from torch.utils.data import DataLoader, Subset

from unmask.config import StressConfig
from unmask.data import read_images
from unmask.errors import DatasetError
from unmask.experiments.corrupted import Corrupted, Item
from unmask.experiments.stress_plan import Plan, check_depth, claim, limited, make_plan
from unmask.experiments.stress_sheet import draw
from unmask.files import alone_in, make_folder, write_whole
from unmask.metrics.stress import BONA_FIDE, Cell, Condition, cell
from unmask.protocols import load_protocol
from unmask.reporting.stress import CorruptionNote, SetNote, StressReport, write
from unmask.training.checkpoint import Card, load
from unmask.training.evaluation import check_crops
from unmask.training.scoring import Scorer
from unmask.types import Modality, Sample, subset_name

PART = 32
"""Samples between two savings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stressed:
    """What a run made."""

    report: StressReport
    page: Path
    """stress.html; beside it are the same as .md, .csv and .json, and scores.parquet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scores:
    score: npt.NDArray[np.float32]
    """(N, V, S); NaN where a corruption says nothing, or no shown sensor was there."""
    refused: npt.NDArray[np.bool_]
    """(N, V, M)"""

    @classmethod
    def joined(cls, parts: Sequence[_Scores]) -> _Scores:
        return cls(
            score=np.concatenate([part.score for part in parts]),
            refused=np.concatenate([part.refused for part in parts]),
        )


def stress(config: StressConfig) -> Stressed:
    """Score, judge and report.

    Raises:
        ConfigError: a name or severity that there is not, or a folder with another run.
        CheckpointError: not the folder of a finished run.
        DatasetError: data that cannot be judged, or not by this model.
    """
    model, card = load(config.checkpoint)
    check_depth(config, card)
    protocol = load_protocol(config.data, card.modalities, to_train=False)
    samples = limited(protocol.eval, config.limit)
    check_crops(samples, card)
    plan = make_plan(config, card, samples)
    scorer = Scorer(
        model=model.to("cuda" if torch.cuda.is_available() else "cpu"),
        preprocessing=card.preprocessing,
        modalities=card.modalities,
    )
    with alone_in(make_folder(config.out)):
        claim(config, card, samples)
        if config.pictures:
            _draw(config, card, plan, samples)
        scores = _scored(config, scorer, plan, samples)
        cells = tuple(_cells(card, plan, samples, scores))
        _write_scores(card, plan, samples, scores, config.out / "scores.parquet")
        report = _report(config, card, plan, samples, cells)
        return Stressed(report=report, page=write(report, config.out))


def _scored(config: StressConfig, scorer: Scorer, plan: Plan, samples: Sequence[Sample]) -> _Scores:
    """All scores: of parts that are there, and of parts that are made now."""
    data = Corrupted(
        samples,
        plan.variants,
        preprocessing=scorer.preprocessing,
        modalities=scorer.modalities,
        seed=config.seed,
    )
    parts = []
    with Progress(transient=True) as progress:
        bar = progress.add_task("stressing", total=len(samples))
        for first in range(0, len(samples), PART):
            numbers = range(first, min(first + PART, len(samples)))
            path = config.out / "parts" / f"{first:07d}.npz"
            stored = _stored(path, plan, len(numbers)) if path.is_file() else None
            if stored is None:
                made = []
                part = Subset(data, numbers)
                for item in DataLoader(part, batch_size=None, num_workers=config.data.workers):
                    made.append(_score(scorer, plan, item))
                    progress.advance(bar)
                stored = _Scores.joined(made)
                _save(stored, plan, path)
            parts.append(stored)
            progress.update(bar, completed=numbers.stop)
    return _Scores.joined(parts)


def _score(scorer: Scorer, plan: Plan, item: Item) -> _Scores:
    """One sample in all variants through all sets of sensors."""
    score = np.full((1, len(plan.variants), len(plan.sets)), np.nan, np.float32)  # (1, V, S)
    for s, shown in enumerate(plan.sets):
        present = item.present & torch.tensor([m in shown for m in scorer.modalities])  # (M,)
        chosen = [v for v, variant in enumerate(plan.variants) if variant.applies(shown)]
        if present.any():
            image = item.image[chosen] * present[:, None, None, None]  # (v, M, 3, H, W)
            score[0, chosen, s] = scorer.pad_scores(image, present.expand(len(chosen), -1))
    return _Scores(score=score, refused=item.refused.numpy()[None])


def _save(part: _Scores, plan: Plan, path: Path) -> None:
    variants, sets = _axes(plan)
    with write_whole(path) as temporary, temporary.open("wb") as file:
        np.savez(file, score=part.score, refused=part.refused, variants=variants, sets=sets)


def _stored(path: Path, plan: Plan, samples: int) -> _Scores | None:
    """What is planned, of a part with more or with just that; None where it holds less."""
    try:
        with np.load(path) as arrays:
            held = {name: arrays[name] for name in arrays.files}
    except Exception as error:  # a damaged file makes numpy raise almost anything
        raise DatasetError(f"{path} is damaged; remove it to score its samples again") from error
    places = [
        [_place(held.get(axis), name) for name in names]
        for axis, names in zip(("variants", "sets"), _axes(plan), strict=True)
    ]
    if None in (*places[0], *places[1]) or held["score"].shape[0] != samples:
        return None
    variants, sets = places
    score = held["score"][:, variants][:, :, sets]
    return _Scores(score=score, refused=held["refused"][:, variants])


def _axes(plan: Plan) -> tuple[list[str], list[str]]:
    """Names of the V and S axes; a level goes by what it means, whatever its number."""
    corrupted = [(v.corruption, v.severity) for v in plan.variants]
    variants = [f"{c.name}, {c.told(severity)}" if c else "clean" for c, severity in corrupted]
    return variants, [subset_name(shown) for shown in plan.sets]


def _place(names: npt.NDArray[np.str_] | None, name: str) -> int | None:
    """Where a name stands on an axis, if it is there; older parts name nothing."""
    found = [] if names is None else np.flatnonzero(names == name).tolist()
    return found[0] if found else None


def _refused(
    card: Card, scores: _Scores, v: int, shown: Sequence[Modality]
) -> npt.NDArray[np.bool_]:
    """(N,) whether any of the shown pictures is refused."""
    columns = [m in shown for m in card.modalities]
    return np.asarray(scores.refused[:, v, columns].any(axis=1))


def _cells(card: Card, plan: Plan, samples: Sequence[Sample], scores: _Scores) -> Iterator[Cell]:
    """Set by set; in each the clean one first."""
    for s, (shown, threshold) in enumerate(plan.thresholds.items()):
        for v, variant in enumerate(plan.variants):
            if variant.applies(shown):
                condition = Condition(
                    shown=shown,
                    corruption=variant.corruption.name if variant.corruption else "",
                    severity=variant.severity,
                    told=variant.corruption.told(variant.severity) if variant.corruption else "",
                )
                refused = _refused(card, scores, v, shown)
                yield cell(condition, threshold.value, samples, scores.score[:, v, s], refused)


def _write_scores(
    card: Card, plan: Plan, samples: Sequence[Sample], scores: _Scores, path: Path
) -> None:
    """One row per sample and cell, for whoever wants to look closer."""
    tables = []
    who = pl.DataFrame(
        {
            "key": [sample.key for sample in samples],
            "presentation": [sample.presentation for sample in samples],
            "label": [sample.label.name.lower() for sample in samples],
            "pai_species": [sample.pai_species or "" for sample in samples],
            "subject": [sample.subject for sample in samples],
            "dataset": [sample.dataset for sample in samples],
        }
    )
    for s, shown in enumerate(plan.sets):
        for v, variant in enumerate(plan.variants):
            if variant.applies(shown):
                tables.append(
                    who.with_columns(
                        score=pl.Series(scores.score[:, v, s].astype(np.float64)),
                        refused=pl.Series(_refused(card, scores, v, shown)),
                        shown=pl.lit(subset_name(shown)),
                        corruption=pl.lit(variant.corruption.name if variant.corruption else ""),
                        severity=pl.lit(variant.severity),
                    )
                )
    with write_whole(path) as temporary:
        pl.concat(tables).write_parquet(temporary)


def _draw(config: StressConfig, card: Card, plan: Plan, samples: Sequence[Sample]) -> None:
    """The first bona fide presentation that has the most sensors."""
    genuine = [sample for sample in samples if sample.pai_species is None]
    sample = max(genuine, key=lambda s: len(set(s.paths) & set(card.modalities)))
    shown = [modality for modality in card.modalities if modality in sample.paths]
    images = read_images(sample, shown, depth=card.preprocessing.depth)
    path = config.out / "corruptions.png"
    draw(sample, images, plan.corruptions, seed=config.seed, path=path)


def _report(
    config: StressConfig,
    card: Card,
    plan: Plan,
    samples: Sequence[Sample],
    cells: tuple[Cell, ...],
) -> StressReport:
    units = {(s.dataset, s.presentation): s.pai_species or BONA_FIDE for s in samples}
    counts = Counter(units.values())
    names = [BONA_FIDE, *sorted(counts.keys() - {BONA_FIDE})]
    return StressReport(
        model=card.model,
        checkpoint=str(config.checkpoint),
        weights_sha256=card.weights_sha256,
        note=card.limits,
        protocol=config.data.protocol,
        trained_protocol=str(card.data.get("protocol", "")),
        datasets=tuple(sorted({sample.dataset for sample in samples} - {""})),
        presentations=tuple((name, counts[name]) for name in names),
        subjects=len({(s.dataset, s.subject) for s in samples if s.subject}),
        limit=config.limit,
        seed=config.seed,
        depth=card.preprocessing.depth,
        oracle=(
            card.threshold_from == "eval"
            and not config.operating_point
            and config.data.protocol == card.data.get("protocol")
        ),
        sets=tuple(
            SetNote(shown=subset_name(shown), threshold=t.value, rule=t.rule, origin=t.origin)
            for shown, t in plan.thresholds.items()
        ),
        corruptions=tuple(
            CorruptionNote(
                name=corruption.name,
                headline=corruption.headline,
                modalities=tuple(m for m in corruption.modalities if m in card.modalities),
                levels=corruption.told_in_turn(),
            )
            for corruption in plan.corruptions
        ),
        cells=cells,
    )
