"""What came out: one record for each trial and condition, one line of JSON each.

The folder of a trial is what a second start goes by: training.json says that its training is
finished, judged/<condition>/result.json that the scores beside it are whole. results.jsonl holds
the records of the experiment as it is now, and is written anew after every trial.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path

from unmask.errors import DatasetError
from unmask.experiments.experiment import Condition, Trial, digest
from unmask.experiments.noise import SEED
from unmask.files import write_text
from unmask.parsing import to_plain

RULE = "eer"
"""How dev sets the threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One trained system, judged under one condition."""

    system: str
    protocol: str
    seed: int
    condition: str
    shown: str
    """Modalities that were not hidden, such as ``rgb+depth``."""
    noise_std: float
    metrics: Mapping[str, float]
    """hter, auc, acer, apcer_worst, bpcer, eer, from 0 to 1; rates at ``threshold``."""
    worst_species: str
    threshold: float
    """Set on dev with the same modalities shown, and without noise."""
    presentations: int
    """Judged, with and without a response."""
    no_response: int
    seconds: float
    """Of the training, in the process that finished it; of a part of it where ``resumed``."""
    resumed: bool
    steps: int
    """Asked for; 0 of a system with nothing to train."""
    kept_step: int
    """Chosen by dev."""
    trained_parameters: int
    parameters: int
    settings: str
    """Hash of everything that the result depends on, but for the version of unmask."""
    unmask: str
    """Version."""
    scores: str
    """Folder with dev.csv and eval.csv."""


def settings_hash(trial: Trial, condition: Condition) -> str:
    """What a stored result must have been made with, to be taken for that of the condition."""
    shown = [str(modality) for modality in condition.shown]
    noise = [condition.noise_std, SEED] if condition.noise_std else []
    return digest([trial.identity, RULE, shown, noise])


def folder_of(trial: Trial, condition: Condition) -> Path:
    """Where the scores of a condition are."""
    return trial.training.out / "judged" / condition.name


def save(result: Result, folder: Path) -> None:
    """Write result.json, the last file of a judged condition."""
    write_text(folder / "result.json", json.dumps(to_plain(result), indent=2) + "\n")


def stored(trial: Trial, condition: Condition) -> Result | None:
    """The finished result of a condition, if there is one and it was made with these settings."""
    folder = folder_of(trial, condition)
    path = folder / "result.json"
    if not all(file.exists() for file in (path, folder / "dev.csv", folder / "eval.csv")):
        return None
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        result = Result(**{field.name: entries[field.name] for field in fields(Result)})
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(
            f"{path} is damaged ({type(error).__name__}: {error}); remove it to judge again"
        ) from error
    if result.settings != settings_hash(trial, condition):
        return None
    return replace(result, system=trial.system, condition=condition.name)


def write_lines(results: Iterable[Result], path: Path) -> None:
    """Write results.jsonl."""
    write_text(path, "".join(json.dumps(to_plain(result)) + "\n" for result in results))


def read_lines(path: Path) -> tuple[Result, ...]:
    """Read results.jsonl.

    Raises:
        DatasetError: a line that is no result, or a file that is no text.
    """
    found = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is no text; start unmask evidence again") from error
    for number, line in enumerate(lines, start=1):
        try:
            found.append(Result(**json.loads(line)))
        except (TypeError, ValueError) as error:
            raise DatasetError(f"{path}, line {number} is no result: {error}") from error
    return tuple(found)
