"""The settings of each verb: one frozen dataclass = one function of ``api`` = one YAML file.

The text under a field is its help on the command line.
"""

from unmask.config.calibration import CalibrationConfig, CameraConfig
from unmask.config.checkup import DoctorConfig
from unmask.config.comparing import CompareConfig, PlanConfig
from unmask.config.deciding import DecideConfig
from unmask.config.evidence import ConditionConfig, EvidenceConfig, SimulatedConfig, SystemConfig
from unmask.config.judging import EvaluateConfig, PredictConfig, ReportConfig
from unmask.config.learning import AugmentConfig, ChangeConfig, OptimConfig, ScheduleConfig
from unmask.config.manifest import ManifestConfig
from unmask.config.model import THREE, ModelConfig
from unmask.config.operating_points import CalibrateConfig
from unmask.config.pictures import DataConfig, FolderConfig, PicturesConfig, SetsConfig
from unmask.config.preparation import CropConfig, DepthConfig, IntensityConfig, PrepareConfig
from unmask.config.pretraining import PretrainConfig
from unmask.config.reproducing import ReproduceConfig
from unmask.config.separability import SeparabilityConfig
from unmask.config.showing import DemoConfig, ShowConfig
from unmask.config.simulation import PresentationsConfig, SimulateConfig
from unmask.config.stress import StressConfig
from unmask.config.training import RecipeConfig, TrainConfig

__all__ = [
    "THREE",
    "AugmentConfig",
    "CalibrateConfig",
    "CalibrationConfig",
    "CameraConfig",
    "ChangeConfig",
    "CompareConfig",
    "ConditionConfig",
    "CropConfig",
    "DataConfig",
    "DecideConfig",
    "DemoConfig",
    "DepthConfig",
    "DoctorConfig",
    "EvaluateConfig",
    "EvidenceConfig",
    "FolderConfig",
    "IntensityConfig",
    "ManifestConfig",
    "ModelConfig",
    "OptimConfig",
    "PicturesConfig",
    "PlanConfig",
    "PredictConfig",
    "PrepareConfig",
    "PresentationsConfig",
    "PretrainConfig",
    "RecipeConfig",
    "ReportConfig",
    "ReproduceConfig",
    "ScheduleConfig",
    "SeparabilityConfig",
    "SetsConfig",
    "ShowConfig",
    "SimulateConfig",
    "SimulatedConfig",
    "StressConfig",
    "SystemConfig",
    "TrainConfig",
]
