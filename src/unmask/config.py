"""The settings of each verb: one frozen dataclass = one function of ``api`` = one YAML file.

The text under a field is its help on the command line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from unmask.errors import ConfigError
from unmask.types import Modality

THREE = (Modality.RGB, Modality.DEPTH, Modality.INFRARED)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Which network."""

    name: str = "big_moe/tiny"
    """Family and variant; ``unmask show models`` lists them."""
    overrides: dict[str, Any] = field(default_factory=dict)
    """Fields of the model's own Config to replace, such as {num_experts: 64}."""
    weights: Path | None = None
    """Trained weights of this very model to start from (safetensors)."""
    backbone: str = ""
    """Pretrained transformer to start the backbone from: a file or folder of torchvision, timm,
    CLIP, open_clip or Hugging Face, or hf:organisation/name of a repository on the hub."""
    backbone_sha256: str = ""
    """Refuse another file than the one with this hash; a run writes down the one it found."""

    def __post_init__(self) -> None:
        if self.weights is not None and self.backbone:
            raise ConfigError(
                "model.weights and model.backbone are both given; weights hold a backbone already, "
                "so give one of them"
            )


@dataclass(frozen=True, kw_only=True)
class FolderConfig:
    """Where pictures are, and how they are to be read."""

    root: Path
    """Folder of the data set; it holds the manifest and the images."""
    manifest: str = "manifest.parquet"
    """Manifest inside the folder, .parquet or .csv."""
    depth: Literal["millimetres", "relative"] = "millimetres"
    """What a depth value means: 16-bit millimetres with 0 for holes, or an 8-bit grey level."""


@dataclass(frozen=True, kw_only=True)
class DataConfig(FolderConfig):
    """Which presentations, and how their pictures are to be read."""

    protocol: str = "manifest/split"
    """Who trains, sets the threshold and is judged; ``unmask show protocols`` lists them."""
    workers: int = 0
    """Processes that read images; 0 reads in the main process, the quickest on two cores."""

    def __post_init__(self) -> None:
        _at_least("data.workers", self.workers, 0)


@dataclass(frozen=True, kw_only=True)
class PicturesConfig(FolderConfig):
    """Which pictures to pretrain on; nobody looks at their labels, and they need none."""

    splits: tuple[str, ...] = ("train",)
    """Rows to learn from, by their column split; without that column, all. The rows of dev, where
    they are not among them, are held out: their loss is looked at, and chooses nothing."""

    def __post_init__(self) -> None:
        if not self.splits:
            raise ConfigError("data.splits is empty; name at least one value of the column split")


@dataclass(frozen=True, kw_only=True)
class ChangeConfig:
    """Random changes to a picture, or to all of a presentation, which then share one geometry."""

    flip: float = 0.5
    """Probability of mirroring left and right."""
    shift: float = 0.04
    """Largest shift, as a share of the image side."""
    scale: float = 0.08
    """Largest relative change of size."""
    rotate: float = 8.0
    """Largest rotation in the image plane, in degrees."""
    photometric: float = 1.0
    """Strength of changes of brightness, contrast, colour and noise; 0: none."""

    def __post_init__(self) -> None:
        _probability("augment.flip", self.flip)
        _probability("augment.shift", self.shift)
        if not 0 <= self.scale < 1:
            raise ConfigError(f"augment.scale is {self.scale}; it must be at least 0 and below 1")
        if self.photometric < 0:
            raise ConfigError(f"augment.photometric is {self.photometric}; it must be at least 0")


@dataclass(frozen=True, kw_only=True)
class AugmentConfig(ChangeConfig):
    """Random changes to training images; all modalities share one geometry."""

    modality_dropout: float = 0.3
    """Probability that a captured modality is hidden from the model; at least one always stays."""

    def __post_init__(self) -> None:
        ChangeConfig.__post_init__(self)
        _probability("augment.modality_dropout", self.modality_dropout)


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """AdamW with linear warm-up and cosine decay, counted in steps."""

    steps: int = 1500
    """Optimisation steps in all."""
    batch_size: int = 128
    """Pictures per step."""
    lr: float = 1e-3
    """Highest learning rate."""
    weight_decay: float = 0.05
    """Decoupled weight decay of matrices and kernels; biases, norms and tables have none."""
    warmup: float = 0.1
    """Share of the steps in which the learning rate rises."""
    clip: float = 1.0
    """Largest global norm of the gradient."""

    def __post_init__(self) -> None:
        _at_least("optim.steps", self.steps, 1)
        _at_least("optim.batch_size", self.batch_size, 2)
        if not self.lr > 0:
            raise ConfigError(f"optim.lr is {self.lr}; it must be above 0")
        _probability("optim.warmup", self.warmup)
        for name, value in (("weight_decay", self.weight_decay), ("clip", self.clip)):
            if value < 0:
                raise ConfigError(f"optim.{name} is {value}; it must be at least 0")


@dataclass(frozen=True, kw_only=True)
class OptimConfig(ScheduleConfig):
    """AdamW with linear warm-up and cosine decay, counted in steps; batches are balanced."""

    batch_size: int = 32
    """Presentations per step, drawn evenly from bona fide and every PAI species."""
    label_smoothing: float = 0.05
    """Targets are moved this far from 0 and 1."""

    def __post_init__(self) -> None:
        ScheduleConfig.__post_init__(self)
        if not 0 <= self.label_smoothing < 0.5:
            raise ConfigError(
                f"optim.label_smoothing is {self.label_smoothing}; "
                "it must be at least 0 and below 0.5"
            )


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Settings of ``unmask train``."""

    data: DataConfig
    out: Path
    """Folder of the run: checkpoints, logs, scores, this configuration."""
    model: ModelConfig = field(default_factory=ModelConfig)
    modalities: tuple[Modality, ...] = THREE
    """Modalities the model is built for."""
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    optim: OptimConfig = field(default_factory=OptimConfig)
    seed: int = 0
    """Fixes initial weights, order, augmentation and dropout."""
    precision: Literal["float32", "bf16"] = "float32"
    """Arithmetic of the forward and backward pass."""
    dev_every: int = 100
    """Steps between two looks at the dev set; the best one is kept."""
    checkpoint_every: int = 50
    """Steps between two resumable checkpoints."""
    patience: int = 0
    """Stop after so many looks at dev without improvement; 0: never."""
    resume: bool = False
    """Go on from the last checkpoint in ``out``."""

    def __post_init__(self) -> None:
        _at_least("seed", self.seed, 0)
        _at_least("dev_every", self.dev_every, 1)
        _at_least("checkpoint_every", self.checkpoint_every, 1)
        _at_least("patience", self.patience, 0)
        _modalities(self.modalities)


@dataclass(frozen=True, kw_only=True)
class PretrainConfig:
    """Settings of ``unmask pretrain``."""

    data: PicturesConfig
    out: Path
    """Folder of the run: checkpoint, weights, their card, logs, this configuration."""
    method: Literal["mae", "clip"] = "mae"
    """mae: guess hidden patches; clip: match pictures and captions (columns caption_rgb, ...)."""
    size: str = ""
    """Backbone to train, such as vit_tiny, vit_s16, clip_tiny; none named: the tiny one."""
    backbone: str = ""
    """Weights that the picture tower starts from; the sources are those of model.backbone."""
    modalities: tuple[Modality, ...] = THREE
    """Pictures of these are learned from, all by one encoder."""
    hidden: float = 0.75
    """Share of the patches that mae hides."""
    augment: ChangeConfig = field(default_factory=ChangeConfig)
    optim: ScheduleConfig = field(default_factory=ScheduleConfig)
    seed: int = 0
    """Fixes initial weights, order, augmentation and what is hidden."""
    precision: Literal["float32", "bf16"] = "float32"
    """Arithmetic of the forward and backward pass."""
    dev_every: int = 250
    """Steps between two looks at the loss of what is held out."""
    checkpoint_every: int = 250
    """Steps between two resumable checkpoints."""
    licence: str = ""
    """Of the weights, for their card; none named: that of unmask, if all data are simulated."""
    resume: bool = False
    """Go on from the last checkpoint in ``out``."""

    def __post_init__(self) -> None:
        _at_least("seed", self.seed, 0)
        _at_least("dev_every", self.dev_every, 1)
        _at_least("checkpoint_every", self.checkpoint_every, 1)
        if not 0 < self.hidden < 1:
            raise ConfigError(f"hidden is {self.hidden}; it must be above 0 and below 1")
        _modalities(self.modalities)


@dataclass(frozen=True, kw_only=True)
class SimulateConfig:
    """Settings of ``unmask simulate``."""

    out: Path
    """Folder for the manifest and the images."""
    per_site: int = 500
    """Presentations at each site."""
    sites: tuple[str, ...] = ("A", "B", "C", "D")
    """Sites, each with its own sensors, light, people and species; E, F, G are for pretraining."""
    species: tuple[str, ...] = ()
    """PAI species to use, each where a site has it; none named: all that there are."""
    frames: int = 1
    """Pictures of each presentation, 8 a second: more than one makes a short video."""
    image_size: int = 128
    """Side of the square face crop, in pixels."""
    truth: bool = False
    """Write what was really there, too: depth, normals, materials, landmarks, light."""
    captions: bool = False
    """Tell in the manifest, in a sentence or two, what each sensor's picture shows."""
    seed: int = 0
    """Fixes every byte."""
    workers: int = 2
    """Processes; the result does not depend on them. A script that asks for more than one keeps its
    own calls under ``if __name__ == "__main__":``, as Python's multiprocessing demands."""

    def __post_init__(self) -> None:
        _at_least("seed", self.seed, 0)
        _between("per_site", self.per_site, 1, 1_000_000)
        _between("frames", self.frames, 1, 1000)
        _between("image_size", self.image_size, 32, 1024)
        _between("workers", self.workers, 1, 256)


@dataclass(frozen=True, kw_only=True)
class EvaluateConfig:
    """Settings of ``unmask evaluate``: score dev and eval with a trained model."""

    checkpoint: Path
    """Folder of a training run."""
    data: DataConfig
    out: Path
    """Folder for dev.csv and eval.csv."""
    modalities: tuple[Modality, ...] = ()
    """Modalities shown to the model; none named: all it was built for."""
    batch_size: int = 64
    """Presentations scored at once; the scores do not depend on it."""

    def __post_init__(self) -> None:
        _at_least("batch_size", self.batch_size, 1)


@dataclass(frozen=True, kw_only=True)
class ReportConfig:
    """Settings of ``unmask report``: judge score files of any system."""

    dev: Path
    """Scores that set the threshold."""
    eval: Path
    """Scores that are judged."""
    out: Path
    """Folder for report.md, report.html and report.json."""
    rules: tuple[str, ...] = ("eer", "bpcer<=1%")
    """Threshold rules; the first is the one that the summary shows."""
    title: str = "Presentation attack detection"
    """Heading of the report."""
    note: str = ""
    """One paragraph under the heading, such as where the data came from."""
    oracle_threshold: bool = False
    """Allow the dev and eval files to be the same; the report then says so in its first line."""


@dataclass(frozen=True, kw_only=True)
class PredictConfig:
    """Settings of ``unmask predict``."""

    checkpoint: Path
    """Folder of a training run."""
    inputs: tuple[Path, ...] = ()
    """Photographs (RGB alone) or folders of photographs."""
    rgb: Path | None = None
    """Colour image (or folder) of an aligned set."""
    depth: Path | None = None
    """16-bit depth image in millimetres (or folder, same file stems)."""
    infrared: Path | None = None
    """8- or 16-bit infrared image (or folder, same file stems)."""
    cropped: bool = False
    """The images are face crops already: no detection."""
    rule: str = "eer"
    """Which of the thresholds stored with the model decides."""
    json: bool = False
    """Print one JSON object per presentation instead of a table."""


@dataclass(frozen=True, kw_only=True)
class DemoConfig:
    """Settings of ``unmask demo``: simulate, train, judge, answer, in a few minutes."""

    out: Path = Path("unmask-demo")
    """Folder for everything it makes."""
    seed: int = 0
    """Fixes the whole run."""
    per_site: int = 800
    """Simulated presentations, all at site A."""
    steps: int = 400
    """Training steps."""

    def __post_init__(self) -> None:
        _at_least("seed", self.seed, 0)
        _at_least("per_site", self.per_site, 60)
        _at_least("steps", self.steps, 1)


@dataclass(frozen=True, kw_only=True)
class ShowConfig:
    """Settings of ``unmask show``."""

    what: Literal["models", "datasets", "protocols", "simulator"] = "models"
    """What to list; ``simulator`` draws a contact sheet."""
    out: Path = Path("simulator.png")
    """Where the contact sheet goes."""
    seed: int = 0
    """Which people and presentations the contact sheet shows."""
    species: tuple[str, ...] = ()
    """Kinds of presentation on the contact sheet, bona_fide among them; none named: all."""
    people: int = 1
    """How many people the contact sheet shows of each kind at each site."""
    frames: int = 1
    """More than one: a film strip instead, so many frames of one presentation in each row."""

    def __post_init__(self) -> None:
        _at_least("seed", self.seed, 0)
        _between("people", self.people, 1, 20)
        _between("frames", self.frames, 1, 64)
        if self.frames > 1 and self.people > 1:
            raise ConfigError(
                f"people is {self.people} and frames {self.frames}; a film strip shows one person, "
                "so give one of the two"
            )
        if self.out.suffix.lower() != ".png":
            raise ConfigError(f"out is {self.out}; the sheet is a picture: name it with .png")


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise ConfigError(f"{name} is {value}; it must be at least {least}")


def _between(name: str, value: int, least: int, most: int) -> None:
    _at_least(name, value, least)
    if value > most:
        raise ConfigError(f"{name} is {value}; it must be at most {most}")


def _probability(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ConfigError(f"{name} is {value}; it must lie between 0 and 1")


def _modalities(modalities: tuple[Modality, ...]) -> None:
    if not modalities or len(set(modalities)) != len(modalities):
        raise ConfigError(
            f"modalities are {[str(m) for m in modalities]}; name at least one, each once, of: "
            + ", ".join(Modality)
        )
