"""Every modality a picture of its own: what a flexible model encodes, one sensor at a time.

    (B, M, 3, H, W) -> (N, 3, H, W) -> any network -> (N, ...) -> (B, M, ...)

Only pictures that are there are encoded, so a presentation with one sensor costs one picture. A
compiled or exported graph, which cannot depend on the values of ``present``, encodes all of them
and hides what came of the absent ones; so does ``mask``. Both ways give the same result.

Axes: B presentations, M modalities of the model, N pictures that are encoded.

Paper: none; CLIP knows single pictures, and so any of its uses with several sensors must do this.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """The pictures of one batch; build it with ``Apart.of``."""

    present: Tensor
    """(B, M) bool: the truth."""
    place: Tensor | None
    """(N,) int64: where each picture stands in (B, M) laid out row by row; None: all B M stand."""

    @classmethod
    def of(cls, present: Tensor, *, drop: bool) -> Apart:
        """Read ``present``, (B, M) bool; without ``drop`` its values are never looked at."""
        if not drop or torch.compiler.is_compiling():
            return cls(present=present, place=None)
        return cls(present=present, place=present.flatten().nonzero().squeeze(1))

    def pictures(self, image: Tensor) -> Tensor:
        """(B, M, 3, H, W) -> (N, 3, H, W), zero where a picture is absent."""
        if self.place is not None:
            return image.flatten(0, 1)[self.place]
        return image.masked_fill(~self.present[:, :, None, None, None], 0.0).flatten(0, 1)

    @property
    def modality(self) -> Tensor:
        """(N,) int64: index of each picture's modality on the M axis."""
        count = self.present.shape[1]
        place = torch.arange(self.present.numel(), device=self.present.device)
        return (place if self.place is None else self.place) % count

    @property
    def valid(self) -> Tensor:
        """(N,) bool: the picture is there."""
        flat = self.present.flatten()
        return flat if self.place is None else flat[self.place]

    def together(self, x: Tensor) -> Tensor:
        """(N, ...) -> (B, M, ...), zero where absent."""
        if self.place is not None:
            full = x.new_zeros(self.present.numel(), *x.shape[1:])
            x = full.index_copy(0, self.place, x)
        x = x.reshape(*self.present.shape, *x.shape[1:])
        return torch.where(self._over(x), x, torch.zeros_like(x))

    def pick(self, x: Tensor) -> Tensor:
        """(B, M, ...) -> (N, ...), the way back."""
        flat = x.flatten(0, 1)
        return flat if self.place is None else flat[self.place]

    def mean(self, x: Tensor) -> Tensor:
        """(N, ...) -> (B, ...), the mean over the modalities that are there."""
        full = self.together(x)  # (B, M, ...)
        return full.sum(dim=1) / self._over(full).sum(dim=1).clamp(min=1)

    def _over(self, x: Tensor) -> Tensor:
        """``present`` with as many axes as (B, M, ...)."""
        return self.present.reshape(*self.present.shape, *[1] * (x.ndim - 2))
