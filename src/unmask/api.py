"""Everything a user calls: one function per verb, each with one argument, its config.

Nothing heavy is imported before a function runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from unmask.config import (
    DataConfig,
    DemoConfig,
    EvaluateConfig,
    OptimConfig,
    PredictConfig,
    PretrainConfig,
    ReportConfig,
    ShowConfig,
    SimulateConfig,
    TrainConfig,
)
from unmask.errors import ConfigError
from unmask.types import Modality

if TYPE_CHECKING:
    from unmask.reporting.records import Report
    from unmask.serving.schema import Decision
    from unmask.training.loop import Run
    from unmask.training.pretraining.run import Pretrained


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """The score files of one evaluation."""

    dev: Path
    eval: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Demonstrated:
    """What the demo made."""

    run: Run
    report: Report
    folder: Path
    contact_sheet: Path
    decisions: tuple[Decision, ...]


def simulate(config: SimulateConfig) -> Path:
    """Make simulated presentations in RGB, depth and infrared.

    Returns the folder, which holds an ordinary manifest and images.
    """
    from unmask.sim.generate import generate

    return generate(config)


def pretrain(config: PretrainConfig) -> Pretrained:
    """Pretrain a backbone on pictures without labels, or with captions.

    The folder ``out`` then holds the weights, their card, a resumable checkpoint and logs.
    """
    from unmask.training.pretraining.run import pretrain as run

    return run(config)


def train(config: TrainConfig) -> Run:
    """Train a model on a protocol; thresholds come from its dev set.

    The folder ``out`` then holds the weights, their card, a resumable checkpoint and logs.
    """
    import torch

    from unmask.models import create_model
    from unmask.protocols import load_protocol
    from unmask.training.loop import fit
    from unmask.training.start import start

    protocol = load_protocol(config.data, config.modalities)
    torch.manual_seed(config.seed)
    if "modalities" in config.model.overrides:
        raise ConfigError(
            "model.overrides has modalities; give them as --modalities, for all parts"
        )
    model = create_model(config.model.name, **config.model.overrides, modalities=config.modalities)
    config = replace(config, model=start(model, config.model))
    return fit(model, config, protocol)


def evaluate(config: EvaluateConfig) -> Evaluated:
    """Score the dev and eval sets of a protocol with a trained model.

    The two files it writes are what ``unmask report`` judges.
    """
    from unmask.files import make_folder
    from unmask.metrics.scores import write_scores
    from unmask.protocols import load_protocol
    from unmask.training.checkpoint import load
    from unmask.training.scoring import Scorer

    model, card = load(config.checkpoint)
    shown = _shown(config.modalities, card.modalities)
    if config.data.depth != card.preprocessing.depth:
        raise ConfigError(
            f"data.depth is {config.data.depth!r}, but the model was trained with "
            f"{card.preprocessing.depth!r}; give it such data, or train a model on yours"
        )
    protocol = load_protocol(config.data, shown, to_train=False)
    scorer = Scorer(
        model=model,
        preprocessing=card.preprocessing,
        modalities=card.modalities,
        batch_size=config.batch_size,
        workers=config.data.workers,
    )
    make_folder(config.out)
    written = Evaluated(dev=config.out / "dev.csv", eval=config.out / "eval.csv")
    scored = {
        path: scorer.scores(samples, shown=shown, split=split, title=f"scoring {split}")
        for split, samples, path in (
            ("dev", protocol.dev, written.dev),
            ("eval", protocol.eval, written.eval),
        )
    }
    for path, scores in scored.items():
        write_scores(scores, path)
    return written


def report(config: ReportConfig) -> Report:
    """Judge score files of any system: thresholds from dev, rates on eval.

    Writes report.md, report.html and report.json, with exact intervals.
    """
    from unmask.reporting.write import judge_files

    return judge_files(config)


def predict(config: PredictConfig) -> tuple[Decision, ...]:
    """Answer for photographs or aligned RGB, depth and infrared images.

    The answer is bona_fide, attack, or no_response with the reason where the images allow none.
    """
    from unmask.serving.detector import Detector
    from unmask.serving.inputs import gather
    from unmask.training.checkpoint import load
    from unmask.training.scoring import Scorer

    inputs = gather(config)
    model, card = load(config.checkpoint)
    scorer = Scorer(model=model, preprocessing=card.preprocessing, modalities=card.modalities)
    detector = Detector(
        score=scorer.pad_score,
        thresholds=card.thresholds,
        preprocessing=card.preprocessing,
        rule=config.rule,
        model=f"{card.model}@{card.weights_sha256[:8]}",
        warning=card.limits,
    )
    return tuple(detector.decide_files(given, cropped=config.cropped) for given in inputs)


def demo(config: DemoConfig) -> Demonstrated:
    """Simulate faces, train BIG-MoE, judge it, ask it about two photographs.

    It takes a few minutes. Everything lands in one folder, with the report and a picture of what
    was simulated.
    """
    from unmask.serving.examples import photographs

    data = DataConfig(root=config.out / "data")
    simulate(
        SimulateConfig(out=data.root, sites=("A",), per_site=config.per_site, seed=config.seed)
    )
    run = train(
        TrainConfig(
            data=data,
            out=config.out / "run",
            optim=OptimConfig(steps=config.steps),
            seed=config.seed,
            resume=(config.out / "run" / "config.yaml").exists(),
        )
    )
    scores = evaluate(EvaluateConfig(checkpoint=run.folder, data=data, out=config.out / "scores"))
    judged = report(
        ReportConfig(
            dev=scores.dev,
            eval=scores.eval,
            out=config.out / "report",
            title="BIG-MoE tiny on simulated presentations",
            note=run.card.limits,
        )
    )
    sheet = show(ShowConfig(what="simulator", out=config.out / "simulator.png", seed=config.seed))
    decisions = predict(PredictConfig(checkpoint=run.folder, inputs=photographs(config.out)))
    return Demonstrated(
        run=run,
        report=judged,
        folder=config.out,
        contact_sheet=Path(sheet),
        decisions=decisions,
    )


def show(config: ShowConfig) -> str:
    """List models, data sets or protocols, or draw what the simulator makes."""
    if config.what == "simulator":
        from unmask.sim.contact_sheet import draw

        return str(draw(config))
    from unmask.catalogue import listing

    return listing(config.what)


def _shown(asked: tuple[Modality, ...], built: tuple[Modality, ...]) -> tuple[Modality, ...]:
    """The modalities to show the model: those asked for, or all it was built for."""
    strange = [str(modality) for modality in asked if modality not in built]
    if strange:
        raise ConfigError(
            f"the model knows no {' or '.join(strange)}; it was built for: {', '.join(built)}"
        )
    return asked or built
