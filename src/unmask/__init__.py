"""unmask: is this a face in front of the sensors, or an attack on them?"""

from importlib.metadata import version

from unmask.api import demo, evaluate, predict, pretrain, report, show, simulate, train
from unmask.config import (
    DemoConfig,
    EvaluateConfig,
    PredictConfig,
    PretrainConfig,
    ReportConfig,
    ShowConfig,
    SimulateConfig,
    TrainConfig,
)
from unmask.parsing import load

__version__ = version("unmask")

__all__ = [
    "DemoConfig",
    "EvaluateConfig",
    "PredictConfig",
    "PretrainConfig",
    "ReportConfig",
    "ShowConfig",
    "SimulateConfig",
    "TrainConfig",
    "demo",
    "evaluate",
    "load",
    "predict",
    "pretrain",
    "report",
    "show",
    "simulate",
    "train",
]
