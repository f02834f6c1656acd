"""What goes wrong before sensors and within them, at stated levels, one file for each.

A file says whose pictures it changes (``MODALITIES``), how severe it gets (``LEVELS``, from mild to
severe) and what a level means (``UNIT``, with braces for the number). Its
``corrupt(images, level, rng)`` takes and returns decoded pictures (``types.Images``), before they
are made input of a model.

Chance comes from ``rng`` alone, and what is drawn does not depend on the level: a presentation
meets the same accident at each level, only worse. Lengths in pixels are those of a face crop that
is ``CROP_SIDE`` pixels wide, where a pixel is about a millimetre of the face; a crop of another
size is changed in proportion.

Axes: H W pixels.
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from unmask.errors import ConfigError
from unmask.types import Image, Images, Modality, Sample

CROP_SIDE = 224
"""Width of the face crop that lengths in pixels refer to."""


class Corrupt(Protocol):
    """How pictures of one presentation are changed."""

    def __call__(self, images: Images, level: float, rng: np.random.Generator) -> Images: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Corruption:
    """One file of this folder."""

    name: str
    headline: str
    """First sentence of the file."""
    modalities: tuple[Modality, ...]
    """Whose pictures it changes."""
    unit: str
    levels: tuple[float, ...]
    """From mild to severe; severity 1 is the first."""
    corrupt: Corrupt
    sensors: int = 1
    """So many must be shown together, or it says nothing."""
    in_millimetres: bool = False
    """It leaves depth in grey levels as it is, which have no length."""

    def of_depth(self, unit: str) -> Corruption | None:
        """The same where depth is in ``millimetres`` or ``relative``; None if nothing is left."""
        if unit == "millimetres" or not self.in_millimetres:
            return self
        left = tuple(m for m in self.modalities if m is not Modality.DEPTH)
        return replace(self, modalities=left) if left else None

    def applies(self, shown: Collection[Modality]) -> bool:
        """It changes something that a model sees through these sensors."""
        return len(shown) >= self.sensors and not set(shown).isdisjoint(self.modalities)

    def told(self, severity: int) -> str:
        """What a severity means: ``4 EV less light``."""
        return self.unit.format(f"{self.levels[severity - 1]:g}")

    def told_in_turn(self) -> str:
        """What all severities mean: ``1 / 2 / 4 / 6 EV less light``."""
        return self.unit.format(" / ".join(f"{level:g}" for level in self.levels))


def names() -> list[str]:
    """Every corruption."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def find(name: str) -> Corruption:
    """The corruption of that name.

    Raises:
        ConfigError: there is none.
    """
    if name not in names():
        raise ConfigError(f"no corruption {name!r}; there are: {', '.join(names())}")
    module = importlib.import_module(f"{__name__}.{name}")
    return Corruption(
        name=name,
        headline=" ".join(str(module.__doc__).split("\n\n")[0].split()),
        modalities=module.MODALITIES,
        unit=module.UNIT,
        levels=module.LEVELS,
        corrupt=module.corrupt,
        sensors=getattr(module, "SENSORS", 1),
        in_millimetres=getattr(module, "IN_MILLIMETRES", False),
    )


def generator(seed: int, sample: Sample, name: str) -> np.random.Generator:
    """Where the chance of one corruption of one sample comes from."""
    text = "\0".join((str(seed), sample.dataset, sample.key, name))
    digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def each(
    images: Images,
    modalities: Collection[Modality],
    rng: np.random.Generator,
    change: Callable[[Image, Modality, np.random.Generator], Image],
) -> Images:
    """Change the picture of each sensor by itself; what is drawn for one depends on no other."""
    streams = dict(zip(Modality, rng.spawn(len(Modality)), strict=True))
    return {m: change(p, m, streams[m]) if m in modalities else p for m, p in images.items()}


def toned(
    images: Images, modalities: Collection[Modality], rng: np.random.Generator, *, exponent: float
) -> Images:
    """Through a gamma curve: black and white stay, what lies between is moved."""
    from skimage.exposure import adjust_gamma  # slow to import

    def curve(picture: Image, _: Modality, rng: np.random.Generator) -> Image:
        changed = adjust_gamma(picture, exponent)  # type: ignore[no-untyped-call]
        return cast(Image, changed.astype(picture.dtype))

    return each(images, modalities, rng, curve)


def pixels(length: float, picture: Image) -> float:
    """A length in pixels of this picture, from pixels of a crop ``CROP_SIDE`` wide."""
    return length * float(picture.shape[1]) / CROP_SIDE


def eight_bit(share: npt.NDArray[np.floating]) -> Image:
    """Shares of full scale as a sensor of 256 levels tells them."""
    return np.asarray(np.rint(np.clip(share, 0, 1) * 255) / 255, np.float32)
