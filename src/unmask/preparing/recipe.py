"""What is done to every frame, with the calibrations read, and how a manifest says so in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unmask.capture.crop import CropRule
from unmask.config import CalibrationConfig, DepthConfig, IntensityConfig, PrepareConfig
from unmask.errors import ConfigError
from unmask.parsing import load, to_plain
from unmask.types import Modality

INTENSITIES = (Modality.INFRARED, Modality.THERMAL)
FREE = ("out", "workers", "manifest", "label", "pai_species", "subject", "site", "split")
"""Settings that may change when a run goes on: no crop depends on them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Settings and calibrations: all that a worker needs."""

    config: PrepareConfig
    calibrations: Mapping[Modality, CalibrationConfig]

    @property
    def rule(self) -> CropRule:
        """How the square lies around a face."""
        return CropRule(margin=self.config.crop.margin, aligned=self.config.crop.aligned)

    def intensity(self, modality: Modality) -> IntensityConfig:
        """The settings of infrared or thermal."""
        return self.config.infrared if modality is Modality.INFRARED else self.config.thermal

    def asked(self) -> dict[str, Any]:
        """Everything that decides what is written about a frame, as JSON holds it."""
        plain: dict[str, Any] = to_plain(self.config)
        for name in FREE:
            del plain[name]
        for modality, calibration in self.calibrations.items():
            plain[modality]["calibration"] = to_plain(calibration)
        return plain | {"root": str(self.config.root.resolve())}


def read_recipe(config: PrepareConfig) -> Recipe:
    """Read the calibrations and check that they can be followed.

    Raises:
        ConfigError: a calibration is missing or faulty, or needs what is not there.
    """
    files = {
        Modality.DEPTH: config.depth.calibration,
        Modality.INFRARED: config.infrared.calibration,
        Modality.THERMAL: config.thermal.calibration,
    }
    found = {m: _read(path, m) for m, path in files.items() if path is not None}
    relative = [m for m, c in found.items() if not c.homography]
    if relative and config.depth.unit == "relative":
        raise ConfigError(
            f"the calibration of {relative[0]} needs distances, and depth.unit is relative; give a "
            "homography, or the distances that the levels stand for (depth.unit grey)"
        )
    return Recipe(config=config, calibrations=found)


def _read(path: Path, modality: Modality) -> CalibrationConfig:
    try:
        return load(CalibrationConfig, path)
    except ConfigError as error:
        raise ConfigError(f"{modality}.calibration {path}: {error}") from error


def depth_words(config: DepthConfig, calibration: CalibrationConfig | None) -> str:
    """How depth was decoded, for the manifest."""
    words = {
        "millimetres": "millimetres",
        "metres": "metres",
        "z16": f"z16 x {config.scale_mm:g} mm",
        "grey": "8-bit grey, " + " to ".join(f"{value:g} mm" for value in config.grey_mm),
        "relative": "relative 8-bit grey",
    }[config.unit]
    clipped = f", clipped to {config.window_mm:g} mm around the face" if config.window_mm else ""
    return words + clipped + _moved(calibration, "re-projected")


def intensity_words(config: IntensityConfig, calibration: CalibrationConfig | None) -> str:
    """How infrared or thermal was decoded, for the manifest."""
    bits = f"{config.bits} bits" if config.bits else "all bits of the file"
    scaled = "MAD to 8 bits" if config.normalise == "mad" else "share of full scale"
    return f"{bits}, {scaled}" + _moved(calibration, "by depth")


def _moved(calibration: CalibrationConfig | None, how: str) -> str:
    if calibration is None:
        return ""
    return ", by homography" if calibration.homography else f", {how}"
