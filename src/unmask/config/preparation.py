"""The settings of ``unmask prepare``: from raw frames to face crops."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Literal

from unmask.config.checks import check_between
from unmask.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class CropConfig:
    """What is cut out around a face."""

    margin: float = 1.0
    """Side of the square, in units of the usual one, which reaches from brow to chin."""
    aligned: bool = False
    """Turn the square until the eyes are level."""
    side: int = 224
    """Side of the crops that are written, in pixels; 0: as many as the frame has there."""

    def __post_init__(self) -> None:
        if not 0.5 <= self.margin <= 4:
            raise ConfigError(f"crop.margin is {self.margin}; it must be at least 0.5, at most 4")
        if self.side:
            check_between("crop.side", self.side, 16, 4096)


@dataclass(frozen=True, kw_only=True)
class DepthConfig:
    """What the numbers of a depth frame mean, and where its pixels lie."""

    unit: Literal["millimetres", "metres", "z16", "grey", "relative"] = "millimetres"
    """z16: steps of scale_mm; grey: 8-bit levels between the two distances of grey_mm; relative:
    8-bit levels of unknown distance, which are kept (then train with data.depth relative)."""
    scale_mm: float = 0.0
    """Of z16: millimetres of one step, such as 0.25."""
    grey_mm: tuple[float, ...] = ()
    """Of grey: millimetres that levels 1 and 255 stand for; level 0 is a hole."""
    window_mm: float = 0.0
    """Clip depth to so many millimetres before and behind the middle of the face; 0: do not."""
    calibration: Path | None = None
    """YAML file that says where depth pixels lie in the colour frame; none: they are aligned."""

    def __post_init__(self) -> None:
        z16, grey = self.unit == "z16", self.unit == "grey"
        if z16 != (self.scale_mm != 0) or not 0 <= self.scale_mm < 100:
            raise ConfigError(
                f"depth.unit is {self.unit} and depth.scale_mm {self.scale_mm}; z16 and only z16 "
                "has a scale, above 0 and below 100"
            )
        if grey != bool(self.grey_mm):
            raise ConfigError(
                f"depth.unit is {self.unit} and depth.grey_mm {list(self.grey_mm)}; grey and only "
                "grey has it: the millimetres of levels 1 and 255"
            )
        if grey and (
            len(set(self.grey_mm)) != 2
            or len(self.grey_mm) != 2
            or not all(0 < value <= 65535 for value in self.grey_mm)
        ):
            raise ConfigError(
                f"depth.grey_mm is {list(self.grey_mm)}; give two different distances, above 0 and "
                "at most 65535"
            )
        if not (isfinite(self.window_mm) and self.window_mm >= 0):
            raise ConfigError(f"depth.window_mm is {self.window_mm}; it must be at least 0")
        if self.window_mm and self.unit == "relative":
            raise ConfigError("depth.window_mm needs millimetres, and depth.unit is relative")


@dataclass(frozen=True, kw_only=True)
class IntensityConfig:
    """What the numbers of an infrared or a thermal frame mean, and where its pixels lie."""

    bits: int = 0
    """Bits that the sensor fills, such as 10 in a 16-bit file; 0: all that the file has."""
    normalise: Literal["none", "mad"] = "none"
    """mad: 8 bits from the median less to the median plus three median absolute deviations of the
    face, as the baselines of WMCA do; none: the share of full scale."""
    calibration: Path | None = None
    """YAML file that says where its pixels lie in the colour frame; none: they are aligned."""

    def __post_init__(self) -> None:
        if self.bits:
            check_between("bits", self.bits, 8, 16)


@dataclass(frozen=True, kw_only=True)
class PrepareConfig:
    """Settings of ``unmask prepare``."""

    root: Path
    """Folder of the raw frames: with a manifest, with the folders rgb, depth, infrared, thermal, or
    with photographs."""
    out: Path
    """Folder for the face crops, their manifest.parquet, failures.csv and prepare.json."""
    manifest: str = ""
    """Table inside root, .parquet or .csv; none named: manifest.parquet or manifest.csv, if any."""
    crop: CropConfig = field(default_factory=CropConfig)
    depth: DepthConfig = field(default_factory=DepthConfig)
    infrared: IntensityConfig = field(default_factory=IntensityConfig)
    thermal: IntensityConfig = field(default_factory=IntensityConfig)
    cropped: bool = False
    """The frames are face crops already: no face is looked for, nothing is cut."""
    poor: Literal["refuse", "keep"] = "refuse"
    """What becomes of crops that ``unmask predict`` would not answer for (dark, blown out, small,
    without depth): a failure, or a row whose column quality says why."""
    colour: Literal["png", "jpg"] = "png"
    """Files of colour crops: png loses nothing, jpg (quality 95) is a quarter of the size."""
    label: Literal["", "bona_fide", "attack"] = ""
    """Of every frame, where root has no manifest."""
    pai_species: str = ""
    """Of every frame, where label is attack."""
    subject: str = ""
    """Of every frame, where root has no manifest."""
    site: str = ""
    """Of every frame, where root has no manifest."""
    split: Literal["", "train", "dev", "eval"] = ""
    """Of every frame, where root has no manifest."""
    workers: int = 2
    """Processes; the result does not depend on them. A script that asks for more than one keeps its
    own calls under ``if __name__ == "__main__":``, as Python's multiprocessing demands."""

    def __post_init__(self) -> None:
        check_between("workers", self.workers, 1, 256)
        if (self.label == "attack") != bool(self.pai_species):
            raise ConfigError(
                f"label is {self.label or 'not given'} and pai_species "
                f"{self.pai_species or 'not given'}; an attack has a species, nothing else has"
            )
        if self.cropped and (self.crop.margin != 1 or self.crop.aligned):
            raise ConfigError(
                "cropped frames are not cut, but crop.margin or crop.aligned is given; drop one"
            )
        if self.cropped and (
            self.depth.calibration or self.infrared.calibration or self.thermal.calibration
        ):
            raise ConfigError(
                "cropped frames cannot be moved by a calibration of whole frames; drop one"
            )
