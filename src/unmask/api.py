"""Everything a user calls: one function per verb, each with one argument, its config.

Nothing heavy is imported before a function runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unmask.config import (
    DataConfig,
    DemoConfig,
    EvaluateConfig,
    EvidenceConfig,
    OptimConfig,
    PredictConfig,
    PretrainConfig,
    ReportConfig,
    SeparabilityConfig,
    ShowConfig,
    SimulateConfig,
    TrainConfig,
)

if TYPE_CHECKING:
    from unmask.experiments.running import Evidence
    from unmask.experiments.separating import Separability
    from unmask.reporting.flexible import FlexibleTable
    from unmask.reporting.records import Report
    from unmask.serving.schema import Decision
    from unmask.training.evaluation import Evaluated
    from unmask.training.loop import Run
    from unmask.training.pretraining.run import Pretrained


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
    from unmask.training.run import train as run

    return run(config)


def evaluate(config: EvaluateConfig) -> Evaluated:
    """Score the dev and eval sets of a protocol with a trained model.

    The two files it writes are what ``unmask report`` judges. For a model with experts it also
    writes and returns what the routers chose: evenness, dead experts, differences between groups.
    """
    from unmask.training.evaluation import evaluate as run

    return run(config)


def report(config: ReportConfig) -> Report | FlexibleTable:
    """Judge score files of any system: thresholds from dev, rates on eval.

    Writes report.md, report.html and report.json, with exact intervals; beside the routing.json of
    an evaluation, the report also says how the model used its experts. With ``table: flexible`` it
    makes a table instead, of all systems in some folders of results, beside published ones.
    """
    if config.table == "flexible":
        from unmask.experiments.flexible_table import flexible_table

        return flexible_table(config)
    from unmask.reporting.write import judge_files

    return judge_files(config)


def evidence(config: EvidenceConfig) -> Evidence:
    """Compare systems: train each with every protocol and seed, judge, and make tables.

    The folder ``out`` then holds every run with its scores, results.jsonl, table.md and table.json.
    Started again, it does what is missing or was made with other settings, and nothing else.
    """
    from unmask.experiments.running import run

    return run(config)


def separability(config: SeparabilityConfig) -> Separability:
    """Look at features: how well a plane parts bona fide from attacks.

    Each sensor is shown alone. The folder ``out`` then holds separability.html, .md and .json with
    figures of every model, t-SNE pictures by class and by sensor, and the features as Parquet.
    """
    from unmask.experiments.separating import separability as run

    return run(config)


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
    from unmask.reporting.write import judge_files
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
    judged = judge_files(
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
    """List models, backbones, data sets or protocols, or draw what the simulator makes."""
    if config.what == "simulator":
        from unmask.sim.contact_sheet import draw

        return str(draw(config))
    from unmask import catalogue

    return catalogue.backbones() if config.what == "backbones" else catalogue.listing(config.what)
