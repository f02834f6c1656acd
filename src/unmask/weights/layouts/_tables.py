"""How one library names the tensors of a backbone, as a table that is read both ways.

    "image.blocks.{i}.mlp.0.*": "transformer.resblocks.{i}.mlp.c_fc.*"

On the left are our names: ``image.`` is an ``ImageEncoder``, ``text.`` a ``TextEncoder``, together
with ``logit_scale`` a ``Clip``. ``{i}`` is the number of a block; ``*`` is weight and bias.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

Tensors = Mapping[str, Tensor]
Settings = Mapping[str, Mapping[str, Any]]
"""By tower, image or text: its ``heads``, ``activation`` and ``norm_eps``, as far as known."""


@dataclass(frozen=True, slots=True)
class Stored:
    """How others store a tensor of ours."""

    names: tuple[str, ...]
    """One name, or several whose tensors are laid one under the other: query, key, value."""
    leading: int = 0
    """Axes of length 1 in front that ours has not."""
    swapped: tuple[int, int] = (0, 0)
    """Two axes that change places; (0, 0): none."""
    grouped: tuple[int, int] = (1, 1)
    """Their rows are so many groups of so many groups; in ours, outer and inner change places."""

    pictures: bool = False
    """Each row is a picture of three channels; in ours it is flat."""

    def read(self, tensors: Tensors) -> Tensor:
        """Their tensors -> ours."""
        parts = [tensors[name] for name in self.names]
        x = parts[0] if len(parts) == 1 else torch.cat(parts)
        x = x.reshape(x.shape[self.leading :]) if self.leading else x
        x = x.flatten(1) if self.pictures else x
        return _regrouped(x.transpose(*self.swapped), *self.grouped).contiguous()

    def write(self, tensor: Tensor) -> dict[str, Tensor]:
        """Our tensor -> theirs: the inverse of ``read``."""
        x = _regrouped(tensor, *reversed(self.grouped)).transpose(*self.swapped)
        if self.pictures:
            x = x.reshape(x.shape[0], 3, math.isqrt(x.shape[1] // 3), -1)
        x = x.reshape((*[1] * self.leading, *x.shape))
        parts = x.chunk(len(self.names)) if len(self.names) > 1 else (x,)
        return {n: part.contiguous() for n, part in zip(self.names, parts, strict=True)}

    def filled(self, i: str, end: str) -> Stored:
        """The same for block ``i`` and for weight or bias."""
        return replace(self, names=tuple(fill(name, i, end) for name in self.names))


def leading(count: int, name: str) -> Stored:
    """A tensor with so many axes of length 1 in front."""
    return Stored((name,), leading=count)


def transposed(name: str) -> Stored:
    """A matrix that multiplies from the other side."""
    return swapped(name, 0, 1)


def swapped(name: str, one: int, other: int) -> Stored:
    """A tensor two of whose axes change places."""
    return Stored((name,), swapped=(one, other))


def regrouped(name: str, outer: int, inner: int) -> Stored:
    """Rows in ``outer`` groups of ``inner``, which in ours are ``inner`` groups of ``outer``."""
    return Stored((name,), grouped=(outer, inner))


def pictures(name: str) -> Stored:
    """A table of square pictures."""
    return Stored((name,), pictures=True)


def joined(*names: str) -> Stored:
    """Tensors that are one of ours."""
    return Stored(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """All names of one library."""

    name: str
    table: Mapping[str, str | Stored]
    older: Mapping[str, str] = field(default_factory=dict)
    """Patterns of names in other versions, and what to put in their place."""
    modalities: int = 1
    """Pictures side by side whose patches have positions of their own."""
    lacks: tuple[str, ...] = ()
    """Tensors of ours that it does not have; they keep their initial values."""
    card: str = ""
    """File beside the weights that tells the settings, which no tensor shows."""
    settings: Callable[[Mapping[str, Any]], Settings] = lambda _: {}
    """What such a file says of them."""
    usual: Mapping[str, Any] = field(default_factory=dict)
    """What these settings mostly are, where no file can tell them."""

    def current(self, tensors: Tensors) -> dict[str, Tensor]:
        """The same tensors, older names replaced."""
        return {self._renamed(name): tensor for name, tensor in tensors.items()}

    def entries(self, names: Iterable[str]) -> dict[str, Stored]:
        """Our names and how they are stored, for the blocks that some names (any side's) are of."""
        block = _block(pattern for row in self._rows() for pattern in row)
        numbers = {found[1] for found in map(block.match, names) if found}
        blocks = sorted(numbers, key=lambda number: (len(number), number))
        return {
            fill(ours, i, end): _stored(theirs).filled(i, end)
            for ours, theirs in self.table.items()
            for i in (blocks if "{i}" in ours else ("",))
            for end in (("weight", "bias") if "*" in ours else ("",))
        }

    def found(self, tensors: Tensors) -> dict[str, Stored]:
        """The entries that the file has whole."""
        return {
            ours: stored
            for ours, stored in self.entries(tensors).items()
            if all(name in tensors for name in stored.names)
        }

    def unknown(self, tensors: Tensors, towers: tuple[str, ...]) -> list[str]:
        """What stands inside blocks of these towers and not in the table: other computations."""
        block = _block(
            name for ours, *row in self._rows() for name in row if ours.startswith(towers)
        )
        known = {name for stored in self.entries(tensors).values() for name in stored.names}
        return [name for name in tensors if block.match(name) and name not in known]

    def to_ours(self, tensors: Tensors) -> dict[str, Tensor]:
        """Every tensor that the table knows and the file has whole, by our name."""
        return {ours: stored.read(tensors) for ours, stored in self.found(tensors).items()}

    def to_theirs(self, tensors: Tensors) -> dict[str, Tensor]:
        """Tensors by our names -> by theirs."""
        theirs: dict[str, Tensor] = {}
        for ours, stored in self.entries(tensors).items():
            if ours in tensors:
                theirs |= stored.write(tensors[ours])
        return theirs

    def _rows(self) -> list[tuple[str, ...]]:
        """Our pattern and theirs."""
        return [(ours, *_stored(theirs).names) for ours, theirs in self.table.items()]

    def _renamed(self, name: str) -> str:
        for pattern, new in self.older.items():
            name = re.sub(pattern, new, name)
        return name


def fill(pattern: str, i: str, end: str) -> str:
    """``{i}`` and ``*`` replaced."""
    return pattern.replace("{i}", i).replace("*", end)


def _block(patterns: Iterable[str]) -> re.Pattern[str]:
    """How names inside the blocks of some patterns begin; group 1 is the number of the block."""
    starts = dict.fromkeys(re.escape(p.partition("{i}")[0]) for p in patterns if "{i}" in p)
    return re.compile(rf"(?:{'|'.join(starts)})([0-9]+)\.") if starts else re.compile("(?!)")


def _regrouped(x: Tensor, outer: int, inner: int) -> Tensor:
    if outer == inner == 1:
        return x
    return x.reshape(outer, inner, -1, *x.shape[1:]).transpose(0, 1).reshape(x.shape)


def _stored(theirs: str | Stored) -> Stored:
    return Stored((theirs,)) if isinstance(theirs, str) else theirs
