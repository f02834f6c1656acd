"""Which modalities a batch shows, and so which tokens there are.

A modality that no presentation of the batch has gets no tokens at all, which saves their cost. One
that only some presentations lack keeps its tokens, but nobody attends to them, no expert sees them
and no mean counts them. Both ways give the same result; a compiled or exported graph, which cannot
depend on the values of ``present``, always takes the second.

The third way is another model: pictures of zeros stand for absent modalities, as in most published
systems, and their tokens take part in everything.

Axes: B presentations, M modalities of the model, m of them with tokens, P patches per modality,
S = 1 + m * P tokens, D features.

Paper: none; any transformer with a key mask would do the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """The modalities of one batch; build it with ``Presence.of``."""

    present: Tensor
    """(B, M) bool: the truth."""
    counted: Tensor
    """(B, M) bool: modalities whose tokens take part; those present or, with ``zero``, all."""
    columns: list[int]
    """The m modalities that have tokens, as indices of the M axis."""
    complete: bool
    """All m of them take part in every presentation, so there is nothing to mask."""

    @classmethod
    def of(cls, present: Tensor, *, drop: bool, zero: bool = False) -> Presence:
        """Read ``present``, (B, M) bool; without ``drop`` its values are never looked at."""
        assert not (drop and zero)
        counted = torch.ones_like(present) if zero else present
        columns = list(range(present.shape[1]))
        if not drop or torch.compiler.is_compiling():
            return cls(present=present, counted=counted, columns=columns, complete=zero)
        columns = [m for m, anyone in enumerate(present.any(dim=0).tolist()) if anyone]
        complete = bool(present[:, columns].all())
        return cls(present=present, counted=counted, columns=columns, complete=complete)

    def hide(self, image: Tensor) -> Tensor:
        """Put zeros over absent pixels, whatever was there: (B, M, 3, H, W) -> the same."""
        return image.masked_fill(~self.present[:, :, None, None, None], 0.0)

    def spread(self, x: Tensor) -> Tensor:
        """Give each modality its place, zero if it takes no part: (B, m, P, D) -> (B, M, P, D)."""
        if len(self.columns) < self.present.shape[1]:
            full = x.new_zeros(x.shape[0], self.present.shape[1], *x.shape[2:])
            full[:, self.columns] = x
            x = full
        return x if self.complete else x * self.counted[:, :, None, None]

    def attention_mask(self, patches: int) -> Tensor | None:
        """Tokens that may be attended to, (B, 1, 1, S) bool; None where all may."""
        if self.complete:
            return None
        keep = self.counted[:, self.columns].repeat_interleave(patches, dim=1)  # (B, m * P)
        keep = torch.cat([torch.ones_like(keep[:, :1]), keep], dim=1)  # (B, S)
        return keep[:, None, None]

    def mean(self, x: Tensor) -> Tensor:
        """Mean over the patches of the modalities that take part: (B, m, P, D) -> (B, D)."""
        weight = self.counted[:, self.columns, None].to(x.dtype)  # (B, m, 1)
        return (x.mean(dim=2) * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1.0)
