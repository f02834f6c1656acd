"""A new operating point for a trained model, from captures of another camera or another place.

It goes into the model's card under a name of its own, beside the thresholds of the training. The
same captures give the same bytes, so asking twice changes nothing; other figures under a name that
is taken are refused, or replace the old point, which moves into the card's history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from unmask.capture.crop import one_version
from unmask.config import CalibrateConfig
from unmask.datasets.manifest import read_manifest
from unmask.errors import ConfigError, DatasetError
from unmask.files import alone_in, sha256
from unmask.metrics.calibration import Calibration, calibration, target_of
from unmask.metrics.scores import Scores, per_presentation, read_scores, write_scores
from unmask.training.checkpoint import Card, Replaced, load, load_card, save_card
from unmask.training.evaluation import NOTE, read_note
from unmask.training.scoring import Scorer
from unmask.types import Modality, Sample, subset_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """What a calibration made."""

    folder: Path
    """Of the run; its card.json has the operating point."""
    name: str
    modalities: str
    """The set that the point is for, such as ``rgb+depth``."""
    point: Calibration
    replaced: Calibration | None
    """The point that was there before and is in the card's history now."""


def calibrate(config: CalibrateConfig) -> Calibrated:
    """Score the captures where they are pictures, choose the threshold, add it to the card.

    Raises:
        ConfigError: no target, a name that is taken, or modalities that the model does not know.
        CheckpointError: not the folder of a finished run.
        DatasetError: captures that cannot be judged, or not by this model.
    """
    target_of(config.target)
    card = load_card(config.checkpoint)
    strange = [str(m) for m in config.modalities if m not in card.modalities]
    if strange:
        raise _unknown(" or ".join(strange), card)
    is_folder = config.captures.is_dir()
    told, source = _scored(config) if is_folder else _read(config, card)
    shown = _one_set(told, subset_name(config.modalities), card)
    scores = per_presentation(told)
    dev, dev_sha256 = _dev(config, shown, card)
    point = replace(
        calibration(scores, config.target, dev),
        captures=config.captures.resolve().name,
        captures_sha256=sha256(source),
        dev_sha256=dev_sha256,
    )
    if is_folder and config.scores is not None:
        write_scores(told, config.scores)
    with alone_in(config.checkpoint):
        old = _add(config, shown, point)
    return Calibrated(
        folder=config.checkpoint, name=config.name, modalities=shown, point=point, replaced=old
    )


def _add(config: CalibrateConfig, shown: str, point: Calibration) -> Calibration | None:
    """Write the point into the card; returns the one that it replaced."""
    card = load_card(config.checkpoint)
    points = card.operating_points.get(config.name, {})
    old = points.get(shown)
    if old == point:
        return None
    if old is not None and not config.replace:
        raise ConfigError(
            f"{config.checkpoint} has an operating point {config.name!r} for {shown} already: "
            f"threshold {old.threshold:.6g}, {old.target}, from {old.told()}; choose another "
            "--name, or give --replace, which keeps the old one in the card's history"
        )
    history = [Replaced(name=config.name, modalities=shown, point=old)] if old else []
    new = replace(
        card,
        operating_points={**card.operating_points, config.name: {**points, shown: point}},
        replaced=(*card.replaced, *history),
    )
    save_card(new, config.checkpoint)
    return old


def _read(config: CalibrateConfig, card: Card) -> tuple[Scores, Path]:
    """The scores of a file, and the file that they are known by."""
    path = config.captures
    if not path.exists():
        raise ConfigError(f"no score file or folder {path}; check the path")
    if config.scores is not None:
        raise ConfigError(f"captures {path} are scores already; leave scores out")
    scores = read_scores(path)
    _check_model(path, config, card)
    table = scores.table
    if config.split:
        table = table.filter(pl.col("split") == config.split)
        _check_split(table.height, config, scores.values("split"))
    return Scores(table=table, source=scores.source), path


def _check_model(path: Path, config: CalibrateConfig, card: Card) -> None:
    """Refuse scores that, as the note beside them says, another model made."""
    if path.name in {"dev.csv", "eval.csv"} and (path.parent / NOTE).is_file():
        note = read_note(path.parent)
        if note.weights_sha256 != card.weights_sha256:
            raise DatasetError(
                f"{path} has scores of another model ({note.model}, weights "
                f"{note.weights_sha256[:8]}) than {config.checkpoint}; score with this one"
            )


def _scored(config: CalibrateConfig) -> tuple[Scores, Path]:
    """The scores of a folder of face crops, and its manifest."""
    names = ("manifest.parquet", "manifest.csv")
    found = [config.captures / name for name in names if (config.captures / name).is_file()]
    if not found:
        raise DatasetError(
            f"{config.captures} has no manifest; expected {' or '.join(names)} in it"
        )
    rows = read_manifest(config.captures, found[0].name)
    samples = [sample for sample, split in rows if config.split in ("", split)]
    _check_split(len(samples), config, sorted({split for _, split in rows} - {""}))
    model, card = load(config.checkpoint)
    version = one_version(sample.attributes.get("crop", "") for sample in samples)
    if version != card.preprocessing.crop_version:
        raise DatasetError(
            f"{config.captures} has face crops of the rule {version}, and the model was trained on "
            f"{card.preprocessing.crop_version}; prepare the captures with that rule"
        )
    shown = config.modalities or tuple(
        m for m in card.modalities if all(m in sample.paths for sample in samples)
    )
    _check_captured(samples, shown, card, config.captures)
    scorer = Scorer(
        model=model,
        preprocessing=card.preprocessing,
        modalities=card.modalities,
        batch_size=config.batch_size,
    )
    split = config.split or "calibration"
    scores = scorer.scores(samples, shown=shown, split=split, title="scoring captures")
    return Scores(table=scores.table, source=str(config.captures)), found[0]


def _check_split(number: int, config: CalibrateConfig, there: Sequence[str]) -> None:
    if not number:
        raise DatasetError(
            f"no row of {config.captures} has the split {config.split!r}; there are: "
            f"{', '.join(there) or 'none'}"
            if config.split
            else f"the manifest of {config.captures} has no rows; capture some presentations"
        )


def _check_captured(
    samples: Sequence[Sample], shown: Sequence[Modality], card: Card, folder: Path
) -> None:
    """A threshold is for one set of modalities, so every capture has them all."""
    if not shown:
        raise DatasetError(
            f"the captures in {folder} have no modality in common that the model knows "
            f"({', '.join(card.modalities)}); name with --modalities those of a part, and leave "
            "the others out of the manifest"
        )
    for sample in samples:
        lacking = [str(m) for m in shown if m not in sample.paths]
        if lacking:
            raise DatasetError(
                f"{folder}: {sample.key!r} has no {' or '.join(lacking)}; a threshold is for one "
                "set of modalities, so every capture needs them all"
            )


def _one_set(scores: Scores, asked: str, card: Card) -> str:
    """The set of modalities that all scores are of; it is the one asked for, if any is."""
    found = scores.values("modalities")
    if len(found) > 1:
        raise DatasetError(
            f"{scores.source} has scores of {', '.join(found)}; a threshold is for one set of "
            "modalities: keep the rows of one"
        )
    name = found[0] if found else asked
    if not name:
        raise ConfigError(
            f"{scores.source} does not say which modalities were shown; give --modalities, or "
            "fill its column modalities, such as rgb+depth"
        )
    parts = name.split("+")
    if not set(parts) <= {str(modality) for modality in card.modalities}:
        raise _unknown(name, card)
    shown = subset_name(Modality(part) for part in parts)
    if asked and asked != shown:
        raise DatasetError(
            f"{scores.source} has scores of {shown}, and the operating point is to be for {asked}; "
            "score the captures with these modalities alone, or leave --modalities out"
        )
    return shown


def _unknown(name: str, card: Card) -> ConfigError:
    return ConfigError(f"the model knows no {name}; it was built for: {', '.join(card.modalities)}")


def _dev(config: CalibrateConfig, shown: str, card: Card) -> tuple[Scores | None, str]:
    """Dev scores of the same modalities and the hash of their file, where there are any."""
    path = config.dev or config.checkpoint / "dev.csv"
    if config.dev is None and not path.is_file():
        return None, ""
    _check_model(path, config, card)
    scores = read_scores(path)
    members = set(shown.split("+"))
    names = [name for name in scores.values("modalities") if set(name.split("+")) == members]
    same = scores.table.filter(pl.col("modalities").is_in(["", *names]))
    if same["score"].drop_nans().is_empty():
        if config.dev is None:
            return None, ""
        raise DatasetError(
            f"{path} has no scores of {shown}, but of {', '.join(scores.values('modalities'))}; "
            f"make some with: unmask evaluate --modalities {shown.replace('+', ',')}"
        )
    return per_presentation(Scores(table=same, source=scores.source)), sha256(path)
