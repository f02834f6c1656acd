"""unmask: is this a face in front of the sensors, or an attack on them?"""

from importlib.metadata import version

from unmask.api import demo, evaluate, predict, report, show, simulate, train
from unmask.config import (
    DemoConfig,
    EvaluateConfig,
    PredictConfig,
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
    "ReportConfig",
    "ShowConfig",
    "SimulateConfig",
    "TrainConfig",
    "demo",
    "evaluate",
    "load",
    "predict",
    "report",
    "show",
    "simulate",
    "train",
]
