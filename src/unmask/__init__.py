"""unmask: is this a face in front of the sensors, or an attack on them?"""

from importlib.metadata import version

from unmask.api import (
    demo,
    evaluate,
    evidence,
    predict,
    pretrain,
    report,
    separability,
    show,
    simulate,
    train,
)
from unmask.config import (
    DemoConfig,
    EvaluateConfig,
    EvidenceConfig,
    PredictConfig,
    PretrainConfig,
    ReportConfig,
    SeparabilityConfig,
    ShowConfig,
    SimulateConfig,
    TrainConfig,
)
from unmask.parsing import load

__version__ = version("unmask")

__all__ = [
    "DemoConfig",
    "EvaluateConfig",
    "EvidenceConfig",
    "PredictConfig",
    "PretrainConfig",
    "ReportConfig",
    "SeparabilityConfig",
    "ShowConfig",
    "SimulateConfig",
    "TrainConfig",
    "demo",
    "evaluate",
    "evidence",
    "load",
    "predict",
    "pretrain",
    "report",
    "separability",
    "show",
    "simulate",
    "train",
]
