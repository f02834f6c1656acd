"""One trial: train until it is finished, then judge what was kept under every condition.

Dev chooses the step that is kept and, for each set of shown modalities, the threshold at its EER.
Under noise the threshold stays that of the clean dev set: nobody knows the noise beforehand.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import torch
from torch import nn

from unmask.errors import UnmaskError
from unmask.experiments.experiment import Condition, Trial
from unmask.experiments.noise import Noisy
from unmask.experiments.results import RULE, Result, folder_of, save, settings_hash, stored
from unmask.files import write_text
from unmask.metrics.curves import auc, eer
from unmask.metrics.rates import acer, apcer_worst, bpcer, hter
from unmask.metrics.scores import Scores, check_disjoint, per_presentation, write_scores
from unmask.metrics.thresholds import operating_point
from unmask.parsing import to_plain, to_yaml
from unmask.protocols import load_protocol
from unmask.training.checkpoint import Card, load
from unmask.training.run import train
from unmask.training.scoring import Scorer
from unmask.types import Modality, Protocol, subset_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What a finished training took."""

    seconds: float
    resumed: bool


def finish(trial: Trial) -> tuple[Result, ...]:
    """Do what is left of a trial; its results in the order of its conditions.

    Raises:
        UnmaskError: whatever went wrong, with the name of the trial.
    """
    try:
        trained, dev = _train(trial)
        return _Judge(trial, trained, dev).results()
    except UnmaskError as error:
        raise UnmaskError(f"{trial.title}: {error}") from error


def finished(trial: Trial) -> tuple[Result, ...] | None:
    """The results of a trial that is finished."""
    found = [stored(trial, condition) for condition in trial.conditions]
    return tuple(result for result in found if result) if all(found) else None


def _train(trial: Trial) -> tuple[Trained, Mapping[tuple[Modality, ...], Scores]]:
    """What the training took, and the scores of dev where it was done just now."""
    folder = trial.training.out
    note = folder / "training.json"
    if trained := _noted(note):
        return trained, {}
    resumed = (folder / "last.ckpt").exists()
    if (folder / "config.yaml").exists():
        # the data may lie elsewhere by now; the folder's name says that they are the same
        write_text(folder / "config.yaml", to_yaml(replace(trial.training, resume=False)))
    start = time.perf_counter()
    run = train(trial.training)
    trained = Trained(seconds=round(time.perf_counter() - start, 3), resumed=resumed)
    write_text(note, json.dumps(to_plain(trained)) + "\n")
    (folder / "last.ckpt").unlink(
        missing_ok=True
    )  # three times the weights, and no longer of any use
    return trained, run.dev


def _noted(note: Path) -> Trained | None:
    """What training.json says; nothing where it is absent or damaged, as by a full disk."""
    if not note.exists():
        return None
    try:
        return Trained(**json.loads(note.read_text(encoding="utf-8")))
    except (TypeError, ValueError):
        return None


class _Judge:
    """A trained model, and what was read and scored for one condition and serves others too."""

    def __init__(
        self, trial: Trial, trained: Trained, dev: Mapping[tuple[Modality, ...], Scores]
    ) -> None:
        self.trial = trial
        self.trained = trained
        self.dev = dev
        self.model, self.card = _loaded(trial.training.out)
        self.sets: dict[tuple[Modality, ...], tuple[Protocol, Scores]] = {}

    def results(self) -> tuple[Result, ...]:
        """Those that are stored, and the others anew."""
        conditions = self.trial.conditions
        return tuple(stored(self.trial, c) or self._judge(c) for c in conditions)

    def _judge(self, condition: Condition) -> Result:
        protocol, dev = self._clean(condition.shown)
        model = self.model
        if condition.noise_std:
            model = Noisy(model, self.card.modalities, std=condition.noise_std)
        scores = self._scorer(model).scores(protocol.eval, shown=condition.shown, split="eval")
        folder = folder_of(self.trial, condition)
        (folder / "result.json").unlink(missing_ok=True)  # of other settings
        write_scores(dev, folder / "dev.csv")
        write_scores(scores, folder / "eval.csv")
        result = self._result(condition, dev, scores)
        save(result, folder)
        return result

    def _clean(self, shown: tuple[Modality, ...]) -> tuple[Protocol, Scores]:
        """The protocol as seen through some modalities, and the scores of its dev set."""
        if shown not in self.sets:
            protocol = load_protocol(self.trial.training.data, shown, to_train=False)
            dev = self.dev.get(shown)  # of the training, whose protocol saw all modalities
            if dev is None or dev.values("key") != sorted(s.key for s in protocol.dev):
                dev = self._scorer(self.model).scores(protocol.dev, shown=shown, split="dev")
            self.sets[shown] = protocol, dev
        return self.sets[shown]

    def _scorer(self, model: nn.Module) -> Scorer:
        return Scorer(
            model=model,
            preprocessing=self.card.preprocessing,
            modalities=self.card.modalities,
            workers=self.trial.training.data.workers,
        )

    def _result(self, condition: Condition, dev: Scores, scores: Scores) -> Result:
        trial = self.trial
        judged = figures(dev, scores, oracle=trial.threshold_from == "eval")
        folder = folder_of(trial, condition)
        sizes = [(p.numel(), p.requires_grad) for p in self.model.parameters()]
        trained = sum(size for size, learns in sizes if learns)
        return Result(
            system=trial.system,
            protocol=trial.training.data.protocol,
            seed=trial.training.seed,
            condition=condition.name,
            shown=subset_name(condition.shown),
            noise_std=condition.noise_std,
            metrics=judged.metrics,
            worst_species=judged.worst_species,
            threshold=judged.threshold,
            presentations=judged.presentations,
            no_response=judged.no_response,
            seconds=self.trained.seconds,
            resumed=self.trained.resumed,
            steps=trial.training.optim.steps if trained else 0,
            kept_step=self.card.step,
            trained_parameters=trained,
            parameters=sum(size for size, _ in sizes),
            settings=settings_hash(trial, condition),
            unmask=version("unmask"),
            scores=str(Path("runs") / folder.relative_to(trial.training.out.parent)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What two sets of scores say."""

    metrics: Mapping[str, float]
    worst_species: str
    threshold: float
    presentations: int
    no_response: int


def figures(dev: Scores, evaluation: Scores, *, oracle: bool = False) -> Figures:
    """Judge scores at the threshold of dev, with presentations as the unit.

    Raises:
        DatasetError: a class got no response, or a presentation of dev is judged and no ``oracle``
            was asked for.
    """
    if not oracle:
        check_disjoint(dev, evaluation)
    dev, units = per_presentation(dev), per_presentation(evaluation)
    threshold = operating_point(dev, RULE).threshold
    species, worst = apcer_worst(units, threshold)
    return Figures(
        metrics={
            "hter": hter(units, threshold),
            "auc": auc(units),
            "acer": acer(units, threshold),
            "apcer_worst": worst.value,
            "bpcer": bpcer(units, threshold).value,
            "eer": eer(units),
        },
        worst_species=species,
        threshold=threshold,
        presentations=len(units),
        no_response=units.bona_fide.silent + units.pooled.silent,
    )


def _loaded(folder: Path) -> tuple[nn.Module, Card]:
    model, card = load(folder)
    return model.to("cuda" if torch.cuda.is_available() else "cpu"), card
