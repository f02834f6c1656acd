"""Everything a user calls: one function per verb, each with one argument, its config.

Nothing heavy is imported before a function runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from unmask.config import (
    CalibrateConfig,
    CompareConfig,
    DataConfig,
    DecideConfig,
    DemoConfig,
    DoctorConfig,
    EvaluateConfig,
    EvidenceConfig,
    ManifestConfig,
    OptimConfig,
    PlanConfig,
    PredictConfig,
    PrepareConfig,
    PretrainConfig,
    ReportConfig,
    ReproduceConfig,
    SeparabilityConfig,
    ShowConfig,
    SimulateConfig,
    StressConfig,
    TrainConfig,
)

if TYPE_CHECKING:
    from unmask.checkup.findings import Checkup
    from unmask.datasets.rows import Written
    from unmask.experiments.running import Evidence
    from unmask.experiments.separating import Separability
    from unmask.experiments.stressing import Stressed
    from unmask.preparing.run import Prepared
    from unmask.reporting.comparison import Comparison
    from unmask.reporting.decisions import Decided
    from unmask.reporting.flexible import FlexibleTable
    from unmask.reporting.planning import Plan
    from unmask.reporting.records import Report
    from unmask.reporting.reproduced import Reproduced
    from unmask.serving.schema import Decision
    from unmask.training.calibration import Calibrated
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


def prepare(config: PrepareConfig) -> Prepared:
    """Cut faces out of raw frames of your own cameras, for training and judging.

    The face is found once, in colour; one square is cut from all sensors, which a calibration may
    align first. The folder ``out`` then holds the crops, their manifest, and a list of the frames
    that could not be prepared, with reasons; where there are such, the exit code is 1.
    """
    from unmask.preparing.run import prepare as run

    return run(config)


def doctor(config: DoctorConfig) -> Checkup:
    """Look for what is wrong with a data set before anybody trains on it.

    Files, sensors, duplicates, sets, balance, units, and fields that give the class away. The
    folder ``out`` then holds doctor.html and doctor.json. Exit code 0: clean or notes alone;
    1: a warning; 3: a fault; 2: nothing could be examined.
    """
    from unmask.checkup.run import examine
    from unmask.reporting.checkup import write

    found = examine(config)
    write(found, config.out)
    return found


def manifest(config: ManifestConfig) -> Written:
    """Write the sets of a protocol as one table, a manifest.

    Published lists and folders become rows that ``manifest/split`` reads to the same train, dev and
    eval; attributes are columns. Where a protocol sets its threshold on eval, no row is dev.
    """
    from unmask.datasets.rows import captured_by, write_sets
    from unmask.protocols import check, divide
    from unmask.types import Modality

    protocol = divide(config.data, config.modalities or tuple(Modality))
    asked = config.modalities or captured_by(protocol.train)
    check(replace(protocol, modalities=asked))
    return write_sets(protocol, config.data.root, config.out)


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


def plan(config: PlanConfig) -> Plan:
    """Say how many presentations a test needs to show a rate below a limit.

    For each number of errors that the test allows: presentations of every PAI species and bona
    fide, subjects, and how good a system must be to pass. Exact (Clopper and Pearson).
    """
    from unmask.reporting.planning import plan as run

    return run(config)


def compare(config: CompareConfig) -> Comparison:
    """Rank several systems judged on the same presentations, and say what is not decided.

    Dev sets the threshold of each, eval is judged; a paired bootstrap over subjects tells which
    differences are clear. Score files of any system will do. The folder ``out`` then holds the
    tables as Markdown, LaTeX and CSV.
    """
    from unmask.reporting.comparing import compare as run

    return run(config)


def evidence(config: EvidenceConfig) -> Evidence:
    """Compare systems: train each with every protocol and seed, judge, and make tables.

    The folder ``out`` then holds every run with its scores, results.jsonl, table.md and table.json.
    Started again, it does what is missing or was made with other settings, and nothing else.
    """
    from unmask.experiments.running import run

    return run(config)


def reproduce(config: ReproduceConfig) -> Reproduced | str:
    """Make a published table again on your copy of its data, beside what is printed.

    Trains on every split, judges at the threshold of dev and, in columns of their own, at that of
    the judged set. Without a table it says which there are, what each needs and where to get that.
    The folder ``out`` then holds the runs, their scores, and <table>.md and .json; started again,
    it goes on.
    """
    from unmask.experiments.reproducing import reproduce as run

    return run(config)


def separability(config: SeparabilityConfig) -> Separability:
    """Look at features: how well a plane parts bona fide from attacks.

    Each sensor is shown alone. The folder ``out`` then holds separability.html, .md and .json with
    figures of every model, t-SNE pictures by class and by sensor, and the features as Parquet.
    """
    from unmask.experiments.separating import separability as run

    return run(config)


def stress(config: StressConfig) -> Stressed:
    """Spoil what each sensor sees, in steps, and say what fails first.

    Dark or flickering infrared, holes in depth, sensors out of line, blur, noise and more, with
    every set of sensors and every PAI species; thresholds stay as the card has them. The folder
    ``out`` then holds stress.html, .md, .csv and .json. Started again, it goes on.
    """
    from unmask.experiments.stressing import stress as run

    return run(config)


def decide(config: DecideConfig) -> Decided:
    """Compare rules that decide about a video from the scores of its frames.

    Mean, median, k of n, and a sequential test, each with its threshold from dev: error rates, and
    how many frames they take. Score files of any system will do. The folder ``out`` then holds
    decisions.html, .md and .json.
    """
    from unmask.reporting.deciding import decide as run

    return run(config)


def calibrate(config: CalibrateConfig) -> Calibrated:
    """Set a threshold for your own camera, from a few captures of it.

    The target is a BPCER or, with attacks among the captures, an APCER that they may not exceed.
    The model's card gets an operating point of the given name, with intervals and flags: too few
    captures, an empty band between the classes, scores that differ from those of dev.
    """
    from unmask.training.calibration import calibrate as run

    return run(config)


def predict(config: PredictConfig) -> tuple[Decision, ...]:
    """Answer for photographs or aligned RGB, depth and infrared images.

    The answer is bona_fide, attack, or no_response with the reason where the images allow none.
    """
    from unmask.serving.detector import Detector
    from unmask.serving.inputs import gather
    from unmask.training.checkpoint import load, operating_point
    from unmask.training.scoring import Scorer

    inputs = gather(config)
    model, card = load(config.checkpoint)
    scorer = Scorer(model=model, preprocessing=card.preprocessing, modalities=card.modalities)
    detector = Detector(
        score=scorer.pad_score,
        thresholds=card.thresholds,
        preprocessing=card.preprocessing,
        rule=config.rule,
        operating_point=config.operating_point,
        calibrated=operating_point(card, config.operating_point) if config.operating_point else {},
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
            optim=OptimConfig(steps=config.steps, lr=0.008),
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
    """List models, backbones, data sets or protocols, or draw what the simulator makes.

    ``schema`` is the JSON Schema of report.json.
    """
    if config.what == "simulator":
        from unmask.sim.contact_sheet import draw

        return str(draw(config))
    if config.what == "schema":
        from unmask.reporting.schema import published

        return published()
    from unmask import catalogue

    return catalogue.backbones() if config.what == "backbones" else catalogue.listing(config.what)
